"""A rename that nobody declared would be a delete and a create: the plan says so, and raises no false alarm."""

from __future__ import annotations

import re

import pytest

from reconciler.declare.yaml.document import parse
from reconciler.report.headline import headline
from reconciler.report.redact import redact
from reconciler.report.text import render
from tests.support.world import MAPPINGS, World

ADA, GRACE = "userPrincipalName: ada@x.org, displayName: Ada", "userPrincipalName: grace@x.org, displayName: Grace"
NEW = "userPrincipalName: ada.l@x.org"
ROWS = """      - {target: displayName, source: displayName}
      - {target: externalId, source: employeeId}
      - {target: 'emails[type eq "work"].value', source: mail}
"""
MAPPED = MAPPINGS.replace("      - {target: displayName, source: displayName}\n", ROWS, 1)


def hints(world: World, *only: str) -> list[str]:
    return [item.text for item in world.plan(*only).cautions if item.code == "LooksRenamed"]


def actions(world: World) -> list[tuple[str, str]]:
    return [(change.address, change.action) for change in world.plan().changes]


@pytest.fixture
def applied(world: World) -> World:
    """Ada and Grace are in Net, Grace alone in Ops, and all is as declared."""
    world.write("apps/wiki/mappings.yaml", MAPPED)
    world.users(ADA, GRACE)
    groups(world, "Net")
    world.converge()
    return world


def groups(world: World, *names: str, more: str = "") -> None:
    """Ada and Grace are in each of these, which give the role User."""
    rows = [f'displayName: "{name}", members: [ada@x.org, grace@x.org]{more}' for name in names]
    world.groups(*rows, "displayName: Ops, members: [grace@x.org]")
    world.assign(*(f'group: "{name}", role: User' for name in (*names, "Ops")), "user: ada@x.org, role: Admin")


# Groups


@pytest.mark.parametrize("name", ["Network", "Net 2", "0", "Net: all", "on"])
def test_a_renamed_group_is_found_and_kept_by_what_the_plan_says(applied: World, name: str) -> None:
    groups(applied, name)
    assert actions(applied) == sorted([("Group/Net", "delete"), (f"Group/{name}", "create")])
    assert hints(applied) == [
        f"Group/{name} looks like Group/Net under another name (the same members): add `previously: [Net]` to keep the group"
    ]
    groups(applied, name, more=", previously: [Net]")
    assert actions(applied) == [(f"Group/{name}", "update")] and hints(applied) == []


def test_a_group_that_was_there_before_and_is_renamed_is_found_though_it_stays(world: World) -> None:
    world.users(ADA, GRACE)
    world.client.create("Groups", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Net"})
    groups(world, "Net")
    world.converge()
    groups(world, "Networks")
    assert actions(world) == [("Group/Networks", "create")]
    keeps = "Group/Networks looks like Group/Net under another name (the same members): add `previously: [Net]` to keep the group"
    assert hints(world) == [keeps]


@pytest.mark.parametrize(("name", "said"), [("Network Engineers", True), ("Sales", False)])
def test_a_near_name_and_members_in_common_tell_too(applied: World, name: str, said: bool) -> None:
    groups(applied, "Network Engineering")
    applied.converge()
    applied.groups(f"displayName: {name}, members: [ada@x.org]", "displayName: Ops, members: [grace@x.org]")
    applied.assign(f"group: {name}, role: User", "group: Ops, role: User", "user: ada@x.org, role: Admin")
    assert [("nearly the same name, and members in common" in text) for text in hints(applied)] == [True] * said


@pytest.mark.parametrize("name", ["0", "Net: all", "on", "- a", "é", "a,b", "it's"])
def test_the_earlier_name_can_be_copied_into_the_yaml(applied: World, name: str) -> None:
    groups(applied, name)
    applied.converge()
    groups(applied, "Network")
    (said,) = hints(applied)
    (entry,) = re.findall("`(.*)`", said)
    assert parse(entry.encode(), "x").data == {"previously": [name]}


def test_where_the_service_shows_no_members_the_record_tells(applied: World) -> None:
    applied.profile("generic", groups={"membersReadable": False})
    groups(applied, "Network")
    assert len(hints(applied)) == 1


def test_groups_that_others_are_like_or_that_nobody_is_in_tell_nothing(applied: World) -> None:
    applied.users(ADA, GRACE, "userPrincipalName: bob@x.org")
    groups(applied, "Network", "Staff")  # two have the members of Net
    assert hints(applied) == []
    groups(applied, "Net", "Air")
    applied.converge()
    groups(applied, "Staff")  # and it may be Net or Air
    assert ("Group/Net", "delete") in actions(applied) and hints(applied) == []
    applied.converge()
    groups(applied, "Staff", "Sea")
    applied.converge()
    groups(applied, "Staff", "Land")  # Sea has gone, and Staff has the same members
    assert ("Group/Sea", "delete") in actions(applied) and hints(applied) == []
    applied.groups("displayName: Net, members: []", "displayName: Air, members: [bob@x.org]")
    applied.assign("group: Net, role: User", "group: Air, role: User", "user: ada@x.org, role: User")
    applied.converge()
    applied.groups("displayName: Empty, members: []", "displayName: Full, members: [bob@x.org, ada@x.org]")
    applied.assign("group: Empty, role: User", "group: Full, role: User")
    assert len([a for _, a in actions(applied) if a == "delete"]) == 2 and hints(applied) == []


def test_a_group_that_is_declared_still_was_not_renamed(applied: World) -> None:
    groups(applied, "Network", "Net")
    applied.assign("group: Network, role: User", "user: ada@x.org, role: Admin", "user: grace@x.org, role: User")
    assert {("Group/Net", "delete"), ("Group/Network", "create")} <= set(actions(applied)) and hints(applied) == []


# Users


@pytest.mark.parametrize(("before", "after", "common"), [
    ("displayName: Ada", "displayName: ADA", "displayName"),
    ("employeeId: '7', displayName: Ada Byron", "employeeId: '7', displayName: Ada Lovelace", "externalId"),
    ("mail: a@x.org, displayName: Ada Byron", "mail: A@x.org, displayName: Ada Lovelace", "e-mail"),
    ("employeeId: '7', mail: a@x.org, displayName: Ada", "employeeId: '7', mail: a@x.org, displayName: Ada", "externalId"),
])  # fmt: skip
def test_a_renamed_user_is_found_and_kept_by_what_the_plan_says(applied: World, before: str, after: str, common: str) -> None:
    applied.users(f"userPrincipalName: ada@x.org, {before}", GRACE)
    applied.converge()
    for more in ("", ", previously: [ada@x.org]"):
        applied.users(f"{NEW}, {after}{more}", GRACE)
        applied.groups("displayName: Net, members: [ada.l@x.org, grace@x.org]", "displayName: Ops, members: [grace@x.org]")
        applied.assign("group: Net, role: User", "group: Ops, role: User", "user: ada.l@x.org, role: Admin")
        if not more:
            assert {("User/ada@x.org", "disable"), ("User/ada.l@x.org", "create")} <= set(actions(applied))
            assert hints(applied) == [
                f"User/ada.l@x.org looks like User/ada@x.org under another name (the same {common}): add "
                "`previously: [ada@x.org]` to keep the account"
            ]
    assert actions(applied) == [("User/ada.l@x.org", "update")] and hints(applied) == []


@pytest.mark.parametrize(("old", "rows"), [
    (ADA, (f"{NEW}, displayName: Ada Lovelace",)),  # nothing in common
    ("userPrincipalName: ada@x.org", (NEW,)),  # nothing at all
    (ADA, (f"{NEW}, displayName: Ada", "userPrincipalName: ada.b@x.org, displayName: Ada")),  # two are alike
    (ADA + ", id: a", (f"{NEW}, displayName: Ada, id: b",)),  # said to be another person
    (ADA, (f"{ADA}, accountEnabled: false", f"{NEW}, displayName: Ada")),  # the old one is there still
    (ADA + ", id: a", (f"{NEW}, displayName: Ada", "userPrincipalName: b@x.org, id: b, previously: [ada@x.org]")),  # claimed
])  # fmt: skip
def test_no_false_alarm_for_users(applied: World, old: str, rows: tuple[str, ...]) -> None:
    applied.users(old, GRACE)
    applied.converge()
    applied.users(*rows, GRACE)
    applied.groups()
    names = [row.split(",")[0].partition(": ")[2] for row in (*rows, GRACE)]
    applied.assign(*(f"user: {name}, role: User" for name in names))
    assert {"create", "disable"} <= {action for _, action in actions(applied)} and hints(applied) == []


def test_a_value_that_somebody_who_stays_bears_tells_nothing(applied: World) -> None:
    applied.users(ADA, "userPrincipalName: grace@x.org, displayName: Ada")
    applied.converge()
    applied.users(f"{NEW}, displayName: Ada", "userPrincipalName: grace@x.org, displayName: Ada")
    applied.groups()
    applied.assign("user: ada.l@x.org, role: User", "user: grace@x.org, role: User")
    assert {"create", "disable"} <= {action for _, action in actions(applied)} and hints(applied) == []
    applied.users(f"{NEW}, displayName: Ada", "userPrincipalName: grace@x.org, displayName: Grace")
    assert hints(applied) == []  # it is the display name of an account that bears it yet


def test_a_value_that_somebody_who_stays_will_bear_tells_nothing(applied: World) -> None:
    applied.users(f"{NEW}, displayName: Ada", "userPrincipalName: grace@x.org, displayName: Ada")
    applied.groups()
    applied.assign("user: ada.l@x.org, role: User", "user: grace@x.org, role: User")
    assert {"create", "disable", "update"} <= {action for _, action in actions(applied)} and hints(applied) == []


def test_nobody_is_told_to_keep_an_account_that_was_revoked(applied: World) -> None:
    record = applied.store.load()
    assert record is not None
    record.revoked = {"User/ada@x.org": {"at": applied.now, "reason": "theft"}}
    applied.store.save(record)
    applied.users(f"{NEW}, displayName: Ada", GRACE)
    applied.groups()
    applied.assign("user: ada.l@x.org, role: User", "user: grace@x.org, role: User")
    assert {"create", "disable"} <= {action for _, action in actions(applied)} and hints(applied) == []


def renamed(world: World, count: int) -> None:
    world.groups()
    for domain in ("x.org", "y.org"):
        names = [f"u{number}@{domain}" for number in range(count)]
        world.users(*(f"userPrincipalName: {name}, displayName: Nobody {n}" for n, name in enumerate(names)))
        world.assign(*(f"user: {name}, role: User" for name in names), "user: u0@" + domain + ", role: Admin")
        if domain == "x.org":
            world.converge()


def test_each_of_a_few_is_named_at_its_line(applied: World) -> None:
    renamed(applied, 5)
    found = [item for item in applied.plan().cautions if item.code == "LooksRenamed"]
    assert [item.line for item in found] == [2, 3, 4, 5, 6] and found[0].file.endswith("directory/users/a.yaml")


def test_of_many_the_first_are_named_and_the_rest_is_counted_and_the_headline_takes_none_for_new(applied: World) -> None:
    renamed(applied, 8)
    (said,) = hints(applied)
    assert said.startswith("8 logins look renamed (the same displayName), but nothing says so, so each is a new account, and ")
    assert "add `previously: [OLD NAME]`: User/u0@x.org \u2192 u0@y.org, " in said and said.endswith(" and 3 more")
    plan = applied.plan()
    assert len(plan.looks_renamed) == 8 and headline(plan, str).startswith(
        "8 logins look renamed without `previously`, nobody else's access changes"
    )
    caution = ["Caution:", f"  ! {said} [LooksRenamed]"]
    assert render(plan, lambda text, _: text).splitlines()[3:5] == caution, "before anything else"


def test_only_what_the_plan_holds_is_spoken_of_and_nobody_is_named_where_it_is_redacted(applied: World) -> None:
    renamed(applied, 2)
    assert hints(applied, "User/u0@y.org") == []
    text = render(redact(applied.plan(), "key"), lambda text, _: text)
    assert text.count("under another name") == 2 and not re.search(r"u\d@", text)
    groups(applied, "Net: all")
    applied.users(ADA, GRACE)
    applied.converge()
    groups(applied, "Net: some")
    assert "all" not in "".join(text for text in map(str, redact(applied.plan(), "key").cautions) if "under another name" in text)
