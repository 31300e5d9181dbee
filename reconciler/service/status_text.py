"""Synchronisation details as lines for a person: what service/status.py makes in, text out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.declare.wording import plural
from reconciler.report.colours import GREEN, RED, YELLOW, Colour
from reconciler.report.safe import plain
from reconciler.service.clocks import between, spelled

MOST = 10
COLOURS: dict[str, str] = {"healthy": GREEN, "quarantined": RED, "off": RED, "overdue": RED, "failing": RED}
IN_WORDS = {"notRun": "no cycle yet", "off": "off after four weeks in quarantine"}
WRITTEN = {"create": "created", "update": "updated", "enable": "enabled", "disable": "disabled", "delete": "deleted"}
Shown = Mapping[str, Any]


def as_text(apps: list[dict[str, Any]], colour: Colour) -> str:
    """A block an app."""
    return "\n".join(line for app in apps for line in (*_app(app, colour), ""))


def _app(app: Shown, colour: Colour) -> Iterator[str]:
    state = str(IN_WORDS.get(app["health"], app["health"]))
    shut = "" if app["provisioning"] == "on" else f", provisioning is {app['provisioning']}"
    yield f"{plain(app['displayName'])}: {colour(state, COLOURS.get(app['health'], YELLOW))}{shut}"
    if app["runningSince"]:
        yield f"    a cycle is running since {app['runningSince']}{_progress(app.get('progress'))}"
    if (cycle := app["cycle"]) is not None:
        yield from _cycle(cycle)
        yield from _counts(app["counts"])
    yield f"    last success: {app['lastSuccess'] or 'none yet'}" + _steady(app)
    if app["quarantine"] is None:
        yield f"    next cycle: {app['nextCycle'] or 'as soon as `reconcile run` runs'}, every {spelled(app['interval'])}"
    else:
        yield from _quarantine(app)
    yield from _waiting(app)
    yield from _undelivered(app.get("undelivered") or {})


def _progress(reached: Shown | None) -> str:
    """How far it has got, where that is known on this machine."""
    if reached is None:
        return ""
    if reached["toWrite"] is None:
        return f": reading, {plural(reached['reads'], 'answer')} so far"
    return f": {reached['written']:,} of {plural(reached['toWrite'], 'change')} written"


def _undelivered(left: Shown) -> Iterator[str]:
    """Of notifications, on this machine."""
    if left.get("waiting") or left.get("failed"):
        why = f": {plain(left['error'])}" if left["error"] else ""
        yield f"    notifications: {left['waiting']} waiting, {left['failed']} given up, since {left['oldest']}{why}"
    if left.get("off"):
        yield "    the webhook is off, since its receiver answered 410: `reconcile notify test` turns it on again"


def _steady(app: Shown) -> str:
    return f", steady state since {app['steadySince']}" if app["steadySince"] else ""


def _cycle(cycle: Shown) -> Iterator[str]:
    took = between(cycle["started"], cycle["ended"])
    done = ", ".join(f"{number:,} {WRITTEN.get(action, action)}" for action, number in cycle["written"].items())
    ended = f"ended {cycle['ended']} after {took:.0f} s"
    yield f"    last cycle: {cycle['kind']}, {cycle['result']}, {ended}: {done or 'nothing written'}"
    if cycle.get("error"):
        yield f"      {cycle['error']}: {plain(cycle.get('message', ''))}"
        yield f"      {plain(cycle.get('remedy', ''))}"


def _counts(counts: Shown) -> Iterator[str]:
    numbers = [f"{counts.get(key, 0):,} {words}" for key, words in _COUNTED.items()]
    skipped = ", ".join(f"{number:,} {code}" for code, number in counts["skipped"].items())
    yield f"    {', '.join(numbers)}" + (f"; skipped: {skipped}" if skipped else "")


_COUNTED = {
    "in_scope": "in scope",
    "provisioned": "provisioned",
    "failed": "failed",
    "escrowed": "in escrow",
    "unmanaged": "unmanaged",
    "drifted": "drifted",
}


def _quarantine(app: Shown) -> Iterator[str]:
    state = app["quarantine"]
    yield f"    in quarantine since {state['since']} ({state['reason']}): {plain(state['message'])}"
    if state["nextAttempt"]:
        yield f"      next attempt: {state['nextAttempt']}, or as soon as the declaration changes"
    yield f"      once that is fixed: `reconcile restart --app {app['app']} --scope quarantine`"


def _waiting(app: Shown) -> Iterator[str]:
    for item in app["approvals"]:
        held = f"{len(app['held'])} held back"
        yield f"    waits for an approval ({item['safeguard']}, {held}): of {item['plan']} in {plain(item['file'])}"
    for escrow in app["escrows"][:MOST]:
        often = f"failed {_times(escrow['tries'])} since {escrow['since']}"
        again = f"tried again at {escrow['nextTry']}" if escrow["nextTry"] else "given up: `reconcile restart --scope escrows`"
        yield f"    escrow: {escrow['action']} {plain(escrow['address'])} {often}, {again}"
        yield f"      {escrow['code']}: {plain(escrow['message'])}"
    yield from _more(app["escrows"], "in escrow")
    for item in app["drift"][:MOST]:
        yield f"    drift: {plain(item['address'])}: {plain(item['what'])}"
    yield from _more(app["drift"], "drifted")
    for item in app["notAsTold"][:MOST]:
        yield f"    not done by the service: {plain(item['address'])}: {plain(item['what'])}"
    yield from _more(app["notAsTold"], "not as told")


def _more(rows: list[Any], what: str) -> Iterator[str]:
    if len(rows) > MOST:
        yield f"    and {len(rows) - MOST:,} more {what}: `--format json` has them all"


def _times(number: int) -> str:
    """How often something happened."""
    return "once" if number == 1 else f"{number} times"
