"""reconcile review: an access review in files, from its start to its evidence."""

from __future__ import annotations

import click

from reconciler.cli.review_close import close
from reconciler.cli.review_decided import apply_, status
from reconciler.cli.review_start import start
from reconciler.cli.wrong_usage import Commands


@click.group(cls=Commands)
def review() -> None:
    """Review who has what, in files that reviewers fill in. Writes nothing to a service."""


for command in (start, status, apply_, close):
    review.add_command(command)
