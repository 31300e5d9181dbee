"""The order of writing: who loses access comes first, and a name is free before somebody takes it."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.apply.steps import phases
from reconciler.plan.change import AttributeChange, Change
from reconciler.plan.name_swaps import rotations
from tests.support.world import World

ROLES = frozenset({"roles"})


def update(name: str, /, **values: tuple[Any, Any]) -> Change:
    attributes = tuple(AttributeChange(path, *pair) for path, pair in values.items())
    return Change(f"User/{name}", "update", "", ("config",), "users.yaml", 1, attributes=attributes)


def written(*changes: Change) -> list[str]:
    return [step.change.address.removeprefix("User/") for phase in phases(changes, ROLES) for step in phase]


@pytest.mark.parametrize(
    "loss", [{"roles": ([{"value": "admin"}], None)}, {"roles": (["admin"], ["user"])}, {"active": (True, False)}]
)  # fmt: skip
def test_an_update_that_takes_access_comes_before_other_updates(loss: dict[str, tuple[Any, Any]]) -> None:
    assert written(update("a", title=("x", "y")), update("b", roles=(None, ["admin"])), update("c", **loss)) == ["c", "a", "b"]


def test_a_name_is_freed_before_somebody_takes_it_who_loses_a_role() -> None:
    renamed = update("c", userName=("old", "new"), roles=(["admin"], None))
    assert written(update("a", title=("x", "y")), update("b", userName=("new", "newer")), renamed) == ["b", "c", "a"]


@pytest.mark.parametrize("target", ["username", "USERNAME", "urn:ietf:params:scim:schemas:core:2.0:User:userName", "externalID"])
def test_a_unique_value_is_one_however_its_target_is_spelt(target: str) -> None:
    first, second = update("a", **{target: ("old", "New")}), update("b", **{target: ("new", "newer")})
    assert written(first, second) == ["b", "a"]
    assert rotations([first, update("b", **{target: ("new", "old")})]) == [["User/a", "User/b"]]


def test_a_value_of_an_extension_is_not_taken_for_the_account_s_name() -> None:
    target = "urn:x:y:userName"
    assert written(update("a", **{target: ("old", "new")}), update("b", **{target: ("new", "newer")})) == ["a", "b"]


def test_whoever_is_interrupted_has_taken_first(world: World) -> None:
    world.converge()
    world.users(
        "userPrincipalName: ada@x.org, displayName: Ada, jobTitle: Boss, manager: grace@x.org",
        "userPrincipalName: grace@x.org, displayName: Grace",
    )
    world.assign("group: Net, role: User")
    writes = world.transport.writes
    assert world.apply(lambda: world.transport.writes > writes).interrupted
    assert [role["value"] for role in world.find("grace@x.org")["roles"]] == ["user"]
    assert world.find("ada@x.org")["title"] == "Engineer"
