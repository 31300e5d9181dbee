"""reconcile restart: end an escrow, a quarantine, or what incremental cycles rest on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from reconciler.cli.common import chosen, guarded, load_checked, lock_option, options, worst
from reconciler.cli.output import PERSON, say
from reconciler.cli.stray import takes_no_words
from reconciler.declare.model import App, Declarations

if TYPE_CHECKING:
    from reconciler.service.looked_up import Scope

NOTHING = {
    "escrows": "nothing to do: no object is in escrow",
    "quarantine": "nothing to do: the app is not in quarantine",
    "watermark": "nothing to do: the next cycle is an initial one already",
    "full": "nothing to do: nothing is in escrow or quarantine, and the next cycle is an initial one already",
}


@click.command()
@takes_no_words
@options
@click.option(
    "--scope",
    type=click.Choice(["escrows", "quarantine", "watermark", "full"]),
    default="full",
    show_default=True,
    help="What to end: retries that wait, a quarantine, the watermark of incremental cycles, or all of it.",
)
@lock_option
def restart(desired: Path, apps: tuple[str, ...], no_color: bool, scope: str, lock_timeout: float) -> int:
    """End a state of the running service; its next cycle goes on without it. Writes the record, and nothing to a service."""
    declarations = load_checked(desired, apps)
    picked = chosen(declarations, apps)
    return worst([guarded(lambda app=app: _restart(app, declarations, scope, lock_timeout)) for app in picked])  # type: ignore[misc]


def _restart(app: App, declarations: Declarations, scope: str, timeout: float) -> int:
    from reconciler.service.looked_up import restart

    ended = restart(app, declarations, cast("Scope", scope), PERSON, timeout)
    for words in ended or [NOTHING[scope]]:
        say(f"{app.displayName}: {words}", err=False)
    return 0
