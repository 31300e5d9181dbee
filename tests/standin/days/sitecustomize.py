"""The clock of a command under test, and of each process that it starts, is DAYS ahead."""

import os
from datetime import UTC, datetime, timedelta, tzinfo

import reconciler.cycle.clock as clock

DAYS = timedelta(days=int(os.environ.get("DAYS", "0")))


class Clock(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = UTC) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + DAYS


clock.datetime = Clock  # type: ignore[misc]
