"""Apps that came after the workflows: says which lines these lack. Reads the workflows, and prints."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.terminal import echo
from reconciler.declare.model import App
from reconciler.github.workflow_files import bound, lacking
from reconciler.report.safe import plain


def say_lacking(desired: Path, apps: list[App]) -> None:
    """Exactly what to add to each workflow that is there, and where; nothing where none lacks anything."""
    workflows = list(lacking(desired, apps))
    for name, lines in workflows:
        echo(f"Warning: {name} lacks the variables of an app, so that app is not planned or applied there; add", err=True)
        for line in lines:
            beside = "RECONCILE_ALLOWED_ORIGINS" if "vars." in line else "such line of another app's token"
            click.echo(f"    {plain(line)}    (beside each {beside})", err=True)
    if workflows:
        origins = ",".join(map(bound, apps))
        echo(f"    and let the repository variable RECONCILE_ALLOWED_ORIGINS be {plain(origins)}", err=True)
