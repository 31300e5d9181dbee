"""What a write changes beside what it says is the service's doing: it goes into the record as answered, and is no drift."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.apply.beside import changed_beside
from reconciler.declare.mapping_model import AttributeMapping
from reconciler.plan.change import AttributeChange, Change
from tests.plan.literals import USERS, mapping
from tests.support.keeping import town
from tests.support.warned import texts
from tests.support.world import MAPPINGS

MAIL = 'emails[type eq "work"].value'
ROLES = AttributeMapping("roles", "expression", "AssertiveAppRoleAssignmentsComplex([appRoleAssignments])")
BOSS = AttributeMapping("manager", "source", "manager")
PASSWORD = AttributeMapping("password", "source", "mail")
ALL = mapping(*USERS, AttributeMapping(MAIL, "source", "mail"), ROLES, BOSS, PASSWORD)
RENAMED = Change("User/ada@x.org", "update", "", (), "", 0, attributes=(AttributeChange("userName", "ada@x.org", "al@x.org"),))  # type: ignore[arg-type]
ADA: dict[str, Any] = {"id": "a1", "userName": "ada@x.org", "active": True, "title": "Countess", "manager": {"value": "b2"}}


def work(value: str) -> dict[str, Any]:
    return {"emails": [{"type": "work", "value": value}]}


@pytest.mark.parametrize(("after", "beside"), [
    ({"userName": "al@x.org"}, {}),
    (work("al@x.org"), {MAIL: "al@x.org"}),
    ({"title": "Baroness, AL@x.org", **work("al@x.org")}, {"title": "Baroness, AL@x.org", MAIL: "al@x.org"}),
    ({"title": "Baroness", **work("al@x.org")}, {MAIL: "al@x.org"}),
    ({"title": None}, {}),
    ({"active": False}, {}),
    ({"roles": [{"value": "admin"}]}, {}),
    ({"manager": {"value": "c3"}}, {}),
    ({"password": "x"}, {}),
    ({"nickName": "Al"}, {}),
])  # fmt: skip
def test_what_has_in_it_what_was_written_is_the_service_s_doing(after: dict[str, Any], beside: dict[str, Any]) -> None:
    before = {**ADA, **work("ada@x.org")}
    addresses = {"b2": "User/grace@x.org", "c3": "User/joan@x.org"}
    assert changed_beside(ALL, RENAMED, before, {**before, **after}, {"roles"}, addresses) == beside


def test_what_the_answer_leaves_out_is_not_gone() -> None:
    assert changed_beside(ALL, RENAMED, {**ADA, **work("ada@x.org")}, {"id": "a1", "userName": "al@x.org"}, (), {}) == {}


# With a service


class Coupled(httpx.BaseTransport):
    """A service where a new login changes something else, which `beside` makes of it as operations; it answers 200 or 204."""

    def __init__(self, inner: httpx.BaseTransport, status: int, beside: Callable[[str], list[dict[str, Any]]]) -> None:
        self.inner, self.status, self.beside = inner, status, beside

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH" and "/Users/" in request.url.path:
            sent = json.loads(request.read())
            names = [item["value"] for item in sent["Operations"] if item.get("path") == "userName"]
            sent["Operations"] += [more for name in names for more in self.beside(name)]
            again = httpx.Request("PATCH", request.url, headers={"Content-Type": "application/scim+json"}, json=sent)
            response = self.inner.handle_request(again)
            return response if self.status == 200 else httpx.Response(204)
        return self.inner.handle_request(request)


def mail(name: str) -> list[dict[str, Any]]:
    return [{"op": "replace", "path": MAIL, "value": name}]


WITH_MAIL = MAPPINGS.replace(
    "  groups:\n", f"      - {{target: '{MAIL.replace(chr(39), chr(39) * 2)}', source: mail}}\n  groups:\n"
)


@pytest.mark.parametrize("status", [200, 204])
def test_an_e_mail_that_changes_with_the_login_is_answered_and_not_edited_by_hand(tmp_path: Path, status: int) -> None:
    world = town(tmp_path, WITH_MAIL)
    people = ["userPrincipalName: ada@x.org, id: a, mail: ada@x.org", "userPrincipalName: grace@x.org"]
    world.users(*people)
    world.converge()
    inner = world.transport.inner
    world.transport.inner = Coupled(inner, status, mail)
    world.users("userPrincipalName: al@x.org, id: a, mail: ada@x.org", people[1])
    world.groups("displayName: Net, members: [al@x.org, grace@x.org]")
    world.assign("user: al@x.org, role: Admin", "user: grace@x.org, role: User", "group: Net, role: User")
    assert world.apply().complete
    for _ in range(2):
        plan = world.plan()
        assert (plan.changes, plan.ignored) == ((), 1)
        assert any(MAIL in text and "User/al@x.org" in text for text in texts(plan.warnings))
        world.apply()
    world.transport.inner = inner
    world.edit("al@x.org", MAIL, "other@x.org")
    assert [(change.address, change.causes) for change in world.plan().changes] == [("User/al@x.org", ("drift",))]


def test_what_gives_access_is_put_right_all_the_same(tmp_path: Path) -> None:
    world = town(tmp_path)
    world.users("userPrincipalName: ada@x.org, id: a", "userPrincipalName: grace@x.org")
    world.converge()
    admin = [{"op": "replace", "path": "roles", "value": [{"value": "owner"}]}]
    world.transport.inner = Coupled(world.transport.inner, 200, lambda name: admin)
    world.users("userPrincipalName: al@x.org, id: a", "userPrincipalName: grace@x.org")
    world.groups("displayName: Net, members: [al@x.org, grace@x.org]")
    world.assign("user: al@x.org, role: Admin", "user: grace@x.org, role: User", "group: Net, role: User")
    assert world.apply().complete
    assert [(change.address, [a.path for a in change.attributes]) for change in world.plan().changes] == [
        ("User/al@x.org", ["roles"])
    ]
    world.converge()
