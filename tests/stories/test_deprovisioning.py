"""The table of Entra's deprovisioning (facts §1.7), a row a test, on the real service in process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.report import jsonform, markdown, plan_file, text
from reconciler.report.text import last_line
from tests.support.warned import texts
from tests.support.world import APP, MAPPINGS, SWITCH, World

ADA = "userPrincipalName: ada@x.org, displayName: Ada, department: Networks"
GRACE = "userPrincipalName: grace@x.org, displayName: Grace, department: Networks"
FILTERED = MAPPINGS.replace(
    "  users:\n",
    """  users:
    scopingFilters:
      - {name: Networks, clauses: [{attribute: department, operator: EQUALS, value: Networks}]}
""",
    1,
)


def assigned(world: World) -> None:
    world.assign("group: Net, role: User")


def unassign(world: World) -> None:
    world.assign("user: grace@x.org, role: User")


def filter_out(world: World) -> None:
    world.users(ADA.replace("Networks", "Sales"), GRACE)


def block_sign_in(world: World) -> None:
    world.users(ADA + ", accountEnabled: false", GRACE)


def remove_from_directory(world: World) -> None:
    """What Entra calls soft-deleted at first, and hard-deleted 30 days later."""
    world.users(GRACE)
    world.groups("displayName: Net, members: [grace@x.org]")


def let_expire(world: World) -> None:
    world.today = "2026-06-02"


EVENTS = [unassign, filter_out, block_sign_in, remove_from_directory, let_expire]


@pytest.fixture
def team(tmp_path: Path) -> World:
    """Two users in one group, provisioned."""
    return provisioned(World(tmp_path))


def provisioned(world: World) -> World:
    world.write("apps/wiki/mappings.yaml", FILTERED)
    world.users(ADA, GRACE)
    world.groups("displayName: Net, members: [ada@x.org, grace@x.org]")
    world.assign("group: Net, role: User, expires: 2026-06-01", "user: grace@x.org, role: User")
    world.converge()
    return world


def rule(world: World, text: str) -> None:
    file = world.folder / "desired/apps/wiki/app.yaml"
    file.write_text(file.read_text() + f"deprovisioning: {text}\n")


def only(world: World, allowed: str) -> None:
    """The boxes Create, Update, Delete of the mapping."""
    text = FILTERED.replace("  users:\n", f"  users:\n    targetObjectActions: [{allowed}]\n", 1)
    world.write("apps/wiki/mappings.yaml", text)


def actions(world: World) -> list[str]:
    return [change.action for change in world.plan().changes if change.address == "User/ada@x.org"]


def active(world: World) -> list[bool]:
    return [user["active"] for user in world.client.find("Users", "userName", "ada@x.org")]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_unassigned_or_out_of_filter_or_soft_deleted_or_sign_in_blocked_is_active_false(
    team: World, event: Callable[[World], None]
) -> None:
    event(team)
    (change,) = [change for change in team.plan().changes if change.address == "User/ada@x.org"]
    assert (change.action, [(a.path, a.before, a.after) for a in change.attributes]) == ("disable", [("active", True, False)])
    team.converge()
    assert active(team) == [False]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_the_same_without_an_active_mapping_changes_nothing_and_says_so(team: World, event: Callable[[World], None]) -> None:
    team.write("apps/wiki/mappings.yaml", FILTERED.replace(f"      - {{target: active, expression: {SWITCH}}}\n", ""))
    event(team)
    assert actions(team) == []
    assert "User/ada@x.org: retained, since no mapping gives `active: false`" in texts(team.plan().warnings)
    team.converge()
    assert active(team) == [True]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_the_same_without_the_update_action_changes_nothing_and_says_so(team: World, event: Callable[[World], None]) -> None:
    only(team, "create, delete")
    event(team)
    assert actions(team) == []
    assert "User/ada@x.org: retained, since the mapping does not update" in texts(team.plan().warnings)
    team.converge()
    assert active(team) == [True]
    (plan,) = plan_file.loads(jsonform.dumps([team.plan()]))
    assert (
        plan.left == 1 + (event is let_expire) and last_line(plan).startswith("No changes.") and "matches" not in last_line(plan)
    )


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_the_same_where_the_target_has_no_soft_delete_is_a_delete(tmp_path: Path, event: Callable[[World], None]) -> None:
    world = provisioned(World(tmp_path, deprovision={"inactive": "deletes"}))
    event(world)
    assert actions(world) == ["delete"]
    world.converge()
    assert active(world) == []


def test_hard_deleted_in_source_is_a_delete_if_the_delete_action_is_enabled(team: World) -> None:
    rule(team, "{removedFromDirectory: delete}")
    remove_from_directory(team)
    assert actions(team) == ["delete"]
    (change,) = [change for change in team.plan().changes if change.address == "User/ada@x.org"]
    assert "deprovisioning:" in Path(change.file).read_text().splitlines()[change.line - 1]
    team.converge()
    assert active(team) == []


def test_where_nothing_is_said_of_those_who_are_no_longer_declared_the_app_is_named(team: World) -> None:
    rule(team, "{outOfScope: retain}")
    remove_from_directory(team)
    (change,) = [change for change in team.plan().changes if change.address == "User/ada@x.org"]
    assert Path(change.file).read_text().splitlines()[change.line - 1].startswith("app:")


def test_hard_deleted_in_source_with_delete_unchecked_is_nothing(team: World) -> None:
    rule(team, "{removedFromDirectory: delete}")
    only(team, "create, update")
    remove_from_directory(team)
    assert actions(team) == []
    assert "User/ada@x.org: retained, since the mapping does not delete" in texts(team.plan().warnings)
    team.converge()
    assert active(team) == [True]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_back_in_scope_or_restored_is_active_true(team: World, event: Callable[[World], None]) -> None:
    """Entra leaves memberships as they are; here they are declared, so they come back with the account."""
    event(team)
    team.converge()
    before = team.find("ada@x.org")["id"]
    team.today = "2026-06-01"
    team.users(ADA, GRACE)
    team.groups("displayName: Net, members: [ada@x.org, grace@x.org]")
    assigned(team)
    assert actions(team) == ["enable"]
    team.converge()
    assert (team.find("ada@x.org")["id"], active(team)) == (before, [True])
    assert before in {member["value"] for member in team.group("Net")["members"]}


def test_skip_out_of_scope_deletions_is_retain(team: World) -> None:
    rule(team, "{outOfScope: retain}")
    filter_out(team)
    assert actions(team) == []
    team.converge()
    assert active(team) == [True]


def test_an_opt_out_for_those_out_of_scope_does_not_hold_for_those_who_left_the_directory(team: World) -> None:
    rule(team, "{outOfScope: retain}")
    remove_from_directory(team)
    assert actions(team) == ["disable"]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_an_account_that_was_never_matched_is_never_touched(tmp_path: Path, event: Callable[[World], None]) -> None:
    world = World(tmp_path)
    world.write("apps/wiki/mappings.yaml", FILTERED)
    world.users(ADA, GRACE)
    world.groups("displayName: Net, members: [ada@x.org, grace@x.org]")
    world.assign("group: Net, role: User, expires: 2026-06-01", "user: grace@x.org, role: User")
    event(world)
    world.seed("ada@x.org")
    assert actions(world) == []
    world.converge()
    assert active(world) == [True]


def test_a_disabled_account_stays_in_the_record_and_is_disabled_once(team: World) -> None:
    unassign(team)
    team.converge()
    assert actions(team) == []
    remove_from_directory(team)
    assert actions(team) == []


FIRED = MAPPINGS.replace("expression: " + SWITCH, 'expression: \'IIF([jobTitle]="fired","False","True")\'')


def fired(world: World, mapping: str) -> None:
    world.write("apps/wiki/app.yaml", APP + "deprovisioning: {deleteAfter: 30d}\n")
    world.write("apps/wiki/mappings.yaml", mapping)
    world.users("userPrincipalName: ada@x.org, jobTitle: Engineer", "userPrincipalName: grace@x.org")
    world.assign("user: ada@x.org, role: Admin", "user: grace@x.org, role: User")
    world.converge()
    world.users("userPrincipalName: ada@x.org, jobTitle: fired", "userPrincipalName: grace@x.org")


@pytest.mark.parametrize(("mapping", "lost"), [
    (FIRED, ("Admin", True)), ("".join(r for r in FIRED.splitlines(keepends=True) if "roles" not in r), ("an account", False)),
])  # fmt: skip
def test_who_is_disabled_by_the_mapping_loses_access_all_the_same(world: World, mapping: str, lost: tuple[str, bool]) -> None:
    fired(world, mapping)
    plan = world.plan()
    assert [change.action for change in plan.changes] == ["update"]
    assert [(row.address, row.gains, row.what, row.privileged) for row in plan.access] == [("User/ada@x.org", False, *lost)]
    assert "**disables** `User/ada@x.org`" in markdown.render(plan)


def test_who_was_disabled_by_the_mapping_is_deleted_when_the_day_has_come(world: World) -> None:
    fired(world, FIRED)
    world.converge()
    world.users("userPrincipalName: ada@x.org, jobTitle: fired, accountEnabled: false", "userPrincipalName: grace@x.org")
    assert world.plan().changes == ()
    world.today = "2026-07-01"
    assert [(change.action, change.causes) for change in world.plan().changes] == [("delete", ("time",))]


KEEPING = """'IIF([employeeType] = "Keep", "True", Switch([IsSoftDeleted], , "False", "True", "True", "False"))'"""


@pytest.mark.parametrize(("mapped", "user", "stays"), [
    (f"expression: {KEEPING}", "employeeType: Keep", True), (f"expression: {KEEPING}", "employeeType: Temp", False),
    ("source: accountEnabled", "accountEnabled: true", True), ("source: accountEnabled", "accountEnabled: false", False),
])  # fmt: skip
def test_whether_a_mapping_gives_active_false_is_each_users_own(tmp_path: Path, mapped: str, user: str, stays: bool) -> None:
    world = World(tmp_path)
    world.write("apps/wiki/mappings.yaml", MAPPINGS.replace(f"expression: {SWITCH}", mapped))
    world.users("userPrincipalName: ada@x.org, employeeType: Keep" if "Keep" in user else "userPrincipalName: ada@x.org")
    world.assign("user: ada@x.org, role: User")
    world.converge()
    world.users(f"userPrincipalName: ada@x.org, {user}")
    world.assign()
    assert [c.action for c in world.plan().changes] == ([] if stays else ["disable"])
    assert any("retained, since no mapping gives" in text for text in texts(world.plan().warnings)) == stays
    world.converge()
    assert active(world) == [stays]


def delete_by_rule(world: World) -> None:
    rule(world, "{outOfScope: delete, removedFromDirectory: delete}")


@pytest.mark.parametrize(("event", "then"), [
    *((event, delete_by_rule) for event in EVENTS), (unassign, remove_from_directory), (let_expire, remove_from_directory),
])  # fmt: skip
def test_deleting_whom_we_disabled_is_the_declarations_doing(
    team: World, event: Callable[[World], None], then: Callable[[World], None]
) -> None:
    if then is remove_from_directory:
        rule(team, "{removedFromDirectory: delete}")
    event(team)
    team.converge()
    then(team)
    assert [(c.action, c.causes) for c in team.plan().changes] == [("delete", ("config",))]
    team.converge()


def test_who_was_disabled_and_is_gone_is_created_again_by_the_declaration(team: World) -> None:
    unassign(team)
    team.converge()
    team.client.delete("Users", team.find("ada@x.org")["id"])
    assert team.plan().changes == ()
    assigned(team)
    (ada, *_) = [change for change in team.plan().changes if change.address == "User/ada@x.org"]
    assert (ada.action, ada.causes) == ("create", ("config",))
    assert ada.reason == "in scope again, and its account is gone from the service"
    team.converge()


@pytest.mark.parametrize("event", [unassign, lambda world: world.groups()])
@pytest.mark.parametrize(
    ("text", "actions", "said"),
    [
        (
            "{outOfScope: retain, removedFromDirectory: retain}",
            "create, update, delete",
            "Group/Net: retained, as deprovisioning says",
        ),
        ("{}", "create, update", "Group/Net: retained, since the mapping does not delete"),
    ],
)
def test_a_group_is_retained_where_the_rules_or_the_mapping_say_so(
    team: World, event: Callable[[World], None], text: str, actions: str, said: str
) -> None:
    rule(team, text)
    mapping = FILTERED.replace("  groups:\n", f"  groups:\n    targetObjectActions: [{actions}]\n")
    team.write("apps/wiki/mappings.yaml", mapping)
    team.assign("group: Net, role: User", "user: ada@x.org, role: User", "user: grace@x.org, role: User")
    team.converge()
    event(team)
    team.assign("user: ada@x.org, role: User", "user: grace@x.org, role: User")
    plan = team.plan()
    assert plan.changes == () and [text.partition("; ")[0] for text in texts(plan.warnings)] == [said]
    assert len(team.group("Net")["members"]) == 2


# What a reader sees of somebody who goes


def shown(world: World) -> tuple[str, str]:
    """The plan as text, and the caution block of its Markdown."""
    plan = world.plan()
    return text.render(plan, lambda line, _: line), markdown.render(plan).partition("[!CAUTION]")[2].partition("\n\n")[0]


@pytest.mark.parametrize("what", ["delete", "disable"])
@pytest.mark.parametrize(("event", "name"), [(unassign, "Ada"), (remove_from_directory, "Countess")])
def test_who_goes_is_shown_by_name_and_what_cannot_be_undone_is_said(
    team: World, event: Callable[[World], None], name: str, what: str
) -> None:
    """The declared name, or, of somebody who is no longer declared, the one on the service."""
    rule(team, f"{{outOfScope: {what}, removedFromDirectory: {what}}}")
    event(team)
    team.edit("ada@x.org", "displayName", "Countess")
    said, caution = shown(team)
    block = said.partition(f"- {what} User/ada@x.org  ({name})\n")[2].partition("declared:")[0]
    (row,) = [line for line in caution.splitlines() if "User/ada@x.org" in line]
    assert f"**{what}s** `User/ada@x.org` (`{name}`): " in row
    assert row.endswith("; this cannot be undone") is (what == "delete")
    assert "because:" in block and ("; this cannot be undone [config]\n" in block) is (what == "delete")
    assert {row.name for row in team.plan().access if row.address == "User/ada@x.org"} == {name}


def test_a_deleted_group_cannot_be_brought_back(team: World) -> None:
    team.groups()
    team.assign("user: ada@x.org, role: User", "user: grace@x.org, role: User")
    (change,) = [change for change in team.plan().changes if change.action == "delete"]
    assert (change.address, change.reason) == ("Group/Net", "no longer in the directory; this cannot be undone")


def test_a_name_that_is_redacted_is_not_shown_of_somebody_who_goes(team: World) -> None:
    team.write(
        "apps/wiki/mappings.yaml",
        MAPPINGS.replace("displayName, source: displayName}", "displayName, expression: 'Redact([displayName])'}", 1),
    )
    remove_from_directory(team)
    (change,) = [change for change in team.plan().changes if change.action == "disable"]
    assert change.name == "" and "Ada" not in shown(team)[0]
