"""Who is in a group once it was written to: who was told in and is not shown is outstanding, told once, and told to go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.apply.model import Failed
from reconciler.apply.whole_group import refuse_loss
from tests.support.keeping import keeping, town
from tests.support.warned import texts
from tests.support.world import World

NET = "Group/Net"
JOAN = ("userPrincipalName: ada@x.org", "userPrincipalName: grace@x.org", "userPrincipalName: joan@x.org")


def three(folder: Path) -> World:
    """Joan has an account, and is to come into the group."""
    world = town(folder)
    world.users(*JOAN)
    roles = ("user: ada@x.org, role: Admin", "user: grace@x.org, role: User", "user: joan@x.org, role: User")
    world.assign(*roles, "group: Net, role: User")
    world.converge()
    return world


def members(world: World, *names: str) -> None:
    world.groups(f"displayName: Net, members: [{', '.join(f'{name}@x.org' for name in names)}]")


def inside(world: World) -> set[str]:
    stored = world.everything()
    (group,) = [item for item in stored.values() if item.get("displayName") == "Net"]
    return {stored[member["value"]]["userName"].partition("@")[0] for member in group.get("members", ())}


def entry(world: World) -> Any:
    record = world.store.load()
    assert record is not None
    return record.entries[NET]


def status(world: World) -> tuple[str, str]:
    (outcome,) = [found for found in world.apply().outcomes if found.change.address == NET]
    return outcome.status, outcome.message


class Partly(httpx.BaseTransport):
    """Shows only the first `most` of a group's members, and knows no PATCH of groups where `patches` is false."""

    def __init__(self, inner: httpx.BaseTransport, most: int, patches: bool = True) -> None:
        self.inner, self.most, self.patches = inner, most, patches

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH" and "/Groups/" in request.url.path and not self.patches:
            return httpx.Response(501)
        response = self.inner.handle_request(request)
        if "/Groups" not in request.url.path or not response.read():
            return response
        data = response.json()
        for group in data.get("Resources", [data]):
            group["members"] = group.get("members", [])[: self.most]
        return httpx.Response(response.status_code, json=data)


@pytest.mark.parametrize("answer", [200, 204])
def test_a_member_who_was_put_in_and_is_not_there_is_outstanding_and_told_once(tmp_path: Path, answer: int) -> None:
    world = three(tmp_path)
    members(world, "ada", "grace", "joan")
    service = keeping(world, "/Groups/", answer)
    assert status(world) == ("outstanding", "the service answered, and does not show User/joan@x.org inside")
    for _ in range(2):
        plan = world.plan()
        (caution,) = plan.cautions
        assert (plan.changes, plan.outstanding, caution.code) == ((), 1, "MemberMissing")
        assert "User/joan@x.org is not shown in Group/Net" in caution.text and "membersReadable: false" in caution.text
        assert world.apply().outcomes == []
    assert len(service.sent) == 1 and entry(world)["unseen"] == ["User/joan@x.org"]
    world.transport.inner = service.inner
    net, joan = world.group("Net")["id"], world.find("joan@x.org")["id"]
    world.client.patch("Groups", net, [{"op": "add", "path": "members", "value": [{"value": joan}]}])
    assert (world.plan().changes, world.plan().outstanding) == ((), 0)
    world.converge()
    assert "unseen" not in entry(world)


def test_who_is_not_shown_and_no_longer_wanted_is_told_to_go(tmp_path: Path) -> None:
    world = three(tmp_path)
    inner = world.transport.inner
    world.transport.inner = Partly(inner, 2)
    members(world, "ada", "grace", "joan")
    assert status(world)[0] == "outstanding" and inside(world) == {"ada", "grace", "joan"}
    members(world, "ada", "grace")
    assert [(change.add, change.remove) for change in world.plan().changes] == [((), ("User/joan@x.org",))]
    assert status(world)[0] == "done" and inside(world) == {"ada", "grace"}
    assert "unseen" not in entry(world) and world.plan().outstanding == 0


def test_who_never_came_in_keeps_nobody_in(tmp_path: Path) -> None:
    world = three(tmp_path)
    members(world, "ada", "grace", "joan")
    service = keeping(world, "/Groups/")
    world.apply()
    members(world, "ada")

    class NoTarget(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            joan = world.everything() if request.method == "PATCH" else {}
            ids = [id for id, item in joan.items() if item.get("userName") == "joan@x.org"]
            if ids and ids[0] in request.read().decode():
                return httpx.Response(400, json={"scimType": "noTarget", "status": "400"})
            return service.inner.handle_request(request)

    world.transport.inner = NoTarget()
    assert status(world)[0] == "done" and inside(world) == {"ada"}
    assert world.plan().changes == () and world.plan().outstanding == 0


def test_a_group_that_shows_an_empty_list_right_after_is_unreadable_and_the_record_speaks(tmp_path: Path) -> None:
    world = three(tmp_path)
    world.transport.inner = Partly(world.transport.inner, 0)
    members(world, "ada", "grace", "joan")
    found = status(world)
    assert found[0] == "ignored" and "membersReadable: false" in found[1]
    for _ in range(2):
        plan = world.plan()
        assert (plan.changes, plan.outstanding, plan.left) == ((), 0, 1)
        assert any("Group/Net" in text and "membersReadable" in text for text in texts(plan.warnings))
        world.apply()
    members(world, "ada")
    assert [change.remove for change in world.plan().changes] == [("User/grace@x.org", "User/joan@x.org")]
    world.apply()
    assert inside(world) == {"ada"} and world.plan().changes == ()


def test_whose_account_is_made_anew_is_told_again(tmp_path: Path) -> None:
    world = three(tmp_path)
    members(world, "ada", "grace", "joan")
    service = keeping(world, "/Groups/")
    world.apply()
    world.transport.inner = service.inner
    world.client.delete("Users", world.find("joan@x.org")["id"])
    assert {change.address: change.add for change in world.plan().changes}[NET] == ("User/joan@x.org",)
    world.converge()
    assert inside(world) == {"ada", "grace", "joan"}


# A PUT must hold everybody


def test_a_group_that_shows_only_some_is_not_replaced_whole(tmp_path: Path) -> None:
    world = three(tmp_path)
    members(world, "ada", "grace", "joan")
    world.transport.inner = Partly(world.transport.inner, 2, patches=False)
    assert status(world)[0] == "outstanding" and inside(world) == {"ada", "grace", "joan"}
    members(world, "ada", "joan")
    found = status(world)
    assert found[0] == "failed" and "does not show User/joan@x.org in the group, whom a PUT could take out" in found[1]
    assert inside(world) == {"ada", "grace", "joan"}
    world.groups("displayName: Network, previously: [Net], members: [ada@x.org, grace@x.org, joan@x.org]")
    world.assign("user: ada@x.org, role: Admin", "group: Network, role: User")
    (outcome,) = [found for found in world.apply().outcomes if found.change.address.startswith("Group/")]
    assert outcome.status == "failed" and inside(world) == {"ada", "grace", "joan"}


@pytest.mark.parametrize(("group", "readable", "known", "unseen", "why"), [
    ({"members": [{"value": "a1"}]}, True, {"a1": "User/ada@x.org"}, {}, None),
    ({"members": [{"value": "a1"}, {"value": "x"}]}, "seen", {}, {}, None),
    ({"members": []}, True, {}, {}, None),
    ({}, "seen", {}, {}, None),
    ({}, "seen", {"a1": "User/ada@x.org"}, {}, "does not show the members"),
    ({"members": [{"value": "a1"}]}, False, {}, {}, "does not show the members"),
    ({"members": [{"value": "b2"}]}, True, {"a1": "User/ada@x.org"}, {}, "does not show User/ada@x.org"),
    ({"members": [{"value": "b2"}]}, True, {}, {"a1": "User/ada@x.org"}, "does not show User/ada@x.org"),
])  # fmt: skip
def test_a_put_would_lose_whom_the_group_does_not_show(
    group: dict[str, Any], readable: bool | str, known: dict[str, str], unseen: dict[str, str], why: str | None
) -> None:
    if why is None:
        refuse_loss(group, readable, known, unseen)
        return
    with pytest.raises(Failed, match=why):
        refuse_loss(group, readable, known, unseen)
