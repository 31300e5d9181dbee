"""A path of a document in, an error or a warning at its place out. Adds to a list of problems; no I/O."""

from __future__ import annotations

from typing import Any

from reconciler.declare.place import Problem
from reconciler.declare.yaml.document import Document


class Notes:
    """Adds errors and warnings at a path of a document."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems

    def error(self, document: Document, path: tuple[Any, ...], code: str, message: str, remedy: str) -> None:
        self.problems.append(Problem(document.locate(path), "error", code, message, remedy))

    def warning(self, document: Document, path: tuple[Any, ...], code: str, message: str, remedy: str) -> None:
        self.problems.append(Problem(document.locate_key(path), "warning", code, message, remedy))
