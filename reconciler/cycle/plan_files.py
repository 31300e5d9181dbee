"""A saved plan in, plans that are whole out. Reads files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from reconciler.plan.model import Plan

PULL = re.compile(r"\d+-pull-(\d+)-")


def read_plans(file: Path) -> list[Plan]:
    """The plans of a saved file. Raises PlanFileError."""
    from reconciler.declare.schema import fits
    from reconciler.report.jsonform import is_whole
    from reconciler.report.plan_file import AGAIN, PlanFileError, is_genuine, loads

    remedy = "write one with `reconcile plan --out FILE`"
    try:
        text = file.read_text(encoding="utf-8")
        plans = loads(text)
    except OSError as error:
        raise PlanFileError(f"{file} cannot be read: {error.strerror}", "fix its permissions") from None
    except UnicodeDecodeError:
        raise PlanFileError(f"{file}: this is not a saved plan", remedy) from None
    except PlanFileError as error:
        raise PlanFileError(f"{file}: {error.message}", error.remedy) from None
    document = json.loads(text)
    if not fits("plan", document):
        raise PlanFileError(f"{file}: this is not a saved plan", remedy)
    if not (all(map(is_whole, document["plans"])) and all(map(is_genuine, plans))):
        raise PlanFileError(f"{file} has been edited: its content does not fit its digests", AGAIN)
    return plans


def pulls_of(file: Path, plans: Iterable[Plan]) -> dict[str, int]:
    """Digest of each change -> the number of the pull request that the file is named after, as `github plans` names them."""
    match = PULL.match(file.name)
    return {change.digest: int(match[1]) for plan in plans for change in plan.changes} if match else {}


def reviewed(file: Path) -> list[Plan]:
    """The plans of a file that holds what is to be written. Raises PlanFileError."""
    from reconciler.report.plan_file import PlanFileError

    plans = read_plans(file)
    for plan in plans:
        if plan.redacted:
            raise PlanFileError(
                f"{file} is redacted: it holds hashes, not the values to write",
                f"apply it by its digest: `reconcile apply --app {plan.app} --digest {plan.digest}`",
            )
    return plans
