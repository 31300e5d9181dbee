"""Problems as text, JSON and GitHub annotations. No I/O."""

from __future__ import annotations

import json

from reconciler.declare.model import Problem
from reconciler.report.safe import plain, workflow_data, workflow_property


def as_text(problems: list[Problem]) -> str:
    """One block a problem: place, severity, message, remedy."""
    return "".join(
        f"{plain(str(p.place))}: {p.severity}: {plain(p.message)}\n    {plain(p.remedy)}\n" for p in problems
    )


def as_json(problems: list[Problem]) -> str:
    rows = [{**p._asdict(), "place": p.place._asdict()} for p in problems]
    return json.dumps({"format_version": "1.0", "problems": rows}, indent=2) + "\n"


def as_github(problems: list[Problem]) -> str:
    """Workflow commands, which GitHub shows on the very lines."""
    return "".join(
        f"::{p.severity} file={workflow_property(p.place.file)},line={p.place.line},col={p.place.column},"
        f"title={workflow_property(p.code)}::{workflow_data(p.message + ' - ' + p.remedy)}\n"
        for p in problems
    )
