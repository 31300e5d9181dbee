"""A command line that is wrong, for a program that asked for JSON: what is wrong in, the command's form of errors out. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

ASKING = ("--format", "--log-format")


class Told(NamedTuple):
    """One error of usage, as `unplanned` of a plan and the problems of `validate` have errors."""

    code: str
    message: str
    remedy: str


def is_asked(arguments: Sequence[str]) -> bool:
    """Whether an option of a command line asks for JSON."""
    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    return any((word in ASKING and value == "json") or word in [f"{name}=json" for name in ASKING] for word, value in pairs)


def command_of(arguments: Sequence[str]) -> str:
    """The first word, which names the command; empty where there is none."""
    return next((word for word in arguments if not word.startswith("-")), "")


def as_json(command: str, told: Told, at: str) -> str:
    """With its last line end; `at` is UTC, for a command that prints events."""
    match command:
        case "run":
            from reconciler.service.events import Event
            from reconciler.service.events import as_json as line

            return line(Event(at, "usage", told.message, level="error", data={"code": told.code, "remedy": told.remedy})) + "\n"
        case "validate":
            from reconciler.declare.place import Place, Problem
            from reconciler.report.problems import as_json as document

            return document([Problem(Place("", 0, 0), "error", *told)])
        case "explain":
            from reconciler.report.explain import FORMAT_VERSION

            return _dumped({"format_version": FORMAT_VERSION, "explanations": [], "error": told._asdict()})
        case "plan" | "show":
            from reconciler.plan.model import FORMAT_VERSION

            return _dumped({"format_version": FORMAT_VERSION, "plans": [], "error": told._asdict()})
        case _:
            return _dumped({"error": told._asdict()})


def _dumped(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
