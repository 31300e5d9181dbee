"""Writes that nobody has heard of, by the record: what they leave in doubt, and what not."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.plan.access.had import Past
from reconciler.plan.access.keys import Thing
from reconciler.plan.access.past import OPEN, Gap, Moment
from reconciler.plan.access.told import Told
from reconciler.plan.access.unheard import LOST, unheard
from reconciler.record.entries import Entries
from reconciler.record.model import Record
from reconciler.record.values import Unanswered

JUNE, JULY, AUGUST = (f"2026-0{month}-01T00:00:00Z" for month in (6, 7, 8))
ADA, NET = "User/ada@x.org", "Group/Net"


def past_with(running: str = "", **unanswered: Unanswered) -> Past:
    """Ada is there since June, as Admin and in Net; these writes are unanswered, by what each is to be called here."""
    told = Told()
    key, group = told.names.key(ADA, "a1", JUNE), told.groups.key(NET, "g1", JUNE)
    things = [Thing(key, "account"), Thing(key, "role", "admin"), Thing(key, "group", group)]
    for thing in things:
        told.moments[thing].append(Moment(JUNE, False, True, True, {"id": "1"}))
    record = Record("wiki", carrying=["roles"], running=running)
    record.entries = Entries({ADA: {"id": "a1"}, NET: {"id": "g1"}})
    record.unanswered = {{"ada": ADA, "net": NET}.get(name, f"User/{name}"): write for name, write in unanswered.items()}
    found = Past(told, JUNE, JUNE, now=dict.fromkeys(things, True))
    found.gaps = tuple(unheard(told, record, found.now, {"boss": "The Boss"}))
    return found


def known(past: Past, at: str) -> dict[tuple[str, str], bool]:
    return {(row.login, row.what): row.known for row in past.at(at)}


@pytest.mark.parametrize(
    ("action", "wanted", "sure"),
    [("disable", {"active": False}, False), ("update", {"roles": []}, False), ("update", {"title": "Boss"}, True)],
)
def test_a_write_that_may_move_access_leaves_all_of_that_person_in_doubt_since_then(
    action: str, wanted: dict[str, Any], sure: bool
) -> None:
    found = past_with(ada=Unanswered(step="write", action=action, id="a1", at=JULY, wanted=wanted))
    assert known(found, AUGUST) == {("ada@x.org", "Net"): sure, ("ada@x.org", "admin"): sure}
    assert known(found, JUNE) == {("ada@x.org", "Net"): True, ("ada@x.org", "admin"): True} and not found.gaps


def test_a_role_that_a_write_was_to_give_is_in_doubt_too_by_what_it_is_called() -> None:
    write = Unanswered(step="write", action="update", id="a1", at=JULY, wanted={"roles": [{"value": "admin"}, {"value": "boss"}]})
    found = past_with(ada=write)
    assert known(found, AUGUST)["ada@x.org", "The Boss"] is False and ("ada@x.org", "The Boss") not in known(found, JUNE)


def test_of_a_group_those_who_were_to_go_or_come_are_in_doubt() -> None:
    found = past_with(
        net=Unanswered(step="members out", action="update", id="g1", at=JULY, removed=[ADA], added=["User/bob@x.org"])
    )
    assert known(found, AUGUST) == {("ada@x.org", "Net"): False, ("ada@x.org", "admin"): True, ("bob@x.org", "Net"): False}
    gone = past_with(net=Unanswered(step="delete", action="delete", id="g1", at=JULY))
    assert known(gone, AUGUST) == {("ada@x.org", "Net"): False, ("ada@x.org", "admin"): True}


def test_an_account_that_may_have_been_made_is_told_as_not_known() -> None:
    found = past_with(**{"eve@x.org": Unanswered(step="create", action="create", at=JULY)})
    assert known(found, AUGUST)["eve@x.org", "an account"] is False and ("eve@x.org", "an account") not in known(found, JUNE)


def test_a_run_that_is_under_way_elsewhere_leaves_everybody_in_doubt_since_the_run_began() -> None:
    found = past_with(JULY, ada=Unanswered(step="write", action="disable", id="a1", at=JULY, intended=True))
    assert found.gaps == (Gap(JULY, OPEN, LOST),)
    assert set(known(found, AUGUST).values()) == {False} and set(known(found, JUNE).values()) == {True}
