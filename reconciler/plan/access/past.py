"""What is told of one thing at moments in, whether it was so at another time out: yes, no, or nobody knows. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, NamedTuple

Record = dict[str, Any]


class Moment(NamedTuple):
    """Something that was done: whether somebody had a thing before it and after it, None where nobody knows.

    `sure` is whether it had been so before since whatever came before this moment; else it was merely found so, and may have been
    made by hand at any time. `record` is the one of the log. `other` is the name that a role had before it, or has
    since, where it only got another one: that gave nothing and took nothing. `stays` is that nothing assigns it, and
    that the mapping leaves it. Without a record it tells only what was so.
    """

    at: str
    before: bool | None
    after: bool | None
    sure: bool
    record: Record
    other: str = ""
    stays: bool = False

    @property
    def is_steady(self) -> bool:
        """Whether it only says that somebody had the thing all along."""
        return self.before is True and self.after is True and self.sure and not self.stays


OPEN = "9999-12-31T23:59:59Z"  # until when a gap is that has no end yet


class Gap(NamedTuple):
    """From when until when the log has lost records, or lacks them yet, ISO times, UTC, and which these are, in words."""

    since: str
    until: str
    what: str


class State(NamedTuple):
    """Whether somebody had a thing (None where nobody knows), what gave it, what took it since, and when it was last seen so; and
    when it was last taken before. `stays` is since what it is not assigned any more, and stays.
    """

    had: bool | None
    gave: Moment | None = None
    took: Moment | None = None
    seen: str = ""
    lost: str = ""
    stays: Moment | None = None


def state(moments: Sequence[Moment], at: str, now: bool | None, gaps: Sequence[Gap] = (), whole: bool = False) -> State:
    """Of a time (ISO, UTC), what was done in that very second included.

    `moments` are in the order in which things were done; `now` is what the record says, None where it says nothing. `whole` is
    whether the log has all since its first record: what none of these gave was given by hand.
    """
    number = bisect_right(moments, at, key=lambda moment: moment.at)
    earlier, later = moments[number - 1] if number else None, moments[number] if number < len(moments) else None
    lost = [gap for gap in gaps if gap.since <= at or later is None or gap.since <= later.at]
    had = _between(earlier, later, now) if not lost else _around(lost, at, earlier, later, now)
    if had and whole and earlier is None:
        had = None
    if had is False:
        return State(False)
    gave, taken = given(moments, number)
    seen = next((m.at for m in reversed(moments[:number]) if m.after is True), "")
    if had and gave is None and any(gap.since <= at for gap in gaps):
        had = None  # what gave it may be among the records that are lost
    took = next((m for m in moments[number:] if m.after is False and m.record), None)
    return State(had, gave, took, seen, moments[taken - 1].at if taken else "", _staying(moments[:number]))


def _staying(moments: Sequence[Moment]) -> Moment | None:
    """The first of the last ones by which it stays and is not assigned."""
    last = next((n for n in range(len(moments), 0, -1) if not moments[n - 1].stays), 0)
    return moments[last] if last < len(moments) else None


def given(moments: Sequence[Moment], number: int) -> tuple[Moment | None, int]:
    """What of the first so many moments gave a thing, and until which one it was taken before that (0 where it never was)."""
    # What gave it before it was taken did not give it again: that was somebody's hand.
    taken = next((n for n in range(number, 0, -1) if moments[n - 1].after is False), 0)
    return next((m for m in reversed(moments[taken:number]) if m.after is not False and m.before is not True), None), taken


def both(one: bool | None, other: bool | None) -> bool | None:
    """Whether both hold, by Kleene's logic: nobody knows unless one of them is no."""
    return False if one is False or other is False else None if one is None or other is None else True


def _around(gaps: Sequence[Gap], at: str, earlier: Moment | None, later: Moment | None, now: bool | None) -> bool | None:
    """The same beside what is lost: within a gap nobody knows, and what a gap lies before or after tells nothing across it."""
    if any(gap.since <= at < gap.until for gap in gaps):
        return None
    before = any((earlier is None or gap.until >= earlier.at) and gap.until <= at for gap in gaps)
    after = any(gap.since > at and (later is None or gap.since <= later.at) for gap in gaps)
    if before and after:
        return None
    if after:
        return earlier.after if earlier else None
    return _between(None if before else earlier, later, now)


def _between(earlier: Moment | None, later: Moment | None, now: bool | None) -> bool | None:
    """What was so between two moments that follow one another: what both say; where they differ somebody's hand was in it."""
    if earlier is None:
        return None if later is not None and not later.sure else later.before if later else now
    then, ahead = earlier.after, later.before if later else now
    if later is not None and ahead is None:  # found so, which is as it was or is of a time that nobody knows
        return then if then == later.after else None
    return then if ahead is None or then == ahead else None
