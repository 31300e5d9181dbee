"""What is told of one thing at moments in, whether it was so at another time out: yes, no, or nobody knows. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, NamedTuple

Record = dict[str, Any]


class Moment(NamedTuple):
    """Something that was done: whether somebody had a thing before it and after it, None where nobody knows.

    `sure` is whether it had been so before since whatever came before this moment; else it was merely found so, and may have been
    made by hand at any time. `record` is the one of the log.
    """

    at: str
    before: bool | None
    after: bool | None
    sure: bool
    record: Record

    @property
    def is_steady(self) -> bool:
        """Whether it only says that somebody had the thing all along."""
        return self.before is True and self.after is True and self.sure


class Gap(NamedTuple):
    """From when until when the log has lost records, ISO times, UTC, and which these are, in words."""

    since: str
    until: str
    what: str


class State(NamedTuple):
    """Whether somebody had a thing (None where nobody knows), what gave it, what took it since, and when it was last seen so."""

    had: bool | None
    gave: Moment | None = None
    took: Moment | None = None
    seen: str = ""


def state(moments: Sequence[Moment], at: str, now: bool | None, gaps: Sequence[Gap] = ()) -> State:
    """Of a time (ISO, UTC), what was done in that very second included.

    `moments` are in the order in which things were done; `now` is what the record says, None where it says nothing.
    """
    number = bisect_right(moments, at, key=lambda moment: moment.at)
    had = _between(moments[number - 1] if number else None, moments[number] if number < len(moments) else None, now, gaps)
    if had is False:
        return State(False)
    gave = next((m for m in reversed(moments[:number]) if m.after is not False and m.before is not True), None)
    seen = next((m.at for m in reversed(moments[:number]) if m.after is True), "")
    return State(had, gave, next((m for m in moments[number:] if m.after is False), None), seen)


def both(one: bool | None, other: bool | None) -> bool | None:
    """Whether both hold, by Kleene's logic: nobody knows unless one of them is no."""
    return False if one is False or other is False else None if one is None or other is None else True


def _between(earlier: Moment | None, later: Moment | None, now: bool | None, gaps: Sequence[Gap]) -> bool | None:
    """What was so between two moments that follow one another: what both say; where they differ somebody's hand was in it."""
    then, ahead = earlier.after if earlier else None, later.before if later else now
    if then is None:
        return None if earlier is None and later is not None and ahead and not later.sure else ahead
    if ahead is None:
        return None if any(_lies(gap, earlier, later) for gap in gaps) else then
    return then if then == ahead else None


def _lies(gap: Gap, earlier: Moment | None, later: Moment | None) -> bool:
    return (earlier is None or gap.until >= earlier.at) and (later is None or gap.since <= later.at)
