"""Synchronisation details as lines for a person: what service/status.py makes in, text out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.declare.wording import plural
from reconciler.report.colours import GREEN, RED, YELLOW, Colour
from reconciler.report.safe import plain, shortened
from reconciler.report.safeguard_verdict import asked_for
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
    if is_off := app["provisioning"] == "off":
        yield f"{plain(app['displayName'])}: {colour('provisioning is off in app.yaml', YELLOW)}, no cycle reads or writes"
    else:
        state = str(IN_WORDS.get(app["health"], app["health"]))
        shut = "" if app["provisioning"] == "on" else f", provisioning is {app['provisioning']}"
        yield f"{plain(app['displayName'])}: {colour(state, COLOURS.get(app['health'], YELLOW))}{shut}"
    if app["runningSince"]:
        yield f"    a cycle is running since {app['runningSince']}{_progress(app.get('progress'))}"
    if (cycle := app["cycle"]) is not None:
        yield from _cycle(cycle)
        yield from _counts(app["counts"])
    yield f"    last success: {app['lastSuccess'] or 'none yet'}" + _steady(app)
    if app["ahead"]:
        yield f"    a clock was ahead: something is said to have been at {app['ahead']}, which is yet to come; a cycle is due now"
    if is_off:
        yield "    next cycle: none until app.yaml says `provisioning: {status: on}`"
    elif app["quarantine"] is None:
        yield f"    next cycle: {app['nextCycle'] or 'as soon as `reconcile run` runs'}, every {spelled(app['interval'])}"
    else:
        yield from _quarantine(app)
    yield from _troubles(app.get("troubles") or [])
    yield from _waiting(app)
    yield from _undelivered(app.get("undelivered") or {})


def _progress(reached: Shown | None) -> str:
    """How far it has got, where that is known on this machine."""
    if reached is None:
        return ""
    if reached["toWrite"] is None:
        if reached["ofPages"]:
            return f": reading, {reached['pages']:,} of {plural(reached['ofPages'], 'page')} read"
        return f": reading, {plural(reached['reads'], 'answer')} so far"
    return f": {reached['written']:,} of {plural(reached['toWrite'], 'change')} written"


def _undelivered(left: Shown) -> Iterator[str]:
    """Of notifications, on this machine."""
    if left.get("waiting") or left.get("failed"):
        why = f": {_short(left['error'])}" if left["error"] else ""
        yield f"    notifications: {left['waiting']} waiting, {left['failed']} given up, since {left['oldest']}{why}"
    if left.get("off"):
        yield "    the webhook is off, since its receiver answered 410: `reconcile notify test` turns it on again"


def _troubles(troubles: Iterable[Shown]) -> Iterator[str]:
    """Of the service on this machine."""
    for trouble in troubles:
        held = ", no cycle begins" if trouble["holds"] else ""
        yield f"    {trouble['code']} since {trouble['since']}{held}: {_short(trouble['message'])}"
        yield f"      {plain(trouble['remedy'])}"


def _steady(app: Shown) -> str:
    return f", steady state since {app['steadySince']}" if app["steadySince"] else ""


def _cycle(cycle: Shown) -> Iterator[str]:
    took = between(cycle["started"], cycle["ended"])
    done = ", ".join(f"{number:,} {WRITTEN.get(action, action)}" for action, number in cycle["written"].items())
    ended, left = f"ended {cycle['ended']} after {took:.0f} s", cycle.get("left")
    result = cycle["result"] if left is None else "stopped"
    more = "" if left is None else f"; {plural(left, 'change')} left to the next cycle"
    yield f"    last cycle: {cycle['kind']}, {result}, {ended}: {done or 'nothing written'}{more}"
    if cycle.get("error"):
        yield f"      {cycle['error']}: {_short(cycle.get('message', ''))}"
        yield f"      {plain(cycle.get('remedy', ''))}"


def _counts(counts: Shown) -> Iterator[str]:
    if "in_scope" not in counts:
        yield "    nothing is counted yet: no cycle came as far as a plan"
        return
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
    yield f"    in quarantine since {state['since']} ({state['reason']}): {_short(state['message'])}"
    if state["nextAttempt"]:
        yield f"      next attempt: {state['nextAttempt']}, or as soon as the declaration changes"
    yield f"      once that is fixed: {_restart(app, 'quarantine')}"


def _waiting(app: Shown) -> Iterator[str]:
    yield from _approvals(app)
    for escrow in app["escrows"][:MOST]:
        often = f"failed {_times(escrow['tries'])} since {escrow['since']}"
        scope = "quarantine" if app["quarantine"] else "escrows"
        again = f"tried again at {escrow['nextTry']}" if escrow["nextTry"] else f"given up: {_restart(app, scope)}"
        again = "tried again once provisioning is on" if app["provisioning"] == "off" else again
        yield f"    escrow: {escrow['action']} {plain(escrow['address'])} {often}, {again}"
        yield f"      {escrow['code']}: {_short(escrow['message'])}"
        if escrow["remedy"]:
            yield f"      {plain(escrow['remedy'])}"
    yield from _more(app["escrows"], "in escrow")
    for item in app["drift"][:MOST]:
        yield f"    drift: {plain(item['address'])}: {_short(item['what'])}"
    yield from _more(app["drift"], "drifted")
    if app["drift"]:
        drifted = f"--app {app['app']} --cause drift"
        yield f"      look: `reconcile plan {drifted}`; write over it: `reconcile apply {drifted}`"
    for item in app["notAsTold"][:MOST]:
        yield f"    not done by the service: {plain(item['address'])}: {_short(item['what'])}"
    yield from _more(app["notAsTold"], "not as told")


def _approvals(app: Shown) -> Iterator[str]:
    """What is waited for, and what to paste where."""
    approvals = app["approvals"]
    if not approvals:
        return
    names, file = ", ".join(item["safeguard"] for item in approvals), plain(approvals[0]["file"])
    yield f"    waits for an approval ({names}): {plural(len(app['held']), 'change')} held back"
    yield f"      look: `reconcile plan --app {app['app']}`; to approve it, add to {file}, under `approvals:`"
    yield from (f"        {plain(asked_for(item['plan'], item['safeguard']))}" for item in approvals)


def _restart(app: Shown, scope: str) -> str:
    return f"`reconcile restart --app {app['app']} --scope {scope}`"


def _short(text: str) -> str:
    return plain(shortened(text))


def _more(rows: list[Any], what: str) -> Iterator[str]:
    if len(rows) > MOST:
        yield f"    and {len(rows) - MOST:,} more {what}: `--format json` has them all"


def _times(number: int) -> str:
    """How often something happened."""
    return "once" if number == 1 else f"{number} times"
