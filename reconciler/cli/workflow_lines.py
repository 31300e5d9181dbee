"""Apps that came after the workflows: adds their lines, or says which are to be added. Reads and writes workflows, and prints."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.output import say_warning
from reconciler.cli.terminal import echo
from reconciler.declare.model import App
from reconciler.declare.warned import Warned
from reconciler.github.workflow_files import bound, completed, lacking
from reconciler.report.safe import plain


def complete_workflows(desired: Path, apps: list[App]) -> None:
    """Bring the variables of all apps into the workflows that are as they were written; of others say exactly what to add."""
    changed = [name for name, text, variables in completed(desired, apps) if _edit(desired.parent / name, name, text, variables)]
    left = list(lacking(desired, apps))
    for name, lines in left:
        words = f"{name} lacks the variables of an app, so that app is not planned or applied there; add these lines"
        say_warning(Warned("WorkflowLacksApp", words))
        for line in lines:
            beside = "RECONCILE_ALLOWED_ORIGINS" if "vars." in line else "such line of another app's token"
            click.echo(f"    {plain(line)}    (beside each {beside})", err=True)
    if changed or left:
        origins = bound(apps)
        also = "and let" if left else "Let"
        echo(f"    {also} the repository variable RECONCILE_ALLOWED_ORIGINS be {plain(origins)}", err=True)


def _edit(file: Path, name: str, text: str, variables: list[str]) -> bool:
    """False where the file cannot be written; either is said."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        say_warning(Warned("NotWritten", f"{name} cannot be written: {error.strerror}"))
        return False
    does = f"passes {plain(', '.join(variables))} now" if variables else "spreads the apps over more matrices now"
    echo(f"edited  {name}: it {does}")
    return True
