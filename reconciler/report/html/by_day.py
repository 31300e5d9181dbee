"""Records of the log in, what was done and what failed on each day out, with the bars of a chart. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from reconciler.report.log_record import actions_of, status_of

KINDS = ("created", "updated", "ended", "failed")  # from the bottom of a bar to its top
DONE = {"create": "created", "adopt": "updated", "update": "updated", "enable": "updated", "disable": "ended", "delete": "ended"}
DAYS = 120  # with more of them a bar is a month
HEIGHT = 100.0


class Part(NamedTuple):
    """A part of a bar: which kind, and where it stands in a chart of `HEIGHT`, measured from above."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    """One day, or one month, by its ISO name."""

    name: str
    counts: Counter[str]
    parts: tuple[Part, ...]

    @property
    def total(self) -> int:
        """How much was done or failed."""
        return self.counts.total()

    @property
    def words(self) -> str:
        """What a reader hears of it."""
        counted = ", ".join(f"{self.counts[kind]:,} {kind}" for kind in KINDS if self.counts[kind])
        return f"{self.name}: {counted or 'nothing'}"


def kind_of(record: dict[str, Any]) -> str:
    """One of `KINDS`; empty where nothing was to be done."""
    if status_of(record) == "failure":
        return "failed"
    return DONE.get(next(iter(actions_of(record)), ""), "") if status_of(record) in ("success", "warning") else ""


def bars(records: Iterable[dict[str, Any]], since: str, until: str) -> list[Bar]:
    """A bar for each day from `since` to `until` (ISO times, UTC), days without a record too."""
    by_day: dict[str, Counter[str]] = {day: Counter() for day in _days(since, until)}
    for record in records:
        if (kind := kind_of(record)) and (day := str(record.get("activityDateTime", ""))[:10]) in by_day:
            by_day[day][kind] += 1
    counted = by_day if len(by_day) <= DAYS else _months(by_day)
    most = max((count.total() for count in counted.values()), default=0) or 1
    return [Bar(name, count, tuple(_parts(count, most))) for name, count in counted.items()]


def _days(since: str, until: str) -> Sequence[str]:
    first, last = date.fromisoformat(since[:10]), date.fromisoformat(until[:10])
    return [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]


def _months(by_day: dict[str, Counter[str]]) -> dict[str, Counter[str]]:
    months: dict[str, Counter[str]] = {}
    for day, count in by_day.items():
        months.setdefault(day[:7], Counter()).update(count)
    return months


def _parts(count: Counter[str], most: int) -> Iterable[Part]:
    above = HEIGHT
    for kind in KINDS:
        if count[kind]:
            height = count[kind] / most * HEIGHT
            above -= height
            yield Part(kind, round(above, 2), round(height, 2))
