"""reconcile diff: what differs between two saved plans."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.common import CHANGES, guarded, options
from reconciler.cli.terminal import echo_form
from reconciler.cycle.plan_files import read_plans


@click.command()
@options
@click.argument("one", type=click.Path(path_type=Path, exists=True, dir_okay=False, readable=False))
@click.argument("other", type=click.Path(path_type=Path, exists=True, dir_okay=False, readable=False))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="The form on stdout.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 where the plans differ.")
def diff(desired: Path, apps: tuple[str, ...], no_color: bool, one: Path, other: Path, form: str, detailed_exitcode: bool) -> int:
    """Show what differs between two saved plans, and whether the declaration or the service changed."""
    from reconciler.plan.reviewed.compare import between
    from reconciler.report.plan_diff import render

    def work() -> int:
        first, second = ({plan.app: plan for plan in read_plans(file)} for file in (one, other))
        names = [name for name in {**first, **second} if not apps or name in apps]
        moved = {name: between(first.get(name), second.get(name)) for name in names}
        echo_form(form, render(form, moved))
        return CHANGES if detailed_exitcode and any(moved.values()) else 0

    return guarded(work)
