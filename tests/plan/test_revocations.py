"""A revocation beside what somebody had: the log in, why it was taken, and that it was under way, out."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from reconciler.plan.access.from_log import past
from reconciler.plan.access.revocations import Revoked
from reconciler.record.log.chain import NOTHING, chained
from reconciler.report.had import as_csv, fields
from reconciler.report.had_text import as_table
from tests.plan.test_moved import ADA, GRACE, members, row, told

BEGIN, TRIED, DONE, LIFTED, AGAIN = (f"2026-0{month}-01T08:00:00Z" for month in range(1, 6))


def audit(at: str, kind: str, **details: str) -> dict[str, Any]:
    return {"activityDateTime": at, "cycleId": at, "reconcile": {"kind": kind, "details": details}}


NOT_DONE = told(TRIED, ADA, "disable", readBack="notWritten", occasion="revoke: left") | {
    "provisioningStatusInfo": {"status": "failure"},
    "provisioningSteps": [],
}
GONE = [row(ADA, "User", 3, gains=False)]
LOG = [
    told(BEGIN, ADA, "create", roles=["User"], access=[row(ADA, "User", 3)]),
    told(BEGIN, GRACE, "create", roles=["User"], access=[row(GRACE, "User", 4)]),
    told(BEGIN, "Group/Net", "create", modified=members([], [ADA, GRACE])),
    NOT_DONE,
    audit(TRIED, "revoked", address=ADA, reason="left"),
    told(DONE, ADA, "disable", occasion="apply", roles=[], access=GONE),
    audit(LIFTED, "revocationLifted", address=ADA),
    told(AGAIN, ADA, "enable", roles=["User"], access=[row(ADA, "User", 3)]),
]
PAST = past(chained(LOG, NOTHING)[0], None, {"user": "User"})


def ada(at: str, what: str = "User") -> Any:
    return next(row for row in PAST.at(at) if (row.address, row.what) == (ADA, what))


@pytest.mark.parametrize("what", ["User", "Net"])
def test_what_a_revocation_took_says_why_also_where_a_later_apply_did_it(what: str) -> None:
    before = ada(BEGIN, what)
    assert (before.took.at, before.took.revoked, before.revoked) == (DONE, "left", None)
    assert "; taken 2026-03-01T08:00:00Z (disable) by octocat, revoked: left, " in as_table({"Wiki": [before]}, BEGIN)
    assert fields("wiki", before)["took"]["revoked"] == "left" and fields("wiki", before)["gave"]["revoked"] is None


def test_a_revocation_that_stood_is_named_where_somebody_had_it_all_the_same() -> None:
    under_way = ada(TRIED)
    assert under_way.revoked == Revoked(TRIED, "left")
    assert f"REVOKED {TRIED} (left), and it was not out yet; taken {DONE}" in as_table({"Wiki": [under_way]}, TRIED)
    assert fields("wiki", under_way)["revoked"] == {"at": TRIED, "reason": "left"}
    (cells,) = csv.DictReader(as_csv({"wiki": [under_way]}).splitlines())
    assert (cells["revoked"], cells["took.revoked"]) == (f"{TRIED}: left", "left")


def test_who_had_nothing_any_more_is_told_with_what_took_it() -> None:
    assert [row.address for row in PAST.at(DONE) if row.address == ADA] == []
    assert [(row.address, row.took.at, row.took.revoked) for row in PAST.gone(DONE) if row.took] == [(ADA, DONE, "left")]
    assert [*PAST.gone(BEGIN)] == []


def test_what_took_something_names_the_line_that_gave_it_until_then_and_not_as_the_commits_own() -> None:
    told = as_table({"Wiki": [ada(BEGIN)]}, BEGIN)
    assert ", given until then by " in told.split("; taken ")[1] and "given until then" not in told.split("; taken ")[0]


def test_one_that_was_lifted_is_named_no_more_and_nobody_elses_is() -> None:
    assert ada(AGAIN).revoked is None and [*PAST.gone(AGAIN)] == []
    assert [row.revoked for row in PAST.at(TRIED) if row.address == GRACE] == [None, None]
