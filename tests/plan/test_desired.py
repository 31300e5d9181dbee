"""What it takes to make each desired object what it should be: values in, changes out."""

from __future__ import annotations

from reconciler.declare.mapping_model import ObjectMapping
from reconciler.plan.context import Context
from reconciler.plan.desired import plan_desired
from reconciler.plan.findings import Findings, joined
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
)
from tests.support.warned import texts

BOSS = (account("a1", "ada@x.org", "Boss"), ACCOUNTS[1])


def planned(found: Context) -> Findings:
    return joined(plan_desired(found, wanted) for wanted in (found.resolution.users, found.resolution.groups))


def said(findings: Findings) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [(change.action, change.address, change.reason, change.causes) for change in findings.changes]


def test_what_is_as_declared_is_counted_and_left() -> None:
    findings = planned(context())
    assert (findings.changes, findings.unchanged, findings.adopted, [*texts(findings.said())]) == ([], 3, 0, [])


def test_what_matches_and_is_as_declared_is_adopted() -> None:
    findings = planned(context(recorded={}))
    assert (findings.changes, findings.unchanged, findings.adopted) == ([], 0, 3)


def test_who_has_no_account_gets_one_and_its_line_and_place() -> None:
    findings = planned(context(accounts=(), groups=(), recorded={}))
    assert said(findings) == [
        ("create", ADA, "in scope, and no account matches", ("config",)),
        ("create", GRACE, "in scope, and no account matches", ("config",)),
        ("create", NET, "in scope, and no group matches", ("config",)),
    ]
    assert [(c.file, c.line, c.precondition) for c in findings.changes[:2]] == [
        ("userPrincipalName.yaml", 1, None),
        ("userPrincipalName.yaml", 2, None),
    ]
    assert findings.changes[2].add == (ADA, GRACE)


def test_an_account_that_was_deleted_there_is_drift_and_one_that_we_let_go_is_not() -> None:
    gone = context(accounts=ACCOUNTS[1:])
    assert said(planned(gone))[0] == ("create", ADA, "in scope, and its account was deleted on the service", ("drift",))
    retained = {**entries(), ADA: entry("a1", "ada@x.org", retained=True)}
    again = planned(context(accounts=ACCOUNTS[1:], recorded=retained))
    assert said(again)[0] == ("create", ADA, "in scope again, and its account is gone from the service", ("config",))


def test_an_edit_there_is_put_back_and_one_of_the_declaration_is_carried_out() -> None:
    assert said(planned(context(accounts=BOSS))) == [("update", ADA, "edited on the service since the last apply", ("drift",))]
    people = ({**PEOPLE[0], "jobTitle": "Architect"}, PEOPLE[1])
    assert said(planned(context(people=people))) == [("update", ADA, "the declaration changed", ("config",))]


def test_a_change_rests_on_the_account_and_its_version() -> None:
    (change,) = planned(context(accounts=({**BOSS[0], "meta": {"version": "7"}}, BOSS[1]))).changes
    assert change.precondition is not None and change.precondition[:2] == ("a1", "7") and not change.adopts
    assert [tuple(item)[:3] for item in change.attributes] == [("title", "Boss", "Engineer")]


def test_an_account_that_matches_and_differs_says_by_what_it_matched() -> None:
    (change,) = planned(context(accounts=BOSS, recorded={})).changes
    assert change.reason == "adopts the existing account ada@x.org, matched by userName" and change.adopts


def test_a_disabled_account_is_enabled_and_why_is_told() -> None:
    off = (account("a1", "ada@x.org", "Engineer", active=False), ACCOUNTS[1])
    assert said(planned(context(accounts=off))) == [("enable", ADA, "disabled on the service since the last apply", ("drift",))]
    ours = entry("a1", "ada@x.org", "Engineer")
    ours["wanted"]["active"] = False
    assert said(planned(context(accounts=off, recorded={**entries(), ADA: ours}))) == [
        ("enable", ADA, "in scope again", ("config",))
    ]


def test_a_rename_says_the_old_name() -> None:
    people = ({**PEOPLE[0], "userPrincipalName": "ada.l@x.org", "previously": ["ada@x.org"]}, PEOPLE[1])
    team = {**TEAM, "members": ["ada.l@x.org", "grace@x.org"]}
    assert said(planned(context(people=people, teams=(team,)))) == [
        ("update", "User/ada.l@x.org", "renamed from ada@x.org", ("config",))
    ]


def test_what_a_mapping_does_not_do_is_left_and_said_once() -> None:
    mapping = ObjectMapping(targetObjectActions=frozenset({"delete"}), attributes=USERS)
    findings = planned(context(app(users=mapping), accounts=BOSS[:1], recorded={ADA: entries()[ADA]}, groups=()))
    assert [change.address for change in findings.changes] == [NET]
    assert findings.changes[0].add == (ADA,)
    assert [*texts(findings.said())] == [
        f"{GRACE}: in scope, but the mapping does not create",
        f"{ADA}: not as declared, but the mapping does not update",
    ]


def test_members_make_an_update_of_the_group() -> None:
    (change,) = planned(context(groups=(group("g1", "Net", "a1"),))).changes
    assert (change.address, change.add, change.remove, change.causes) == (NET, (GRACE,), (), ("drift",))
    still = ObjectMapping(targetObjectActions=frozenset({"create"}), attributes=GROUPS)
    assert planned(context(app(groups=still), groups=(group("g1", "Net", "a1"),))).changes == []


def test_who_was_revoked_is_not_touched_here() -> None:
    out = {ADA: {"at": "2026-05-30T00:00:00Z", "reason": "x"}}
    assert [c.address for c in planned(context(accounts=BOSS, out=out)).changes] == [NET]
    assert [c.address for c in planned(context(accounts=BOSS[1:], out=out)).changes] == []


def test_what_the_service_keeps_otherwise_is_told_by_target() -> None:
    known = {**entries(), ADA: entry("a1", "ada@x.org", "Engineer")}
    known[ADA]["answered"] = {"title": "Boss"}
    findings = planned(context(accounts=BOSS, recorded=known))
    assert (findings.changes, findings.ignored, findings.unchanged) == ([], {"title": [ADA]}, 3)


def test_what_was_cleared_and_is_kept_is_told_by_target_too() -> None:
    known = {**entries(), ADA: entry("a1", "ada@x.org")}
    known[ADA]["answered"] = {"title": "Engineer"}
    findings = planned(context(people=({"userPrincipalName": "ada@x.org"}, PEOPLE[1]), recorded=known))
    assert (findings.changes, findings.ignored, findings.uncleared) == ([], {}, {"title": [ADA]})
