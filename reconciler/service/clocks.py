"""When a cycle is due, and of which kind it is: moments in, moments out. Pure; moments are UTC, YYYY-MM-DDTHH:MM:SSZ."""

from __future__ import annotations

from datetime import timedelta

from reconciler.declare.model import App
from reconciler.plan.quirks import rests_on
from reconciler.record.moments import FORM, moment_of
from reconciler.record.service import Service, Watermark
from reconciler.resolve.canonical import sha256
from reconciler.service.result import Kind

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
EARLY = 0.1  # of an interval: two machines whose clocks differ a little take turns all the same
OVERDUE_AFTER = 3  # intervals without what should have come
ROUNDED = 1  # seconds: moments are whole ones, and a process takes some time to begin


def seconds(text: str) -> int:
    """Of a time as it is declared: `40m`; at least one, since a cycle that is due at once is due for ever."""
    return max(int(text[:-1]) * UNITS[text[-1]], 1)


def spelled(number: int) -> str:
    """Seconds as they would be declared: `40m`."""
    unit = next(unit for unit in reversed(UNITS) if number % UNITS[unit] == 0 and number >= UNITS[unit] or unit == "s")
    return f"{number // UNITS[unit]}{unit}"


def later(moment: str, by: float) -> str:
    """`by` seconds after a moment."""
    return (moment_of(moment) + timedelta(seconds=by)).strftime(FORM)


def between(since: str, until: str) -> float:
    """Seconds from one moment to another."""
    return (moment_of(until) - moment_of(since)).total_seconds()


def is_ahead(moment: str, by: float, now: str) -> bool:
    """Whether a moment is later than anybody whose clock was right could have meant, who means no more than `by` seconds."""
    return bool(moment) and between(now, moment) > by


def mapped(app: App) -> str:
    """A digest of what brings everybody a new look when it changes: mappings, filters, who is in scope, roles, the profile."""
    filters = [[[c.attribute, c.operator, c.value] for c in f.clauses] for m in (app.users, app.groups) for f in m.scopingFilters]
    more = [[a.default, a.caseExact] for m in (app.users, app.groups) for a in m.attributes]
    does = [[m.enabled, sorted(m.targetObjectActions), m.assertive] for m in (app.users, app.groups)]
    roles = [[r.value, r.displayName, r.enabled, r.privileged, *sorted(r.allowedMemberTypes)] for r in app.roles.values()]
    scope = [app.provisioning.scope, app.provisioning.defaultAccess, app.provisioning.nestedGroups]
    return sha256([rests_on(app), filters, more, does, roles, scope, app.deprovisioning.outOfScope])


def kind_of(watermark: Watermark, fingerprint: str, now: str, full_refresh: float) -> Kind:
    """An initial cycle looks at everything again: at first, when the mapping changed, and every `full_refresh` seconds."""
    initial = watermark.get("initial")
    if initial is None or watermark.get("mapped") != fingerprint:
        return "initial"
    return "initial" if abs(between(initial, now)) >= full_refresh else "incremental"


def next_cycle(service: Service, interval: int, now: str) -> str:
    """When the next cycle may begin; in quarantine that is its next attempt, empty once the app is off.

    It is now where the record's moments are ahead of the clock, which would be waited for else: for a year, as the case may be.
    """
    if (quarantine := service.get("quarantine")) is not None:
        attempt = quarantine.get("next", "")
        return now if is_ahead(attempt, max(interval, UNITS["d"]), now) else attempt
    started = service.get("clock") or service.get("cycle", {}).get("started")
    return now if started is None or is_ahead(started, interval, now) else later(started, interval)


def is_due(service: Service, interval: int, now: str) -> bool:
    """Whether a cycle may begin now: another machine may have made one."""
    due = next_cycle(service, interval, now)
    return bool(due) and due <= later(now, 0 if "quarantine" in service else max(interval * EARLY, ROUNDED))


def is_off(service: Service) -> bool:
    """Whether no cycle begins until `restart`, whoever asks for one."""
    return "quarantine" in service and not service["quarantine"].get("next")


def begins(service: Service, interval: int, declared: str, now: str, in_review: bool = False) -> bool:
    """Whether a cycle begins now: it is due, or the declaration is another than the last one saw; never while the app is off.

    One that leaves what is declared anew to its own review comes earlier only to go on with one that was stopped.
    """
    if is_off(service):
        return False
    seen = service.get("cycle", {}).get("declared")
    return is_due(service, interval, now) or (seen == "" if in_review else seen != declared)


def why(service: Service) -> str:
    """Why a cycle does not begin, in words."""
    if (quarantine := service.get("quarantine")) is None:
        return "the last cycle was less than an interval ago"
    state = "in quarantine" if quarantine.get("next") else "off since it was in quarantine for four weeks"
    return f"{state} ({quarantine.get('reason')}: {quarantine.get('message')})"
