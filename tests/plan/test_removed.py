"""What becomes of recorded objects that nobody wants any more: values in, disables and deletes out."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.declare.mapping_model import ObjectMapping
from reconciler.declare.model import Assignment
from reconciler.declare.settings import Deprovisioning
from reconciler.plan.context import Context
from reconciler.plan.findings import Findings, joined
from reconciler.plan.removed import plan_removed
from tests.plan.literals import (
    ACCOUNTS,
    ACTIVE,
    ADA,
    ASSIGNED,
    GRACE,
    GROUPS,
    NET,
    PEOPLE,
    USERS,
    account,
    app,
    context,
    entries,
    entry,
    group,
)
from tests.support.warned import texts

LEFT: dict[str, Any] = {"people": PEOPLE[1:], "teams": ({"displayName": "Net", "members": ["grace@x.org"]},)}
OFF = (account("a1", "ada@x.org", "Engineer", active=False), ACCOUNTS[1])


def planned(found: Context) -> Findings:
    return joined(plan_removed(found, kind, live) for kind, live in (("User", found.live.users), ("Group", found.live.groups)))


def said(findings: Findings) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [(change.action, change.address, change.reason, change.causes) for change in findings.changes]


def rules(**rules: Any) -> Any:
    return app(deprovisioning=Deprovisioning(**rules))


def disabled(day: str | None) -> Any:
    known: Any = entry("a1", "ada@x.org", **({"disabledAt": day} if day else {}))
    known["wanted"]["active"] = False
    return {**entries(), ADA: known}


def test_nobody_who_is_wanted_is_removed() -> None:
    found = context()
    assert planned(found).changes == []


def test_who_has_left_the_directory_is_disabled_and_active_alone_is_written() -> None:
    (change,) = planned(context(**LEFT)).changes
    assert (change.action, change.address, change.reason) == ("disable", ADA, "no longer in the directory")
    assert [tuple(item)[:3] for item in change.attributes] == [("active", True, False)]
    assert change.precondition is not None and change.precondition.id == "a1"


def test_who_is_declared_and_out_of_scope_is_told_by_the_code() -> None:
    people = ({**PEOPLE[0], "accountEnabled": False}, PEOPLE[1])
    assert said(planned(context(people=people))) == [
        ("disable", ADA, "AccountDisabled: the account is disabled in the directory", ("config",))
    ]


@pytest.mark.parametrize(
    ("settings", "action"),
    [({}, ["disable"]), ({"removedFromDirectory": "retain"}, []), ({"removedFromDirectory": "delete"}, ["delete"]),
     ({"outOfScope": "delete"}, ["disable"])],
)  # fmt: skip
def test_the_app_says_what_becomes_of_who_has_left(settings: dict[str, str], action: list[str]) -> None:
    assert [change.action for change in planned(context(rules(**settings), **LEFT)).changes] == action


@pytest.mark.parametrize(
    ("after", "day", "due"),
    [("30d", "2026-05-02T23:59:59Z", True), ("30d", "2026-05-03T00:00:00Z", False), (None, "2020-01-01T00:00:00Z", False),
     ("30d", None, False), ("30d", "soon", False), ("9999999999d", "2020-01-01T00:00:00Z", False)],
)  # fmt: skip
def test_a_disabled_account_is_deleted_once_its_days_are_over(after: str | None, day: str | None, due: bool) -> None:
    findings = planned(context(rules(deleteAfter=after), accounts=OFF, recorded=disabled(day), **LEFT))
    assert said(findings) == (
        [("delete", ADA, f"disabled on 2026-05-02, and deleteAfter is {after}; this cannot be undone", ("time",))] if due else []
    )


def test_who_was_disabled_and_is_active_again_is_drift() -> None:
    assert said(planned(context(recorded=disabled("2026-05-02T00:00:00Z"), **LEFT))) == [
        ("disable", ADA, "no longer in the directory", ("drift",))
    ]


@pytest.mark.parametrize(
    ("mapping", "settings", "why"),
    [
        (ObjectMapping(targetObjectActions=frozenset({"create"}), attributes=USERS), {}, "the mapping does not update"),
        (ObjectMapping(targetObjectActions=frozenset({"update"}), attributes=USERS), {"removedFromDirectory": "delete"},
         "the mapping does not delete"),
        (ObjectMapping(attributes=tuple(item for item in USERS if item != ACTIVE)), {}, "no mapping gives `active: false`"),
    ],
)  # fmt: skip
def test_what_the_mapping_does_not_do_retains_the_account(mapping: ObjectMapping, settings: dict[str, str], why: str) -> None:
    findings = planned(context(app(users=mapping, deprovisioning=Deprovisioning(**settings)), **LEFT))
    assert (findings.changes, [*texts(findings.said())]) == ([], [f"{ADA}: retained, since {why}"])


@pytest.mark.parametrize(
    ("deprovision", "action", "reason"),
    [
        ({"inactive": "deletes"}, "delete", "no longer in the directory; Wiki's has no disabled accounts; this cannot be undone"),
        ({}, "disable", "no longer in the directory"),
    ],
)
def test_the_service_may_know_no_disabled_accounts(deprovision: dict[str, str], action: str, reason: str) -> None:
    service = app(settings={"description": "Wiki's", "deprovision": deprovision})
    assert [(c.action, c.reason) for c in planned(context(service, **LEFT)).changes] == [(action, reason)]


def test_a_service_that_ignores_active_keeps_the_account() -> None:
    service = app(settings={"description": "Wiki's", "deprovision": {"inactive": "ignored"}})
    assert [*texts(planned(context(service, **LEFT)).said())] == [f"{ADA}: retained, since Wiki's ignores `active`"]


def test_a_broken_mapping_takes_nobody_s_account_away() -> None:
    same = ({**PEOPLE[0], "mail": "x"}, {**PEOPLE[1], "mail": "x"})
    by_mail = ObjectMapping(attributes=(USERS[0]._replace(value="mail"), *USERS[1:]))
    found = context(app(users=by_mail), people=same)
    assert {skip.code for skip in found.resolution.skipped.values()} == {"DuplicateSource"}
    assert planned(found).changes == []


def test_an_account_that_is_gone_needs_nothing() -> None:
    assert planned(context(accounts=ACCOUNTS[1:], **LEFT)).changes == []


def test_a_group_is_deleted_only_if_we_created_it_and_the_mapping_deletes() -> None:
    alone: dict[str, Any] = {"teams": ()}
    gone = "no longer in the directory; this cannot be undone"
    assert said(planned(context(**alone)))[-1] == ("delete", NET, gone, ("config",))
    before = entries()
    before[NET]["created"] = False
    findings = planned(context(recorded=before, **alone))
    assert f"{NET}: retained, since it was not created by reconcile" in [*texts(findings.said())]
    still = ObjectMapping(targetObjectActions=frozenset({"update"}), attributes=GROUPS)
    assert f"{NET}: retained, since the mapping does not delete" in [*texts(planned(context(app(groups=still), **alone)).said())]
    kept = planned(context(rules(removedFromDirectory="retain", outOfScope="retain"), **alone))
    assert (kept.changes, kept.untouched) == ([], {}), "nobody is inside who keeps something"


EXPIRED: Any = (
    ASSIGNED._replace(expires="2026-05-31"),
    Assignment("grace@x.org", None, "user", None, None, "assignments.yaml", 2),
)


@pytest.mark.parametrize("rule", ["disable", "delete"])
def test_an_assignment_that_expires_deletes_no_group_and_says_who_stays_in(rule: str) -> None:
    findings = planned(context(app(deprovisioning=Deprovisioning(outOfScope=rule), assignments=EXPIRED)))
    assert [(action, address) for action, address, *_ in said(findings)] == [("disable" if rule == "disable" else "delete", ADA)]
    assert [*texts(findings.said())] == [
        f"{NET}: retained, since the last assignment expired on 2026-05-31; still in it: {GRACE}; to take out whom we know, "
        "set `outOfScope: empty` under deprovisioning in app.yaml"
    ]


def test_a_group_is_emptied_where_the_app_says_so_of_whom_we_know() -> None:
    stranger = account("c3", "joan@x.org")
    found = context(
        app(deprovisioning=Deprovisioning(outOfScope="empty"), assignments=EXPIRED),
        accounts=(*ACCOUNTS, stranger),
        groups=(group("g1", "Net", "a1", "b2", "c3"),),
    )
    disabled_, emptied = sorted(planned(found).changes, key=lambda change: change.address)[::-1]
    assert (disabled_.action, disabled_.address) == ("disable", ADA)
    assert (emptied.action, emptied.remove, emptied.add, emptied.causes) == ("update", (ADA, GRACE), (), ("time",))
    assert emptied.reason == "the last assignment expired on 2026-05-31; its members leave it, and the group stays"


def test_an_adopted_group_that_nobody_declares_any_more_is_emptied_too() -> None:
    before = entries()
    before[NET]["created"] = False
    findings = planned(context(rules(removedFromDirectory="empty"), teams=(), recorded=before))
    assert said(findings)[-1] == (
        "update",
        NET,
        "no longer in the directory; its members leave it, and the group stays",
        ("config",),
    )
    nobody_inside = context(rules(removedFromDirectory="empty"), teams=(), groups=(group("g1", "Net"),))
    assert [change.action for change in planned(nobody_inside).changes] == ["disable", "disable"]


def test_an_adopted_group_that_stays_says_who_is_in_it() -> None:
    before = entries()
    before[NET]["created"] = False
    each: Any = tuple(Assignment(name, None, "user", None, None, "assignments.yaml", 1) for name in ("ada@x.org", "grace@x.org"))
    assert [*texts(planned(context(app(assignments=each), teams=(), recorded=before)).said())] == [
        f"{NET}: retained, since it was not created by reconcile; still in it: {ADA}, {GRACE}; to take out whom we know, set "
        "`removedFromDirectory: empty` under deprovisioning in app.yaml"
    ]


def test_a_group_that_cannot_be_emptied_says_why() -> None:
    for settings, why in (
        ({"targetObjectActions": frozenset({"create"})}, "the mapping does not update"),
        ({"attributes": GROUPS[:1]}, "no mapping carries `members`"),
    ):
        mapping = ObjectMapping(**{"attributes": GROUPS, **settings})  # type: ignore[arg-type]
        findings = planned(context(app(groups=mapping, deprovisioning=Deprovisioning(outOfScope="empty"), assignments=EXPIRED)))
        assert [*texts(findings.said())] == [f"{NET}: retained with its members, since {why}: {ADA}, {GRACE}"]


def test_who_did_not_leave_an_emptied_group_is_outstanding_and_not_told_again() -> None:
    before = entries()
    before[NET] |= {"members": [GRACE], "kept": [ADA]}
    found = planned(context(rules(removedFromDirectory="empty"), teams=(), recorded=before))
    assert [change.remove for change in found.changes if change.address == NET] == [(GRACE,)]
    assert [(item.address, item.what) for item in found.outstanding] == [(NET, ADA)]


def test_who_was_revoked_is_another_matter() -> None:
    assert planned(context(out={ADA: {"at": "2026-05-30", "reason": "x"}}, **LEFT)).changes == []


@pytest.mark.parametrize(
    ("settings", "action"), [({"outOfScope": "retain"}, []), ({"removedFromDirectory": "retain"}, ["delete"])]
)
def test_a_group_out_of_scope_goes_as_the_rule_for_those_says(settings: dict[str, str], action: list[str]) -> None:
    findings = planned(context(app(assignments=(), deprovisioning=Deprovisioning(**settings))))
    assert [change.action for change in findings.changes if change.address == NET] == action
