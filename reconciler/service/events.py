"""What the running service tells of: events in, a line of text or of JSON out. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from reconciler.declare.wording import plural
from reconciler.report.safe import plain, shortened, workflow_data, workflow_property
from reconciler.service.clocks import between
from reconciler.service.commit_age import seconds_until_out
from reconciler.service.result import CycleResult

Level = Literal["info", "warning", "error"]
LEVELS: Mapping[str, Level] = {"success": "info", "off": "info", "partial": "warning", "blocked": "warning", "failed": "error"}
DID = {"create": "created", "update": "updated", "enable": "enabled", "disable": "disabled", "delete": "deleted"}
MOST_NAMED = 5


@dataclass(frozen=True)
class Event:
    """`kind` is a stable name, `app` and `cycle` are empty where it is about none; `data` are plain JSON values.

    `at` is UTC. `message` may hold text of a service or of YAML: it is data wherever it is shown.
    """

    at: str
    kind: str
    message: str
    app: str = ""
    cycle: str = ""
    level: Level = "info"
    data: Mapping[str, Any] = field(default_factory=dict)


def as_text(event: Event) -> str:
    """A line for a person."""
    level = "" if event.level == "info" else f"{event.level}: "
    app = f"{event.app}: " if event.app else ""
    return plain(f"{event.at} {level}{app}{event.message}")


def as_notice(event: Event) -> str:
    """The same inside GitHub Actions: what fails or waits is a workflow command, which the run shows as a notice."""
    if event.level == "info":
        return as_text(event)
    title = workflow_property(plain(event.app or "reconcile"))
    return f"::{event.level} title={title}::{workflow_data(plain(event.message))}"


def as_json(event: Event) -> str:
    """A line for a machine; what it holds of others is escaped as JSON is."""
    known = {"at": event.at, "level": event.level, "event": event.kind, "app": event.app, "cycle": event.cycle}
    line = {name: value for name, value in known.items() if value}
    return json.dumps({**line, "message": event.message, **event.data}, ensure_ascii=True)


def of_result(result: CycleResult) -> list[Event]:
    """A cycle's end, and what a person should hear of it, each in a line of its own."""

    def event(kind: str, message: str, level: Level = "info", **data: Any) -> Event:
        return Event(result.ended, kind, message, result.app, result.cycle_id, level, data)

    events = [
        event("drift", f"{item.address}: {shortened(item.line)}", "warning", address=item.address)
        for item in result.drift[:MOST_NAMED]
    ]
    events += _more(event, "drift", len(result.drift), "drifted")
    words = "somebody else changed it at the service, and it is written over"
    events += _named(event, "repaired", words, [item.address for item in result.repaired])
    for block in result.blocked:
        held = f"{plural(len(result.held), 'change')} held back"
        events.append(event("blocked", f"{block.safeguard}: {block.message}; {held}", "warning", plan=block.digest))
    for item in result.failures[:MOST_NAMED]:
        words = f"{item.action} {item.address} failed ({item.code}): {shortened(item.message)}; {item.remedy}"
        events.append(event("failed", words, "error", address=item.address, code=item.code))
    events += _more(event, "failed", len(result.failures), "failed")
    waiting = {*result.escrowed} - {*result.given_up} - {failure.address for failure in result.failures}
    events += _named(event, "escrowed", "in escrow, each until its next try", waiting)
    events += _named(event, "unreviewed", "declared and not applied: left to their own review", result.unreviewed)
    restart = f"given up: `reconcile restart --app {result.app} --scope escrows` tries again"
    events += _named(event, "givenUp", restart, result.given_up)
    if result.quarantine is not None:
        again = f"next attempt at {result.quarantine.next_attempt}" if result.quarantine.next_attempt else OFF
        words = f"in quarantine ({result.quarantine.reason}): {shortened(result.quarantine.message)}; {again}"
        events.append(event("quarantine", words, "error", reason=result.quarantine.reason))
    if (took := seconds_until_out(result)) is not None:
        doubt = result.since.doubt
        words = f"the service first saw the commit ({doubt})" if doubt else "the commit"
        data: dict[str, Any] = {"seconds": took, "commit": result.commit, "measuredFrom": "firstSeen" if doubt else "commit"}
        events.append(event("readBack", f"out at the service {took:.0f} s after {words}", **data))
    return [*events, _end(result)]


def _more(event: Callable[..., Event], kind: str, total: int, what: str) -> list[Event]:
    """How many there are beside those that are named."""
    left = total - MOST_NAMED
    return [event(kind, f"and {left:,} more {what}: `reconcile status`", "warning", total=total)] if left > 0 else []


def _named(event: Callable[..., Event], kind: str, words: str, addresses: Iterable[str]) -> list[Event]:
    """Five of them, and how many more; no line where there is none."""
    every = sorted(addresses)
    more = f" and {len(every) - MOST_NAMED:,} more" if len(every) > MOST_NAMED else ""
    named = every[:MOST_NAMED]
    return [event(kind, f"{words}: {', '.join(named)}{more}", "warning", addresses=named, total=len(every))] if every else []


SWITCHED_OFF = "provisioning is off in app.yaml: no cycle reads or writes"
OFF = "off until `reconcile restart`"


def _end(result: CycleResult) -> Event:
    """The last line of a cycle, which says all of it in numbers."""
    if result.result == "off":
        return Event(result.ended, "cycleEnded", SWITCHED_OFF, result.app, result.cycle_id, "info", {"result": "off"})
    took = between(result.started, result.ended)
    data: dict[str, Any] = {"kind": result.kind, "result": result.result, "seconds": took, "written": dict(result.written)}
    if result.commit:
        data["commit"] = result.commit
    why = "" if result.error is None else f" ({result.error.code}): {shortened(result.error.message)}; {result.error.remedy}"
    words = f"{result.kind} cycle ended in {took:.0f} s: {result.result}{why}{_numbers(result)}"
    if result.interrupted:
        left = f"{plural(result.left, 'change')} left to the next one"
        words, data["left"] = f"{result.kind} cycle was stopped after {took:.0f} s{why}{_numbers(result)}; {left}", result.left
    return Event(result.ended, "cycleEnded", words, result.app, result.cycle_id, LEVELS[result.result], data)


def _numbers(result: CycleResult) -> str:
    """What was done, and what is left."""
    if result.error is not None:
        return ""
    counts = result.counts
    nothing = "nothing written" if counts.failed or result.held else "nothing to write"
    done = [f"{number} {DID[action]}" for action, number in result.written.items()] or [nothing]
    left = [f"{number} {what}" for number, what in ((counts.failed, "failed"), (counts.escrowed, "in escrow")) if number]
    left += [f"{counts.drifted} drifted"] if counts.drifted else []
    return f": {', '.join([*done, *left])}; {counts.provisioned} of {counts.in_scope} in scope provisioned"
