"""What moved between two plans: which change, by the declaration or the service, and how."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options

from reconciler.plan.model import Config, Plan
from reconciler.plan.reviewed.compare import Moved, between, difference
from reconciler.report.plan_diff import as_text, render
from tests.support.world import World

ADA = "userPrincipalName: ada@x.org, displayName: Ada, jobTitle: {}, manager: grace@x.org"
GRACE = "userPrincipalName: grace@x.org, displayName: Grace"


@pytest.fixture
def settled(world: World) -> World:
    world.converge()
    world.users(ADA.format("Architect"), GRACE)
    return world


def one(before: Plan, after: Plan) -> Moved:
    (found,) = difference(before.changes, after.changes)
    return found


def test_the_same_plan_has_no_difference(settled: World) -> None:
    assert difference(settled.plan().changes, settled.plan().changes) == []


def test_an_edit_on_the_service_is_the_service_s(settled: World) -> None:
    before = settled.plan()
    settled.edit("ada@x.org", "title", "Intern")
    found = one(before, settled.plan())
    assert (found.by, found.how) == (("service",), ('title: the service held "Engineer", now "Intern"',))


def test_an_edit_of_the_yaml_is_the_declaration_s(settled: World) -> None:
    before = settled.plan()
    settled.users(ADA.format("Chief"), GRACE)
    found = one(before, settled.plan())
    assert (found.by, found.how) == (("declaration",), ('title: the declaration wanted "Architect", now "Chief"',))


def test_values_are_shown_as_in_a_plan_and_what_hides_is_escaped(settled: World) -> None:
    settled.users(ADA.format('"Übe\\u202er\\e"'), GRACE)
    before = settled.plan()
    settled.users(ADA.format("Łódź"), GRACE)
    found = [one(before, settled.plan())]
    for text in (as_text(found), render("markdown", {"wiki": found})):
        assert 'wanted "Übe\\u202er\\u001b", now "Łódź"' in text and not {"\u202e", "\x1b"} & set(text)


def test_both_may_have_moved(settled: World) -> None:
    before = settled.plan()
    settled.edit("ada@x.org", "title", "Intern")
    settled.users(ADA.format("Chief"), GRACE)
    found = one(before, settled.plan())
    assert found.by == ("declaration", "service") and len(found.how) == 2


def test_a_change_that_is_no_longer_called_for_has_vanished(settled: World) -> None:
    before = settled.plan()
    settled.users(ADA.format("Engineer"), GRACE)
    found = one(before, settled.plan())
    assert (found.before, found.after, found.by) == ("update", None, ("declaration",))


def test_with_the_same_declaration_it_is_the_service_that_moved(settled: World) -> None:
    declared = Config("sha256:1")
    before = replace(settled.plan(), config=declared)
    settled.edit("ada@x.org", "title", "Architect")
    after = replace(settled.plan(), config=declared)
    (found,) = between(before, after)
    assert (found.before, found.after, found.by) == ("update", None, ("service",)) and "declaration is the same" in found.how[0]
    assert settled.compare(before).done == ["User/ada@x.org"]
    assert [m.by for m in between(after, before)] == [("service",)]
    assert [m.by for m in between(before, replace(after, config=Config("sha256:2")))] == [("declaration",)]


def test_a_member_added_by_hand_moves_a_group_s_change(settled: World) -> None:
    settled.users(ADA.format("Engineer"), GRACE, "userPrincipalName: joan@x.org")
    settled.assign("group: Net, role: User", "user: grace@x.org, role: Admin", "user: joan@x.org, role: User")
    settled.converge()
    settled.groups("displayName: Net, members: [ada@x.org]")
    reviewed = settled.plan()
    joan, net = settled.find("joan@x.org")["id"], settled.group("Net")["id"]
    settled.client.patch("Groups", net, [{"op": "add", "path": "members", "value": [{"value": joan}]}])
    result = settled.compare(reviewed)
    assert [(m.address, m.by) for m in result.moved] == [("Group/Net", ("service",))]


def test_a_difference_is_shown_as_text_markdown_and_json(settled: World) -> None:
    before = settled.plan()
    settled.edit("ada@x.org", "title", "a|b<script>")
    found = difference(before.changes, settled.plan().changes)
    assert "the service moved" in as_text(found) and "User/ada@x.org" in as_text(found)
    (row,) = json.loads(render("json", {"wiki": found}))["differences"][0]["moved"]
    assert row["by"] == ["service"] and row["address"] == "User/ada@x.org"
    table = render("markdown", {"wiki": found})
    page = cmarkgfm.github_flavored_markdown_to_html(table, Options.CMARK_OPT_UNSAFE)
    assert "<script>" not in page and page.count("<td>") == 5


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_no_difference_is_said_in_words(form: str, tmp_path: Path) -> None:
    assert "ask for the same" in render(form, {"wiki": []})
