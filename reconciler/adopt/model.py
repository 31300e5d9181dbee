"""What an import comes to: rows for the declaration files, and what could not be imported. No I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.declare.errors import ReconcileError

Row = dict[str, Any]
SHOWN = 3


class ImportRefused(ReconcileError):
    """Nothing was written; `remedy` says what to do."""


@dataclass(frozen=True)
class Known:
    """What is declared or recorded already, and not to be declared again.

    users, groups: folded name -> name as declared elsewhere; ids: the same by declared `id`
    recorded:      live id -> the name in the record
    """

    users: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    user_ids: Mapping[str, str] = field(default_factory=dict)
    group_ids: Mapping[str, str] = field(default_factory=dict)
    recorded: Mapping[str, str] = field(default_factory=dict)


class Notes:
    """Reasons, each with the objects that it holds of, so that 3,000 accounts do not make 3,000 lines."""

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = defaultdict(list)

    def add(self, reason: str, name: str) -> None:
        """That this holds of one more name."""
        self._found[reason].append(name)

    def lines(self) -> list[str]:
        """One line a reason: how many, the first few by name, why."""
        told = []
        for reason, names in self._found.items():
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            told.append(f"{', '.join(sorted(names)[:SHOWN])}{more}: {reason}")
        return told


@dataclass
class Adopted:
    """Rows by file kind, not yet sorted; `names` is live id -> declared name of every account that was taken."""

    users: list[Row] = field(default_factory=list)
    groups: list[Row] = field(default_factory=list)
    roles: list[Row] = field(default_factory=list)
    assignments: list[Row] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    group_names: dict[str, str] = field(default_factory=dict)
