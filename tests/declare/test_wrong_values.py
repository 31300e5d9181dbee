"""Every wrong value at every place of a small complete declaration: it is reported at its place, and nothing is raised."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from reconciler.declare.load import load
from reconciler.declare.schema import sound
from reconciler.declare.yaml.document import Document, parse
from reconciler.plan.policies import check_policies
from reconciler.resolve.check import check
from tests.support.budget import THOROUGH

Step = str | int
TODAY = "2026-06-01"
WRONG: list[Any] = ["text", "", 3, 1.5, 2.0, True, None, [], [1], [None], [[]], {}, {"a": 1}, 10**30]
USERS = [
    {"userPrincipalName": "ada@x.org", "id": "1", "previously": ["bea@x.org"], "accountEnabled": True, "manager": "cy@x.org",
     "extensionAttributes": {"x": "1"}, "otherMails": ["a@y.org"], "department": "N"},
    {"userPrincipalName": "cy@x.org"},
]  # fmt: skip
GROUPS = [
    {"displayName": "G", "id": "7", "previously": ["H"], "members": ["ada@x.org", {"group": "I"}]},
    {"displayName": "I", "members": []},
]  # fmt: skip
APP = {
    "app": "wiki", "displayName": "Wiki", "profile": {"base": "generic", "deprovision": {"inactive": "deletes"},
    "rate": {"perMinute": 120}, "headers": {"X-A": "b"}, "users": {"stored": ["userName", "externalId"]}},
    "adminCredentials": {"tenantUrl": "https://wiki.example.com/scim", "secretToken": "${env:TOKEN}", "principal": "ada@x.org"},
    "provisioning": {"mode": "automatic", "status": "on", "interval": "40m"}, "deprovisioning": {"deleteAfter": "30d"},
    "safeguards": {"accidentalDeletions": {"count": 10, "percent": 20}, "groupMembership": {"percent": 50},
                   "protected": ["ada@x.org"], "lockout": {"role": "User", "minimumActive": 2}},
    "notification": {"email": ["x@x.org"], "onFailure": True, "on": ["failure", "drift"], "remindAfter": "24h",
                     "webhook": {"url": "https://hooks.example.com/a", "secret": "${env:HOOK}", "format": "standard"}},
}  # fmt: skip
ATTRIBUTES = [
    {"target": "userName", "source": "userPrincipalName", "matchingPrecedence": 1},
    {"target": "externalId", "source": "id", "matchingPrecedence": 2, "onNull": "keep", "apply": "create", "caseExact": True},
    {"target": "title", "constant": "x", "default": "y", "ignoreDrift": True},
    {"target": "displayName", "expression": "ToLower([displayName])"},
    {"target": "nickName", "none": True, "default": "z"},
]  # fmt: skip
CLAUSE = {"attribute": "department", "operator": "EQUALS", "value": "N"}
MAPPINGS = {
    "users": {"enabled": True, "targetObjectActions": ["create", "update"], "attributes": ATTRIBUTES,
              "scopingFilters": [{"name": "f", "clauses": [CLAUSE]}]},
    "groups": {"enabled": True, "assertive": True, "attributes": [
        {"target": "displayName", "source": "displayName", "matchingPrecedence": 1}, {"target": "members", "source": "members"}]},
}  # fmt: skip
POLICIES = [
    {"name": "a", "separationOfDuties": ["User", "Admin"], "remedy": "x", "apps": ["wiki"]},
    {"name": "b", "holders": {"role": "User", "minimum": 1, "maximum": 2}, "remedy": "x"},
    {"name": "c", "mustCarry": {"roles": ["User"], "expiresWithin": "90d", "reason": True}, "remedy": "x"},
    {"name": "d", "domains": ["x.org"], "remedy": "x"},
]
ROLES = [
    {"value": "u", "displayName": "User", "privileged": True, "enabled": True, "allowedMemberTypes": ["User", "Group"]},
    {"value": "a", "displayName": "Admin"},
]
ASSIGNMENTS = [{"user": "ada@x.org", "role": "User", "expires": "2027-01-01", "reason": "x"}, {"group": "G", "role": "User"}]
APPROVALS = [{"plan": "sha256:" + "0" * 64, "safeguard": "empty", "reason": "x", "expires": "2027-01-01"}]
FILES: dict[str, tuple[str, dict[str, Any]]] = {
    "directory/users/a.yaml": ("users", {"users": USERS}),
    "directory/groups/a.yaml": ("groups", {"groups": GROUPS}),
    "apps/wiki/app.yaml": ("app", APP),
    "apps/wiki/roles.yaml": ("roles", {"roles": ROLES}),
    "apps/wiki/assignments.yaml": ("assignments", {"assignments": ASSIGNMENTS}),
    "apps/wiki/mappings.yaml": ("mappings", {"mappings": MAPPINGS}),
    "apps/wiki/approvals.yaml": ("approvals", {"approvals": APPROVALS}),
    "policies/a.yaml": ("policies", {"policies": POLICIES}),
    "reconciler.yaml": ("reconciler", {"record": {"backend": "local", "path": "here"}}),
}


@pytest.fixture
def desired(tmp_path: Path) -> Path:
    for file, (_, data) in FILES.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(json.dumps(data), encoding="utf-8")
    return tmp_path


def places(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in inside:
        yield from places(item, (*path, step))


def put(data: Any, path: tuple[Step, ...], value: Any) -> Any:
    """A copy that holds a value at a path."""
    if not path:
        return value
    found = copy.copy(data)
    found[path[0]] = put(data[path[0]], path[1:], value)
    return found


@cache
def document(text: str) -> Document:
    return parse(text.encode(), "x")


def where(text: str, path: tuple[Step, ...]) -> set[tuple[int, int]]:
    """Where a value and its key stand."""
    return {(place.line, place.column) for place in (document(text).locate(path), document(text).locate_key(path))}


def errors(folder: Path) -> dict[tuple[str, int, int], str]:
    loaded = load(folder)
    found = [*loaded.problems, *check(loaded.declarations), *check_policies(loaded.declarations, TODAY)]
    assert all(problem.message and problem.remedy for problem in found)
    return {(str(Path(p.place.file).name), *p.place[1:]): p.message for p in found if p.severity == "error"}


def test_the_declaration_itself_is_sound(desired: Path) -> None:
    assert errors(desired) == {}


@pytest.mark.parametrize("file", FILES)
def test_a_wrong_value_is_reported_at_its_place(desired: Path, file: str) -> None:
    """By turns a quarter of them at each place, or all with THOROUGH=1."""
    kind, data = FILES[file]
    for number, path in enumerate(places(data)):
        for value in WRONG if THOROUGH else WRONG[number % 4 :: 4]:
            changed = put(data, path, value)
            text = json.dumps(changed)
            (desired / file).write_text(text, encoding="utf-8")
            found = errors(desired)
            if not sound(kind, changed):
                at = {(Path(file).name, *place) for inner in places(value) for place in where(text, (*path, *inner))}
                assert at & found.keys(), (path, value, found)
