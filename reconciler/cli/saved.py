"""Saved plans as `apply` takes them: files and folders in, what may be written out."""

from __future__ import annotations

from pathlib import Path

from reconciler.cli.common import read_plans
from reconciler.cli.saying import say
from reconciler.plan.model import Plan


def saved(files: tuple[Path, ...]) -> list[Path]:
    """The files, and those that the folders hold, in order of their names: for one object the last one's plan counts."""
    found = [item for file in files for item in (sorted(file.glob("*.json")) if file.is_dir() else [file])]
    if not found:
        say("There is no reviewed plan: nothing was written.")
    return found


def reviewed(file: Path) -> list[Plan]:
    """The plans of a file that holds what is to be written. Raises PlanFileError."""
    from reconciler.report.jsonform import PlanFileError

    plans = read_plans(file)
    for plan in plans:
        if plan.redacted:
            raise PlanFileError(f"{file} is redacted: it holds hashes, not the values to write",
                                f"apply it by its digest: `reconcile apply --app {plan.app} --digest {plan.digest}`")  # fmt: skip
    return plans
