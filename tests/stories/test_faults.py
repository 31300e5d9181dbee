"""A value that an expression cannot use concerns one attribute of one object, and is never written as something else."""

from __future__ import annotations

from pathlib import Path

from reconciler.declare.load import load
from reconciler.resolve.expressions.language import IGNORE
from reconciler.resolve.mapping import Fault
from reconciler.resolve.model import Resolution
from reconciler.resolve.resolution import resolve
from tests.support.world import MAPPINGS, World

USERS = "users: [{userPrincipalName: a@x.org, state: soon}, {userPrincipalName: b@x.org, state: 2026-01-02}]\n"


def resolved(folder: Path, *replaced: tuple[str, str]) -> Resolution:
    world, text = World(folder), MAPPINGS
    for old, new in replaced:
        text = text.replace(old, new, 1)
    world.write("directory/users/a.yaml", USERS)
    world.write("apps/wiki/mappings.yaml", text)
    world.assign("user: a@x.org, role: User", "user: b@x.org, role: User")
    declarations = load(folder / "desired").declarations
    return resolve(declarations.apps["wiki"], declarations, world.today)


def value(found: Resolution, name: str, target: str) -> object:
    slots = [slot.target for slot in found.user_mapping.slots]
    return found.users[f"User/{name}"].values[slots.index(target)]


def test_the_attribute_is_left_alone_and_the_reason_is_kept(tmp_path: Path) -> None:
    found = resolved(tmp_path, ("source: jobTitle", "expression: 'CDate([state])'"))
    assert value(found, "a@x.org", "title") is IGNORE
    assert value(found, "b@x.org", "title") == "1/2/2026 12:00:00 AM"
    reason = "'soon' is not a date that CDate reads (yyyy-MM-dd or M/d/yyyy, then time and offset)"
    assert found.faults == {"User/a@x.org": [Fault("title", reason)]}


def test_a_user_who_can_be_matched_by_nothing_is_skipped_and_not_deprovisioned(tmp_path: Path) -> None:
    found = resolved(tmp_path, ("source: userPrincipalName", "expression: 'CDate([state])'"))
    assert found.skipped["User/a@x.org"].code == "MatchingAttributeEmpty"
    assert list(found.users) == ["User/b@x.org"]


def test_a_generated_value_is_not_made_by_resolving(tmp_path: Path) -> None:
    found = resolved(tmp_path, ("source: jobTitle", "apply: create, expression: 'Guid()'"))
    assert value(found, "a@x.org", "title") is IGNORE
    assert found.faults == {}
