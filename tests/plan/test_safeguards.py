"""What each safeguard blocks, one below its limit, at it and above; what approvals lift, and what they do not."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciler.declare.load import load
from reconciler.plan.model import Plan
from reconciler.plan.safeguards.deletions import share
from reconciler.plan.selection import Selection
from reconciler.record.journal import recover
from reconciler.record.model import Record
from reconciler.report import markdown, text
from reconciler.report.jsonform import dumps
from reconciler.report.safeguard_verdict import line
from reconciler.resolve.check import check
from tests.support.budget import examples
from tests.support.warned import texts
from tests.support.world import APP, MAPPINGS, ROLES, World

NEVER = "2099-12-31"
NO_ROLES = "".join(row for row in MAPPINGS.splitlines(keepends=True) if "target: roles" not in row)

NO_PLAN = "sha256:" + "0" * 64


def names(count: int) -> list[str]:
    return [f"u{number:02}@x.org" for number in range(count)]


class Town(World):
    """Some people, all of them in the app by their own assignment, in one group or none."""

    def __init__(self, folder: Path, count: int, safeguards: str = "") -> None:
        super().__init__(folder)
        self.people = names(count)
        self.roles = {name: ["User"] for name in self.people}
        self.inside: dict[str, list[str]] = {}
        self.safeguards = safeguards
        self.declare()

    def declare(self) -> None:
        """Write what the town now is."""
        self.write("apps/wiki/app.yaml", APP + (f"safeguards: {{{self.safeguards}}}\n" if self.safeguards else ""))
        self.users(*(f"userPrincipalName: {name}" for name in self.people))
        groups = [f"displayName: {group}, members: [{', '.join(inside)}]" for group, inside in self.inside.items()]
        self.groups(*groups)
        self.assign(
            *(f"user: {name}, role: {role}" for name in self.people for role in self.roles[name]),
            *(f"group: {group}, role: {'Admin' if group == 'Admins' else 'User'}" for group in self.inside),
        )

    def without(self, count: int) -> Town:
        """The first `count` people leave the directory."""
        gone = self.people[:count]
        self.people = self.people[count:]
        self.inside = {group: [n for n in inside if n not in gone] for group, inside in self.inside.items()}
        self.declare()
        return self

    def status(self, safeguard: str) -> str:
        return str(self.said(self.plan())[safeguard]["status"])

    @staticmethod
    def said(plan: Plan) -> dict[str, dict[str, object]]:
        return {str(found["name"]): found for found in plan.safeguards}

    def blocking(self) -> list[str]:
        return [str(found["name"]) for found in self.plan().safeguards if found["status"] == "blocked"]

    def certain(self) -> object:
        """How many hold the role of lockout now and keep it, whatever comes of the plan."""
        return next(said.numbers["certain"] for said in self.verdict.verdicts if said.name == "lockout")

    def approve(self, *entries: str) -> None:
        self.write("apps/wiki/approvals.yaml", "approvals:\n" + "".join(f"  - {entry}\n" for entry in entries))

    def entry(self, safeguard: str, plan: Plan | None = None, expires: str = NEVER) -> str:
        digest = (plan or self.plan()).digest
        return f'{{plan: "{digest}", safeguard: {safeguard}, reason: because, expires: {expires}}}'


def town(tmp_path: Path, count: int, safeguards: str = "") -> Town:
    """A town whose declaration has been applied."""
    found = Town(tmp_path, count, safeguards)
    found.converge()
    return found


# accidentalDeletions


@pytest.mark.parametrize(("gone", "status"), [(2, "ok"), (3, "ok"), (4, "blocked")])
def test_the_count_blocks_where_it_is_exceeded(tmp_path: Path, gone: int, status: str) -> None:
    found = town(tmp_path, 9, "accidentalDeletions: {count: 3}")
    assert found.without(gone).status("accidentalDeletions") == status


@pytest.mark.parametrize(("gone", "status"), [(1, "ok"), (2, "ok"), (3, "blocked")])
def test_the_percentage_blocks_where_it_is_exceeded(tmp_path: Path, gone: int, status: str) -> None:
    assert town(tmp_path, 10).without(gone).status("accidentalDeletions") == status


@pytest.mark.parametrize(("existing", "status"), [(9, "ok"), (10, "blocked"), (11, "blocked")])
def test_below_minimum_existing_the_count_alone_holds(tmp_path: Path, existing: int, status: str) -> None:
    assert town(tmp_path, existing).without(4).status("accidentalDeletions") == status


def test_numbers_stand_in_the_plan(tmp_path: Path) -> None:
    plan = town(tmp_path, 10).without(3).plan()
    found = Town.said(plan)["accidentalDeletions"]
    assert found["numbers"] == {
        "users": 3,
        "existingUsers": 10,
        "groups": 0,
        "existingGroups": 0,
        "earlier": 0,
        "count": 10,
        "percent": 20,
        "minimumExisting": 10,
    }
    assert "3 of 10 users" in str(found["detail"])
    for shown in (text.render(plan, lambda words, _: words), markdown.render(plan), dumps([plan])):
        assert "3 of 10 users" in shown and "blocked" in shown.lower() and plan.digest in shown


@pytest.mark.parametrize(("revoked", "said"), [
    (0, "3 of 12 users lose access"),
    (1, "2 of 12 users lose access (and 1 who was revoked by hand)"),
    (2, "1 of 12 users loses access (and 2 who were revoked by hand)"),
    (3, "nobody loses access, and no group is deleted (and 3 who were revoked by hand)"),
])  # fmt: skip
def test_who_was_revoked_by_hand_is_told_so_that_the_numbers_agree_with_those_who_are_disabled(
    tmp_path: Path, revoked: int, said: str
) -> None:
    found = town(tmp_path, 12)
    record = found.store.load()
    assert record is not None
    record.revoked = {f"User/{name}": {"at": found.now, "reason": "theft"} for name in found.people[:revoked]}
    found.store.save(record)
    plan = found.without(3).plan()
    assert plan.count("disable") == 3
    assert str(Town.said(plan)["accidentalDeletions"]["detail"]).split(";")[0] == said


@pytest.mark.parametrize(
    ("number", "recorded", "said"),
    [(0, 1, "0 of 1 user lose"), (1, 18, "1 of 18 users loses"), (2, 2, "2 of 2 users lose"),
     (1, 0, "1 user (0 in the record) loses"), (3, 1, "3 users (1 in the record) lose")],
)  # fmt: skip
def test_those_who_go_are_set_against_the_record(number: int, recorded: int, said: str) -> None:
    assert share(number, recorded, "user", "loses", "lose") == said


def test_inactive_accounts_are_no_base_of_a_percentage(tmp_path: Path) -> None:
    found = town(tmp_path, 12, "accidentalDeletions: {percent: 30}")
    found.without(3).converge()
    found.now = "2026-06-03T00:00:00Z"
    assert Town.said(found.without(2).plan())["accidentalDeletions"]["numbers"]["existingUsers"] == 9  # type: ignore[index]


def test_a_user_who_loses_a_role_counts_once_however_often_it_shows(tmp_path: Path) -> None:
    found = Town(tmp_path, 4, "accidentalDeletions: {count: 1}")
    found.roles["u00@x.org"] = ["User", "Admin"]
    found.inside["Net"] = ["u00@x.org", "u01@x.org"]
    found.declare()
    found.converge()
    found.roles["u00@x.org"], found.inside["Net"] = ["User"], ["u01@x.org"]
    found.declare()
    assert {c.address for c in found.plan().changes} == {"User/u00@x.org", "Group/Net"}
    assert found.verdict.facts.losses == {"User/u00@x.org": "roles"} and found.blocking() == []
    found.without(1)
    assert found.blocking() == [] and found.verdict.facts.losses == {"User/u00@x.org": "disable"}


def test_an_attribute_that_changes_is_no_loss(tmp_path: Path) -> None:
    found = town(tmp_path, 4, "accidentalDeletions: {count: 0}")
    found.users(*(f"userPrincipalName: {name}, displayName: New" for name in found.people))
    assert len(found.plan().changes) == 4 and found.blocking() == []


def test_a_mapping_that_writes_active_false_in_an_update_disables(tmp_path: Path) -> None:
    found = town(tmp_path, 4, "accidentalDeletions: {count: 3}")
    found.write(
        "apps/wiki/mappings.yaml",
        MAPPINGS.replace('expression: \'Switch([IsSoftDeleted], , "False", "True", "True", "False")\'', "constant: false"),
    )
    assert {c.action for c in found.plan().changes} == {"update"} and found.blocking() == ["accidentalDeletions"]


def test_a_role_taken_by_leaving_a_group_counts_where_no_attribute_carries_it(tmp_path: Path) -> None:
    found = Town(tmp_path, 3, "accidentalDeletions: {count: 0}")
    found.write("apps/wiki/mappings.yaml", NO_ROLES)
    found.inside["Admins"] = found.people
    found.declare()
    found.converge()
    found.inside["Admins"] = found.people[1:]
    found.declare()
    assert [c.address for c in found.plan().changes] == ["Group/Admins"]
    assert found.verdict.facts.losses == {"User/u00@x.org": "roles"} and found.blocking() == ["accidentalDeletions"]


def test_a_mapping_that_stops_giving_roles_takes_them_from_everybody(tmp_path: Path) -> None:
    found = Town(tmp_path, 4, "accidentalDeletions: {count: 3}, protected: [u03@x.org], lockout: {role: Admin, minimumActive: 1}")
    found.roles["u03@x.org"] = ["Admin"]
    found.declare()
    found.converge()
    constant = "      - {target: roles, constant: [{value: guest}]}\n"
    found.write("apps/wiki/mappings.yaml", NO_ROLES.replace("  groups:", constant + "  groups:"))
    assert found.blocking() == ["accidentalDeletions", "protected", "lockout"]


def test_an_attribute_that_carried_roles_when_last_applied_still_does(tmp_path: Path) -> None:
    expression = "expression: 'SingleAppRoleAssignment([appRoleAssignments])'"
    mapping = "\n".join(
        f"      - {{target: userType, {expression}}}" if "target: roles" in row else row for row in MAPPINGS.splitlines()
    )
    found = Town(tmp_path, 4, "accidentalDeletions: {count: 3}")
    found.write("apps/wiki/mappings.yaml", mapping)
    found.declare()
    found.converge()
    found.write("apps/wiki/mappings.yaml", mapping.replace(expression, "constant: employee"))
    assert found.plan().count("update") == 4 and found.blocking() == ["accidentalDeletions"]
    assert found.apply(only=("User/u00@x.org",)).complete and found.blocking() == ["accidentalDeletions"]
    found.now = "2026-06-03T00:00:00Z"
    found.converge()
    found.converge()
    found.write("apps/wiki/mappings.yaml", mapping.replace(expression, "constant: staff"))
    assert found.plan().count("update") == 4 and found.blocking() == []


def test_a_role_that_the_service_is_not_told_of_is_taken_from_nobody(tmp_path: Path) -> None:
    found = Town(tmp_path, 3, "protected: [u00@x.org]")
    found.write("apps/wiki/mappings.yaml", NO_ROLES)
    found.roles["u00@x.org"] = ["User", "Admin"]
    found.declare()
    found.converge()
    found.roles["u00@x.org"] = ["User"]
    found.declare()
    found.users(*(f"userPrincipalName: {name}, displayName: New" for name in found.people))
    assert found.plan().count("update") == 3 and found.blocking() == [] and found.verdict.facts.losses == {}


def strangers(found: Town, *people: str) -> None:
    """Accounts that are nobody's, put into the group Admins by hand."""
    members = [{"value": found.seed(name)} for name in people]
    found.client.patch("Groups", found.group("Admins")["id"], [{"op": "add", "path": "members", "value": members}])


@pytest.mark.parametrize(("gone", "blocked"), [(1, ""), (2, "groupMembership"), (3, "accidentalDeletions groupMembership")])
def test_members_who_are_nobody_s_count_where_an_assertive_mapping_removes_them(tmp_path: Path, gone: int, blocked: str) -> None:
    found = Town(tmp_path, 12, "protected: [breakglass@x.org], groupMembership: {minimumExisting: 5}")
    found.inside["Admins"] = found.people[:4]
    found.declare()
    found.converge()
    strangers(found, *(f"boss{number}@y.org" for number in range(gone)))
    assert found.plan().changes == ()
    found.write("apps/wiki/mappings.yaml", MAPPINGS.replace("  groups:\n", "  groups:\n    assertive: true\n"))
    assert found.blocking() == blocked.split()


def test_an_assertive_mapping_strips_no_protected_account_and_none_that_owns_the_token(tmp_path: Path) -> None:
    found = Town(tmp_path, 12, "protected: [BreakGlass@x.org]")
    found.inside["Admins"] = found.people[:8]
    found.declare()
    found.converge()
    strangers(found, "breakglass@x.org")
    found.write("apps/wiki/mappings.yaml", MAPPINGS.replace("  groups:\n", "  groups:\n    assertive: true\n"))
    assert found.blocking() == ["protected"]
    found.write("apps/wiki/app.yaml", APP.replace("{tenantUrl", "{principal: breakglass@x.org, tenantUrl"))
    assert found.blocking() == ["protected", "lockout"]


def test_a_role_that_somebody_has_by_a_group_that_nobody_put_him_in_counts_too(tmp_path: Path) -> None:
    found = Town(tmp_path, 3, "accidentalDeletions: {count: 0}")
    found.inside["Admins"] = found.people[1:]
    found.declare()
    found.converge()
    member = {"value": found.find("u00@x.org")["id"]}
    found.client.patch("Groups", found.group("Admins")["id"], [{"op": "add", "path": "members", "value": [member]}])
    assert [c.causes for c in found.plan().changes] == [("drift",)]
    assert found.verdict.facts.losses == {"User/u00@x.org": "roles"} and found.blocking() == ["accidentalDeletions"]
    found.roles["u00@x.org"] = ["User", "Admin"]
    found.declare()
    found.converge()  # the role is there by an assignment: leaving the group takes nothing


@pytest.mark.parametrize(("gone", "blocked"), [(1, False), (2, True)])
def test_groups_count_apart_from_users(tmp_path: Path, gone: int, blocked: bool) -> None:
    found = Town(tmp_path, 4, "accidentalDeletions: {count: 1}")
    found.inside = {"A": [], "B": [], "C": []}
    found.declare()
    found.converge()
    found.inside = {group: [] for group in list(found.inside)[gone:]}
    found.declare()
    assert ("accidentalDeletions" in found.without(1).blocking()) == blocked


def test_many_small_runs_are_one_large_one(tmp_path: Path) -> None:
    found = town(tmp_path, 9, "accidentalDeletions: {count: 3}")
    for _ in range(3):
        found.without(1).converge()
    assert found.without(1).blocking() == ["accidentalDeletions"]
    said = Town.said(found.plan())["accidentalDeletions"]
    assert said["numbers"]["earlier"] == 3  # type: ignore[index]
    assert said["detail"] == ("1 of 9 users loses access; with the last 24 hours 4 users; limit 3 (20 % from 10 accounts on)")


@pytest.mark.parametrize(("existing", "then", "blocked"), [(10, 1, False), (10, 2, True), (15, 2, False), (15, 3, True)])
def test_the_percentage_of_many_small_runs_is_that_of_one_large_one(
    tmp_path: Path, existing: int, then: int, blocked: bool
) -> None:
    found = town(tmp_path, existing)
    found.without(1).converge()
    assert (found.without(then).blocking() == ["accidentalDeletions"]) == blocked


@pytest.mark.parametrize(("now", "blocked"), [("2026-06-01T23:59:59Z", True), ("2026-06-02T00:00:00Z", False)])
def test_what_is_older_than_a_day_counts_no_more(tmp_path: Path, now: str, blocked: bool) -> None:
    found = town(tmp_path, 9, "accidentalDeletions: {count: 3}")
    found.without(3).converge()
    found.now = now
    assert ("accidentalDeletions" in found.without(1).blocking()) == blocked
    if not blocked:
        found.converge()
        record = found.store.load()
        assert record is not None and [r["address"] for r in record.removals] == ["User/u03@x.org"]


@pytest.mark.parametrize("kind", ["users", "groups"])
def test_a_plan_that_adds_nothing_to_what_went_is_not_blocked_by_it(tmp_path: Path, kind: str) -> None:
    found = Town(tmp_path, 4, "accidentalDeletions: {count: 1}")
    found.inside = {"A": [], "B": []}
    found.declare()
    found.converge()
    found.without(1).inside.pop("A")
    found.declare()
    found.converge()
    found.safeguards = "accidentalDeletions: {count: 0}"
    found.people.append("new@x.org")
    found.roles["new@x.org"] = ["User"]
    found.declare()
    assert [c.action for c in found.plan().changes] == ["create"] and found.blocking() == []
    if kind == "users":
        found.without(1)
    else:
        found.inside.pop("B")
        found.declare()
    assert found.blocking() == ["accidentalDeletions"]


def test_a_killed_run_has_counted_what_it_did_and_what_it_may_have_done() -> None:
    record = Record("wiki")
    begun = {"at": "2026-06-01T00:00:00Z", "step": "write", "digest": "", "takes": [["User/a", "disable"]]}
    journal = [
        {**begun, "address": "User/a"},
        {"at": "", "address": "User/a", "outcome": "done", "entry": {"id": "1"}},
        {**begun, "address": "User/b", "takes": [["User/b", "disable"]]},
        {"at": "", "address": "User/b", "outcome": "failed"},
        {**begun, "address": "User/c", "takes": [["User/c", "disable"]]},
    ]
    for _ in range(2):
        recover(record, journal)
    assert [removal["address"] for removal in record.removals] == ["User/a", "User/c"]


# groupMembership


@pytest.mark.parametrize(("group", "leave", "blocked"), [
    ("Net", 5, False), ("Net", 6, False), ("Net", 7, True), ("Admins", 2, False), ("Admins", 3, False), ("Admins", 4, True),
])  # fmt: skip
def test_half_of_a_group_may_leave_and_a_quarter_of_a_privileged_one(
    tmp_path: Path, group: str, leave: int, blocked: bool
) -> None:
    found = Town(tmp_path, 12, "accidentalDeletions: {percent: 100}")
    found.inside[group] = found.people
    found.declare()
    found.converge()
    found.inside[group] = found.people[leave:]
    found.declare()
    assert found.blocking() == (["groupMembership"] if blocked else [])


@pytest.mark.parametrize(("existing", "blocked"), [(9, False), (10, True)])
def test_memberships_count_from_minimum_existing_on(tmp_path: Path, existing: int, blocked: bool) -> None:
    found = Town(tmp_path, existing)
    found.inside["Net"] = found.people
    found.declare()
    found.converge()
    found.inside["Net"] = []
    found.declare()
    assert ("groupMembership" in found.blocking()) == blocked


def test_a_group_that_stops_being_privileged_in_the_same_change_is_still_privileged(tmp_path: Path) -> None:
    found = Town(tmp_path, 10, "accidentalDeletions: {percent: 100}")
    found.inside["Admins"] = found.people
    found.declare()
    found.converge()
    found.inside["Admins"] = found.people[3:]
    found.declare()
    text_ = (found.folder / "desired/apps/wiki/assignments.yaml").read_text(encoding="utf-8")
    found.write("apps/wiki/assignments.yaml", text_.replace("group: Admins, role: Admin", "group: Admins, role: User"))
    assert "groupMembership" in found.blocking()


def test_a_group_inside_a_privileged_one_is_privileged(tmp_path: Path) -> None:
    found = Town(tmp_path, 10, "accidentalDeletions: {percent: 100}")

    def declare(inner: list[str]) -> None:
        found.groups("displayName: Admins, members: [{group: Inner}]", f"displayName: Inner, members: [{', '.join(inner)}]")
        found.assign(
            "group: Admins, role: Admin", "group: Inner, role: User", *(f"user: {name}, role: User" for name in found.people)
        )

    declare(found.people)
    found.converge()
    declare(found.people[3:])
    assert found.blocking() == ["groupMembership"]


def test_a_deleted_group_loses_all_its_members(tmp_path: Path) -> None:
    found = Town(tmp_path, 10)
    found.inside["Net"] = found.people
    found.declare()
    found.converge()
    found.inside = {}
    found.declare()
    assert [c.action for c in found.plan().changes] == ["delete"] and found.blocking() == ["groupMembership"]


@pytest.mark.parametrize(("inside", "blocked"), [(9, False), (10, True)])
def test_of_a_group_of_few_a_percentage_says_nothing(tmp_path: Path, inside: int, blocked: bool) -> None:
    found = Town(tmp_path, 12, "accidentalDeletions: {percent: 100}")
    found.inside["Net"] = found.people[:inside]
    found.declare()
    found.converge()
    found.inside["Net"] = found.people[6:inside]
    found.declare()
    assert found.blocking() == (["groupMembership"] if blocked else [])


def test_an_administrator_of_three_who_leaves_the_company_blocks_nothing(tmp_path: Path) -> None:
    found = Town(tmp_path, 12)
    found.inside["Admins"] = found.people[:3]
    found.declare()
    found.converge()
    found.without(1)
    assert sorted(c.address for c in found.plan().changes) == ["Group/Admins", "User/u00@x.org"] and found.blocking() == []


@pytest.mark.parametrize("inactive", [0, 7])
def test_who_is_disabled_by_the_same_plan_or_inactive_already_leaves_no_group(tmp_path: Path, inactive: int) -> None:
    found = Town(tmp_path, 12, "accidentalDeletions: {percent: 100}")
    found.inside["Net"] = found.people
    found.declare()
    found.converge()
    for name in found.people[:inactive]:
        found.edit(name, "active", False)
    gone = found.people[:7]
    found.roles |= dict.fromkeys(gone, [])
    found.inside["Net"] = found.people[7:]
    found.declare()
    actions = [c.action for c in found.plan().changes]
    assert actions == ["update", *["disable"] * (7 - inactive)] and "groupMembership" not in found.blocking()


# What passes, and what is held back


def passing(found: Town) -> list[str]:
    return [address for said in found.plan().safeguards for address in said.get("passing", [])]


def test_a_blocked_plan_says_which_of_its_changes_would_pass_alone_and_how(tmp_path: Path) -> None:
    found = town(tmp_path, 9, "accidentalDeletions: {count: 1}")
    found.without(2)
    found.people.append("new@x.org")
    found.roles["new@x.org"] = ["User"]
    found.declare()
    plan = found.plan()
    assert passing(found) == ["User/new@x.org"] and [c.address for c in found.verdict.passing] == ["User/new@x.org"]
    said = "1 change passes alone: `reconcile apply --app wiki --only User/new@x.org`"
    assert said in text.render(plan, lambda words, _: words) and said in markdown.render(plan)
    assert found.apply(only=("User/new@x.org",)).complete and passing(found) == [] and found.blocking() == ["accidentalDeletions"]


def test_what_is_blocked_as_a_whole_lets_nothing_pass(tmp_path: Path) -> None:
    found = town(tmp_path, 10, "accidentalDeletions: {percent: 100}")
    found.without(6)
    found.users(*(f"userPrincipalName: {name}, displayName: New" for name in found.people))
    assert found.blocking() == ["empty"] and passing(found) == []


def test_a_group_that_too_many_leave_is_held_and_nothing_else(tmp_path: Path) -> None:
    found = Town(tmp_path, 12, "accidentalDeletions: {percent: 100}")
    found.inside = {"Net": found.people, "Web": found.people}
    found.declare()
    found.converge()
    found.inside = {"Net": found.people[7:], "Web": found.people[1:]}
    found.declare()
    assert found.blocking() == ["groupMembership"] and passing(found) == ["Group/Web"]


def test_of_what_a_date_brought_the_part_that_is_held_can_be_approved_alone(tmp_path: Path) -> None:
    found = Town(tmp_path, 9, "accidentalDeletions: {count: 1}")
    found.roles = {name: ["User"] for name in found.people}
    found.declare()
    rows = [f"user: {name}, role: User{', expires: 2026-06-01' * (name < 'u02')}" for name in found.people]
    found.users(*(f"userPrincipalName: {name}{', manager: u00@x.org' * (name == 'u08@x.org')}" for name in found.people))
    found.assign(*rows)
    found.converge()
    found.today = "2026-06-02"
    night = Selection(causes=("time",))
    plan = found.session(night).planned.plan
    assert [c.address for c in plan.changes] == ["User/u00@x.org", "User/u01@x.org", "User/u08@x.org"]
    assert [c.address for c in found.verdict.passing] == ["User/u08@x.org"]
    approval = Town.said(plan)["accidentalDeletions"]["approval"]
    found.approve(f'{{plan: "{approval["plan"]}", safeguard: accidentalDeletions, reason: because, expires: {NEVER}}}')  # type: ignore[index]
    found.session(night)
    assert found.verdict.blocking == () and approval["plan"] in found.verdict.approved  # type: ignore[index]
    assert approval["plan"] != plan.digest  # type: ignore[index]


# empty


@pytest.mark.parametrize(("gone", "blocked"), [(4, False), (5, False), (6, True)])
def test_a_declaration_that_asks_for_fewer_than_half_is_an_accident(tmp_path: Path, gone: int, blocked: bool) -> None:
    found = town(tmp_path, 10, "accidentalDeletions: {percent: 100}")
    assert found.without(gone).blocking() == (["empty"] if blocked else [])


@pytest.mark.parametrize(("gone", "blocked"), [(4, False), (5, False), (6, True)])
def test_a_service_that_shows_fewer_than_half_is_an_accident(tmp_path: Path, gone: int, blocked: bool) -> None:
    found = town(tmp_path, 10)
    for name in found.people[:gone]:
        found.client.delete("Users", found.find(name)["id"])
    assert found.blocking() == (["empty"] if blocked else [])


def test_below_minimum_existing_nothing_is_far_fewer(tmp_path: Path) -> None:
    assert town(tmp_path, 9).without(9).blocking() == []


def test_everybody_replaced_by_others_is_an_accident(tmp_path: Path) -> None:
    found = town(tmp_path, 10, "accidentalDeletions: {percent: 100}")
    found.people = [name.replace("x.org", "y.org") for name in found.people]
    found.roles = {name: ["User"] for name in found.people}
    found.declare()
    assert found.blocking() == ["empty"]


def test_accounts_that_were_retained_are_no_measure_any_more(tmp_path: Path) -> None:
    found = Town(tmp_path, 12)
    found.declare = lambda: (
        Town.declare(found),
        found.write(
            "apps/wiki/app.yaml",
            APP  # type: ignore[method-assign,func-returns-value]
            + "deprovisioning: {removedFromDirectory: retain}\n",
        ),
    )[0]
    found.declare()
    found.converge()
    found.without(6).converge()
    assert found.without(3).blocking() == []
    found.converge()


# protected


def protect(found: Town, *people: str) -> Town:
    found.safeguards = f"protected: [{', '.join(people)}]"
    found.declare()
    return found


def protect_only(found: Town, *people: str) -> None:
    """Without touching what else is declared."""
    found.write("apps/wiki/app.yaml", APP + f"safeguards: {{protected: [{', '.join(people)}]}}\n")


def test_a_protected_account_is_never_disabled_deleted_or_stripped_of_a_role(tmp_path: Path) -> None:
    found = Town(tmp_path, 3, "protected: [U00@x.org]")
    found.roles["u00@x.org"] = ["User", "Admin"]
    found.declare()
    found.converge()
    found.roles["u00@x.org"] = ["User"]
    found.declare()
    assert found.blocking() == ["protected"]
    found.without(1)
    assert [c.action for c in found.plan().changes] == ["disable"] and found.blocking() == ["protected"]
    found.write(
        "apps/wiki/app.yaml", APP + "safeguards: {protected: [u00@x.org]}\ndeprovisioning: {removedFromDirectory: delete}\n"
    )
    assert [c.action for c in found.plan().changes] == ["delete"] and found.blocking() == ["protected"]


def test_a_protected_account_may_change_otherwise_and_gain_a_role(tmp_path: Path) -> None:
    found = protect(town(tmp_path, 2), "u00@x.org")
    found.roles["u00@x.org"] = ["User", "Admin"]
    found.declare()
    found.users("userPrincipalName: u00@x.org, displayName: New", "userPrincipalName: u01@x.org")
    assert len(found.plan().changes) == 1 and found.blocking() == []


def test_protection_outlives_its_own_removal_by_one_apply(tmp_path: Path) -> None:
    found = protect(town(tmp_path, 3), "u00@x.org")
    found.converge()  # nothing to write, and yet recorded
    protect(found).without(1)
    assert found.blocking() == ["protected"]
    found.people = names(3)
    found.declare()
    found.converge()  # the removal of the protection alone
    found.without(1).converge()
    assert found.find("u00@x.org")["active"] is False


def test_an_apply_of_a_part_does_not_end_a_protection(tmp_path: Path) -> None:
    found = protect(town(tmp_path, 3), "u00@x.org")
    found.converge()
    protect(found).without(1)
    found.users("userPrincipalName: u01@x.org, displayName: New", "userPrincipalName: u02@x.org")
    found.apply(only=("User/u01@x.org",))
    assert found.blocking() == ["protected"]


def test_a_part_that_does_not_see_the_removal_of_a_protection_does_not_apply_it(tmp_path: Path) -> None:
    found = protect(town(tmp_path, 3), "u00@x.org")
    found.converge()
    protect(found)
    found.users("userPrincipalName: u00@x.org", "userPrincipalName: u01@x.org, displayName: New", "userPrincipalName: u02@x.org")
    found.apply(only=("User/u01@x.org",))
    assert found.without(1).blocking() == ["protected"]


@pytest.mark.parametrize("recorded", [True, False])
def test_nobody_takes_over_a_protected_account_by_its_earlier_name(tmp_path: Path, recorded: bool) -> None:
    found = protect(town(tmp_path, 3), "u00@x.org")
    found.converge()
    if not recorded:
        found.store.record_file.unlink()
    rest = [f"userPrincipalName: {name}" for name in found.people[1:]]
    found.users("userPrincipalName: mallory@x.org, previously: [u00@x.org]", *rest)
    found.assign("user: mallory@x.org, role: User", *(f"user: {name}, role: User" for name in found.people[1:]))
    assert found.blocking() == ["protected"]
    said = found.said(found.plan())["protected"]
    assert said["detail"] == "User/u00@x.org would become User/mallory@x.org, which is not listed"
    protect_only(found, "u01@x.org")
    assert found.blocking() == (["protected"] if recorded else [])
    protect_only(found, "u01@x.org", "mallory@x.org")
    assert found.blocking() == []
    found.converge()
    protect_only(found, "u01@x.org")
    assert found.blocking() == []


def test_a_takeover_that_writes_nothing_is_one_too(tmp_path: Path) -> None:
    found = protect(town(tmp_path, 3), "u00@x.org")
    found.write("apps/wiki/mappings.yaml", MAPPINGS.replace("source: userPrincipalName", "source: mail"))
    rest = [f"userPrincipalName: {name}, mail: {name}" for name in found.people[1:]]
    found.users("userPrincipalName: u00@x.org, mail: u00@x.org", *rest)
    found.converge()
    found.users("userPrincipalName: mallory@x.org, previously: [u00@x.org], mail: u00@x.org", *rest)
    found.assign("user: mallory@x.org, role: User", *(f"user: {name}, role: User" for name in found.people[1:]))
    assert found.plan().changes == () and found.blocking() == ["protected"]
    part = found.plan("User/u01@x.org")
    assert [item["status"] for item in part.safeguards if item["name"] == "protected"] == ["ok"]


def test_protection_follows_a_declared_rename(tmp_path: Path) -> None:
    found = protect(town(tmp_path, 3), "u00@x.org")
    found.converge()
    protect_only(found, "u00@x.org", "new@x.org")
    rest = [f"userPrincipalName: {name}" for name in found.people[1:]]

    def rename(enabled: str) -> None:
        found.users(f"userPrincipalName: new@x.org, previously: [u00@x.org], accountEnabled: {enabled}", *rest)
        found.assign("user: new@x.org, role: User", *(f"user: {name}, role: User" for name in found.people[1:]))

    rename("false")
    assert found.blocking() == ["protected"]
    rename("true")
    found.converge()
    rename("false")
    assert found.blocking() == ["protected"]
    found.users(*rest)
    found.assign(*(f"user: {name}, role: User" for name in found.people[1:]))
    assert found.blocking() == ["protected"]


def test_a_protected_name_that_nobody_bears_is_pointed_out(tmp_path: Path) -> None:
    found = Town(tmp_path, 2, "protected: [u0@x.org]")
    problems = load(found.folder / "desired").problems
    assert [(p.severity, p.code, p.place.line) for p in problems] == [("warning", "unknown-protected", 3)]
    assert "u00@x.org" in problems[0].remedy or "u01@x.org" in problems[0].remedy


EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("people"), st.sets(st.sampled_from(names(4)))),
        st.tuples(st.just("admins"), st.sets(st.sampled_from(names(4)))),
        st.tuples(st.just("protect"), st.booleans()),
        st.tuples(st.just("off"), st.sets(st.sampled_from(names(4)), max_size=2)),
    ), min_size=2, max_size=6,
)  # fmt: skip


@settings(
    max_examples=examples(10),
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow],
)
@given(EDITS)
def test_no_sequence_of_edits_ever_disables_a_protected_account(edits: list[tuple[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = protect(town(Path(folder), 4), "u00@x.org")
        found.converge()
        guarded, off = True, set[str]()  # whether the last apply knew the protection
        for what, value in edits:
            if what == "people":
                assert isinstance(value, set)
                found.people = sorted(value)
            elif what == "admins":
                assert isinstance(value, set)
                found.roles = {name: ["User", "Admin"] if name in value else ["User"] for name in names(4)}
            elif what == "protect":
                found.safeguards = "protected: [u00@x.org]" if value else ""
            else:
                assert isinstance(value, set)
                off = value
            found.declare()
            found.users(*(f"userPrincipalName: {n}, accountEnabled: {str(n not in off).lower()}" for n in found.people))
            before = found.find("u00@x.org")
            if not found.blocking():
                found.apply()
                now = bool(found.safeguards)
                if guarded or now:
                    after = found.find("u00@x.org")
                    assert after["active"] or not before["active"]
                    assert {r["value"] for r in before.get("roles", ())} <= {r["value"] for r in after.get("roles", ())}
                guarded = now


# lockout


@pytest.mark.parametrize(("left", "blocked"), [(3, False), (2, False), (1, True)])
def test_enough_active_holders_of_a_role_are_left(tmp_path: Path, left: int, blocked: bool) -> None:
    found = Town(tmp_path, 6, "lockout: {role: Admin, minimumActive: 2}")
    for name in found.people[:4]:
        found.roles[name] = ["User", "Admin"]
    found.declare()
    found.converge()
    for name in found.people[: 4 - left]:
        found.roles[name] = ["User"]
    found.declare()
    assert found.blocking() == (["lockout"] if blocked else [])
    assert Town.said(found.plan())["lockout"]["numbers"] == {
        "now": 4,
        "certain": left,
        "holders": left,
        "minimumActive": 2,
    }


@pytest.mark.parametrize("gain", ["create", "enable", "role", "group"])
def test_holders_who_are_yet_to_come_do_not_make_up_for_those_who_go(tmp_path: Path, gain: str) -> None:
    found = Town(tmp_path, 5, "accidentalDeletions: {percent: 100}, lockout: {role: Admin, minimumActive: 2}")
    old, new = found.people[:2], ["new@x.org"] if gain == "create" else found.people[2:3]
    found.roles |= {name: ["Admin"] for name in old}
    found.inside["Admins"] = found.people[3:4] if gain == "group" else []
    if gain == "group":
        found.write("apps/wiki/mappings.yaml", NO_ROLES)
    found.people = [name for name in found.people if gain != "enable" or name not in new]
    found.declare()
    found.converge()
    if gain == "enable":
        found.seed(new[0], active=False)
    found.people += [name for name in new if name not in found.people]
    if gain == "group":
        found.inside["Admins"] += new
    else:
        found.roles[new[0]] = ["Admin"]
    found.declare()
    assert found.blocking() == []
    found.roles[old[0]] = ["User"]
    found.declare()
    assert found.blocking() == ([] if gain == "group" else ["lockout"])
    found.roles[old[1]] = ["User"]
    found.declare()
    assert found.blocking() == ["lockout"] and found.certain() == (1 if gain == "group" else 0)


@pytest.mark.parametrize("told", ["AssertiveAppRoleAssignmentsComplex", "SingleAppRoleAssignment"])
def test_a_role_whose_value_changes_is_one_lost_and_another_gained(tmp_path: Path, told: str) -> None:
    found = Town(tmp_path, 4, "lockout: {role: Admin, minimumActive: 2}")
    found.write(
        "apps/wiki/mappings.yaml",
        MAPPINGS
        if told[0] == "A"
        else MAPPINGS.replace(
            "roles, expression: 'AssertiveAppRoleAssignmentsComplex", "userType, expression: 'SingleAppRoleAssignment"
        ),
    )
    found.roles |= {name: ["User", "Admin"] for name in found.people[:2]}
    found.declare()
    found.converge()
    found.write("apps/wiki/roles.yaml", ROLES.replace("value: admin", "value: admni"))
    assert found.blocking() == ["lockout"] and found.certain() == 0
    lost = [row for row in found.plan().access if not row.gains]
    assert [(row.address, row.what, row.privileged) for row in lost] == [
        ("User/u00@x.org", "admin", True),
        ("User/u01@x.org", "admin", True),
    ]
    found.people = found.people[1:]
    found.declare()
    assert ("User/u00@x.org", "admin", True) in [(row.address, row.what, row.privileged) for row in found.plan().access]


def test_a_holder_of_whom_the_service_shows_another_role_is_none(tmp_path: Path) -> None:
    found = Town(tmp_path, 4, "lockout: {role: Admin, minimumActive: 2}")
    found.write(
        "apps/wiki/mappings.yaml",
        MAPPINGS.replace("Complex([appRoleAssignments])'", "Complex([appRoleAssignments])', ignoreDrift: true"),
    )
    found.roles |= {name: ["Admin"] for name in found.people[:3]}
    found.declare()
    found.converge()
    found.edit("u00@x.org", "roles", [{"value": "user", "display": "User"}])
    assert found.blocking() == []
    found.roles["u01@x.org"] = ["User"]
    found.declare()
    assert found.blocking() == ["lockout"]


def test_a_holder_who_is_disabled_is_none(tmp_path: Path) -> None:
    found = Town(tmp_path, 3, "lockout: {role: Admin, minimumActive: 2}")
    found.roles = {name: ["Admin"] for name in found.people}
    found.declare()
    found.converge()
    assert found.without(1).blocking() == [] and found.without(1).blocking() == ["lockout"]


def test_a_holder_whose_change_is_not_written_is_none_yet(tmp_path: Path) -> None:
    found = Town(tmp_path, 3, "lockout: {role: Admin, minimumActive: 1}")
    found.roles["u00@x.org"] = ["Admin"]
    found.declare()
    found.plan("User/u01@x.org")
    assert [v.name for v in found.verdict.blocking] == ["lockout"]
    found.plan("User/u00@x.org")
    assert found.verdict.blocking == ()


@pytest.mark.parametrize("edit", ["disable", "update", "leave"])
def test_the_account_that_owns_the_token_stays_as_it_is(tmp_path: Path, edit: str) -> None:
    found = Town(tmp_path, 3)
    found.inside["Net"] = found.people
    found.declare()
    found.converge()
    match edit:
        case "disable":
            found.without(1)
        case "update":
            found.users("userPrincipalName: u00@x.org, displayName: New", *(f"userPrincipalName: {n}" for n in names(3)[1:]))
        case _:
            found.inside["Net"] = found.people[1:]
            found.declare()
    assert found.blocking() == []
    found.write("apps/wiki/app.yaml", APP.replace("{tenantUrl", "{principal: U00@x.org, tenantUrl"))
    assert found.blocking() == ["lockout"]


@pytest.mark.parametrize(("principal", "known"), [("U00@x.org", True), ("robot@y.org", True), ("robt@y.org", False)])
def test_a_principal_whom_nobody_knows_is_pointed_out(tmp_path: Path, principal: str, known: bool) -> None:
    found = town(tmp_path, 2)
    found.seed("Robot@y.org")
    found.write("apps/wiki/app.yaml", APP.replace("{tenantUrl", f"{{principal: {principal}, tenantUrl"))
    assert [principal in warning for warning in texts(found.plan().warnings)] == (
        [] if known else [True]
    ) and found.blocking() == []


def test_a_role_of_lockout_that_nobody_declares_is_an_error(tmp_path: Path) -> None:
    found = Town(tmp_path, 1, "lockout: {role: Admim, minimumActive: 1}")
    (problem,) = load(found.folder / "desired").errors
    assert problem.code == "unknown-role" and "admin" in problem.remedy.lower()


# Approvals


def test_a_blocked_plan_prints_the_very_entry_that_lets_it_through(tmp_path: Path) -> None:
    found = town(tmp_path, 10).without(3)
    shown = text.render(found.plan(), lambda words, _: words)
    entry = next(row.strip().removeprefix("- ") for row in shown.splitlines() if row.strip().startswith("- {plan:"))
    assert line(Town.said(found.plan())["accidentalDeletions"]["approval"]) == f"- {entry}"  # type: ignore[arg-type]
    file = f"{found.folder}/desired/apps/wiki/approvals.yaml"
    assert f"add to {file}, under" in shown and f"add to `{file}`" in markdown.render(found.plan())
    digest = found.plan().digest
    found.approve(entry.replace("say why", "they left"))
    assert found.status("accidentalDeletions") == "approved" and found.plan().digest == digest
    assert texts(found.plan().warnings) == ()
    found.converge()


def test_what_an_approval_let_through_does_not_count_again(tmp_path: Path) -> None:
    found = town(tmp_path, 20, "accidentalDeletions: {count: 3, percent: 100}").without(5)
    found.approve(found.entry("accidentalDeletions"))
    found.converge()
    assert found.without(3).blocking() == []
    assert found.without(1).blocking() == ["accidentalDeletions"]


@pytest.mark.parametrize(("expires", "status"), [("2026-05-31", "blocked"), ("2026-06-01", "approved")])
def test_an_approval_holds_to_the_end_of_its_last_day(tmp_path: Path, expires: str, status: str) -> None:
    found = town(tmp_path, 10).without(3)
    found.approve(found.entry("accidentalDeletions", expires=expires))
    assert found.status("accidentalDeletions") == status
    assert any("expired on 2026-05-31" in warning for warning in texts(found.plan().warnings)) == (status == "blocked")


def test_an_approval_of_another_plan_or_safeguard_does_nothing(tmp_path: Path) -> None:
    found = town(tmp_path, 10).without(3)
    entry = found.entry("accidentalDeletions")
    found.approve(found.entry("empty"))
    assert found.status("accidentalDeletions") == "blocked"
    found.approve(entry)
    found.without(1)
    assert found.status("accidentalDeletions") == "blocked"
    (warning,) = texts(found.plan().warnings)
    assert "approvals.yaml:2" in warning and "another plan" in warning


def test_approvals_that_are_spent_are_one_quiet_line(tmp_path: Path) -> None:
    found = town(tmp_path, 10)
    spent = [f'{{plan: "sha256:{n * 64}", safeguard: empty, reason: because, expires: 2026-05-0{n}}}' for n in "12"]
    found.approve(*spent, f'{{plan: "sha256:{"3" * 64}", safeguard: empty, reason: because}}')
    plan = found.plan()
    (line,) = texts(plan.standing)
    assert line.startswith("3 approvals do nothing here: ") and line.count("approvals.yaml:") == 3
    assert texts(plan.warnings) == texts(plan.standing) and plan.cautions == ()


@pytest.mark.parametrize("safeguard", ["protected", "lockout"])
def test_no_approval_lifts_protected_and_lockout(tmp_path: Path, safeguard: str) -> None:
    rule = {"protected": "protected: [u00@x.org]", "lockout": "lockout: {role: User, minimumActive: 3}"}[safeguard]
    found = town(tmp_path, 3, rule).without(1)
    found.approve(found.entry(safeguard))
    assert found.blocking() == [safeguard] and "approval" not in Town.said(found.plan())[safeguard]
    assert any(f"no approval lifts {safeguard}" in warning for warning in texts(found.plan().warnings))


def test_an_approval_holds_for_what_is_left_of_its_plan(tmp_path: Path) -> None:
    found = Town(tmp_path, 20, "accidentalDeletions: {count: 2, percent: 100}")
    found.inside["Net"] = found.people
    found.declare()
    found.converge()
    found.without(6)
    found.approve(found.entry("accidentalDeletions"))
    asked: list[int] = []

    def stopped() -> bool:
        asked.append(1)
        return len(asked) > 2

    assert found.apply(stopped).interrupted
    assert [c.action for c in found.plan().changes].count("disable") == 4
    assert found.status("accidentalDeletions") == "approved" and texts(found.plan().warnings) == ()
    found.without(1)
    assert found.status("accidentalDeletions") == "blocked"
    found.people = names(20)[6:]
    found.inside["Net"] = found.people
    found.declare()
    found.converge()
    record = found.store.load()
    assert record is not None and record.approved == {} and record.removals == []


def test_an_approval_outlives_applies_of_nothing_and_of_a_part(tmp_path: Path) -> None:
    found = town(tmp_path, 20, "accidentalDeletions: {count: 2, percent: 100}").without(6)
    gone = [change.address for change in found.plan().changes]
    found.approve(found.entry("accidentalDeletions"))
    asked: list[int] = []

    def stopped() -> bool:
        asked.append(1)
        return len(asked) > 2

    assert found.apply(stopped).interrupted
    for part in ((f"User/{found.people[-1]}",), (gone[2],)):
        assert found.apply(only=part).complete
        assert found.status("accidentalDeletions") == "approved"
    (kept,) = (found.store.load() or Record("")).approved.values()
    assert len(kept) == 3
    found.converge()
    assert (found.store.load() or Record("")).approved == {}


def test_a_misspelt_safeguard_in_an_approval_is_an_error(tmp_path: Path) -> None:
    found = Town(tmp_path, 1)
    found.approve(f'{{plan: "{NO_PLAN}", safeguard: acidentalDeletions, reason: because}}')
    (problem,) = load(found.folder / "desired").errors
    assert problem.code == "not-one-of" and "accidentalDeletions" in problem.remedy


@pytest.mark.parametrize("reason", ["", ", reason: ''"])
def test_an_approval_without_a_reason_is_an_error(tmp_path: Path, reason: str) -> None:
    found = Town(tmp_path, 1)
    found.approve(f'{{plan: "{NO_PLAN}", safeguard: empty{reason}}}')
    (problem,) = load(found.folder / "desired").errors
    assert "reason" in problem.message
    assert problem.place.line == 2


def test_the_entry_that_is_printed_has_what_an_entry_must_have(tmp_path: Path) -> None:
    found = town(tmp_path, 12)
    found.without(11)
    (said,) = [item for item in found.plan().safeguards if item["name"] == "accidentalDeletions"]
    assert set(said["approval"]) == {"plan", "safeguard", "reason", "expires"}
    found.approve(line(said["approval"]).removeprefix("- ").replace("say why", "agreed"))
    assert load(found.folder / "desired").errors == [] and found.status("accidentalDeletions") == "approved"


# What a person breaks by a slip


def loads_or_blocks(found: Town) -> str:
    """`error` where the declaration does not load, else what blocks."""
    loaded = load(found.folder / "desired")
    if loaded.errors or any(p.severity == "error" for p in check(loaded.declarations)):
        return "error"
    return " ".join(found.blocking())


@pytest.mark.parametrize("slip", ["users file", "directory", "assignments file", "assignments", "folder", "filter", "attribute"])
def test_a_slip_that_removes_everybody_is_an_error_or_blocked(tmp_path: Path, slip: str) -> None:
    found = town(tmp_path, 12)
    desired = found.folder / "desired"
    match slip:
        case "users file":
            (desired / "directory/users/a.yaml").unlink()
        case "directory":
            found.assign()
            for file in desired.glob("directory/*/a.yaml"):
                file.unlink()
            for folder in (desired / "directory/users", desired / "directory/groups", desired / "directory"):
                folder.rmdir()
        case "assignments file":
            (desired / "apps/wiki/assignments.yaml").unlink()
        case "assignments":
            found.assign()
        case "folder":
            (desired / "directory/users").rename(desired / "directory/user")
        case "filter":
            found.write(
                "apps/wiki/mappings.yaml",
                MAPPINGS.replace(
                    "  users:\n",
                    "  users:\n    scopingFilters: [{clauses: "
                    "[{attribute: userPrincipalName, operator: ENDS_WITH, value: x.ogr}]}]\n",
                ),
            )
        case _:
            found.write(
                "apps/wiki/mappings.yaml",
                MAPPINGS.replace(
                    "  users:\n", "  users:\n    scopingFilters: [{clauses: [{attribute: departmnt, operator: IS NOT NULL}]}]\n"
                ),
            )
    said = loads_or_blocks(found)
    by_error = slip in ("users file", "assignments file", "folder", "attribute")
    assert said == ("error" if by_error else "accidentalDeletions empty")


def test_safeguards_survive_being_saved_and_shown_again(tmp_path: Path) -> None:
    document = json.loads(dumps([town(tmp_path, 10).without(6).plan()]))
    assert [found["name"] for found in document["plans"][0]["safeguards"]] == [
        "accidentalDeletions",
        "groupMembership",
        "identity",
        "empty",
        "protected",
        "lockout",
        "policies",
    ]


# Weakened in the change that needs it


def test_a_safeguard_that_lets_more_through_than_when_last_applied_is_named_until_that_is_applied(tmp_path: Path) -> None:
    found = Town(tmp_path, 12, "lockout: {role: Admin, minimumActive: 2}")
    found.roles[found.people[0]] = found.roles[found.people[1]] = ["Admin"]
    found.declare()
    rules = "policies: [{name: Ours, domains: [x.org], remedy: r}]"
    found.write("policies/rules.yaml", rules)
    found.converge()
    (tmp_path / "desired/policies/rules.yaml").unlink()
    found.safeguards = "accidentalDeletions: {count: 100, percent: 15}, groupMembership: {minimumExisting: 20}"
    found.without(1)
    assert [item.text for item in found.plan().cautions] == [
        "the safeguard accidentalDeletions.count was 10 when last applied and is 100 now: it lets more through",
        "the safeguard groupMembership.minimumExisting was 10 when last applied and is 20 now: it lets more through",
        "the safeguard lockout.admin held when last applied, and is gone now",
        "the safeguard policies.Ours held when last applied, and is gone now",
    ]
    found.converge()
    assert not [item.text for item in found.plan().cautions]


def test_an_apply_of_a_part_leaves_the_word_on_weaker_safeguards(tmp_path: Path) -> None:
    found = Town(tmp_path, 12)
    found.converge()
    found.safeguards = "accidentalDeletions: {count: 100}"
    found.without(2)
    found.apply(only=("User/u00@x.org",))
    assert any("accidentalDeletions.count was 10" in item.text for item in found.plan().cautions)


LOOSE = [
    ("", APP + "deprovisioning:\n  outOfScope: retain\n", "deprovisioning.outOfScope is `retain`", 4),
    ("", APP + "deprovisioning: {removedFromDirectory: retain}\n", "deprovisioning.removedFromDirectory is `retain`", 3),
    ("", APP + "provisioning: {status: off}\n", "provisioning.status is `off`", 3),
    ("", APP + "provisioning: {mode: manual}\n", "provisioning.mode is `manual`", 3),
    (MAPPINGS.replace("source: jobTitle}", "source: jobTitle, ignoreDrift: true}"), "", "ignoreDrift of title is set", 7),
    (MAPPINGS.replace("  users:\n", "  users:\n    targetObjectActions: [create]\n"), "", "users lacks update", 2),
    (MAPPINGS.replace("  groups:\n", "  groups:\n    targetObjectActions: [create, update]\n"), "", "groups lacks delete", 10),
]


@pytest.mark.parametrize(("mappings", "app", "words", "line"), LOOSE)
def test_a_setting_by_which_access_outlives_its_declaration_is_named_when_it_is_new(
    tmp_path: Path, mappings: str, app: str, words: str, line: int
) -> None:
    def loose() -> None:
        found.write("apps/wiki/mappings.yaml", mappings or MAPPINGS)
        found.write("apps/wiki/app.yaml", app or APP)

    found = Town(tmp_path / "new", 12)
    found.converge()
    loose()
    said = [item for item in found.plan().cautions if words in item.text]
    assert [(item.code, item.line) for item in said] == [("SafeguardWeakened", line)] and "when last applied" in said[0].text
    found = Town(tmp_path / "old", 12)
    loose()
    assert found.plan().cautions == (), "what holds from the first day on is no news"
    found.converge()
    assert found.plan().cautions == ()
    found.write("apps/wiki/mappings.yaml", MAPPINGS)
    found.write("apps/wiki/app.yaml", APP)
    assert found.plan().cautions == (), "nor is what lets less through"


@pytest.mark.parametrize("safeguards", ["accidentalDeletions: {count: 5, percent: 5}", "lockout: {role: User, minimumActive: 1}"])
def test_a_stricter_or_a_new_safeguard_is_not_named(tmp_path: Path, safeguards: str) -> None:
    found = Town(tmp_path, 12)
    found.converge()
    found.safeguards = safeguards
    found.declare()
    assert not [item.text for item in found.plan().cautions]


# Seen first


def test_an_approval_that_lets_a_plan_through_is_a_caution_at_its_line(tmp_path: Path) -> None:
    found = town(tmp_path, 40).without(15)
    found.approve(found.entry("empty"), found.entry("accidentalDeletions"))
    (caution,) = found.plan().cautions
    assert (caution.code, caution.line) == ("ApprovalLifts", 3) and caution.file.endswith("apps/wiki/approvals.yaml")
    assert caution.text.startswith("lifts accidentalDeletions for this plan: 15 of 40 users")


def test_an_approval_that_lifts_nothing_is_no_caution(tmp_path: Path) -> None:
    found = town(tmp_path, 40).without(1)
    found.approve(found.entry("accidentalDeletions"))
    assert found.plan().cautions == ()


def test_a_protection_that_ends_is_a_caution_and_one_that_stays_is_none(tmp_path: Path) -> None:
    found = town(tmp_path, 12, "protected: [u00@x.org, u01@x.org]")
    assert found.plan().cautions == ()
    found.safeguards = "protected: [u01@x.org]"
    found.declare()
    (caution,) = found.plan().cautions
    assert caution.code == "ProtectionEnds"
    assert caution.text == "User/u00@x.org was protected when last applied, and no longer is"


def test_a_policy_that_asks_for_less_is_a_caution_and_one_that_says_it_otherwise_is_none(tmp_path: Path) -> None:
    found = Town(tmp_path, 12)
    rule = "policies:\n  - {name: Ours, domains: [x.org], remedy: r}\n"
    found.write("policies/rules.yaml", rule)
    found.converge()
    found.write("policies/rules.yaml", rule.replace("remedy: r", "remedy: use an address of ours"))
    assert found.plan().cautions == ()
    found.write("policies/rules.yaml", rule.replace("[x.org]", "[x.org, y.org]"))
    (caution,) = found.plan().cautions
    assert (caution.code, caution.line) == ("PolicyChanged", 2) and "Ours asks for something else" in caution.text


def test_separate_approvals_count_by_how_they_came_and_the_setting_outlives_its_removal(tmp_path: Path) -> None:
    found = town(tmp_path, 40, "approvals: separate").without(15)
    found.approve(found.entry("accidentalDeletions"))
    assert found.status("accidentalDeletions") == "blocked"
    assert any("fetch the whole history" in text for text in texts(found.plan().warnings))
    assert "in a commit that changes nothing else" in str(Town.said(found.plan())["accidentalDeletions"]["remedy"])
    found.safeguards = ""
    found.declare()
    assert found.status("accidentalDeletions") == "blocked"
    assert [item.code for item in found.plan().cautions] == ["SafeguardEnds"]


# identity


BY_MAIL = MAPPINGS.replace(
    "{target: userName, source: userPrincipalName, matchingPrecedence: 1}",
    "{target: userName, source: mail, matchingPrecedence: 1}",
)


def renaming(tmp_path: Path, count: int, renamed: int, safeguards: str = "") -> Town:
    """A town in which the mapping takes userName from mail from now on, of which some people have another one."""
    found = town(tmp_path, count, safeguards)
    domain = {name: "y.org" if number < renamed else "x.org" for number, name in enumerate(found.people)}
    found.users(*(f"userPrincipalName: {n}, mail: {n.replace('x.org', domain[n])}" for n in found.people))
    found.write("apps/wiki/mappings.yaml", BY_MAIL)
    return found


@pytest.mark.parametrize(("count", "renamed", "blocked"), [(12, 2, False), (12, 3, True), (9, 9, False)])
def test_a_mapping_that_renames_many_is_blocked(tmp_path: Path, count: int, renamed: int, blocked: bool) -> None:
    assert renaming(tmp_path, count, renamed).blocking() == (["identity"] if blocked else [])


def test_what_is_renamed_stands_under_caution_and_in_access(tmp_path: Path) -> None:
    found = renaming(tmp_path, 12, 6)
    plan = found.plan()
    (caution,) = plan.cautions
    assert caution.code == "Renames" and caution.file.endswith("mappings.yaml")
    pairs = ", ".join(f"u0{number}@x.org → u0{number}@y.org" for number in range(5))
    assert caution.text == f"renames 6 logins: @x.org → @y.org: {pairs} and 1 more"
    assert [(row.address, row.kind, row.what) for row in plan.access][:1] == [
        ("User/u00@x.org", "identity", "userName u00@y.org, before u00@x.org")
    ]
    approval = Town.said(plan)["identity"]["approval"]
    assert approval["safeguard"] == "identity"  # type: ignore[index]
    found.approve(found.entry("identity", plan))
    assert found.blocking() == [] and found.apply().complete and found.plan().changes == ()


def test_renames_of_a_day_count_together_and_lose_nobody_anything(tmp_path: Path) -> None:
    found = renaming(tmp_path, 20, 0, "identity: {count: 3}")

    def rename(*numbers: int) -> None:
        mails = {n: f"z{n}" if int(n[1:3]) in numbers else n for n in found.people}
        found.users(*(f"userPrincipalName: {n}, mail: {mails[n]}" for n in found.people))

    rename(0, 1)
    found.converge()
    assert found.store.load().removals and found.verdict.facts.recent == {}  # type: ignore[union-attr]
    rename(0, 1, 2)
    assert found.blocking() == []
    rename(0, 1, 2, 3)
    assert found.blocking() == ["identity"] and Town.said(found.plan())["identity"]["numbers"]["earlier"] == 2  # type: ignore[index]
    found.now = "2026-06-03T00:00:00Z"
    assert found.blocking() == []


def test_a_first_value_is_no_rename(tmp_path: Path) -> None:
    found = town(tmp_path, 12)
    found.users(*(f"userPrincipalName: {n}, employeeId: 'e{n}'" for n in found.people))
    found.write(
        "apps/wiki/mappings.yaml", MAPPINGS.replace("  groups:", "      - {target: externalId, source: employeeId}\n  groups:")
    )
    assert found.plan().count("update") == 12 and found.blocking() == []
