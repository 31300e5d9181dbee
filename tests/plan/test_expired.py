"""A new assignment that has ended already is warned of at its line; one that ended in its time is nothing to be told of."""

from __future__ import annotations

from tests.support.warned import texts
from tests.support.world import World

OLD, USER = "user: ada@x.org, role: Admin, expires: 2026-05-31", "user: ada@x.org, role: User"


def said(world: World, *only: str) -> list[str]:
    return [text for text in texts(world.plan(*only).warnings) if "ended already" in text]


def test_a_first_plan_names_each_assignment_that_has_ended(world: World) -> None:
    world.assign(USER, "user: ada@x.org, role: Admin, expires: 2026-06-01")  # the last valid day is today
    assert said(world) == []
    world.assign(USER, OLD)
    file = world.folder / "desired/apps/wiki/assignments.yaml"
    assert said(world) == [
        f"1 new assignment has ended already, and gives nothing to anybody: {file}:3 (2026-05-31); set `expires` to a day to "
        "come, or remove it"
    ]
    assert said(world, "User/ada@x.org") and not said(world, "User/grace@x.org")


def test_one_that_was_applied_and_ended_then_is_not_named(world: World) -> None:
    world.assign(USER, "user: ada@x.org, role: Admin, expires: 2026-06-01")
    world.converge()
    world.today = "2026-06-02"
    assert said(world) == []  # no commit says what is new, and the app was applied
    world.commit()
    assert said(world) == []


def test_one_that_the_earlier_commit_does_not_have_is_named_among_the_others(world: World) -> None:
    world.assign(USER, OLD)
    world.converge()
    world.commit()
    world.assign(USER, OLD, "group: Net, role: User, expires: 2020-01-01", "user: grace@x.org, role: Admin, expires: 2020-02-01")
    world.groups("displayName: Net, members: []")
    (text,) = said(world)
    assert text.startswith("2 new assignments have ended already, and give nothing") and text.endswith("or remove them")
    assert ":4 (2020-01-01)" in text and ":5 (2020-02-01)" in text and ":3 " not in text
