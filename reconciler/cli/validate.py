"""reconcile validate: every error at once."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.common import ERROR, options


@click.command()
@options
@click.option("--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True)
def validate(desired: Path, apps: tuple[str, ...], no_color: bool, form: str) -> int:
    """Check every declaration and report all errors at once."""
    from reconciler.declare.load import load
    from reconciler.report.problems import as_github, as_json, as_text
    from reconciler.resolve.check import check

    loaded = load(desired)
    problems = sorted([*loaded.problems, *check(loaded.declarations)])
    click.echo({"text": as_text, "json": as_json, "github": as_github}[form](problems), nl=False)
    errors = sum(1 for problem in problems if problem.severity == "error")
    found = loaded.declarations
    click.echo(f"{len(found.users)} users, {len(found.groups)} groups, {len(found.apps)} apps: {errors} errors, "
               f"{len(problems) - errors} warnings", err=form != "text")  # fmt: skip
    return ERROR if errors else 0
