"""What a safeguard says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.declare.warned import Warned

OK, BLOCKED, APPROVED = "ok", "blocked", "approved"
NEVER_LIFTED = frozenset({"protected", "lockout"})  # by their names: no approval does
DAY = 24  # hours for which removals count together


@dataclass(frozen=True)
class Safeguard:
    """`status` is ok, blocked or approved. `numbers` are empty where it is not set, `approval` the entry that would lift it.

    `approve_in` is the file in which that would stand; `reasons` are those of the approvals that lift it. `standing` are warnings
    of what was so before the plan. `counted` are the addresses of the changes that it counts: without them it would not block;
    None where it looks at the plan as a whole. `passing` are those of the changes that would pass alone.
    """

    name: str
    status: str
    detail: str
    numbers: Mapping[str, int] = field(default_factory=dict)
    remedy: str = ""
    approval: Mapping[str, str] | None = None
    approve_in: str = ""
    warnings: tuple[Warned, ...] = ()
    standing: tuple[Warned, ...] = ()
    reasons: tuple[str, ...] = ()
    counted: frozenset[str] | None = None
    passing: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As the plan holds it (schemas/plan.schema.json)."""
        found: dict[str, Any] = {"name": self.name, "status": self.status, "detail": self.detail, "numbers": dict(self.numbers)}
        if self.remedy and self.status == BLOCKED:
            found["remedy"] = self.remedy
        if self.approval and self.status == BLOCKED:
            found |= {"approval": dict(self.approval), "approve_in": self.approve_in}
        if self.reasons:
            found["reasons"] = list(self.reasons)
        if self.passing and self.status == BLOCKED:
            found["passing"] = list(self.passing)
        return found


def verdict(blocked: bool) -> str:
    return BLOCKED if blocked else OK


def some(names: list[str], most: int = 5, count: int | None = None) -> str:
    """The first few names, and how many more there are; `count` is of all, where these are not."""
    total = len(names) if count is None else count
    more = f" and {total - most} more" if total > most else ""
    return ", ".join(names[:most]) + more
