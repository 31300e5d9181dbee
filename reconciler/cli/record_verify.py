"""reconcile record verify: the proof that no record of the log was altered, dropped or moved."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import ERROR, guarded, load_for_the_record, options, worst
from reconciler.cli.terminal import echo_form
from reconciler.record.open import store_named

if TYPE_CHECKING:
    from reconciler.report.log_proof import Proof

HEAD = re.compile(r"sha256:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)


@click.command()
@options
@click.option("--since", default="", metavar="HEAD", help="The head that you trust: a record's hash, or a commit of its ref.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print it.")
def verify(desired: Path, apps: tuple[str, ...], no_color: bool, since: str, form: str) -> int:
    """Prove that no record of the log was altered, dropped or moved, and that the log goes on from the head that you trust."""
    from reconciler.cycle.proof import proof_of
    from reconciler.report.log_proof import as_json, as_text

    if since and not HEAD.fullmatch(since):
        raise click.UsageError(
            f"--since {since!r} is not a head: write sha256:... as `reconcile record verify` shows it, or a commit"
        )
    declarations, names = load_for_the_record(desired, apps)
    if since and len(names) != 1:
        raise click.UsageError("a head is of one app: name it with --app")
    proofs: list[Proof] = []

    def work(name: str) -> int:
        proofs.append(proof_of(store_named(name, declarations), since))
        return ERROR if proofs[-1].problems else 0

    code = worst([guarded(lambda name=name: work(name)) for name in names])  # type: ignore[misc]
    echo_form(form, (as_json if form == "json" else as_text)(proofs))
    return code
