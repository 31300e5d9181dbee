"""Problems as a SARIF 2.1.0 log, for code scanning (OASIS, sarif-v2.1.0-errata01). No I/O."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from reconciler import __version__
from reconciler.codes.registry import CODES
from reconciler.declare.place import Problem
from reconciler.report.safe import plain

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def as_sarif(problems: list[Problem]) -> str:
    """One run; a rule a code, a result a problem, with the paths that the problems have."""
    codes = sorted({problem.code for problem in problems})
    driver = {
        "name": "reconcile",
        "version": __version__,
        "rules": list(map(_rule, codes)),
    }
    numbers = {code: number for number, code in enumerate(codes)}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem, numbers[problem.code]) for problem in problems],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(name: str) -> dict[str, Any]:
    """A code, with what code scanning shows of it beside a result."""
    code = CODES[name]
    return {
        "id": name,
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": f"{code.means} {code.matters}"},
        "help": {"text": f"{code.fix} `reconcile help {name}` shows an example."},
    }


def _result(problem: Problem, rule: int) -> dict[str, Any]:
    place = problem.place
    region = {"startLine": max(1, place.line), "startColumn": max(1, place.column)}  # a folder has line 0
    artifact = {"uri": quote(place.file.encode("utf-8", "surrogateescape"))}
    counted = {} if problem.stands_for == 1 else {"occurrenceCount": problem.stands_for}
    return counted | {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": problem.severity,
        "message": {"text": f"{plain(problem.message)}. {plain(problem.remedy)}{'' if problem.remedy.endswith('?') else '.'}"},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}],
    }
