"""reconcile apps: which apps there are, and whether each one's token is at hand."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from reconciler.cli.common import chosen, load_checked, options


@click.command()
@options
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print it: json is one line, for a matrix of jobs.",
)
@click.option("--with-token", is_flag=True, help="Only apps whose token is in the environment.")
def apps(desired: Path, apps: tuple[str, ...], no_color: bool, form: str, with_token: bool) -> int:
    """List the apps, and whether each one's token is in the environment. No token is printed, or sent anywhere."""
    from reconciler.scim.credentials import at_hand

    rows = [(app.name, at_hand(app, os.environ)) for app in chosen(load_checked(desired, apps), apps)]
    rows = [row for row in rows if row[1] or not with_token]
    if form == "json":
        click.echo(json.dumps([{"app": name, "token": token} for name, token in rows]))
        return 0
    for name, token in rows:
        click.echo(f"{name}: {'token is set' if token else 'no token'}")
    return 0
