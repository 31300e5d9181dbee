"""reconcile status: how each app's cycles go."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click

from reconciler.cli.common import ERROR, colourer, guarded, load_for_the_record, options, worst
from reconciler.cli.stray import takes_no_words
from reconciler.declare.model import App, Declarations

EVERY = 5.0  # seconds, with --watch
CLEAR = "\033[2J\033[H"


@click.command()
@takes_no_words
@options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print it.")
@click.option("--watch", is_flag=True, help="Show it again every few seconds, until interrupted.")
def status(desired: Path, apps: tuple[str, ...], no_color: bool, form: str, watch: bool) -> int:
    """Show how each app's cycles go, from the record: counts, escrows, quarantine, and approvals that are waited for."""
    declarations, names = load_for_the_record(desired, apps)
    found = {**declarations.partial, **declarations.apps}
    while True:
        code, text = _shown([found[name] for name in names], declarations, form, no_color)
        click.echo((CLEAR if watch and sys.stdout.isatty() else "") + text, nl=False)
        if not watch:
            return code
        sys.stdout.flush()
        time.sleep(EVERY)


def _shown(apps: list[App], declarations: Declarations, form: str, no_color: bool) -> tuple[int, str]:
    """The exit code, and what is printed."""
    import orjson

    from reconciler.cycle.clock import now
    from reconciler.service.looked_up import look_up
    from reconciler.service.status import document, is_bad
    from reconciler.service.status_text import as_text

    rows: list[dict[str, Any]] = []

    def work(app: App) -> int:
        rows.append(look_up(app, declarations))
        return ERROR if is_bad(rows[-1]) else 0

    code = worst([guarded(lambda app=app: work(app)) for app in apps])  # type: ignore[misc]
    if form == "json":
        return code, orjson.dumps(document(rows, now()), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
    return code, as_text(rows, colourer(no_color))
