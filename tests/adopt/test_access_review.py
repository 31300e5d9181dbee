"""Removals that reviewers decided, as edits of the YAML that gives these things."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.adopt.access_review import follow
from reconciler.adopt.model import ImportRefused
from reconciler.declare.load import load
from reconciler.declare.reviews import Reviewed
from reconciler.plan.access_review.known import Known
from reconciler.plan.access_review.standing import Standing
from tests.support.world import APP, World

GROUPS = """groups:
  - displayName: Team  # who runs it
    members:
      - ada@x.org  # since June
      - bob@x.org
  - displayName: All
    members: [{group: Team}, ada@x.org]
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.users("userPrincipalName: ada@x.org", "userPrincipalName: bea@x.org, previously: [bob@x.org]")
    world.write("directory/groups/a.yaml", GROUPS.replace("bob", "bea"))
    world.write("apps/wiki/assignments.yaml", "# Who may.\nassignments:\n  - {user: ada@x.org, role: Admin}  # NET-1\n")
    return world


def removal(user: str, role: str = "", group: str = "") -> Reviewed:
    return Reviewed("wiki", user, "", "", role, group, "remove", "", 0, {})


def followed(world: World, *rows: Reviewed) -> tuple[dict[str, int], list[str], int]:
    desired = world.folder / "desired"
    found = follow(desired, rows, Standing(load(desired).declarations, "2026-06-01"))
    return found.edited, [f"{left.row.who} {left.giving.group}" for left in found.left], len(found.gone)


def test_the_last_assignment_of_a_file_goes_and_leaves_an_empty_list(world: World) -> None:
    assert followed(world, removal("ADA@x.org", "admin")) == ({"apps/wiki/assignments.yaml": 1}, [], 0)
    assert (world.folder / "desired/apps/wiki/assignments.yaml").read_text() == "# Who may.\nassignments: []\n"
    assert followed(world, removal("ada@x.org", "Admin"), removal("ghost@x.org", "Admin")) == ({}, [], 2)


def test_a_member_leaves_the_group_under_the_name_of_today_and_comments_stay(world: World) -> None:
    assert followed(world, removal("bob@x.org", group="Team")) == ({"directory/groups/a.yaml": 1}, [], 0)
    assert (world.folder / "desired/directory/groups/a.yaml").read_text() == GROUPS.replace("      - bob@x.org\n", "")


def test_what_comes_through_a_group_is_left_and_the_group_named(world: World) -> None:
    world.write("apps/wiki/assignments.yaml", "assignments: [{group: Team, role: Admin}, {user: ada@x.org, role: User}]\n")
    before = (world.folder / "desired/directory/groups/a.yaml").read_text()
    rows = removal("ada@x.org", "Admin"), removal("bob@x.org", group="All")
    assert followed(world, *rows) == ({}, ["ada@x.org Team", "bob@x.org Team"], 0)
    assert (world.folder / "desired/directory/groups/a.yaml").read_text() == before


def test_what_another_removal_took_with_it_is_left_to_nobody(world: World) -> None:
    world.write("apps/wiki/assignments.yaml", "assignments: [{group: Team, role: Admin}, {group: All, role: User}]\n")
    rows = removal("bob@x.org", "Admin"), removal("bob@x.org", group="Team"), removal("ada@x.org", "Admin")
    assert followed(world, *rows) == ({"directory/groups/a.yaml": 1}, ["ada@x.org Team"], 0)
    assert followed(world, rows[0], rows[1]) == ({}, [], 2)


def test_of_several_on_one_line_the_one_goes_and_groups_are_left_to_be_edited_by_hand(world: World) -> None:
    world.write("apps/wiki/assignments.yaml", "assignments: [{group: Team, role: Admin}, {user: ada@x.org, role: User}]  # all\n")
    assert followed(world, removal("ada@x.org", "User")) == ({"apps/wiki/assignments.yaml": 1}, [], 0)
    again = (world.folder / "desired/apps/wiki/assignments.yaml").read_text()
    assert again == "assignments: [{group: Team, role: Admin}]  # all\n"
    one_line = "groups: [{displayName: Team, members: [ada@x.org]}, {displayName: All, members: []}]\n"
    world.write("directory/groups/a.yaml", one_line)
    with pytest.raises(ImportRefused, match="several groups are on this line"):
        followed(world, removal("ada@x.org", group="Team"))
    assert (world.folder / "desired/directory/groups/a.yaml").read_text() == one_line


def test_an_account_that_nobody_declares_is_left_to_a_person(world: World) -> None:
    desired, row = world.folder / "desired", removal("")._replace(account="2819c223", group="All")
    found = follow(desired, [row, removal("ghost@x.org", "Admin")], Standing(load(desired).declarations, "2026-06-01"))
    assert (found.unmanaged, [other.user for other in found.gone], found.edited) == ([row], ["ghost@x.org"], {})


def test_an_account_that_was_declared_since_loses_what_is_declared_and_is_put_out_while_nothing_was_applied(world: World) -> None:
    desired, row = world.folder / "desired", removal("", "Admin")._replace(account="2819c223", login="ADA@x.org")
    again = (desired / "apps/wiki/assignments.yaml").read_text()
    known = {"wiki": Known({"2819c223": "ada@x.org"})}
    found = follow(desired, [row], Standing(load(desired).declarations, "2026-06-01", known))
    assert (found.unmanaged, found.left, found.edited) == ([], [], {"apps/wiki/assignments.yaml": 1})
    found = follow(desired, [row], Standing(load(desired).declarations, "2026-06-01", known))
    assert (found.unmanaged, found.gone, found.edited) == ([], [row], {})
    (desired / "apps/wiki/assignments.yaml").write_text(again)
    found = follow(desired, [row], Standing(load(desired).declarations, "2026-06-01"))
    assert (found.unmanaged, found.edited) == ([row], {"apps/wiki/assignments.yaml": 1})


def test_an_account_that_scope_all_gives_is_left_to_a_person(world: World) -> None:
    world.write("apps/wiki/app.yaml", APP + "provisioning: {scope: all}\n")
    desired, before = world.folder / "desired", (world.folder / "desired/directory/users/a.yaml").read_text()
    row = removal("ada@x.org")
    found = follow(desired, [row], Standing(load(desired).declarations, "2026-06-01"))
    assert found.edited == {"apps/wiki/assignments.yaml": 1} and [left.giving.is_scope for left in found.left] == [True]
    assert (desired / "directory/users/a.yaml").read_text() == before and found.gone == []
