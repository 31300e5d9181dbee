"""Rules on who may hold what: what the plan breaks blocks it, what was broken before warns, and validate names the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.declare.load import load
from reconciler.declare.place import Problem
from reconciler.plan.policies import check_policies
from tests.plan.test_safeguards import Town, town
from tests.support.warned import texts
from tests.support.world import MAPPINGS, ROLES

APART = "{name: Apart, separationOfDuties: [Admin, User], remedy: take one away}"
FEW = "{name: Few, holders: {role: Admin, maximum: 2}, remedy: take some away}"
ENOUGH = "{name: Enough, holders: {role: Admin, minimum: 1}, remedy: name some}"
SHORT = "{name: Short, mustCarry: {roles: [Admin], expiresWithin: 30d}, remedy: add expires}"
WHY = "{name: Why, mustCarry: {roles: [Admin], reason: true}, remedy: say why}"
BOTH = "{name: Both, mustCarry: {roles: [Admin], expiresWithin: 30d, reason: true}, remedy: add both}"
OURS = "{name: Ours, domains: [x.org], remedy: use an address of ours}"


def rule(found: Town, *rules: str) -> Town:
    found.write("policies/rules.yaml", "policies:\n" + "".join(f"  - {item}\n" for item in rules))
    return found


def admins(found: Town, count: int) -> Town:
    found.roles = {name: ["Admin"] if n < count else ["User"] for n, name in enumerate(found.people)}
    found.declare()
    return found


def validated(found: Town) -> list[Problem]:
    loaded = load(found.folder / "desired")
    assert loaded.errors == []
    return check_policies(loaded.declarations, found.today)


def test_nobody_holds_two_roles_that_are_kept_apart(tmp_path: Path) -> None:
    found = rule(town(tmp_path, 3), APART)
    assert found.blocking() == [] and validated(found) == []
    found.roles["u00@x.org"] = ["User", "Admin"]
    found.declare()
    assert found.blocking() == ["policies"]
    said = Town.said(found.plan())["policies"]
    assert "User/u00@x.org holds Admin and User (policy Apart)" in str(said["detail"]) and said["remedy"] == "take one away"
    (problem,) = validated(found)
    assert problem.place.file.endswith("users/a.yaml") and problem.place.line == 2 and problem.remedy == "take one away"


def test_a_role_that_no_mapping_carries_counts_where_the_plan_settles_it(tmp_path: Path) -> None:
    found = Town(tmp_path, 3)
    found.write("apps/wiki/mappings.yaml", "".join(r for r in MAPPINGS.splitlines(keepends=True) if "target: roles" not in r))
    found.converge()
    rule(found, APART)
    found.roles["u00@x.org"] = ["User", "Admin"]
    found.declare()
    assert found.plan().changes == () and found.blocking() == ["policies"]
    found.plan("User/u01@x.org")
    assert found.verdict.blocking == ()


def test_a_breach_that_was_there_before_warns(tmp_path: Path) -> None:
    found = town(tmp_path, 3)
    found.roles["u00@x.org"] = ["User", "Admin"]
    found.declare()
    found.converge()
    rule(found, APART)
    assert found.blocking() == [] and any("User/u00@x.org holds" in w and "before" in w for w in texts(found.plan().warnings))
    found.roles["u01@x.org"] = ["User", "Admin"]
    found.declare()
    assert found.blocking() == ["policies"] and "u01" in str(Town.said(found.plan())["policies"]["detail"])


def test_a_breach_that_grows_is_made_by_the_plan(tmp_path: Path) -> None:
    found = Town(tmp_path, 2)
    found.write("apps/wiki/roles.yaml", ROLES.replace("]", ", {value: editor, displayName: Editor}]"))
    found.roles["u00@x.org"] = ["User", "Admin"]
    found.declare()
    found.converge()
    rule(found, APART.replace("User", "User, Editor"))
    assert found.blocking() == []
    found.roles["u00@x.org"] = ["User", "Admin", "Editor"]
    found.declare()
    assert found.blocking() == ["policies"]
    found.roles["u00@x.org"] = ["User"]
    found.declare()
    assert found.blocking() == []


def test_of_what_an_assignment_carried_before_nothing_is_claimed(tmp_path: Path) -> None:
    found = Town(tmp_path, 1)
    found.assign("user: u00@x.org, role: Admin, expires: 2026-06-20")
    found.converge()
    rule(found, SHORT)
    found.assign("user: u00@x.org, role: Admin, expires: 2099-01-01")
    (warning,) = texts(found.plan().warnings)
    assert "nobody gains the role by this plan" in warning and "before" not in warning


@pytest.mark.parametrize(("before", "after"), [(", expires: 2026-06-20", ", expires: 2099-01-01"), (", expires: 2026-06-20", "")])
def test_whoever_holds_a_role_for_a_time_does_not_get_it_for_longer(tmp_path: Path, before: str, after: str) -> None:
    found = rule(Town(tmp_path, 1), SHORT)
    found.assign(f"user: u00@x.org, role: Admin{before}")
    found.converge()
    found.assign(f"user: u00@x.org, role: Admin{after}")
    assert found.plan().changes == () and found.blocking() == ["policies"]
    found.assign("user: u00@x.org, role: Admin, expires: 2026-06-30")
    assert found.blocking() == []


def test_what_lacked_it_before_the_policy_came_is_a_warning_from_then_on(tmp_path: Path) -> None:
    found = Town(tmp_path, 2)
    found.assign("user: u00@x.org, role: Admin", "user: u01@x.org, role: Admin, reason: NET-1")
    found.converge()
    rule(found, WHY)
    found.converge()
    assert found.blocking() == [] and len(texts(found.plan().warnings)) == 1
    found.assign("user: u00@x.org, role: Admin", "user: u01@x.org, role: Admin")
    assert found.blocking() == ["policies"]


@pytest.mark.parametrize(("count", "blocked"), [(1, False), (2, False), (3, True)])
def test_at_most_so_many_hold_a_role(tmp_path: Path, count: int, blocked: bool) -> None:
    found = rule(town(tmp_path, 4), FEW)
    assert (admins(found, count).blocking() == ["policies"]) == blocked and (validated(found) != []) == blocked


@pytest.mark.parametrize(("count", "blocked"), [(2, False), (1, False), (0, True)])
def test_at_least_so_many_hold_a_role(tmp_path: Path, count: int, blocked: bool) -> None:
    found = admins(Town(tmp_path, 4), 3)
    found.converge()
    rule(found, ENOUGH)
    assert (admins(found, count).blocking() == ["policies"]) == blocked and (validated(found) != []) == blocked


def test_a_number_that_was_wrong_before_and_grows_no_worse_warns(tmp_path: Path) -> None:
    found = admins(Town(tmp_path, 5), 4)
    found.converge()
    rule(found, FEW)
    assert admins(found, 3).blocking() == [] and any("3 hold Admin" in warning for warning in texts(found.plan().warnings))
    assert admins(found, 5).blocking() == ["policies"]


@pytest.mark.parametrize(("policy", "carries", "blocked"), [
    (SHORT, "", True), (SHORT, ", expires: 2026-07-01", False), (SHORT, ", expires: 2026-07-02", True),
    (SHORT, ", reason: NET-1", True), (WHY, ", reason: NET-1", False), (WHY, ", reason: ' '", True),
    (WHY, ", expires: 2026-07-01", True),
    (BOTH, "", True), (BOTH, ", expires: 2026-07-01", True), (BOTH, ", reason: NET-1", True),
    (BOTH, ", expires: 2026-07-01, reason: NET-1", False),
])  # fmt: skip
def test_assignments_carry_an_expiry_near_enough_and_a_reason_where_both_are_asked_for(
    tmp_path: Path, policy: str, carries: str, blocked: bool
) -> None:
    found = rule(town(tmp_path, 2), policy)
    found.assign("user: u00@x.org, role: User", f"user: u00@x.org, role: Admin{carries}", "user: u01@x.org, role: User")
    assert found.blocking() == (["policies"] if blocked else [])
    places = [(p.place.file.rpartition("/")[2], p.place.line) for p in validated(found)]
    assert places == ([("assignments.yaml", 3)] if blocked else [])


def test_an_assignment_of_a_group_is_made_by_the_plan_that_puts_somebody_in(tmp_path: Path) -> None:
    found = Town(tmp_path, 3)
    found.inside["Admins"] = found.people[:1]
    found.declare()
    found.converge()
    rule(found, WHY)
    assert found.blocking() == [] and any("policy Why" in warning for warning in texts(found.plan().warnings))
    found.inside["Admins"] = found.people[:2]
    found.declare()
    assert found.blocking() == ["policies"]


def test_accounts_bear_names_of_allowed_domains_alone(tmp_path: Path) -> None:
    found = rule(town(tmp_path, 2), OURS)
    assert found.blocking() == []
    found.people.append("guest@y.org")
    found.roles["guest@y.org"] = ["User"]
    found.declare()
    assert found.blocking() == ["policies"] and [p.place.line for p in validated(found)] == [4]
    found.users("userPrincipalName: u00@y.org, previously: [u00@x.org]", "userPrincipalName: u01@x.org, mail: u01@x.org")
    found.assign("user: u00@y.org, role: User", "user: u01@x.org, role: User")
    assert [c.action for c in found.plan().changes] == ["update"] and found.blocking() == ["policies"]


@pytest.mark.parametrize("told", [
    "{target: userName, expression: 'Replace([userPrincipalName], , \"@x\", , \"@y\", , )', matchingPrecedence: 1}",
    "{target: userName, source: userPrincipalName, matchingPrecedence: 1}\n      "
    "- {target: emails, constant: [{value: all@y.org}]}",
    "{target: userName, source: userPrincipalName, matchingPrecedence: 1}\n      "
    "- {target: 'emails[type eq \"work\"].value', constant: all@y.org}",
])  # fmt: skip
def test_what_the_service_is_told_is_held_against_the_domains(tmp_path: Path, told: str) -> None:
    found = rule(Town(tmp_path, 1), OURS)
    assert found.blocking() == []
    mapping = MAPPINGS.replace("{target: userName, source: userPrincipalName, matchingPrecedence: 1}", told)
    found.write("apps/wiki/mappings.yaml", mapping)
    assert found.blocking() == ["policies"]
    found.write("apps/wiki/mappings.yaml", MAPPINGS)
    found.converge()
    found.write("apps/wiki/mappings.yaml", mapping)
    assert found.blocking() == ["policies"]


def test_an_approval_lets_a_plan_through_its_policies(tmp_path: Path) -> None:
    found = rule(town(tmp_path, 4), FEW)
    admins(found, 3)
    found.approve(found.entry("policies"))
    assert found.status("policies") == "approved"
    found.converge()


def test_a_policy_of_another_app_says_nothing_here(tmp_path: Path) -> None:
    found = rule(town(tmp_path, 1), OURS.replace("domains: [x.org]", "domains: [z.org], apps: [wiki]"))
    assert validated(found) != []
    found.write("apps/zoo/app.yaml", "app: zoo\nadminCredentials: {tenantUrl: 'http://127.0.0.1/v2', secretToken: '${env:T}'}\n")
    for name in ("mappings", "assignments", "roles"):
        text = "assignments: []\n" if name == "assignments" else (found.folder / f"desired/apps/wiki/{name}.yaml").read_text()
        found.write(f"apps/zoo/{name}.yaml", text)
    rule(found, OURS.replace("domains: [x.org]", "domains: [z.org], apps: [zoo]"))
    assert validated(found) == [] and found.blocking() == []


@pytest.mark.parametrize(("text", "code"), [
    ("{name: A, remedy: r, separationOfDuties: [Admin, Usher]}", "unknown-role"),
    ("{name: A, remedy: r, domains: [x.org], apps: [wikki]}", "unknown-app"),
    ("{name: A, remedy: r, holders: {role: Admin, minimum: 3, maximum: 1}}", "minimum-over-maximum"),
    ("{name: A, remedy: r}", "one-of"), ("{name: A, domains: [x.org]}", "missing-key"),
    ("{name: A, remedy: r, holders: {role: Admin}}", "schema-minProperties"),
    ("{name: A, remedy: r, domains: [x.org], holders: {role: Admin, minimum: 1}}", "one-of"),
])  # fmt: skip
def test_a_policy_that_says_nothing_is_an_error_at_its_line(tmp_path: Path, text: str, code: str) -> None:
    found = rule(Town(tmp_path, 1), OURS, text)
    (problem,) = load(found.folder / "desired").errors
    assert problem.code == code and problem.place.line == 3 and problem.remedy


def test_a_role_that_a_policy_misspells_is_named_at_its_place(tmp_path: Path) -> None:
    (problem,) = load(rule(Town(tmp_path, 1), "{name: A, remedy: r, separationOfDuties: [Admin, Usr]}").folder / "desired").errors
    assert (problem.message, problem.remedy) == ("no role 'Usr' is declared", "did you mean 'User'?")
    assert problem.place.column == 54


def test_two_policies_of_one_name_are_an_error(tmp_path: Path) -> None:
    assert [p.code for p in load(rule(Town(tmp_path, 1), OURS, OURS).folder / "desired").errors] == ["duplicate"]


def test_duties_that_no_app_has_all_of_are_an_error(tmp_path: Path) -> None:
    found = rule(Town(tmp_path, 1), "{name: A, remedy: r, separationOfDuties: [Admin, Keeper]}")
    found.write("apps/zoo/app.yaml", "app: zoo\nadminCredentials: {tenantUrl: 'http://127.0.0.1/v2', secretToken: '${env:T}'}\n")
    found.write("apps/zoo/mappings.yaml", MAPPINGS)
    found.write("apps/zoo/assignments.yaml", "assignments: []\n")
    found.write("apps/zoo/roles.yaml", "roles: [{value: keeper, displayName: Keeper}]\n")
    (problem,) = load(found.folder / "desired").errors
    assert problem.code == "roles-of-several-apps" and problem.place.line == 2
    found.write("apps/zoo/roles.yaml", "roles: [{value: keeper, displayName: Keeper}, {value: admin, displayName: Admin}]\n")
    assert load(found.folder / "desired").errors == []


def test_a_rule_that_its_schema_refuses_is_not_judged(tmp_path: Path) -> None:
    found = rule(Town(tmp_path, 1), "{name: A, domains: [z.org]}", OURS.replace("x.org", "y.org"))
    loaded = load(found.folder / "desired")
    assert [problem.code for problem in loaded.errors] == ["missing-key"]
    assert [problem.remedy for problem in check_policies(loaded.declarations, found.today)] == ["use an address of ours"]
