"""Where the record lay when reconciler.yaml was right last, by the commits that Git knows. Asks git, writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from reconciler.cycle.earlier_commit import document_at
from reconciler.declare.folders import SUFFIXES
from reconciler.declare.model import Declarations
from reconciler.declare.place import Problem
from reconciler.declare.record_place import record_in, slips
from reconciler.declare.schema import sound
from reconciler.declare.settings import RecordSettings
from reconciler.record.here import ask, inside

NAME = "reconciler"
MOST = 20  # versions of the file that are looked at


def with_last_settings(declarations: Declarations, problems: Iterable[Problem]) -> Declarations | None:
    """The declarations, with the record where it was last said to be, where that cannot be read today; None where it was never
    said, as far as Git knows.
    """
    if not _hides_the_record(problems):
        return declarations
    last = next(_settings(declarations.folder), None)
    return replace(declarations, record=last) if last is not None else None


def _hides_the_record(problems: Iterable[Problem]) -> bool:
    """Whether reconciler.yaml is wrong, which says where the record lies."""
    return any(problem.severity == "error" and Path(problem.place.file).stem == NAME for problem in problems)


def _settings(folder: str) -> Iterator[RecordSettings]:
    """What the file said where it was right, the newest first."""
    for name in (f"{folder}/{NAME}{suffix}" for suffix in SUFFIXES):
        for commit in (ask("log", "--format=%H", f"--max-count={MOST}", "HEAD", "--", inside(name) or name) or "").split():
            document = document_at(commit, name)
            if document is not None and not document.problems and sound(NAME, document.data) and not any(slips(document)):
                yield record_in(document, folder)
