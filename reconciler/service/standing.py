"""How an app stands, for metrics: the service's part of its record, or a cycle that opened none, in; a noun out. Pure."""

from __future__ import annotations

from reconciler.declare.model import App
from reconciler.record.service import Service
from reconciler.service.numbers import oldest
from reconciler.service.result import CycleResult, Standing

HEALTHS = {"success": "healthy", "partial": "degraded", "failed": "failing", "blocked": "blocked", "off": "off"}
NOT_RUN = "notRun"


def standing_of(app: App, service: Service, interval: int) -> Standing:
    """By the record; `interval` are the seconds between two cycles."""
    cycle, quarantine = service.get("cycle", {}), service.get("quarantine")
    well = HEALTHS.get(cycle.get("result", ""), NOT_RUN)
    return Standing(
        app.name,
        app.profile,
        cycle.get("kind", "initial"),
        well if quarantine is None else "quarantined" if quarantine.get("next") else "off",
        interval,
        service.get("lastSuccess", ""),
        oldest(service.get("escrows", {})),
        quarantine.get("reason", "") if quarantine is not None else "",
        tuple(sorted({name for names in service.get("held", {}).values() for name in names.split(", ")})),
        service.get("begun", ""),
    )


def after(result: CycleResult, before: Standing | None) -> Standing:
    """After a cycle; of one whose record was not opened nothing else is known than how it ended, and when that began."""
    if result.standing is not None:
        return result.standing
    known = before or Standing(result.app, result.profile, result.kind)
    interval, begun = known.interval or result.interval, known.begun or result.started
    return known._replace(profile=result.profile, phase=result.kind, health=health(result), interval=interval, begun=begun)


def health(result: CycleResult) -> str:
    """In one word, as `status` says it."""
    if result.quarantine is not None:
        return "quarantined" if result.quarantine.next_attempt else "off"
    return HEALTHS.get(result.result, "other")
