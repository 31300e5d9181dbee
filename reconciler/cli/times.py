"""A time on the command line: a number and a unit in, seconds out."""

from __future__ import annotations

import re

import click

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
