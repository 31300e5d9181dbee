"""reconcile run: a cycle of each app every interval, until told to stop."""

from __future__ import annotations

import gc
import os
import re
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import BLOCKED, ERROR, LOCKED, PARTIAL, cause_option, known_apps, lock_option, options, worst
from reconciler.cli.output import say_error
from reconciler.cli.stray import takes_no_words
from reconciler.cli.streams import lost
from reconciler.cli.terminal import echo
from reconciler.cli.times import Time

if TYPE_CHECKING:
    from reconciler.service.ends import End
    from reconciler.service.listen import Address
    from reconciler.service.loop import Loop
    from reconciler.service.pull import Main

ADDRESS = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})", re.ASCII)
LAST, SOON = 35.0, 2.0  # seconds for messages that are due at the end: of one cycle, and of a service that is told to stop
SHARE = 0.2  # of --grace at most, for those and for the way out: what is left is for writes
JOURNALS = "start it again: the next run continues from the journals"
CODES = {"success": 0, "off": 0, "partial": PARTIAL, "blocked": BLOCKED, "failed": ERROR}


class Listen(click.ParamType["Address"]):
    """A host and a port."""

    name = "address"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        from reconciler.service.listen import Address

        match = ADDRESS.fullmatch(str(value))
        if match is None or int(match[3]) > 65_535:
            self.fail(f"{value!r} is not an address: write a host and a port, such as 127.0.0.1:9464", param, ctx)
        return Address(match[1] or match[2], int(match[3]))


@click.command()
@takes_no_words
@options
@click.option("--once", is_flag=True, help="One cycle of each app, whenever the last one was; then end.")
@click.option(
    "--when",
    type=click.Choice(["now", "due"]),
    default="now",
    show_default=True,
    help="With --once: now, or only where the record says that a cycle is due.",
)
@cause_option
@click.option("--interval", type=Time(), metavar="TIME", help="Time between cycles, whatever the apps say, such as 40m.")
@click.option("--pull", is_flag=True, help="Keep the checkout at the head of the remote's main branch.")
@click.option(
    "--poll", type=Time(), default="60s", show_default=True, metavar="TIME", help="How often --pull looks at the remote."
)
@click.option(
    "--grace",
    type=Time(),
    default="25s",
    show_default=True,
    metavar="TIME",
    help="How long a stop may take: writes under way end, then it ends.",
)
@click.option(
    "--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="The form of each line."
)
@click.option(
    "--listen", type=Listen(), metavar="HOST:PORT", help="Answer /metrics, /healthz and /readyz there, such as 127.0.0.1:9464."
)
@lock_option
def run(
    desired: Path, apps: tuple[str, ...], no_color: bool, once: bool, when: str, causes: tuple[str, ...], interval: int | None,
    pull: bool, poll: int, grace: int, log_format: str, listen: Address | None, lock_timeout: float,
) -> int:  # fmt: skip
    """Run a cycle of each app every interval, until stopped: plan, guard, write, record.

    Safeguards and approvals hold as in apply. `reconcile help service` tells of cycles, escrow, quarantine and systemd.
    """
    from reconciler.notify.mail import VARIABLE
    from reconciler.notify.target import CHANNELS
    from reconciler.service.events import Event, as_json, as_notice, as_text
    from reconciler.service.follow import PATIENCE, Follow
    from reconciler.service.listen import listening
    from reconciler.service.loop import Loop
    from reconciler.service.messages import Messages
    from reconciler.service.metrics import Metrics
    from reconciler.service.observer import Observers
    from reconciler.service.turns import Settings

    in_actions = os.environ.get("GITHUB_ACTIONS") == "true"
    text = as_notice if in_actions else as_text
    form = as_json if log_format == "json" else text

    def say(event: Event) -> None:
        click.echo(form(event))
        if lost() is not None and not once:  # a service that nobody hears would go on unseen
            loop.stop()

    gc.enable()  # it lives long, and holds little
    metrics = Metrics(time.time)
    tells = not in_actions or VARIABLE in os.environ  # the notices of the run tell
    channels = CHANNELS if tells else ()
    messages, soon = Messages(say, (metrics,), LAST, channels), min(SOON, grace * SHARE)
    follow = Follow(_main(desired) if pull else None, poll, 1 if once else PATIENCE)
    settings = Settings(desired, apps, interval, once, grace - soon, lock_timeout, causes, when == "due", channels)
    loop = Loop(settings, say, Observers(messages, metrics), follow)
    _check(loop, apps)
    with ExitStack() as stack:
        try:
            stack.enter_context(listening(listen, loop, metrics, time.monotonic))
        except OSError as error:
            raise click.ClickException(f"--listen: {error.strerror} [CannotListen]\n    choose another address or port") from None
        stack.enter_context(messages)
        _run(loop)
        if loop.stopping:
            messages.last = soon * 0.75
    if not once and (why := lost()) is not None:
        echo(f"Error: the log could not be written ({why.strerror}): the service has ended in order [NotWritten]", err=True)
        return ERROR
    return worst([*map(_code, loop.ends.values()), *([ERROR] if follow.trouble else [])]) if once else 0


def _run(loop: Loop) -> None:
    """To its end, also where the machine has no more processes or files to give."""
    try:
        loop.run()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise click.ClickException(f"the service cannot go on: {why} [CannotContinue]\n    {JOURNALS}") from None


def _main(desired: Path) -> Main:
    """The branch to follow; that there is none is no trouble that ends by itself."""
    from reconciler.record.store import RecordError
    from reconciler.service.pull import Main

    try:
        return Main(desired)
    except RecordError as error:
        say_error(error, f"{error.remedy}; or leave out --pull")
        raise click.exceptions.Exit(ERROR) from None


def _check(loop: Loop, apps: tuple[str, ...]) -> None:
    """What is wrong with the declarations is printed to stderr, and errors end the command, as with every other."""
    survey = loop.survey()
    if survey is None:
        raise click.ClickException(f"the declarations could not be read: their process died [CannotContinue]\n    {JOURNALS}")
    click.echo(survey.problems, err=True, nl=False)
    if survey.is_wrong:
        raise click.exceptions.Exit(ERROR)
    known_apps(apps, survey.apps)


def _code(end: End) -> int:
    from reconciler.service.ends import Busy
    from reconciler.service.order import Postponed
    from reconciler.service.result import CycleResult

    if isinstance(end, Postponed) and end.next:  # asked for where one is due, and none is
        return 0
    if isinstance(end, CycleResult):
        return CODES[end.result]
    return LOCKED if isinstance(end, Busy) else ERROR
