"""Which live object belongs to which declared one: declared, live and recorded values in, pairs and errors out."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.declare.mapping_model import AttributeMapping, ObjectMapping
from reconciler.plan.context import Context
from tests.plan.literals import ACCOUNTS, ADA, GRACE, NET, PEOPLE, TEAM, USERS, account, app, context, entries, entry, group

LOVELACE = "User/ada.l@x.org"
NO_GROUP: dict[str, Any] = {"teams": (), "groups": ()}


def ids(found: Context) -> dict[str, str]:
    return {address: live.id for address, live in found.matching.live.items()}


def errors(found: Context) -> list[tuple[str, str]]:
    return [(error.address, error.code) for error in found.matching.errors]


def renamed(**more: Any) -> tuple[dict[str, Any], ...]:
    return ({**PEOPLE[0], "userPrincipalName": "ada.l@x.org", **more}, PEOPLE[1])


def people_only(**changed: Any) -> dict[str, Any]:
    known = {address: item for address, item in entries().items() if address != NET}
    return {"recorded": known, **NO_GROUP, **changed}


def test_the_record_s_id_comes_first_whatever_the_account_is_called_now() -> None:
    found = context(accounts=(account("a1", "else@x.org"), account("a9", "ada@x.org"), ACCOUNTS[1]))
    assert ids(found) == {ADA: "a1", GRACE: "b2", NET: "g1"}
    assert (found.matching.how, found.matching.recorded) == ({}, {ADA: ADA, GRACE: GRACE, NET: NET})
    assert (found.matching.addresses, found.matching.groups) == ({"a1": ADA, "b2": GRACE}, {"g1": NET})


def test_whom_the_record_does_not_know_is_found_by_a_matching_attribute_in_any_case() -> None:
    found = context(accounts=(account("a1", "ADA@X.org"), ACCOUNTS[1]), recorded={})
    assert ids(found) == {ADA: "a1", GRACE: "b2", NET: "g1"}
    assert found.matching.how == {ADA: "userName", GRACE: "userName", NET: "displayName"}
    assert found.matching.recorded == {}


def test_matching_attributes_are_tried_in_order_of_precedence() -> None:
    second = AttributeMapping("nickName", "source", "mailNickname", 2)
    two = app(users=ObjectMapping(attributes=(second, *USERS)))
    people = ({**PEOPLE[0], "mailNickname": "lovelace"},)
    by_second: dict[str, Any] = {**account("a1", "other@x.org"), "nickName": "lovelace"}
    assert ids(context(two, people=people, accounts=(by_second,), **people_only(recorded={}))) == {}
    team: dict[str, Any] = {"teams": ({"displayName": "Net", "members": ["ada@x.org"]},), "groups": (), "recorded": {}}
    found = context(two, people=people, accounts=(by_second,), **team)
    assert (ids(found), found.matching.how) == ({ADA: "a1"}, {ADA: "nickName"})
    found = context(two, people=people, accounts=(by_second, ACCOUNTS[0] | {"id": "a9"}), **team)
    assert (ids(found), found.matching.how) == ({ADA: "a9"}, {ADA: "userName"})


def test_an_account_that_the_record_gives_to_one_is_nobody_else_s_to_match() -> None:
    people = (PEOPLE[0], PEOPLE[1], {"userPrincipalName": "new@x.org"})
    found = context(
        people=people,
        teams=({**TEAM, "members": ["ada@x.org", "grace@x.org", "new@x.org"]},),
        accounts=(account("a1", "new@x.org"), ACCOUNTS[1]),
    )
    assert (ids(found), errors(found)) == ({ADA: "a1", GRACE: "b2", NET: "g1"}, [])


def test_two_accounts_for_one_user_is_an_error_for_that_user_alone() -> None:
    found = context(accounts=(account("a1", "ADA@x.org"), ACCOUNTS[1], account("a9", "Ada@x.org")), recorded={})
    assert (ids(found), errors(found)) == ({GRACE: "b2", NET: "g1"}, [(ADA, "DuplicateTargetEntries")])
    assert found.matching.failed == {ADA}
    assert found.matching.errors[0].reason == "2 accounts match by userName: ADA@x.org (a1), Ada@x.org (a9)"


def test_the_exact_name_wins_over_one_that_differs_in_case_where_neither_is_recorded() -> None:
    """Which order the service lists them in makes no difference; of two that both differ nobody knows."""
    both = (account("a9", "Ada@x.org"), account("a1", "ada@x.org"), ACCOUNTS[1])
    for accounts in (both, (both[1], both[0], both[2])):
        found = context(accounts=accounts, recorded={})
        assert (ids(found), errors(found)) == ({ADA: "a1", GRACE: "b2", NET: "g1"}, [])
    found = context(accounts=(account("a9", "Ada@x.org"), account("a1", "ADA@x.org"), ACCOUNTS[1]), recorded={})
    assert errors(found) == [(ADA, "DuplicateTargetEntries")]


def test_two_users_for_one_account_is_an_error_for_both() -> None:
    found = context(recorded={**entries(), GRACE: entry("a1", "grace@x.org")})
    assert ids(found) == {NET: "g1"}
    assert errors(found) == [(ADA, "DuplicateSource"), (GRACE, "DuplicateSource")]
    who = f"{ADA} by the record and {GRACE} by the record"
    assert found.matching.errors[0].reason == f"{who} match the same account, ada@x.org (a1)"


@pytest.mark.parametrize(
    ("more", "own"), [({"previously": ["ada@x.org"]}, None), ({"previously": ["ADA@x.org"]}, "e1"), ({"id": "e1"}, "e1")]
)
def test_an_earlier_name_or_the_declared_id_finds_the_entry_again(more: dict[str, Any], own: str | None) -> None:
    known = {**entries(), ADA: entry("a1", "ada@x.org", **({"declaredId": own} if own else {}))}
    found = context(people=renamed(**more), teams=({**TEAM, "members": ["ada.l@x.org", "grace@x.org"]},), recorded=known)
    assert ids(found) == {LOVELACE: "a1", GRACE: "b2", NET: "g1"}
    assert (found.matching.recorded[LOVELACE], found.matching.renamed) == (ADA, {ADA: LOVELACE})
    assert found.matching.how == {}


def test_an_earlier_name_finds_the_account_where_there_is_no_record() -> None:
    team = {**TEAM, "members": ["ada.l@x.org", "grace@x.org"]}
    found = context(people=renamed(previously=["ada@x.org"]), teams=(team,), recorded={})
    assert (ids(found)[LOVELACE], found.matching.how[LOVELACE]) == ("a1", "userName")


def test_an_earlier_name_that_passed_to_somebody_else_finds_nobody() -> None:
    known = {**entries(), ADA: entry("a1", "ada@x.org", declaredId="e9")}
    team = {**TEAM, "members": ["ada.l@x.org", "grace@x.org"]}
    found = context(people=renamed(previously=["ada@x.org"], id="e1"), teams=(team,), recorded=known)
    assert LOVELACE not in ids(found) and LOVELACE not in found.matching.recorded


def test_the_same_name_with_another_declared_id_is_somebody_else() -> None:
    known = {**entries(), ADA: entry("a1", "ada@x.org", declaredId="e1")}
    people = ({**PEOPLE[0], "id": "e9"}, PEOPLE[1])
    found = context(people=people, recorded=known)
    assert (ids(found), errors(found)) == ({GRACE: "b2", NET: "g1"}, [(ADA, "IdentityChanged")])
    gone = context(people=people, recorded=known, accounts=ACCOUNTS[1:])
    assert errors(gone) == []


def test_a_name_that_another_account_still_has_is_not_taken() -> None:
    known = {**entries(), LOVELACE: entry("c3", "ada.l@x.org")}
    team = {**TEAM, "members": ["ada.l@x.org", "grace@x.org"]}
    there = (*ACCOUNTS, account("c3", "ada.l@x.org"))
    found = context(people=renamed(previously=["ada@x.org"]), teams=(team,), recorded=known, accounts=there)
    assert (errors(found), found.matching.refused) == ([(LOVELACE, "NameInUse")], {LOVELACE: ADA})
    free = context(people=renamed(previously=["ada@x.org"]), teams=(team,), recorded=known)
    assert (errors(free), ids(free)[LOVELACE]) == ([], "a1")


def test_an_entry_that_nobody_declares_keeps_its_account_and_a_dangling_one_none() -> None:
    team: dict[str, Any] = {"teams": ({**TEAM, "members": ["grace@x.org"]},)}
    assert context(people=PEOPLE[1:], **team).matching.addresses == {"b2": GRACE, "a1": ADA}
    assert context(people=PEOPLE[1:], accounts=ACCOUNTS[1:], **team).matching.addresses == {"b2": GRACE}


def test_an_account_that_is_gone_is_matched_anew() -> None:
    found = context(accounts=(account("a9", "ada@x.org"), ACCOUNTS[1]), groups=(group("g1", "Net", "a9", "b2"),))
    assert (ids(found)[ADA], found.matching.how, found.matching.recorded[ADA]) == ("a9", {ADA: "userName"}, ADA)
