"""Each event of a directory's life: the plan says it, the apply does it, the next plan is empty."""

from __future__ import annotations

import pytest

from reconciler.declare.load import load
from reconciler.scim.patch import member_operations
from tests.support.warned import texts
from tests.support.world import MAPPINGS, SWITCH, World

ADA = "userPrincipalName: ada@x.org, displayName: Ada, jobTitle: Engineer, manager: grace@x.org"
GRACE = "userPrincipalName: grace@x.org, displayName: Grace"


def actions(world: World) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {c.address: (c.action, c.causes) for c in world.plan().changes}


def test_an_empty_service_gets_exactly_what_is_declared(world: World) -> None:
    world.converge()
    ada, grace = world.find("ada@x.org"), world.find("grace@x.org")
    assert ada["title"] == "Engineer"
    assert ada["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]["manager"]["value"] == grace["id"]
    assert sorted(role["value"] for role in grace["roles"]) == ["admin", "user"]
    assert {m["value"] for m in world.group("Net")["members"]} == {ada["id"], grace["id"]}


def test_a_plan_writes_nothing(world: World) -> None:
    world.plan()
    assert world.transport.writes == 0


def test_a_plan_says_how_many_writes_its_apply_will_send(world: World) -> None:
    for members in ("ada@x.org, grace@x.org", "grace@x.org", "ada@x.org, grace@x.org"):
        world.groups(f"displayName: Net, members: [{members}]")
        foreseen, before = world.plan().requests.writes, world.transport.writes
        world.converge()
        assert world.transport.writes - before == foreseen > 0


def test_a_changed_attribute_is_one_update(world: World) -> None:
    world.converge()
    world.users(ADA.replace("Engineer", "Architect"), GRACE)
    (change,) = world.plan().changes
    assert [(a.path, a.before, a.after) for a in change.attributes] == [("title", "Engineer", "Architect")]
    assert change.causes == ("config",) and change.line == 2
    world.converge()


def test_an_attribute_that_became_empty_is_cleared(world: World) -> None:
    world.converge()
    world.users(ADA.replace(", jobTitle: Engineer", ""), GRACE)
    world.converge()
    assert "title" not in world.find("ada@x.org")


def test_an_attribute_that_we_never_set_is_left_alone(world: World) -> None:
    world.converge()
    world.edit("grace@x.org", "title", "Boss")
    assert actions(world) == {}


def test_a_hand_edit_is_drift_and_repaired(world: World) -> None:
    world.converge()
    world.edit("ada@x.org", "title", "Intern")
    assert actions(world) == {"User/ada@x.org": ("update", ("drift",))}
    world.converge()
    assert world.find("ada@x.org")["title"] == "Engineer"


def test_a_hand_edit_on_what_nobody_maps_is_no_drift(world: World) -> None:
    world.converge()
    world.edit("ada@x.org", "nickName", "Countess")
    assert actions(world) == {}
    world.converge()
    assert world.find("ada@x.org")["nickName"] == "Countess"


def test_an_unassigned_user_is_disabled_and_leaves_the_group(world: World) -> None:
    world.converge()
    world.groups("displayName: Net, members: [grace@x.org]")
    found = actions(world)
    assert found["User/ada@x.org"] == ("disable", ("config",))
    assert found["Group/Net"] == ("update", ("config",))
    world.converge()
    assert world.find("ada@x.org")["active"] is False


def test_a_user_added_to_an_assigned_group_gets_an_account_and_is_a_member(world: World) -> None:
    world.converge()
    world.users(ADA, GRACE, "userPrincipalName: joan@x.org, displayName: Joan")
    world.groups("displayName: Net, members: [ada@x.org, grace@x.org, joan@x.org]")
    assert actions(world) == {"User/joan@x.org": ("create", ("config",)), "Group/Net": ("update", ("config",))}
    assert [c.add for c in world.plan().changes] == [("User/joan@x.org",), ()]
    world.converge()
    assert world.find("joan@x.org")["id"] in {m["value"] for m in world.group("Net")["members"]}


def test_a_member_removed_who_is_assigned_otherwise_keeps_the_account(world: World) -> None:
    world.assign("group: Net, role: User", "user: ada@x.org, role: User", "user: grace@x.org, role: Admin")
    world.converge()
    world.groups("displayName: Net, members: [grace@x.org]")
    (change,) = world.plan().changes
    assert (change.address, change.remove, change.causes) == ("Group/Net", ("User/ada@x.org",), ("config",))
    world.converge()
    assert {m["value"] for m in world.group("Net")["members"]} == {world.find("grace@x.org")["id"]}
    assert world.find("ada@x.org")["active"] is True


def test_an_account_disabled_in_the_directory_is_disabled_and_leaves_the_group(world: World) -> None:
    world.converge()
    world.users(ADA + ", accountEnabled: false", GRACE)
    assert actions(world) == {"User/ada@x.org": ("disable", ("config",)), "Group/Net": ("update", ("config",))}
    world.converge()
    assert world.find("ada@x.org")["active"] is False
    assert {m["value"] for m in world.group("Net")["members"]} == {world.find("grace@x.org")["id"]}


def test_a_member_whose_assignment_has_expired_leaves_the_group_by_time_alone(world: World) -> None:
    world.assign(
        "group: Net, role: Default Access", "user: ada@x.org, role: User, expires: 2026-06-01", "user: grace@x.org, role: Admin"
    )
    world.converge()
    assert len(world.group("Net")["members"]) == 2
    world.today = "2026-06-02"
    assert actions(world) == {"User/ada@x.org": ("disable", ("time",)), "Group/Net": ("update", ("time",))}
    world.converge()
    assert {m["value"] for m in world.group("Net")["members"]} == {world.find("grace@x.org")["id"]}


def test_a_manager_whose_assignment_has_expired_is_removed_by_time_alone(world: World) -> None:
    world.users("userPrincipalName: ada@x.org, manager: grace@x.org", "userPrincipalName: grace@x.org")
    world.groups()
    world.assign("user: ada@x.org, role: User", "user: grace@x.org, role: User, expires: 2026-06-01")
    world.converge()
    world.today = "2026-06-02"
    assert actions(world) == {"User/ada@x.org": ("update", ("time",)), "User/grace@x.org": ("disable", ("time",))}
    world.converge()


@pytest.mark.parametrize("alike", [True, False])
def test_an_account_that_took_the_place_of_ours_is_adopted_and_called_so(world: World, alike: bool) -> None:
    world.converge()
    ours = world.find("ada@x.org")
    world.client.delete("Users", ours["id"])
    kept = {name: value for name, value in ours.items() if name not in ("id", "meta")}
    world.client.create("Users", kept if alike else {**kept, "title": "New"})
    plan = world.plan()
    ada = next((change for change in plan.changes if change.address == "User/ada@x.org"), None)
    if alike:
        assert plan.adopted == 1 and ada is None
    else:
        assert ada is not None
        assert ada.adopts and ada.causes == ("drift",)
        assert ada.reason == "adopts the existing account ada@x.org, matched by userName, since the one that we had is gone"
    world.converge()


def test_a_manager_who_leaves_is_the_reason_of_the_reports_change(world: World) -> None:
    world.users("userPrincipalName: ada@x.org, manager: grace@x.org", "userPrincipalName: grace@x.org")
    world.groups()
    world.assign("user: ada@x.org, role: User", "user: grace@x.org, role: User")
    world.converge()
    world.assign("user: ada@x.org, role: User")
    ada, _ = world.plan().changes
    assert (ada.address, ada.causes, ada.reason) == ("User/ada@x.org", ("config",), "User/grace@x.org is no longer in scope")


def test_of_a_group_whose_assignment_has_expired_the_members_go_and_the_group_stays(world: World) -> None:
    world.assign("group: Net, role: User, expires: 2026-06-01", "user: grace@x.org, role: Admin")
    world.converge()
    world.today = "2026-06-02"
    found = actions(world)
    assert found["User/ada@x.org"] == ("disable", ("time",)) and "Group/Net" not in found
    assert any("Group/Net" in text for text in texts(world.plan().warnings))
    world.converge()


def test_who_was_disabled_by_hand_is_enabled_with_that_for_the_reason(world: World) -> None:
    world.converge()
    world.edit("ada@x.org", "active", False)
    (change,) = world.plan().changes
    assert (change.action, change.causes, change.reason) == ("enable", ("drift",), "disabled on the service since the last apply")


def test_a_user_in_scope_again_is_enabled(world: World) -> None:
    world.converge()
    world.users(ADA + ", accountEnabled: false", GRACE)
    world.converge()
    world.users(ADA, GRACE)
    assert actions(world)["User/ada@x.org"][0] == "enable"
    world.converge()
    assert world.find("ada@x.org")["active"] is True


def test_a_user_removed_from_the_directory_is_disabled(world: World) -> None:
    world.converge()
    world.users(GRACE)
    world.groups("displayName: Net, members: [grace@x.org]")
    assert actions(world)["User/ada@x.org"][0] == "disable"
    world.converge()


def test_a_declared_rename_is_one_update(world: World) -> None:
    world.converge()
    before = world.find("ada@x.org")["id"]
    world.users(ADA.replace("ada@x.org", "ada.l@x.org") + ", previously: [ada@x.org]", GRACE)
    world.groups("displayName: Net, members: [ada.l@x.org, grace@x.org]")
    assert actions(world) == {"User/ada.l@x.org": ("update", ("config",))}
    world.converge()
    assert world.find("ada.l@x.org")["id"] == before


def test_a_rename_without_a_record_finds_the_account_by_its_earlier_name(world: World) -> None:
    before = world.seed("byron@x.org")
    world.users(ADA + ", previously: [byron@x.org]", GRACE)
    assert actions(world)["User/ada@x.org"][0] == "update"
    world.converge()
    assert world.find("ada@x.org")["id"] == before


def test_a_renamed_group_is_one_update(world: World) -> None:
    world.converge()
    world.groups("displayName: Networks, previously: [Net], members: [ada@x.org, grace@x.org]")
    world.assign("group: Networks, role: User", "user: grace@x.org, role: Admin")
    assert actions(world) == {"Group/Networks": ("update", ("config",))}
    before = world.group("Net")["id"]
    world.converge()
    assert world.group("Networks")["id"] == before


def test_an_account_deleted_by_hand_is_made_again(world: World) -> None:
    world.converge()
    world.client.delete("Users", world.find("ada@x.org")["id"])
    assert actions(world)["User/ada@x.org"] == ("create", ("drift",))
    world.converge()


def test_default_access_alone_is_skipped(world: World) -> None:
    world.assign("user: ada@x.org, role: Default Access")
    (skip,) = [s for s in world.plan().skipped if s.address == "User/ada@x.org"]
    assert skip.code == "DefaultAccessRole" and skip.remedy
    assert actions(world) == {}
    world.converge()
    assert world.client.find("Users", "userName", "ada@x.org") == []


def test_an_expired_assignment_disables_with_cause_time(world: World) -> None:
    world.assign("user: grace@x.org, role: Admin", "user: ada@x.org, role: User, expires: 2026-06-01")
    world.converge()
    world.today = "2026-06-02"
    assert actions(world) == {"User/ada@x.org": ("disable", ("time",))}
    world.converge()


def test_two_accounts_for_one_user_are_an_error_for_that_user_alone(world: World) -> None:
    by_title = MAPPINGS.replace("source: userPrincipalName, matchingPrecedence: 1", "source: userPrincipalName").replace(
        "source: displayName}", "source: displayName, matchingPrecedence: 1}", 1
    )
    world.write("apps/wiki/mappings.yaml", by_title)
    world.seed("a1@x.org", displayName="ada")
    world.seed("a2@x.org", displayName="ADA")
    plan = world.plan()
    assert [(e.address, e.code) for e in plan.errors] == [("User/ada@x.org", "DuplicateTargetEntries")]
    assert "a1@x.org" in plan.errors[0].reason and "a2@x.org" in plan.errors[0].reason
    assert [c.address for c in plan.changes] == ["Group/Net", "User/grace@x.org"]
    world.converge()
    assert [e.address for e in world.plan().errors] == ["User/ada@x.org"]
    assert [world.find(name)["displayName"] for name in ("a1@x.org", "a2@x.org", "grace@x.org")] == ["ada", "ADA", "Grace"]


def test_an_unmanaged_account_is_never_touched(world: World) -> None:
    world.seed("stranger@x.org")
    plan = world.plan()
    assert [u.userName for u in plan.unmanaged] == ["stranger@x.org"]
    world.converge()
    assert world.find("stranger@x.org")["active"] is True


def test_an_existing_account_is_adopted_as_what_it_is(world: World) -> None:
    world.seed("ada@x.org", displayName="A.")
    (change,) = [c for c in world.plan().changes if c.address == "User/ada@x.org"]
    assert change.adopts and change.reason.startswith("adopts the existing account")
    world.converge()


def test_a_name_freed_by_one_rename_is_taken_by_another(world: World) -> None:
    world.users("userPrincipalName: ada@x.org, id: one", "userPrincipalName: grace@x.org, id: two")
    world.converge()
    first, second = world.find("ada@x.org")["id"], world.find("grace@x.org")["id"]
    world.users(
        "userPrincipalName: ada.l@x.org, id: one, previously: [ada@x.org]",
        "userPrincipalName: ada@x.org, id: two, previously: [grace@x.org]",
    )
    world.groups("displayName: Net, members: [ada.l@x.org, ada@x.org]")
    world.assign("group: Net, role: User")
    assert actions(world) == {name: ("update", ("config",)) for name in ("User/ada.l@x.org", "User/ada@x.org")}
    world.converge()
    assert (world.find("ada.l@x.org")["id"], world.find("ada@x.org")["id"]) == (first, second)


def test_a_known_member_added_by_hand_is_removed_and_an_unknown_one_kept(world: World) -> None:
    world.groups("displayName: Net, members: [grace@x.org]")
    world.assign("group: Net, role: User", "user: ada@x.org, role: User")
    world.converge()
    stranger, ada = world.seed("stranger@x.org"), world.find("ada@x.org")["id"]
    for chunk in member_operations([stranger, ada], [], 100):
        world.client.patch("Groups", world.group("Net")["id"], chunk)
    (change,) = world.plan().changes
    assert change.remove == ("User/ada@x.org",) and change.causes == ("drift",)
    world.converge()
    assert stranger in {m["value"] for m in world.group("Net")["members"]}


def test_a_lost_record_destroys_nothing(world: World) -> None:
    world.converge()
    world.store.record_file.unlink()
    plan = world.plan()
    assert plan.changes == () and plan.adopted == 3
    assert any("no record" in warning for warning in texts(plan.warnings))
    world.converge()


def test_who_left_the_attribute_out_of_the_flow_is_no_duplicate(world: World) -> None:
    first = "{target: externalId, expression: 'IgnoreFlowIfNullOrEmpty([employeeId])', matchingPrecedence: 1}"
    mapped = MAPPINGS.replace("Precedence: 1", "Precedence: 2", 1)
    world.write("apps/wiki/mappings.yaml", mapped.replace("    attributes:\n", f"    attributes:\n      - {first}\n", 1))
    assert {a for a in actions(world) if a.startswith("User/")} == {"User/ada@x.org", "User/grace@x.org"}


def test_an_active_account_of_somebody_out_of_scope_is_named_by_whatever_matches(world: World) -> None:
    world.write("apps/wiki/mappings.yaml", MAPPINGS.replace("userName, source: userPrincipalName", "userName, source: mail"))
    world.users(ADA + ", mail: lovelace@x.org", GRACE)
    world.assign("user: grace@x.org, role: User")
    world.seed("Lovelace@x.org")
    said = "User/ada@x.org is not in scope (NotAssigned), but an active account that we do not manage has this name or matching "
    assert any(warning.startswith(said) and "Lovelace@x.org" in warning for warning in texts(world.plan().warnings))


def test_active_that_is_written_at_creation_alone_disables_nobody(world: World) -> None:
    world.write("apps/wiki/mappings.yaml", MAPPINGS.replace(SWITCH, SWITCH + ", apply: create"))
    world.converge()
    world.assign("user: grace@x.org, role: User")
    assert "User/ada@x.org: retained, since no mapping gives `active: false`" in texts(world.plan().warnings)
    world.converge()
    assert world.find("ada@x.org")["active"] is True


def test_a_record_of_another_address_is_said_to_be_so(world: World) -> None:
    world.converge()
    assert texts(world.plan().warnings) == ()
    record = world.store.load()
    assert record is not None
    record.base_url = "https://other.example.com/v2"
    world.store.save(record)
    (said,) = texts(world.plan().warnings)
    assert said.startswith(f"the record was made with https://other.example.com/v2, and tenantUrl is {world.client.base_url} now")


def test_another_person_under_the_same_name_is_an_error(world: World) -> None:
    world.users(ADA + ", id: one", GRACE)
    world.converge()
    world.users(ADA + ", id: two", GRACE)
    assert [e.code for e in world.plan().errors] == ["IdentityChanged"]


DELETING = """app: wiki
adminCredentials: {tenantUrl: "http://127.0.0.1/v2", secretToken: "${env:TOKEN}"}
deprovisioning: {deleteAfter: 30d}
"""


def test_a_disabled_account_is_deleted_when_its_day_has_come(world: World) -> None:
    world.write("apps/wiki/app.yaml", DELETING)
    world.converge()
    world.users(GRACE)
    world.groups("displayName: Net, members: [grace@x.org]")
    world.converge()  # disabled on 2026-06-01
    world.today = "2026-06-30"
    assert actions(world) == {}
    world.today = "2026-07-01"
    assert actions(world) == {"User/ada@x.org": ("delete", ("time",))}
    world.converge()
    assert world.client.find("Users", "userName", "ada@x.org") == []


@pytest.mark.parametrize(
    ("after", "sound"), [("0d", False), ("1d", True), ("3650d", True), ("3651d", False), ("99999999d", False)]
)  # fmt: skip
def test_a_deletion_falls_due_within_ten_years(world: World, after: str, sound: bool) -> None:
    world.write("apps/wiki/app.yaml", DELETING.replace("30d", after))
    problems = load(world.folder / "desired").problems
    assert [p.message for p in problems if "1 to 3650" in p.message] == [p.message for p in problems]
    assert (problems == []) == sound


def test_who_is_enabled_again_before_the_day_is_not_deleted(world: World) -> None:
    world.write("apps/wiki/app.yaml", DELETING)
    world.converge()
    world.users(ADA + ", accountEnabled: false", GRACE)
    world.converge()
    world.users(ADA, GRACE)
    world.converge()
    world.today = "2027-01-01"
    assert actions(world) == {}
    world.users(ADA + ", accountEnabled: false", GRACE)
    assert actions(world)["User/ada@x.org"][0] == "disable"


def test_an_attribute_left_to_the_service_is_written_when_the_declaration_changes_and_not_for_drift(world: World) -> None:
    world.write("apps/wiki/mappings.yaml", MAPPINGS.replace("source: jobTitle", "source: jobTitle, ignoreDrift: true"))
    world.converge()
    world.edit("ada@x.org", "title", "Boss")
    assert actions(world) == {}
    world.converge()
    world.users(ADA.replace("Engineer", "Architect"), GRACE)
    assert actions(world) == {"User/ada@x.org": ("update", ("config",))}
    world.converge()
    assert world.find("ada@x.org")["title"] == "Architect"


def test_an_attribute_left_to_the_service_is_kept_when_an_account_is_adopted(world: World) -> None:
    world.write("apps/wiki/mappings.yaml", MAPPINGS.replace("source: jobTitle", "source: jobTitle, ignoreDrift: true"))
    world.seed("ada@x.org", displayName="Ada", title="Boss")
    world.converge()
    assert world.find("ada@x.org")["title"] == "Boss"


def test_a_swap_of_unique_values_is_an_error_for_the_two_and_the_rest_is_planned(world: World) -> None:
    first, second = "userPrincipalName: ada@x.org, id: one", "userPrincipalName: grace@x.org, id: two"
    world.users(first, second)
    world.converge()
    world.users(
        "userPrincipalName: grace@x.org, id: one, previously: [ada@x.org]",
        "userPrincipalName: ada@x.org, id: two, previously: [grace@x.org]",
        "userPrincipalName: joan@x.org",
    )
    world.assign("group: Net, role: User", "user: joan@x.org, role: User")
    plan = world.plan()
    assert {(e.address, e.code) for e in plan.errors} == {("User/ada@x.org", "Rotation"), ("User/grace@x.org", "Rotation")}
    assert {c.address for c in plan.changes} == {"User/joan@x.org"}
    world.apply()
    world.users(first, second, "userPrincipalName: joan@x.org")
    world.assign("group: Net, role: User", "user: grace@x.org, role: Admin", "user: joan@x.org, role: User")
    assert world.plan().changes == () and world.plan().errors == ()
