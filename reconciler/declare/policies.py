"""The files of desired/policies: documents in, rules out, and what in them refers to nothing. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from reconciler.declare.model import Policy, Role
from reconciler.declare.names import fold
from reconciler.declare.place import Problem
from reconciler.declare.references import nearest
from reconciler.declare.yaml.document import Document


class WithRoles(Protocol):
    """As much of an app as a rule asks for; `roles` are by folded displayName."""

    @property
    def name(self) -> str: ...

    @property
    def roles(self) -> Mapping[str, Role]: ...


KINDS = ("separationOfDuties", "holders", "mustCarry", "domains")


def read_policies(document: Document, sound: Callable[[str, Any], bool]) -> list[Policy]:
    """Every rule that fits its schema, as `sound` says, which has reported the others."""
    cut = {gone[1] for gone in document.dropped if gone[1:]}
    rows = [(number, row) for number, row in enumerate(document.data.get("policies", ())) if number not in cut]
    return [_policy(document, number, row) for number, row in rows if sound("policies", {"policies": [row]})]


def _policy(document: Document, number: int, row: dict[str, Any]) -> Policy:
    kind = next(kind for kind in KINDS if kind in row)
    rule, path = row[kind], ("policies", number, kind)
    policy = Policy(row["name"], row["remedy"], kind, document.locate(("policies", number)), apps=tuple(row.get("apps", ())))
    match kind:
        case "separationOfDuties":
            return _of_roles(policy, document, path, rule)
        case "domains":
            return policy._replace(domains=_folded(rule))
        case "holders":
            policy = policy._replace(minimum=rule.get("minimum"), maximum=rule.get("maximum"), roles=_folded([rule["role"]]))
            return policy._replace(written=((rule["role"], document.locate((*path, "role"))),))
        case _:
            days = rule.get("expiresWithin")
            policy = policy._replace(days=int(days.removesuffix("d")) if days else None, reason=rule.get("reason") is True)
            return _of_roles(policy, document, (*path, "roles"), rule["roles"])


def _of_roles(policy: Policy, document: Document, path: tuple[str | int, ...], roles: list[str]) -> Policy:
    places = [document.locate((*path, number)) for number in range(len(roles))]
    return policy._replace(roles=_folded(roles), written=tuple(zip(roles, places, strict=True)))


def _folded(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(fold, names))


def check_policies(policies: Iterable[Policy], apps: Mapping[str, WithRoles], problems: list[Problem]) -> None:
    """A rule on an app or a role that is not declared holds of nothing, and nobody would notice."""
    seen: dict[str, Policy] = {}
    roles: dict[tuple[str, ...], dict[str, Role]] = {}
    for policy in policies:
        first = seen.setdefault(fold(policy.name), policy)
        if first is not policy:
            message = f"a policy of this name is at {first.place}"
            problems.append(Problem(policy.place, "error", "duplicate", message, "give each its own name"))
        _check_apps(policy, apps, problems)
        problems += _never_broken(policy, apps)
        if policy.apps not in roles:
            concerned = [app for app in apps.values() if not policy.apps or app.name in policy.apps]
            roles[policy.apps] = {key: role for app in concerned for key, role in app.roles.items()}
        _check_roles(policy, roles[policy.apps], problems)


def _check_apps(policy: Policy, apps: Mapping[str, WithRoles], problems: list[Problem]) -> None:
    for name in policy.apps:
        if name not in apps:
            remedy = nearest(name, apps, "app", len(problems))
            problems.append(Problem(policy.place, "error", "unknown-app", f"no app {name!r} is declared", remedy))


def _check_roles(policy: Policy, declared: Mapping[str, Role], problems: list[Problem]) -> None:
    for role, place in policy.written:
        if fold(role) not in declared:
            remedy = nearest(role, declared, "role", len(problems))
            problems.append(Problem(place, "error", "unknown-role", f"no role {role!r} is declared", remedy))


def _never_broken(policy: Policy, apps: Mapping[str, WithRoles]) -> Iterable[Problem]:
    """Rules that nobody can break, or everybody must."""
    if policy.minimum is not None and policy.maximum is not None and policy.minimum > policy.maximum:
        yield Problem(
            policy.place,
            "error",
            "minimum-over-maximum",
            f"at least {policy.minimum} and at most {policy.maximum} cannot both hold",
            "exchange the two",
        )
    if policy.kind != "separationOfDuties":
        return
    held = [app.roles.keys() for app in apps.values() if not policy.apps or app.name in policy.apps]
    declared = all(any(role in roles for roles in held) for role in policy.roles)
    if declared and not any(set(policy.roles) <= roles for roles in held):
        yield Problem(
            policy.place,
            "error",
            "roles-of-several-apps",
            "no app has all of these roles, and each app is looked at alone",
            "name roles of one app; write a rule for each app",
        )
