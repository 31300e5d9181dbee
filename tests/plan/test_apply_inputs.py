"""What an apply needs beside the plan, and what the record will hold of all that stays: values in, entries out."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.plan.apply_inputs import ApplyInputs, apply_inputs
from reconciler.plan.change import Change
from reconciler.plan.context import Context
from tests.plan.literals import ACCOUNTS, ADA, GRACE, NET, PEOPLE, TEAM, account, context, entries, entry, group, group_entry

LOVELACE = "User/ada.l@x.org"
BOSS = (account("a1", "ada@x.org", "Boss"), ACCOUNTS[1])


def inputs(found: Context, *only: str) -> ApplyInputs:
    return apply_inputs(found, only)


def test_ids_stand_by_address_and_those_of_nobody_by_themselves() -> None:
    found = inputs(context(accounts=(*ACCOUNTS, account("e5", "eve@x.org"))))
    assert found.ids == {ADA: "a1", GRACE: "b2", NET: "g1", "#a1": "a1", "#b2": "b2", "#e5": "e5", "#Group/g1": "g1"}


def test_what_matches_and_stays_goes_into_the_record() -> None:
    found = inputs(context(recorded={})).baselines
    assert found[ADA] == {
        "id": "a1",
        "answered": {},
        "roles": ["user"],
        "wanted": {"userName": "ada@x.org", "active": True, "title": "Engineer"},
    }
    assert found[NET] == {
        "id": "g1",
        "answered": {},
        "roles": ["user"],
        "members": [ADA, GRACE],
        "wanted": {"displayName": "Net"},
    }


def test_what_is_yet_to_be_written_stays_as_it_was_recorded() -> None:
    people = ({**PEOPLE[0], "jobTitle": "Architect"}, PEOPLE[1])
    assert inputs(context(people=people)).baselines[ADA]["wanted"]["title"] == "Engineer"
    assert "title" not in inputs(context(people=people, recorded={})).baselines[ADA]["wanted"]


def test_what_the_service_answers_otherwise_is_kept_and_forgotten_once_it_agrees() -> None:
    known = entry("a1", "ada@x.org", "Engineer")
    known["answered"] = {"title": "Boss"}
    still = inputs(context(accounts=BOSS, recorded={**entries(), ADA: known})).baselines[ADA]
    assert (still["wanted"]["title"], still["answered"]) == ("Engineer", {"title": "Boss"})
    assert inputs(context(recorded={**entries(), ADA: known})).baselines[ADA]["answered"] == {}


def test_an_account_in_place_of_another_has_been_told_nothing() -> None:
    known = {**entries(), ADA: entry("a1", "ada@x.org", "Engineer", created=True)}
    new = inputs(context(accounts=(account("a9", "ada@x.org", "Boss"), ACCOUNTS[1]), recorded=known)).baselines[ADA]
    assert new["id"] == "a9" and "created" not in new and "title" not in new["wanted"]


@pytest.mark.parametrize(("active", "since"), [(True, None), (False, "2026-05-02T00:00:00Z")])
def test_who_is_back_and_was_enabled_by_somebody_else_is_not_disabled_since_then(active: bool, since: str | None) -> None:
    known = {**entries(), ADA: {**entry("a1", "ada@x.org", "Engineer"), "disabledAt": "2026-05-02T00:00:00Z"}}
    known[ADA]["wanted"]["active"] = False
    found = inputs(context(accounts=(account("a1", "ada@x.org", "Engineer", active=active), ACCOUNTS[1]), recorded=known))
    assert found.baselines[ADA].get("disabledAt") == since


def test_a_null_that_was_never_wanted_is_not_kept() -> None:
    people = ({"userPrincipalName": "ada@x.org"}, PEOPLE[1])
    plain = context(people=people, accounts=(account("a1", "ada@x.org"), ACCOUNTS[1]), recorded={})
    assert "title" not in inputs(plain).baselines[ADA]["wanted"]


def test_of_a_group_those_who_are_wanted_and_there_are_its_members() -> None:
    part = context(groups=(group("g1", "Net", "a1", "e5"),), recorded={})
    assert inputs(part).baselines[NET]["members"] == [ADA]
    known = {**entries(), NET: group_entry("g1", "Net", ADA, GRACE, kept=["User/joan@x.org"])}
    there = inputs(context(groups=(group("g1", "Net", "a1"),), recorded=known)).baselines[NET]
    assert there["members"] == [ADA, GRACE] and "kept" not in there


def test_roles_are_recorded_once_nothing_of_somebody_is_pending() -> None:
    found = context(recorded={**entries(), ADA: entry("a1", "ada@x.org", "Engineer", roles=["old"])})
    found = found.decided([Change(ADA, "update", "", (), "", 0)], (), ())
    both = inputs(found).baselines
    assert (both[ADA]["roles"], both[GRACE]["roles"]) == (["old"], ["user"])


def test_a_declared_id_is_recorded_and_a_rename_says_from_what() -> None:
    people = ({**PEOPLE[0], "userPrincipalName": "ada.l@x.org", "previously": ["ada@x.org"], "id": "e1"}, PEOPLE[1])
    team = {**TEAM, "members": ["ada.l@x.org", "grace@x.org"]}
    found = inputs(context(people=people, teams=(team,)))
    assert (found.renamed, found.baselines[LOVELACE]["declaredId"]) == ({LOVELACE: ADA}, "e1")
    assert inputs(context(people=people, teams=(team,)), GRACE).renamed == {}
    assert inputs(context(people=people, teams=(team,)), LOVELACE.upper()).renamed == {LOVELACE: ADA}


def test_for_a_part_of_a_plan_the_rest_stays() -> None:
    assert inputs(context(), ADA).baselines.keys() == {ADA}
    assert inputs(context()).baselines.keys() == {ADA, GRACE, NET}


def test_nothing_is_known_anew_of_those_of_whom_nothing_can_be_planned() -> None:
    two = context(accounts=(account("a1", "ADA@x.org"), ACCOUNTS[1], account("a9", "Ada@x.org")), recorded={})
    assert inputs(two).baselines.keys() == {GRACE, NET}


def test_a_name_whose_account_is_gone_can_be_taken() -> None:
    people = ({**PEOPLE[0], "userPrincipalName": "ada.l@x.org", "previously": ["ada@x.org"]}, PEOPLE[1])
    team = {**TEAM, "members": ["ada.l@x.org", "grace@x.org"]}
    known = {**entries(), LOVELACE: entry("c3", "ada.l@x.org")}
    assert inputs(context(people=people, teams=(team,), recorded=known)).gone == {LOVELACE}
    assert inputs(context()).gone == frozenset()


def test_a_revocation_is_over_once_the_declaration_agrees() -> None:
    out: dict[str, Any] = {ADA: {"at": "2026-05-30", "reason": "x"}}
    still = inputs(context(out=out))
    assert (still.revoked, still.agreed) == (out, frozenset())
    people = ({**PEOPLE[0], "accountEnabled": False}, PEOPLE[1])
    agreed = context(people=people, out=out)
    assert (inputs(agreed).agreed, inputs(agreed).pending) == ({ADA}, frozenset())
    assert inputs(agreed, GRACE).agreed == frozenset()
    assert inputs(agreed.decided([Change(ADA, "disable", "", (), "", 0)], (), ())).pending == {ADA}


def test_who_is_out_with_nothing_left_to_do_is_retained() -> None:
    found = context(people=PEOPLE[1:], teams=({**TEAM, "members": ["grace@x.org"]},))
    found = found.decided((), (ADA,), ())
    assert inputs(found).baselines[ADA] == {**entries()[ADA], "retained": True}


def test_of_whom_nothing_can_be_planned_nothing_is_known_anew() -> None:
    """Ada would take the name that Grace's account still has: she keeps what the record holds, and is not renamed."""
    taking = {**PEOPLE[0], "userPrincipalName": "grace@x.org", "previously": ["ada@x.org"], "id": "7"}
    found = context(people=(taking,), teams=({**TEAM, "members": ["grace@x.org"]},))
    assert found.matching.failed == {GRACE}
    after = inputs(found)
    assert GRACE not in after.baselines and after.renamed == {}
