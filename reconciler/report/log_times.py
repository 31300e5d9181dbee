"""Times that somebody asks a log about in, ISO times, UTC, out. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

AGE = re.compile(r"(\d{1,6})([smhdw])", re.ASCII)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z?)?", re.ASCII)


def moment(text: str, now: str) -> str:
    """An age such as 7d, 12h or 30m, a date or a time: as an ISO time, UTC. Raises ValueError."""
    if match := AGE.fullmatch(text):
        at = datetime.strptime(now, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return (at - timedelta(**{UNITS[match[2]]: int(match[1])})).strftime("%Y-%m-%dT%H:%M:%SZ")
    if not MOMENT.fullmatch(text):
        raise ValueError(text)
    datetime.fromisoformat(text.removesuffix("Z"))
    return text


def end_of(text: str, now: str) -> str:
    """The same for the end of a time: a date is its whole day. Raises ValueError."""
    at = moment(text, now)
    return f"{at}T23:59:59Z" if len(at) == len("2026-01-01") else at


def instant(text: str, now: str) -> str:
    """The same with its seconds and its zone. Raises ValueError."""
    at = end_of(text, now).removesuffix("Z")
    return at + (":59Z" if len(at) == len("2026-03-01T08:00") else "Z")
