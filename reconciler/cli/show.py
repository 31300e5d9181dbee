"""reconcile show: a saved plan again."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.common import guarded, known_apps, options
from reconciler.cli.plan import FORMAT_HELP, FORMATS, full_option, show_plans, unmanaged_option
from reconciler.cycle.plan_files import read_plans


@click.command()
@options
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, readable=False))
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help=FORMAT_HELP)
@unmanaged_option
@full_option
def show(
    desired: Path, apps: tuple[str, ...], no_color: bool, file: Path, form: str, show_unmanaged: bool, full: bool
) -> int:  # fmt: skip
    """Show a saved plan again. One that was edited is refused."""

    def work() -> int:
        plans = read_plans(file)
        known_apps(apps, {plan.app for plan in plans}, "plan of the app")
        show_plans([plan for plan in plans if not apps or plan.app in apps], form, no_color, show_unmanaged, full)
        return 0

    return guarded(work)
