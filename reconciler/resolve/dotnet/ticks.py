"""Points in time as .NET counts them: ticks of 100 ns since 0001-01-01, UTC; read from text and printed. Pure.

Entra's functions run on servers whose local time is UTC, so an offset is always brought to UTC.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import NamedTuple

SECOND = 10_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
LAST = 3_652_059 * DAY  # the first tick after year 9999
FILETIME = 584_388 * DAY  # 1601-01-01, from which Active Directory counts

_TIME = (
    r"(?:(?:T|\s+)(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?)?"
    r"(?:\s*(?P<half>[AaPp])[Mm])?)?\s*(?P<offset>Z|[+-][0-9]{2}:?[0-9]{2})?\s*\Z"
)
_READ = (
    re.compile(r"\s*(?P<year>[0-9]{4})([-/])(?P<month>[0-9]{1,2})\2(?P<day>[0-9]{1,2})" + _TIME),
    re.compile(r"\s*(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>[0-9]{4})" + _TIME),
)
_PRINTED = re.compile(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4} [0-9]{1,2}:[0-9]{2}:[0-9]{2} [AP]M\Z")


class Parts(NamedTuple):
    """A point in time by the calendar, UTC; `fraction` is in ticks, `weekday` 0 is Sunday."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    fraction: int
    weekday: int


def ticks(year: int, month: int = 1, day: int = 1, hour: int = 0, minute: int = 0, second: int = 0, fraction: int = 0) -> int:
    """Raises ValueError for what the calendar or the clock does not have."""
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"{hour}:{minute:02}:{second:02} is not a time of day")
    days = date(year, month, day).toordinal() - 1
    return days * DAY + hour * HOUR + minute * MINUTE + second * SECOND + fraction


def of(moment: datetime) -> int:
    """The ticks of an aware datetime."""
    offset = moment.utcoffset() or timedelta()
    naive = moment.replace(tzinfo=None) - offset
    return (naive - datetime(1, 1, 1)) // timedelta(microseconds=1) * 10


def parts(moment: int) -> Parts:
    days, in_day = divmod(inside(moment), DAY)
    day = date.fromordinal(days + 1)
    seconds, fraction = divmod(in_day, SECOND)
    return Parts(day.year, day.month, day.day, seconds // 3600, seconds // 60 % 60, seconds % 60, fraction, day.isoweekday() % 7)


def inside(moment: int) -> int:
    """The moment itself. Raises ValueError outside of the years 1 to 9999."""
    if not 0 <= moment < LAST:
        raise ValueError("the date is outside of the years 1 to 9999")
    return moment


def offset_ticks(written: str) -> int:
    """`+08:00`, `-0700` or `Z` in ticks. Raises ValueError beyond 14 hours, as .NET does."""
    if written.upper() in ("Z", "GMT"):
        return 0
    digits = written[1:].replace(":", "").ljust(4, "0") if len(written) != 2 else f"0{written[1]}00"
    offset = int(digits[:2]) * HOUR + int(digits[2:]) * MINUTE
    if offset > 14 * HOUR or int(digits[2:]) > 59:
        raise ValueError(f"{written} is not an offset from UTC")
    return -offset if written[0] == "-" else offset


def half_day(hour: int, half: str | None) -> int:
    """An hour before or after noon on the 24-hour clock. Raises ValueError."""
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(f"{hour} is not an hour of a 12-hour clock")
    return hour % 12 + (12 if half in "Pp" else 0)


def parse(written: str) -> int:
    """A date, with or without time and offset, as ISO 8601 or the invariant culture write it. Raises ValueError."""
    match = next((m for pattern in _READ if (m := pattern.match(written))), None)
    if match is None:
        raise ValueError(f"{written!r} is not a date that CDate reads (yyyy-MM-dd or M/d/yyyy, then time and offset)")
    fields = match.groupdict()
    fraction = int((fields["fraction"] or "0")[:7].ljust(7, "0"))
    hour = half_day(int(fields["hour"] or 0), fields["half"])
    local = ticks(
        int(fields["year"]),
        int(fields["month"]),
        int(fields["day"]),
        hour,
        int(fields["minute"] or 0),
        int(fields["second"] or 0),
        fraction,
    )
    return inside(local - offset_ticks(fields["offset"] or "Z"))


def parse_printed(value: object) -> int | None:
    """A date that CDate has printed; None for anything else."""
    if not isinstance(value, str) or not _PRINTED.match(value):
        return None
    try:
        return parse(value)
    except ValueError:
        return None


def printed(moment: int) -> str:
    """`M/d/yyyy h:mm:ss tt` of the invariant culture, as CDate, DateAdd and Now give it."""
    p = parts(moment)
    half = "AM" if p.hour < 12 else "PM"
    return f"{p.month}/{p.day}/{p.year:04} {p.hour % 12 or 12}:{p.minute:02}:{p.second:02} {half}"


def add_months(moment: int, count: int) -> int:
    """The same day of another month, or its last one where it is shorter. Raises ValueError."""
    p = parts(moment)
    year, month = divmod(p.year * 12 + p.month - 1 + count, 12)
    if not 1 <= year <= 9999:
        raise ValueError("the date is outside of the years 1 to 9999")
    last = monthrange(year, month + 1)[1]
    return ticks(year, month + 1, min(p.day, last)) + moment % DAY
