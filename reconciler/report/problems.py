"""Problems as text, JSON and GitHub annotations. No I/O."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from reconciler.declare.place import Problem
from reconciler.report.safe import plain, workflow_data, workflow_property

ANNOTATIONS = 10  # that GitHub shows of a step and a severity


def as_text(problems: list[Problem]) -> str:
    """One block a problem: place, severity, message and code, then the remedy."""
    return "".join(map(_block, problems))


def _block(problem: Problem) -> str:
    where, what = plain(str(problem.place)), plain(problem.message)
    return f"{where}: {problem.severity}: {what} [{problem.code}]\n    {plain(problem.remedy)}\n"


def as_json(problems: list[Problem]) -> str:
    """`count` stands where an error speaks of several."""
    return json.dumps({"format_version": "1.0", "problems": list(map(_row, problems))}, indent=2) + "\n"


def _row(problem: Problem) -> dict[str, Any]:
    row = {**problem._asdict(), "place": problem.place._asdict()}
    count = row.pop("stands_for")
    return row | ({"count": count} if count > 1 else {})


def as_github(problems: list[Problem]) -> str:
    """Workflow commands, which GitHub shows on the very lines; a notice where it shows but the first of a severity."""
    counts = Counter(problem.severity for problem in problems)
    over = [f"{counts[name]:,} {name}s" for name in ("error", "warning") if counts[name] > ANNOTATIONS]
    note = f"GitHub shows the first {ANNOTATIONS} of {' and '.join(over)} on their lines: all of them are in the log of this step"
    return "".join(map(_annotation, problems)) + (f"::notice title=more::{note}\n" if over else "")


def _annotation(problem: Problem) -> str:
    place = problem.place
    return (
        f"::{problem.severity} file={workflow_property(plain(place.file))},line={place.line},col={place.column},"
        f"title={workflow_property(problem.code)}::{workflow_data(plain(problem.message + ' - ' + problem.remedy))}\n"
    )
