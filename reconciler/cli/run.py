"""reconcile run: a cycle of each app every interval, until told to stop."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import BLOCKED, ERROR, LOCKED, PARTIAL, load_checked, lock_option, options, worst

if TYPE_CHECKING:
    from reconciler.service.worker import End

TIME = re.compile(r"[1-9]\d*[smhd]", re.ASCII)
CODES = {"success": 0, "off": 0, "partial": PARTIAL, "blocked": BLOCKED, "failed": ERROR}


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


@click.command()
@options
@click.option("--once", is_flag=True, help="One cycle of each app, whenever the last one was; then end.")
@click.option("--interval", type=Time(), metavar="TIME", help="Time between cycles, whatever the apps say, such as 40m.")
@click.option("--pull", is_flag=True, help="Keep the checkout at the head of the remote's main branch.")
@click.option(
    "--poll", type=Time(), default="60s", show_default=True, metavar="TIME", help="How often --pull looks at the remote."
)
@click.option("--grace", type=Time(), default="25s", show_default=True, metavar="TIME", help="How long a stop waits for writes.")
@click.option(
    "--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="The form of each line."
)
@lock_option
def run(
    desired: Path, apps: tuple[str, ...], no_color: bool, once: bool, interval: int | None, pull: bool, poll: int, grace: int,
    log_format: str, lock_timeout: float,
) -> int:  # fmt: skip
    """Run a cycle of each app every interval: plan, guard, write, record. Safeguards and approvals hold as in apply."""
    load_checked(desired, apps)
    from reconciler.service.events import Event, as_json, as_text
    from reconciler.service.loop import Loop, Settings

    form = as_json if log_format == "json" else as_text

    def say(event: Event) -> None:
        click.echo(form(event))

    loop = Loop(Settings(desired, apps, interval, once, poll if pull else None, grace, lock_timeout), say)
    loop.run()
    return worst([_code(end) for end in loop.ends.values()]) if once else 0


def _code(end: End) -> int:
    from reconciler.service.result import CycleResult
    from reconciler.service.worker import Busy

    if isinstance(end, CycleResult):
        return CODES[end.result]
    return LOCKED if isinstance(end, Busy) else ERROR
