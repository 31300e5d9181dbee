"""Two work addresses behind one path: the plan shows both, the one that is meant is written, and the other stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.report.change_text import attribute_lines
from reconciler.report.markdown.change import difference
from tests.support.warned import texts
from tests.support.world import MAPPINGS, World

WORK = 'emails[type eq "work"].value'


def work(value: str, **more: Any) -> dict[str, Any]:
    return {"type": "work", "value": value, **more}


def emails(world: World) -> list[dict[str, Any]]:
    return [{key: value for key, value in item.items() if value} for item in world.find("ada@x.org").get("emails", [])]


def ada(world: World, mail: str | None) -> None:
    world.users("userPrincipalName: ada@x.org" + (f", mail: {mail}" if mail else ""))


def by_hand(world: World, *items: dict[str, Any]) -> None:
    id = world.find("ada@x.org")["id"]
    world.bare.patch("Users", id, [{"op": "replace", "path": "emails", "value": list(items)}])


@pytest.fixture(params=[{}, {"patch": {"valueFilters": False}}, {"patch": {"supported": False}}], ids=["paths", "whole", "put"])
def mailed(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    world = World(tmp_path, **request.param)
    world.write("apps/wiki/mappings.yaml", MAPPINGS.replace("target: title, source: jobTitle", f"target: '{WORK}', source: mail"))
    world.assign("user: ada@x.org, role: User")
    ada(world, "a@x.org")
    world.converge()
    return world


def test_no_change_where_one_of_them_is_as_declared(mailed: World) -> None:
    by_hand(mailed, work("b@x.org", primary=True), work("a@x.org"))
    assert mailed.plan().changes == ()


def test_the_one_that_we_wrote_is_replaced_and_the_other_is_shown_and_stays(mailed: World) -> None:
    by_hand(mailed, work("b@x.org"), work("a@x.org", display="Ada"), {"type": "home", "value": "h@x.org"})
    ada(mailed, "c@x.org")
    (change,) = mailed.plan().changes
    (attribute,) = change.attributes
    assert (attribute.before, attribute.after) == (["a@x.org", "b@x.org"], "c@x.org")
    assert attribute_lines(attribute, change.action) == [f'{WORK}: "a@x.org" -> "c@x.org", beside "b@x.org"']
    assert f'+   {WORK}: "c@x.org", beside "b@x.org"' in difference(change)
    mailed.converge()
    assert emails(mailed) == [work("b@x.org"), work("c@x.org", display="Ada"), {"type": "home", "value": "h@x.org"}]


def test_the_one_that_we_wrote_goes_with_its_element(mailed: World) -> None:
    by_hand(mailed, work("b@x.org"), work("a@x.org", primary=True, display="Ada"))
    ada(mailed, None)
    (change,) = mailed.plan().changes
    assert attribute_lines(change.attributes[0], change.action) == [f'{WORK}: "a@x.org" -> null, beside "b@x.org"']
    result = mailed.apply()
    assert [(outcome.status, outcome.message) for outcome in result.outcomes] == [("done", "")]
    assert emails(mailed) == [work("b@x.org")]
    assert mailed.plan().changes == ()


def test_where_nothing_says_which_is_meant_the_account_is_left_with_a_warning(mailed: World) -> None:
    by_hand(mailed, work("b@x.org"), work("d@x.org"))
    ada(mailed, "c@x.org")
    plan = mailed.plan()
    assert plan.changes == () and plan.left == 1
    assert [words for words in texts(plan.warnings) if words.startswith("User/ada@x.org: several values match " + WORK)]
    mailed.apply()
    assert emails(mailed) == [work("b@x.org"), work("d@x.org")]
    by_hand(mailed, work("b@x.org"), work("d@x.org", primary=True))
    mailed.converge()
    assert emails(mailed) == [work("b@x.org"), work("c@x.org", primary=True)]


def test_one_that_came_since_the_plan_makes_it_stale(mailed: World) -> None:
    by_hand(mailed, work("a@x.org"), work("b@x.org"))
    ada(mailed, "c@x.org")
    found = mailed.session()
    by_hand(mailed, work("a@x.org"), work("b@x.org"), work("x@x.org"))
    mailed.session = lambda selection=None: found  # type: ignore[method-assign,assignment,misc]
    (outcome,) = mailed.apply().outcomes
    assert outcome.status == "stale" and WORK in outcome.message
    by_hand(mailed, work("b@x.org"), work("a@x.org"))  # another order is the same
    assert [outcome.status for outcome in mailed.apply().outcomes] == ["done"]


def test_a_single_value_goes_with_its_element_whatever_else_was_said_of_it(mailed: World) -> None:
    by_hand(mailed, work("a@x.org", primary=True, display="Ada"))
    ada(mailed, None)
    mailed.converge()
    assert emails(mailed) == []


def test_an_account_is_matched_by_each_of_its_addresses(tmp_path: Path) -> None:
    world = World(tmp_path)
    text = MAPPINGS.replace("target: title, source: jobTitle", f"target: '{WORK}', source: mail, matchingPrecedence: 2")
    world.write("apps/wiki/mappings.yaml", text.replace("source: userPrincipalName", "source: userPrincipalName, apply: create"))
    world.assign("user: ada@x.org, role: User")
    world.seed("lovelace@x.org", emails=[work("b@x.org"), work("a@x.org"), work("A@x.org")])
    ada(world, "a@x.org")
    plan = world.plan()
    assert plan.errors == () and [change.action for change in plan.changes if change.action == "create"] == []
