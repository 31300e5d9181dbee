"""Safeguards of app.yaml and entries of approvals.yaml: documents in, frozen values out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.declare.assignments import is_day
from reconciler.declare.model import App, Approval, Role, Safeguards, User
from reconciler.declare.names import fold
from reconciler.declare.place import Problem
from reconciler.declare.references import nearest
from reconciler.declare.settings import AccidentalDeletions, Budget, Cost, GroupMembership, Identity, Lockout
from reconciler.declare.table import Table
from reconciler.declare.yaml.document import Document

LIMITS = (
    *(f"accidentalDeletions.{name}" for name in AccidentalDeletions.__dataclass_fields__),
    *(f"groupMembership.{name}" for name in GroupMembership.__dataclass_fields__),
    *(f"identity.{name}" for name in Identity.__dataclass_fields__),
    "protected",
    "lockout",
    "approvals",
    *(f"budget.{name}" for name in Budget._fields),
)
PLACEHOLDERS = frozenset({"say why", "why", "reason", "todo", "tbd", "fixme", "xxx", "na", "n a", "none", "placeholder"})
SETTINGS = ("provisioning.mode", "provisioning.status", "deprovisioning.outOfScope", "deprovisioning.removedFromDirectory")


def read_safeguards(document: Document, roles: Mapping[str, Role], problems: list[Problem]) -> Safeguards:
    """What app.yaml says, defaults for the rest; a role that nobody declares is an error, since it would lock for ever."""
    data = _mapping(document.data.get("safeguards"))
    protected = data.get("protected")
    principal = _mapping(document.data.get("adminCredentials")).get("principal")
    return Safeguards(
        accidentalDeletions=AccidentalDeletions(**_numbers(AccidentalDeletions, data.get("accidentalDeletions"))),
        groupMembership=GroupMembership(**_numbers(GroupMembership, data.get("groupMembership"))),
        identity=Identity(**_numbers(Identity, data.get("identity"))),
        protected=tuple(name for name in protected if isinstance(name, str)) if isinstance(protected, list) else (),
        lockout=_lockout(document, _mapping(data.get("lockout")), roles, problems),
        principal=principal if isinstance(principal, str) else None,
        separate=data.get("approvals") == "separate",
        onBlocked="continue" if data.get("onBlocked") == "continue" else "hold",
        budget=_budget(_mapping(data.get("budget"))),
        places={name: document.locate(("safeguards", *name.split("."))) for name in LIMITS}
        | {name: document.locate(tuple(name.split("."))) for name in SETTINGS},
    )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _numbers(kind: Any, value: Any) -> dict[str, int]:
    """To the schema 5.0 is a whole number too."""
    return {name: int(number) for name, number in _mapping(value).items() if name in kind.__dataclass_fields__}


def _budget(data: dict[str, Any]) -> Budget | None:
    """None where none is set; the schema has said what is wrong with the rest."""
    cost = _mapping(data.get("cost"))
    numbers = {name: int(data[name]) for name in ("requests", "minutes") if isinstance(data.get(name), (int, float))}
    whole = all(isinstance(cost.get(name), (int, float)) for name in ("perRequest", "most"))
    limit = Cost(float(cost["perRequest"]), str(cost.get("currency") or ""), float(cost["most"])) if whole else None
    found = Budget(numbers.get("requests"), numbers.get("minutes"), limit)
    return None if found == Budget() else found


def _lockout(document: Document, data: dict[str, Any], roles: Mapping[str, Role], problems: list[Problem]) -> Lockout | None:
    role, least = data.get("role"), data.get("minimumActive")
    if not isinstance(role, str) or least is None:
        return None
    if fold(role) not in roles:
        problems.append(
            Problem(
                document.locate(("safeguards", "lockout", "role")),
                "error",
                "unknown-role",
                f"no role {role!r} is declared",
                nearest(role, roles, "role", len(problems)),
            )
        )
    return Lockout(fold(role), int(least))


def is_placeholder(reason: str) -> bool:
    """Whether a reason is what was to be filled in; an empty one is the schema's error."""
    words = "".join(letter for letter in fold(reason) if letter.isalnum() or letter == " ").split()
    return bool(reason) and (not words or " ".join(words) in PLACEHOLDERS)


def read_approvals(document: Document, problems: list[Problem]) -> tuple[Approval, ...]:
    """Every entry, in the order of declaration; a day that no calendar has is an error."""
    approvals = []
    for number, row in enumerate(_rows(document, "approvals")):
        if not isinstance(row, dict):
            continue
        expires = row.get("expires")
        if isinstance(expires, str) and not is_day(expires):
            problems.append(
                Problem(
                    document.locate(("approvals", number, "expires")),
                    "error",
                    "date",
                    f"{expires} is not a day of the calendar",
                    "write YYYY-MM-DD",
                )
            )
        reason = str(row.get("reason") or "")
        if is_placeholder(reason):
            problems.append(
                Problem(
                    document.locate(("approvals", number, "reason")),
                    "error",
                    "placeholder",
                    f"{reason.strip()!r} is not a reason",
                    "say why the plan may go through: it is shown in the plan's first line",
                )
            )
        approvals.append(
            Approval(
                str(row.get("plan")),
                str(row.get("safeguard")),
                reason,
                expires,
                document.locate(("approvals", number)),
            )
        )
    return tuple(approvals)


def _rows(document: Document, key: str) -> list[Any]:
    rows = document.data.get(key)
    return rows if isinstance(rows, list) else []


def check_protected(app: App, users: Table[User], document: Document, problems: list[Problem]) -> None:
    """A name that nobody bears protects at most an account that the record knows: a slip should not go unseen."""
    earlier = {fold(name) for names in users.column("previously") for name in names or () if name is not None}
    for number, name in enumerate(app.safeguards.protected):
        if fold(name) not in users and fold(name) not in earlier:
            problems.append(
                Problem(
                    document.locate(("safeguards", "protected", number)),
                    "warning",
                    "unknown-protected",
                    f"no user {name!r} is declared, so only an account that the record knows by this name is protected",
                    nearest(name, users, "user", len(problems)),
                )
            )
