"""Who is enabled although nobody here disabled the account stands under Caution: values in, words out."""

from __future__ import annotations

from typing import Any

from reconciler.plan.desired import plan_desired
from reconciler.plan.reenabled import reenabled
from tests.plan.literals import ACCOUNTS, ADA, account, context, entries, entry

INACTIVE = (account("a1", "ada@x.org", "Engineer", active=False), ACCOUNTS[1])


def said(recorded: dict[str, Any], accounts: tuple[dict[str, Any], ...] = INACTIVE) -> list[tuple[str, str, int]]:
    found = context(accounts=accounts, recorded=recorded)
    changes = plan_desired(found, found.resolution.users).changes
    assert [change.action for change in changes if change.address == ADA] == ["enable"]
    return [(caution.code, caution.text.split(",")[0], caution.line) for caution in reenabled(found, changes)]


def test_an_inactive_account_that_no_record_knows_may_have_been_revoked() -> None:
    assert said({}) == [("InactiveWithoutRecord", f"{ADA} is inactive on the service", 1)]


def test_so_may_one_that_took_the_place_of_the_recorded_one() -> None:
    told = {**entries(), ADA: entry("a0", "ada@x.org", "Engineer", disabledAt="2026-05-01")}
    assert [code for code, _, _ in said(told)] == ["InactiveWithoutRecord"]


def test_who_was_disabled_on_the_service_by_hand_is_named() -> None:
    assert said(entries()) == [("DisabledByHand", f"{ADA} was disabled on the service by hand", 1)]


def test_whom_the_declaration_disabled_and_brings_back_is_nobody_to_be_warned_of() -> None:
    out = entry("a1", "ada@x.org", "Engineer", disabledAt="2026-05-01")
    out["wanted"]["active"] = False
    assert said({**entries(), ADA: out}) == []


def test_of_many_the_first_few_are_named_and_the_others_counted() -> None:
    people = [{"userPrincipalName": f"p{n:02}@x.org"} for n in range(12)]
    accounts = [account(str(n), f"p{n:02}@x.org", active=False) for n in range(12)]
    team = {"displayName": "Net", "members": [person["userPrincipalName"] for person in people]}
    found = context(people=people, accounts=accounts, teams=(team,), groups=(), recorded={})
    cautions = list(reenabled(found, plan_desired(found, found.resolution.users).changes))
    assert len(cautions) == 11
    assert cautions[-1].text == "2 more accounts that nobody disabled here are enabled again: see the changes"
