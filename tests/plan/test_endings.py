"""Last days of assignments: who has the same as before, and until another day, with what happens then."""

from __future__ import annotations

import pytest

from reconciler.plan.model import Ending, Plan
from reconciler.plan.selection import Selection
from reconciler.report.endings import ending_words
from tests.support.world import APP, COMMIT, World

NET = "group: Net, role: User"


def ends(plan: Plan) -> list[tuple[str, str, str | None, str | None, str]]:
    return [(e.address.partition("/")[2], e.what, e.was, e.until, e.then) for e in plan.ends]


def alone(world: World, *rows: str) -> World:
    """The assignments, applied and committed."""
    world.assign(*rows)
    world.converge()
    world.commit()
    return world


def test_an_end_that_is_added_moved_or_removed_is_told_although_nothing_is_written(world: World) -> None:
    alone(world, "user: ada@x.org, role: Admin")
    assert world.plan().ends == ()
    world.assign("user: ada@x.org, role: Admin, expires: 2027-01-31")
    plan = world.plan()
    assert plan.changes == () and ends(plan) == [("ada@x.org", "Admin", None, "2027-01-31", "the account is disabled")]
    (row,) = plan.ends
    assert row.privileged and row.line == 2 and row.file.endswith("apps/wiki/assignments.yaml")
    world.commit()
    world.assign("user: ada@x.org, role: Admin, expires: 2027-06-30")
    assert ends(world.plan()) == [("ada@x.org", "Admin", "2027-01-31", "2027-06-30", "the account is disabled")]
    world.assign("user: ada@x.org, role: Admin")
    assert ends(world.plan()) == [("ada@x.org", "Admin", "2027-01-31", None, "")]


def test_without_an_earlier_commit_nothing_is_compared(world: World) -> None:
    world.assign("user: ada@x.org, role: Admin")
    world.converge()
    world.assign("user: ada@x.org, role: Admin, expires: 2027-01-31")
    assert world.plan().ends == ()


def test_a_role_that_is_had_by_something_else_as_long_ends_on_no_other_day(world: World) -> None:
    alone(world, NET, "user: ada@x.org, role: User")
    world.assign(NET, "user: ada@x.org, role: User, expires: 2027-01-31")
    assert world.plan().ends == ()


def test_an_assignment_that_is_replaced_by_one_that_ends_is_told_at_the_line_of_the_new_one(world: World) -> None:
    alone(world, "user: ada@x.org, role: User")
    world.groups("displayName: Net, members: [ada@x.org]")
    world.assign(f"{NET}, expires: 2027-01-31")
    (row,) = world.plan().ends
    assert (row.address, row.was, row.until, row.people, row.line) == ("Group/Net", None, "2027-01-31", 1, 2)


def test_another_role_remains_so_that_the_account_does(world: World) -> None:
    alone(world, NET, "user: ada@x.org, role: Admin")
    world.assign(NET, "user: ada@x.org, role: Admin, expires: 2027-01-31")
    assert ends(world.plan()) == [("ada@x.org", "Admin", None, "2027-01-31", "loses it")]


@pytest.mark.parametrize(
    ("rule", "then"),
    [
        ("disable", "1 account is disabled, 1 loses it, the group keeps the members who stay active"),
        ("empty", "1 account is disabled, 1 loses it, its members leave the group"),
        ("delete", "1 account is deleted, 1 loses it, the group keeps the members who stay active"),
        ("retain", "1 keeps it: outOfScope is retain, 1 loses it, the group keeps the members who stay active"),
    ],
)
def test_of_a_group_it_says_how_many_lose_what(world: World, rule: str, then: str) -> None:
    world.write("apps/wiki/app.yaml", APP + f"deprovisioning: {{outOfScope: {rule}}}\n")
    alone(world, NET, "user: grace@x.org, role: Admin")
    world.assign(f"{NET}, expires: 2027-01-31", "user: grace@x.org, role: Admin")
    (row,) = world.plan().ends
    assert (row.address, row.people, row.then) == ("Group/Net", 2, then)


def test_who_gains_the_role_by_the_same_plan_or_loses_it_is_told_of_once(world: World) -> None:
    alone(world, NET, "user: ada@x.org, role: Admin")
    world.assign(f"{NET}, expires: 2027-01-31", "user: ada@x.org, role: Admin, expires: 2026-05-31")
    plan = world.plan()
    assert [(e.address, e.what) for e in plan.ends] == [("Group/Net", "User")]
    assert [(a.what, a.gains) for a in plan.access] == [("Admin", False)]
    world.converge()
    world.commit()
    world.assign(f"{NET}, expires: 2027-01-31", "user: ada@x.org, role: Admin, expires: 2027-05-31")
    plan = world.plan()
    assert plan.ends == () and [(a.what, a.gains, a.until) for a in plan.access] == [("Admin", True, "2027-05-31")]


def test_a_part_of_the_plan_tells_of_its_own_people_and_a_plan_of_another_cause_of_nobody(world: World) -> None:
    alone(world, "user: ada@x.org, role: Admin", "user: grace@x.org, role: Admin")
    world.assign("user: ada@x.org, role: Admin, expires: 2027-01-31", "user: grace@x.org, role: Admin, expires: 2027-01-31")
    assert [row[0] for row in ends(world.plan("User/ada@x.org"))] == ["ada@x.org"]
    assert world.session(Selection(causes=("time",))).planned.plan.ends == ()


def test_the_words_of_one() -> None:
    row = Ending("User/ada@x.org", "Admin", True, "2027-01-31", None, "the account is disabled", 1, "a.yaml", 4, "on call")
    assert ending_words(row) == (
        "ada@x.org: Admin (privileged) now ends on 2027-01-31 (was: no end), a.yaml:4, reason: on call; "
        "then the account is disabled"
    )
    gone = row._replace(address="Group/Net", until=None, was="2027-01-31", then="", people=2, reason="", privileged=False)
    assert ending_words(gone) == "Group/Net (2 members): Admin now has no end (was: 2027-01-31), a.yaml:4"


def test_a_loss_is_told_at_the_line_that_gave_it_in_the_commit_that_had_it(world: World) -> None:
    alone(world, NET, "user: ada@x.org, role: Admin")
    world.assign(NET)
    (row,) = [row for row in world.plan().access if row.what == "Admin"]
    assert (row.gains, row.line, row.commit) == (False, 3, COMMIT) and row.file.endswith("apps/wiki/assignments.yaml")
    world.groups()
    world.assign("user: ada@x.org, role: Admin")
    lost = {(row.kind, row.what): (row.line, row.commit) for row in world.plan().access if row.address == "User/grace@x.org"}
    assert lost == {("group", "Net"): (2, COMMIT), ("role", "User"): (2, COMMIT)}
