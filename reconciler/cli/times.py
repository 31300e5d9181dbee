"""Times on the command line: a number and a unit in, seconds out; an age, a date or a time in, an ISO time out."""

from __future__ import annotations

import re
from collections.abc import Callable

import click

from reconciler.cli.wrong_usage import BadValue
from reconciler.cycle.clock import now

SUCH_AS = "7d, 12h, 2026-06-01 or 2026-06-01T08:00Z"
TIME = re.compile(r"[1-9]\d*[smhd]", re.ASCII)


class Time(click.ParamType[int]):
    """A number and s, m, h or d; comes out as seconds."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if not TIME.fullmatch(str(value)):
            self.fail(f"{value!r} is not a time: write a number and s, m, h or d, such as 40m", param, ctx)
        from reconciler.service.clocks import seconds

        return seconds(str(value))


def when(
    option: str, text: str, read: Callable[[str, str], str], such_as: str = "7d, 12h, 2026-06-01 or 2026-06-01T08:00Z"
) -> str:
    """What `read` (report/log_times.py: moment, end_of) makes of an option's text. Raises UsageError."""
    try:
        return read(text, now())
    except ValueError:
        raise BadValue(f"{option} {text!r} is not a time: write {such_as}") from None
