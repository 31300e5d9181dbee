"""Problems as text, JSON and GitHub annotations. No I/O."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from reconciler.declare.model import Problem
from reconciler.report.safe import plain, workflow_data, workflow_property

ANNOTATIONS = 10  # that GitHub shows of a step and a severity

def as_text(problems: list[Problem]) -> str:
    """One block a problem: place, severity, message, remedy."""
    return "".join(
        f"{plain(str(p.place))}: {p.severity}: {plain(p.message)}\n    {plain(p.remedy)}\n" for p in problems
    )


def as_json(problems: list[Problem]) -> str:
    """`count` stands where an error speaks of several."""
    return json.dumps({"format_version": "1.0", "problems": list(map(_row, problems))}, indent=2) + "\n"


def _row(problem: Problem) -> dict[str, Any]:
    found = {**problem._asdict(), "place": problem.place._asdict()}
    count = found.pop("stands_for")
    return found | ({"count": count} if count > 1 else {})


def as_github(problems: list[Problem]) -> str:
    """Workflow commands, which GitHub shows on the very lines; what is over its limit is counted in one line."""
    shown: list[Problem] = []
    left: Counter[str] = Counter()
    for problem in problems:
        if sum(1 for other in shown if other.severity == problem.severity) < ANNOTATIONS:
            shown.append(problem)
        else:
            left[problem.severity] += problem.stands_for
    more = " and ".join(f"{number:,} more {severity}{'s' if number > 1 else ''}" for severity, number in sorted(left.items()))
    return "".join(map(_annotation, shown)) + (f"::notice title=more::{more}: `reconcile validate` shows all\n" if more else "")


def _annotation(problem: Problem) -> str:
    place = problem.place
    return (
        f"::{problem.severity} file={workflow_property(plain(place.file))},line={place.line},col={place.column},"
        f"title={workflow_property(problem.code)}::{workflow_data(plain(problem.message + ' - ' + problem.remedy))}\n"
    )
