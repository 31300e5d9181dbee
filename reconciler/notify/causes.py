"""What is wrong now and what has been told before in; what to tell, and what has been told then, out. Pure.

A cause is told when it begins, when its reason changes and when it ends, and in between only to whoever wants to be reminded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from reconciler.declare.settings import TOLD, Notification
from reconciler.record.told import Cause as Known
from reconciler.record.told import Told
from reconciler.report.event.model import MOST_NAMED, Event, Phase
from reconciler.report.event.words import named

RECOVERY = "recovery"
UNITS = {"m": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True)
class Cause:
    """Something that is wrong with an app now; with the app, `kind` and `reason` are its key. The rest is as in an Event.

    `within` is the key of a cause whose message says this too, where both begin at once.
    """

    kind: str
    reason: str
    why: str = ""
    remedy: str = ""
    affected: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    within: tuple[str, str] | None = None


class Moment(NamedTuple):
    """Of which app, when and in which cycle something is told; `base_url` tells two services of one name apart."""

    app: str
    display_name: str
    base_url: str
    at: str
    cycle: str = ""


def news(
    causes: Iterable[Cause],
    told: Told,
    wanted: Notification,
    moment: Moment,
    unseen: Callable[[Known], bool] = lambda cause: False,
) -> tuple[list[Event], Told]:
    """The events to tell, and what has been told once they are; causes of a kind that nobody wants to hear of are left out.

    `unseen` says of a cause that is not there whether nobody could see it this time: it lasts.
    """
    now = {(cause.kind, cause.reason): cause for cause in causes if cause.kind in wanted.on}
    known = {(cause["kind"], cause["reason"]): cause for cause in told.get("causes", ()) if cause["kind"] in wanted.on}
    events, kept = _Numbered(moment, told.get("messages", 0)), list[Known]()
    gone = [cause for key, cause in known.items() if key not in now]
    kept += [cause for cause in gone if unseen(cause)]
    left = [cause for cause in gone if not unseen(cause)]
    for key, cause in now.items():
        if key in known:
            kept.append(_reminded(cause, known[key], wanted.remindAfter, events))
        elif before := next((one for one in left if one["kind"] == cause.kind), None):
            left.remove(before)
            kept.append(_begun(cause, events.tell(cause, "changed", before), before["since"], before["id"]))
        elif cause.within in now and cause.within not in known:
            kept.append(_begun(cause, events.said(*cause.within), moment.at, events.said(*cause.within).id))
        else:
            event = events.tell(cause, "began")
            kept.append(_begun(cause, event, moment.at, event.id))
    if left and RECOVERY in wanted.on:
        events.tell_end(left, moment.at)
    return events.made, _told(kept, events.number)


def as_told(now: Told, before: Told, after: Told) -> Told:
    """What has been told, by a record that may lack what one cycle told last: before it people knew that, after it this."""
    news = [cause for cause in after.get("causes", ()) if cause not in before.get("causes", ())]
    over = {cause["id"] for cause in before.get("causes", ())} - {cause["id"] for cause in after.get("causes", ())}
    fresh = {_key(cause) for cause in news}
    causes = [cause for cause in now.get("causes", ()) if cause["id"] not in over and _key(cause) not in fresh]
    return _told([*causes, *news], max(now.get("messages", 0), after.get("messages", 0)))


def _key(cause: Known) -> tuple[str, str]:
    return cause["kind"], cause["reason"]


def samples(moment: Moment) -> list[Event]:
    """One of each kind that there is, which say that they are tests; those of another moment have other ids."""
    sample = Cause(
        "", "Test", "this was asked for by hand", "", ("User/somebody@example.com",), (f"reconcile status --app {moment.app}",)
    )
    events = _Numbered(moment._replace(base_url=moment.at), 0)
    for kind in TOLD:
        events.tell(Cause(kind, *(getattr(sample, name) for name in ("reason", "why", "remedy", "affected", "commands"))), "test")
    return events.made


class _Numbered:
    """Events in their order. An id is the same where the same is told again because a kill came before the record was written,
    on whichever machine; it names no two events of one day but such."""

    def __init__(self, moment: Moment, number: int) -> None:
        self.moment, self.number, self.made = moment, number, list[Event]()

    def tell(self, cause: Cause, phase: Phase, before: Known | None = None) -> Event:
        """One event; it goes on with what was told `before`."""
        at = self.moment.at
        return self._add(
            Event(
                self._id(phase, cause.kind, cause.reason),
                self.moment.app,
                self.moment.display_name,
                cause.kind,
                phase,
                cause.reason,
                at,
                before["since"] if before else at,
                self.moment.cycle,
                before["reason"] if before and phase == "changed" else "",
                cause.why,
                cause.remedy,
                cause.affected[:MOST_NAMED],
                len(cause.affected),
                cause.commands,
                ("this test",) * (cause.kind == RECOVERY),
                (before["id"],) if before else (),
            )
        )

    def said(self, kind: str, reason: str) -> Event:
        """The event that has been told of a cause."""
        return next(event for event in self.made if (event.kind, event.reason) == (kind, reason))

    def tell_end(self, ended: Sequence[Known], at: str) -> None:
        """All that ended in one cycle, in one event."""
        reasons = ", ".join(cause["reason"] for cause in ended)
        moment = self.moment
        self._add(
            Event(
                self._id("ended", RECOVERY, reasons),
                moment.app,
                moment.display_name,
                RECOVERY,
                "ended",
                reasons,
                at,
                min(cause["since"] for cause in ended),
                moment.cycle,
                ended=tuple(named(cause["kind"], cause["reason"]) for cause in ended),
                commands=(f"reconcile status --app {moment.app}",),
                thread=tuple(cause["id"] for cause in ended),
            )
        )

    def _add(self, event: Event) -> Event:
        self.made.append(event)
        self.number += 1
        return event

    def _id(self, *parts: str) -> str:
        moment = self.moment
        key = json.dumps([moment.app, moment.base_url, moment.at[:10], self.number, *parts])
        return "msg_" + hashlib.sha256(key.encode()).hexdigest()[:32]


def _begun(cause: Cause, event: Event, since: str, first: str) -> Known:
    return {"kind": cause.kind, "reason": cause.reason, "since": since, "told": event.at, "id": first}


def _reminded(cause: Cause, known: Known, after: str | None, events: _Numbered) -> Known:
    """As it was, or told again after so long."""
    if after is None or _seconds(known["told"], events.moment.at) < seconds_of(after):
        return known
    return {**known, "told": events.tell(cause, "lasts", known).at}


def seconds_of(after: str) -> int:
    """Of a time as `remindAfter` has it: `24h`."""
    return int(after[:-1]) * UNITS[after[-1]]


def _seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def _told(causes: list[Known], messages: int) -> Told:
    """Nothing where nothing was ever told, so that the record has no word of it."""
    return {"causes": causes, "messages": messages} if messages else {}
