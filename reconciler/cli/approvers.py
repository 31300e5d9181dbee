"""Who approved the pull requests that an answer names, where GitHub is at hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.output import say
from reconciler.report.safe import plain

if TYPE_CHECKING:
    from reconciler.plan.access.had import Had


def approvers_of(rows: Iterable[Had], desired: Path) -> Mapping[int, tuple[str, ...]]:
    """By number, those of the pull requests of all rows; each is asked for once, of the repository in which `desired` lies.

    What is not told is said once, and changes no exit code: all else of the answer is known.
    """
    numbers = {number for row in rows for number in row.pulls()}
    if not numbers:
        return {}
    from reconciler.github.approvers import approvers

    told = approvers(numbers, desired)
    if told.why:
        lacking = sorted(numbers - told.by.keys())
        what = f"pull request {lacking[0]}" if len(lacking) == 1 else f"{len(lacking)} pull requests"
        say(f"Who approved {what} is unknown: {plain(told.why)}")
    return told.by
