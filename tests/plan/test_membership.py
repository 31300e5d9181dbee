"""Who would be added to a group and removed from it, and by whose doing: values in, addresses out."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.declare.mapping_model import ObjectMapping
from reconciler.declare.model import Assignment
from reconciler.plan.change import Change, Precondition
from reconciler.plan.context import Context
from reconciler.plan.membership import causes, group_members, known_members, members, possible, recorded_members, still_in
from tests.plan.literals import (
    ACCOUNTS,
    ADA,
    GRACE,
    GROUPS,
    NET,
    PEOPLE,
    TEAM,
    USERS,
    account,
    app,
    context,
    entries,
    entry,
    group,
    group_entry,
)

EVE = account("e5", "eve@x.org")
ONLY_GRACE: dict[str, Any] = {"teams": ({**TEAM, "members": ["grace@x.org"]},)}
ONLY_ADA: dict[str, Any] = {"teams": ({**TEAM, "members": ["ada@x.org"]},)}
BOTH = (
    Assignment("ada@x.org", None, "user", None, None, "a.yaml", 1),
    Assignment("grace@x.org", None, "user", None, None, "a.yaml", 2),
    Assignment(None, "net", "user", None, None, "a.yaml", 3),
)


def changed(found: Context) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return members(found, found.resolution.groups[NET], found.live.groups["g1"], found.entry(NET))


def test_who_lacks_is_added_and_whom_we_know_and_did_not_declare_is_removed() -> None:
    assert changed(context()) == ((), ())
    assert changed(context(groups=(group("g1", "Net", "a1"),))) == ((GRACE,), ())
    assert changed(context(app(assignments=BOTH), **ONLY_ADA)) == ((), (GRACE,))


def test_who_is_nobody_s_stays_but_where_the_mapping_is_assertive() -> None:
    there: dict[str, Any] = {"accounts": (*ACCOUNTS, EVE), "groups": (group("g1", "Net", "a1", "b2", "e5", "f6"),)}
    assert changed(context(**there)) == ((), ())
    assertive = ObjectMapping(attributes=GROUPS, assertive=True)
    assert changed(context(app(groups=assertive), **there)) == ((), ("#e5",))


def test_a_group_inside_goes_only_where_the_mapping_is_assertive_and_it_is_not_declared() -> None:
    there: dict[str, Any] = {"groups": (group("g1", "Net", "a1", "b2", "g2"), group("g2", "Core"))}
    assertive = app(groups=ObjectMapping(attributes=GROUPS, assertive=True))
    assert changed(context(**there)) == ((), ())
    assert changed(context(assertive, **there)) == ((), ("#Group/g2",))
    declared = {**TEAM, "members": [*TEAM["members"], {"group": "Core"}]}
    core = {"displayName": "Core", "members": []}
    inside = context(assertive, teams=(declared, core), recorded={**entries(), "Group/Core": group_entry("g2", "Core")}, **there)
    assert changed(inside) == ((), ())


def test_a_mapping_without_members_leaves_them() -> None:
    assert changed(context(app(groups=ObjectMapping(attributes=GROUPS[:1])), groups=(group("g1", "Net"),))) == ((), ())


def test_where_the_service_shows_no_members_the_record_is_all_that_we_know() -> None:
    hidden: dict[str, Any] = {"groups": ({"id": "g1", "displayName": "Net"},)}
    assert changed(context(**hidden)) == ((), ())
    assert changed(context(app(assignments=BOTH), **hidden, **ONLY_ADA)) == ((), (GRACE,))
    known = {**entries(), NET: group_entry("g1", "Net", ADA)}
    assert changed(context(recorded=known, **hidden)) == ((GRACE,), ())


def test_who_did_not_go_is_not_told_again_and_is_known() -> None:
    known = {**entries(), NET: group_entry("g1", "Net", ADA, kept=[GRACE])}
    found = context(app(assignments=BOTH), recorded=known, **ONLY_ADA)
    assert changed(found) == ((), ())
    item, live = found.resolution.groups[NET], found.live.groups["g1"]
    assert still_in(found, item, live, found.entry(NET)) == {GRACE}
    wanted = context(recorded=known)
    assert still_in(wanted, wanted.resolution.groups[NET], live, wanted.entry(NET)) == set()


def test_who_is_revoked_is_no_member() -> None:
    out = {ADA: {"at": "2026-05-30", "reason": "x"}}
    assert changed(context(out=out)) == ((), (ADA,))
    assert possible(context(out=out), frozenset({ADA, GRACE})) == {GRACE}


def test_only_who_has_or_gets_an_account_can_be_a_member() -> None:
    only = app(users=ObjectMapping(targetObjectActions=frozenset({"update"}), attributes=USERS))
    assert possible(context(only, accounts=ACCOUNTS[:1]), frozenset({ADA, GRACE})) == {ADA}
    assert possible(context(accounts=ACCOUNTS[:1]), frozenset({ADA, GRACE})) == {ADA, GRACE}
    two = context(accounts=(account("a1", "Ada@x.org"), ACCOUNTS[1], account("a9", "ADA@x.org")), recorded={})
    assert possible(two, frozenset({ADA, GRACE})) == {GRACE}


def test_members_are_called_as_they_are_today() -> None:
    people = ({**PEOPLE[0], "userPrincipalName": "ada.l@x.org", "previously": ["ada@x.org"]}, PEOPLE[1])
    found = context(people=people, teams=({**TEAM, "members": ["ada.l@x.org", "grace@x.org"]},))
    assert recorded_members(found, found.entry(NET)) == {"User/ada.l@x.org", GRACE}
    assert known_members(found, found.live.groups["g1"], None) == {"User/ada.l@x.org", GRACE}
    assert changed(found) == ((), ())


def test_the_record_tells_by_whose_doing_a_member_moves() -> None:
    found, both = context(), group_entry("g1", "Net", ADA)
    assert causes(found, (ADA,), (), both) == {ADA: "drift"}
    assert causes(found, (GRACE,), (), both) == {GRACE: "config"}
    assert causes(found, (), (ADA,), both) == {ADA: "config"}
    assert causes(found, (), (GRACE,), both) == {GRACE: "drift"}
    assert causes(found, (), (GRACE,), None) == {GRACE: "config"}
    assert causes(found, (), (), both) == {}


def test_a_member_whose_assignment_expired_goes_with_time() -> None:
    over = BOTH[0]._replace(expires="2026-05-31")
    found = context(app(assignments=(over, *BOTH[1:])), **ONLY_ADA | {"teams": ({**TEAM, "members": ["grace@x.org"]},)})
    assert found.resolution.skipped[ADA].code == "AssignmentExpired"
    assert causes(found, (), (ADA,), group_entry("g1", "Net", ADA)) == {ADA: "time"}


def test_those_who_leave_are_counted_of_those_whom_we_know() -> None:
    found = context(groups=(group("g1", "Net", "a1", "b2", "e5"),))
    update = Change(NET, "update", "", (), "", 0, remove=(ADA,), precondition=Precondition("g1", None, ""))
    assert group_members(found, update) == ({ADA, GRACE}, {ADA})
    delete = Change(NET, "delete", "", (), "", 0, precondition=Precondition("g1", None, ""))
    assert group_members(found, delete) == ({ADA, GRACE, "#e5"}, {ADA, GRACE, "#e5"})
    assert group_members(found, Change(NET, "create", "", (), "", 0)) == (set(), set())


# Ids of users and groups are two spaces

ONE = ({**account("1", "ada@x.org", "Engineer")}, {**account("2", "grace@x.org", "Admiral")})
NUMBERED: dict[str, Any] = {
    "accounts": ONE,
    "recorded": {ADA: entry("1", "ada@x.org"), GRACE: entry("2", "grace@x.org"), NET: group_entry("1", "Net", ADA, GRACE)},
}


def numbered(*members: dict[str, Any], **more: Any) -> Context:
    return context(groups=({"id": "1", "displayName": "Net", "members": list(members)},), **{**NUMBERED, **more})


def changed_in_1(found: Context) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return members(found, found.resolution.groups[NET], found.live.groups["1"], found.entry(NET))


def test_a_person_who_has_a_groups_id_is_the_person_and_leaves_the_group() -> None:
    found = numbered({"value": "1"}, {"value": "2", "type": "User"}, application=app(assignments=BOTH), **ONLY_GRACE)
    assert known_members(found, found.live.groups["1"], found.entry(NET)) == {ADA, GRACE}
    assert changed_in_1(found) == ((), (ADA,))
    assert found.matching.addresses == {"1": ADA, "2": GRACE} and found.matching.groups == {"1": NET}


@pytest.mark.parametrize(
    "said", [{"type": "Group"}, {"type": "group"}, {"$ref": "https://x/v2/Groups/7"}, {"$ref": "../Groups/7"}]
)
def test_a_member_is_a_group_where_its_type_says_so_or_its_ref(said: dict[str, Any]) -> None:
    found = numbered({"value": "1"}, {"value": "2"}, {"value": "7", **said}, accounts=(*ONE, account("7", "eve@x.org")))
    assert known_members(found, found.live.groups["1"], found.entry(NET)) == {ADA, GRACE, "#Group/7"}
    found = numbered({"value": "1"}, {"value": "2"}, {"value": "1", **said})
    assert known_members(found, found.live.groups["1"], found.entry(NET)) == {ADA, GRACE, NET}


def test_the_type_comes_before_the_ref() -> None:
    found = numbered({"value": "1", "type": "User", "$ref": "https://x/v2/Groups/1"})
    assert known_members(found, found.live.groups["1"], found.entry(NET)) == {ADA}


def test_a_strangers_account_with_the_id_of_one_of_our_groups_is_unmanaged() -> None:
    found = numbered(accounts=(*ONE, account("3", "eve@x.org")), recorded={**NUMBERED["recorded"], NET: group_entry("3", "Net")})
    assert "3" not in found.matching.addresses
