"""reconcile apps: which apps there are, which a change touches, and whether each one's token is set."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import ERROR, known_apps, options
from reconciler.cli.output import say, say_warning
from reconciler.cli.stray import takes_no_words
from reconciler.cli.terminal import echo
from reconciler.declare.warned import Warned

if TYPE_CHECKING:
    from reconciler.declare.heads import Head
    from reconciler.declare.model import Declarations

MOST_JOBS = 256  # that GitHub runs of one matrix


class Shard(click.ParamType[tuple[int, int]]):
    """K/N: the K-th of N parts."""

    name = "K/N"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        found = re.fullmatch(r"([1-9]\d{0,4})/([1-9]\d{0,4})", value, re.ASCII)
        if not found or int(found[1]) > int(found[2]):
            self.fail(f"{value!r} is not K/N with K from 1 to N, such as 2/4", param, ctx)
        return int(found[1]), int(found[2])


@click.command()
@takes_no_words
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
@click.option(
    "--changed-since",
    metavar="COMMIT",
    help="Only apps that may differ since: by file, or by a person, group or policy that concerns them.",
)
@click.option(
    "--shard", type=Shard(), metavar="K/N", help="Only the K-th of N parts, where all would be too many for one matrix."
)
def apps(
    desired: Path, apps: tuple[str, ...], no_color: bool, form: str, with_token: bool, changed_since: str | None,
    shard: tuple[int, int] | None,
) -> int:  # fmt: skip
    """List the apps, and whether each one's token is in the environment. No token is printed, or sent anywhere."""
    from reconciler.declare.app_files import load_heads
    from reconciler.scim.credentials import at_hand

    heads, problems = load_heads(desired)
    if problems:
        from reconciler.report.problems import as_text

        echo(as_text(problems), err=True, nl=False)
        return ERROR
    known_apps(apps, [head.name for head in heads])
    if changed_since is not None:
        heads = _changed(heads, changed_since, desired)
    rows = [(head.name, at_hand(head, os.environ)) for head in heads if not apps or head.name in apps]
    rows = [row for row in rows if row[1] or not with_token]
    rows = rows[shard[0] - 1 :: shard[1]] if shard else rows
    _show(rows, form)
    return 0


def _changed(heads: list[Head], commit: str, desired: Path) -> list[Head]:
    from reconciler.cycle.touched import touched_since
    from reconciler.declare.load import load

    def loaded() -> Declarations | None:
        whole = load(desired)
        return None if whole.errors else whole.declarations

    touched = touched_since(commit, desired, loaded)
    if touched.every:
        say(f"Every app is in: {touched.every}")
    return [head for head in heads if touched.holds(head.name)]


def _show(rows: Sequence[tuple[str, bool]], form: str) -> None:
    if form == "json":
        click.echo(json.dumps([{"app": name, "token": token} for name, token in rows]))
        if len(rows) > MOST_JOBS:
            words = f"GitHub runs at most {MOST_JOBS} jobs of one matrix, and these are {len(rows):,}"
            say_warning(Warned("TooManyJobs", words))
            say(f"    take a part with --shard K/{-(-len(rows) // MOST_JOBS)}, each in a matrix of its own")
        return
    for name, token in rows:
        click.echo(f"{name}: {'token is set' if token else 'no token'}")
