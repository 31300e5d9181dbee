"""reconcile show: a saved plan again."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.common import guarded, options
from reconciler.cli.plan import show_plans


@click.command()
@options
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
def show(desired: Path, apps: tuple[str, ...], no_color: bool, file: Path, form: str) -> int:
    """Show a saved plan again."""
    from reconciler.report.jsonform import loads

    def work() -> int:
        plans = loads(file.read_text(encoding="utf-8"))
        show_plans([plan for plan in plans if not apps or plan.app in apps], form, no_color)
        return 0

    return guarded(work)
