"""Safeguards that count, on values alone: a record, what is declared and what is there in, verdicts out."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.declare.model import Assignment, Safeguards
from reconciler.declare.settings import AccidentalDeletions, GroupMembership
from reconciler.plan.planner import make_plan
from reconciler.plan.safeguards.deletions import accidental_deletions
from reconciler.plan.safeguards.empty import empty
from reconciler.plan.safeguards.facts import Facts
from reconciler.plan.safeguards.membership import group_membership
from reconciler.plan.selection import Selection
from reconciler.record.entries import Entries
from reconciler.record.model import Record
from tests.plan.literals import ASSIGNED, PEOPLE, app, context, entries

ONE_LEFT: dict[str, Any] = {"people": PEOPLE[1:], "teams": ({"displayName": "Net", "members": ["grace@x.org"]},)}


# Ada leaves the group, and keeps her account by an assignment of her own.
ONE_STAYS: dict[str, Any] = {
    "teams": ONE_LEFT["teams"],
    "assignments": (Assignment("ada@x.org", None, "user", None, None, "assignments.yaml", 2), ASSIGNED),
}


def facts(limits: Safeguards, assignments: tuple[Assignment, ...] = (ASSIGNED,), **declared: Any) -> Facts:
    """What there is to judge where Ada and Grace are in the record, and this is declared and there."""
    found, record = (
        context(app(safeguards=limits, assignments=assignments), **declared),
        Record("wiki", entries=Entries(entries())),
    )
    planned = make_plan(found.app, found.resolution, found.live, record, Selection(()), "https://wiki.example")
    return Facts(planned.context, record, planned.everything, planned.everything, (), "2026-06-01T00:00:00Z")


def deletions(**limits: int) -> Safeguards:
    return Safeguards(accidentalDeletions=AccidentalDeletions(**limits))


@pytest.mark.parametrize(
    ("limits", "status"),
    [({"count": 1, "percent": 50, "minimumExisting": 2}, "ok"), ({"count": 0, "percent": 50}, "blocked"),
     ({"count": 1, "percent": 49, "minimumExisting": 2}, "blocked"),
     ({"count": 1, "percent": 49, "minimumExisting": 3}, "ok")],
)  # fmt: skip
def test_so_many_may_go(limits: dict[str, int], status: str) -> None:
    assert accidental_deletions(facts(deletions(**limits), **ONE_LEFT)).status == status


@pytest.mark.parametrize(
    ("declared", "least", "status"),
    [(ONE_LEFT, 2, "ok"), ({"people": (), "teams": ()}, 2, "blocked"), ({"people": (), "teams": ()}, 3, "ok"),
     ({"accounts": (), "groups": ()}, 2, "blocked")],
)  # fmt: skip
def test_half_of_the_record_is_shown_and_asked_for(declared: dict[str, Any], least: int, status: str) -> None:
    assert empty(facts(deletions(minimumExisting=least), **declared)).status == status


@pytest.mark.parametrize(
    ("percent", "least", "status"),
    [(50, 2, "ok"), (49, 2, "blocked"), (49, 3, "ok")],
)
def test_a_part_of_a_group_may_leave_it(percent: int, least: int, status: str) -> None:
    limits = Safeguards(groupMembership=GroupMembership(percent, least))
    assert group_membership(facts(limits, **ONE_STAYS)).status == status
    assert group_membership(facts(limits, **ONE_LEFT)).status == "ok"  # who is disabled too is counted there


def test_what_would_exceed_a_limit_and_does_not_count_says_why() -> None:
    few = facts(deletions(minimumExisting=3), people=(), teams=())
    assert empty(few).detail.endswith("the declaration asks for 0; of fewer than 3 accounts that blocks nothing")
    assert empty(facts(deletions(minimumExisting=3), **ONE_STAYS)).detail.endswith("the declaration asks for 2")
    assert accidental_deletions(few).detail.endswith("limit 10 (20 % from 3 accounts on)")
    one = Safeguards(groupMembership=GroupMembership(percent=10, minimumExisting=3))
    assert group_membership(facts(one, **ONE_STAYS)).detail.endswith(
        ", and none where fewer than 3 accounts or members are known"
    )
