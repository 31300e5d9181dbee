"""How the process of a cycle ends, and what the log says of it: nouns that go over a pipe, and events made of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from reconciler.service.events import Event, Level, of_result
from reconciler.service.order import Postponed
from reconciler.service.result import CycleResult
from reconciler.service.shared_events import Near


class Survey(NamedTuple):
    """What is declared: app -> seconds between its cycles; `problems` are in words.

    Each app's cycle says what is wrong with it; `is_wrong` where there would be none, or no record is found. `near` says of
    those that are right who is told of them.
    """

    apps: dict[str, int]
    problems: str = ""
    is_wrong: bool = False
    near: Mapping[str, Near] = MappingProxyType({})


class Busy(NamedTuple):
    """Another run holds the app's lock, as the words say."""

    app: str
    why: str


class Held(NamedTuple):
    """No cycle began, since the checkout is not as merged."""

    app: str


class Behind(NamedTuple):
    """No cycle began, since another machine's had a newer commit, which this checkout may get."""

    app: str


class Removed(NamedTuple):
    """The app is no longer declared; in `outboxes` waits what people are told of that."""

    app: str
    outboxes: tuple[str, ...] = ()


class Died(NamedTuple):
    """The process of the cycle died."""

    app: str


class Stopped(NamedTuple):
    """The cycle was told to end before its first write."""

    app: str


class Loaded(NamedTuple):
    """The cycle has read its declarations, and knows their commit: the checkout may move on."""

    app: str


class Head(NamedTuple):
    """What the remote has: its main branch, and the commit of that, which is here now."""

    branch: str
    commit: str


class Unanswered(NamedTuple):
    """The remote's main branch cannot be had, and why."""

    message: str
    remedy: str


UNSEEN = Unanswered("the process that looked at the remote died", "see whether the machine has memory left: the next look comes")
Seen = Head | Unanswered
End = CycleResult | Postponed | Busy | Held | Behind | Removed | Died | Stopped | Survey | Seen


def seen_of(end: End | None) -> Seen:
    """What a process saw at the remote, also where it died."""
    return end if isinstance(end, Seen) else UNSEEN


def told(name: str, end: End, at: str) -> list[Event]:
    """Of an app; a survey and a look at the remote have nothing to say."""
    match end:
        case CycleResult():
            return of_result(end)
        case Survey() | Head() | Unanswered():
            return []
    kind, words, level = _words(end)
    return [Event(at, kind, words, name, "", level)]


def _words(end: Postponed | Busy | Held | Behind | Removed | Died | Stopped) -> tuple[str, str, Level]:
    """(kind of event, words, level)."""
    match end:
        case Postponed(next=""):
            return "off", f"no cycle: {end.why}; `reconcile restart --app {end.app}` switches it on again", "error"
        case Postponed():
            return "postponed", f"no cycle: {end.why}", "info"
        case Busy():
            return "locked", f"no cycle: {end.why}", "info"
        case Held():
            return "held", "no cycle: the checkout is not as merged", "error"
        case Behind():
            return "behind", "no cycle yet: another machine's had a newer commit, so the remote is looked at first", "info"
        case Removed():
            words = "no longer declared: it has no more cycles, and its accounts stay; `reconcile plan` names its record"
            return "removed", words, "warning"
        case Stopped():
            return "stopped", "the cycle was stopped before its first write", "info"
        case Died():
            return "crashed", "the process of the cycle died: the next one continues from its journal", "error"
