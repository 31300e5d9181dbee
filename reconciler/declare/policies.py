"""The files of desired/policies: documents in, rules out, and what in them refers to nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from reconciler.declare.model import App, Place, Problem, fold
from reconciler.declare.references import nearest
from reconciler.declare.yaml import Document

KINDS = ("separationOfDuties", "holders", "mustCarry", "domains")


class Policy(NamedTuple):
    """A rule on who may hold what. `kind` is the key that holds the rule, `roles` are folded names; empty `apps` is all.

    separationOfDuties: nobody holds two of `roles`; holders: `minimum` to `maximum` people hold the one role;
    mustCarry: assignments of `roles` carry an `expires` at most `days` away, or a `reason`, whichever is named;
    domains: accounts bear names and mail of `domains` alone.
    """

    name: str
    remedy: str
    kind: str
    place: Place
    roles: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    days: int | None = None
    reason: bool = False
    domains: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()


def read_policies(document: Document) -> list[Policy]:
    """Every rule that is whole; the schema has reported the others."""
    rows = document.data.get("policies")
    found = [_policy(document, number, row) for number, row in enumerate(rows if isinstance(rows, list) else ())]
    return [policy for policy in found if policy is not None]


def _policy(document: Document, number: int, row: Any) -> Policy | None:
    kind = next((kind for kind in KINDS if isinstance(row, dict) and kind in row), None)
    if kind is None:
        return None
    rule = row[kind]
    policy = Policy(str(row.get("name")), str(row.get("remedy")), kind, document.locate(("policies", number)),
                    apps=_names(row.get("apps")))  # fmt: skip
    match kind:
        case "separationOfDuties":
            return policy._replace(roles=_folded(rule))
        case "domains":
            return policy._replace(domains=_folded(rule))
    if not isinstance(rule, dict):
        return None
    if kind == "holders":
        return policy._replace(roles=_folded([rule.get("role")]), minimum=_number(rule.get("minimum")),
                               maximum=_number(rule.get("maximum")))  # fmt: skip
    days = str(rule.get("expiresWithin") or "").removesuffix("d")
    return policy._replace(roles=_folded(rule.get("roles")), days=int(days) if days.isdecimal() else None,
                           reason=rule.get("reason") is True)  # fmt: skip


def _names(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _folded(value: Any) -> tuple[str, ...]:
    return tuple(fold(name) for name in _names(value))


def _number(value: Any) -> int | None:
    return value if type(value) is int else None


def check_policies(policies: Iterable[Policy], apps: Mapping[str, App], problems: list[Problem]) -> None:
    """A rule on an app or a role that is not declared holds of nothing, and nobody would notice."""
    seen: dict[str, Policy] = {}
    for policy in policies:
        first = seen.setdefault(fold(policy.name), policy)
        if first is not policy:
            problems.append(Problem(policy.place, "error", "duplicate", f"a policy of this name stands at {first.place}",
                                    "give each its own name"))  # fmt: skip
        for name in policy.apps:
            if name not in apps:
                problems.append(Problem(policy.place, "error", "unknown-app", f"no app {name!r} is declared",
                                        nearest(name, apps, "app")))  # fmt: skip
        known = {k: role for app in apps.values() if not policy.apps or app.name in policy.apps for k, role in app.roles.items()}
        for role in policy.roles:
            if role not in known:
                problems.append(Problem(policy.place, "error", "unknown-role", f"no role {role!r} is declared",
                                        nearest(role, known, "role")))  # fmt: skip
