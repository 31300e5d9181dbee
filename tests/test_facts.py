"""What Entra's provisioning pages say of assignments, filters, mappings, expressions and deprovisioning, row by row.

ROWS names for each statement the tests that hold it: here, or where the subject has a file of its own.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from reconciler.declare.load import load
from reconciler.declare.mapping_model import Clause, ScopingFilter
from reconciler.resolve.check import check
from reconciler.resolve.filters import OPERATORS, REFUSED, check_clause, holds, passing
from reconciler.resolve.mapping import compile_mapping
from tests.stories.test_story import ADA, GRACE, actions
from tests.support.world import APP, MAPPINGS, SWITCH, World

ROOT_OF_TESTS = Path(__file__).parent

ONE = "User/ada@x.org"
ROWS = {
    # Assignments (EN:how-provisioning-works, EN:known-issues, EN:application-provisioning-config-problem-no-users-provisioned)
    "only assigned users and groups, or all": ["test_scope_assigned_takes_the_assigned_and_all_takes_everybody"],
    "groups expand to members; nested ones where the setting says so": ["test_nested_groups_expand_unless_they_are_ignored"],
    "a group itself is provisioned only where groups are mapped": [
        "test_a_groups_assignment_provisions_the_group_only_where_mapped"
    ],
    "groups must be security-enabled": ["test_entra.test_a_group_that_is_not_security_enabled_is_named"],
    "losing membership is a deprovisioning event": ["test_story.test_an_unassigned_user_is_disabled_and_leaves_the_group"],
    "dynamic groups: their members are what the export lists": [
        "test_entra.test_graphs_pages_become_directory_roles_and_assignments"
    ],
    "a guest's name without #EXT#": [
        "test_a_guests_name_loses_its_tail_by_an_expression",
        "test_entra.test_graphs_pages_become_directory_roles_and_assignments",
    ],
    "a disabled user is never created": ["test_a_disabled_user_is_never_created"],
    "a user disabled by unassignment stays ours": ["test_who_was_disabled_by_unassignment_is_still_deleted_with_the_directory"],
    "a group is provisioned without members who are out of scope": ["test_a_member_out_of_scope_is_left_out_and_comes_back"],
    "a manager out of scope is left out": ["test_a_manager_out_of_scope_is_left_out_and_comes_back"],
    "Default Access is skipped, or treated like any role": [
        "test_default_access_is_provisioned_where_the_setting_says_so",
        "test_story.test_default_access_alone_is_skipped",
    ],
    "NotEffectivelyEntitled, told apart": ["test_explain.test_a_skipped_user_is_told_the_code_and_the_edits_that_bring_him_in"],
    "RedundantExport": ["test_an_account_that_matches_is_no_change"],
    "ImportSkipped: an empty matching attribute": ["test_who_has_no_matching_value_is_skipped_and_kept"],
    "EntrySynchronizationSkipped: out of scope": ["test_a_new_filter_shows_whom_it_would_disable_before_it_does"],
    "the scoping step records its verdicts": ["test_explain.test_every_check_has_its_verdict_even_where_another_failed"],
    # Scoping filters (EN:define-conditional-rules-for-provisioning-user-accounts)
    "clauses AND, filters OR, none by default": ["test_clauses_and_together_and_filters_or_together"],
    "filters for groups too": ["test_groups_have_filters_of_their_own"],
    "filters and assignment together": ["test_a_filter_lets_nobody_in_who_is_not_assigned"],
    "the operators": ["test_an_operator_holds", "test_every_operator_is_tried_both_ways"],
    "a null or empty value passes IS NULL alone": ["test_a_null_or_empty_value_passes_is_null_alone"],
    "integers on both sides": ["test_an_integer_operator_takes_integers_alone"],
    "attributes that no filter takes": ["test_an_attribute_that_no_filter_takes_is_refused"],
    "IsMemberOf is not supported": ["test_is_member_of_is_refused"],
    "a saved filter deprovisions who is out of it": ["test_a_new_filter_shows_whom_it_would_disable_before_it_does"],
    "a filter in Graph's JSON": [
        "test_entra.test_scoping_filters_are_alternatives_of_clauses",
        "test_entra.test_a_filter_that_cannot_be_translated_lets_nobody_in",
    ],
    "filter, attribute, operator, value shown": ["test_explain.test_each_clause_shows_the_value_that_it_saw_and_its_place"],
    # Attribute mappings (EN:customize-application-attributes)
    "direct, constant, expression, none": ["test_each_kind_of_mapping_gives_its_value"],
    "a default is sent at creation, never on update": ["test_a_default_is_sent_at_creation_and_never_after"],
    "none leaves the target; a default fills a new account": ["test_none_leaves_the_target_and_fills_a_new_account"],
    "matching in order of precedence, the first that finds": ["test_matching_attributes_are_tried_in_order_of_precedence"],
    "matching through an expression": ["test_an_account_is_matched_through_an_expression"],
    "a matching attribute that the service cannot filter on": [
        "test_profiles.test_who_cannot_be_filtered_for_is_found_by_reading_everybody"
    ],
    "flowType, matchingPriority, source type, defaultValue of Graph": [
        "test_entra.test_each_kind_of_attribute_mapping_has_its_equal",
        "test_entra.test_equal_priorities_are_numbered_in_the_order_in_which_they_stand",
        "test_entra.test_what_has_no_equal_is_listed_and_stands_in_the_file",
    ],
    "flowTypes and enabled of Graph": ["test_entra.test_target_object_actions_and_switched_off_mappings_are_kept"],
    "the groups' mapping can be switched off, the users' cannot": [
        "test_actions_of_groups_are_their_own",
        "test_targets.test_the_users_mapping_cannot_be_switched_off",
    ],
    "references in a second pass": ["test_managers_of_each_other_are_linked_in_the_apply_that_creates_them"],
    "the type of a target": [
        "test_targets.test_a_value_goes_in_the_targets_type",
        "test_targets.test_a_mapping_that_its_target_cannot_hold_is_refused_at_its_line",
    ],
    "custom extensions": ["test_an_attribute_of_an_extension_is_set_changed_and_cleared"],
    "special characters in a matching value": ["test_a_matching_value_may_hold_any_character"],
    "applied always or at creation": ["test_a_mapping_at_creation_is_not_compared_after"],
    "target object actions": ["test_an_action_that_is_not_allowed_is_not_planned"],
    "target object actions of users and of groups are apart": ["test_actions_of_groups_are_their_own"],
    "exact case": [
        "test_a_difference_in_case_alone_counts_where_case_is_exact",
        "test_entra.test_the_case_of_a_target_is_taken_over_where_it_is_not_what_holds_anyway",
    ],
    "nulls": ["test_a_value_that_became_null_is_cleared_or_kept", "test_story.test_an_attribute_that_we_never_set_is_left_alone"],
    "id is no target": ["test_what_belongs_to_the_service_is_no_target"],
    "appRoleAssignments go through an expression": ["test_app_role_assignments_go_through_an_expression"],
    "10,000 characters": ["test_expressions.test_what_is_no_expression_is_refused_at_its_column"],
    "multi-valued attributes by path filters": ["test_expressions.test_what_is_placed_is_read_back"],
    "IsSoftDeleted": ["test_is_soft_deleted_is_true_for_whoever_is_out"],
    "ThousandEyes' own mapping": [
        "test_the_vendors_own_mapping_gives_the_documented_account",
        "test_profiles.test_the_vendors_own_mapping_gives_exactly_the_documented_accounts",
    ],
    "the generic default mapping": ["test_entra.test_the_generic_scim_default_is_read_as_documented"],
    # Expressions (EN:functions-for-customizing-application-data)
    "every function": ["test_functions.test_each_function_has_its_file_and_no_other"],
    "documented examples": ["test_functions.test_a_file_holds_the_documented_examples_and_is_about_its_function"],
    "the whole is one call; strings, attributes, numbers, calls in it": [
        "test_expressions.test_what_is_no_expression_is_refused_at_its_column",
        "test_expressions.test_an_expression_may_break_over_lines_and_nest",
    ],
    "escapes of a string": ["test_expressions.test_a_backslash_escapes_itself_and_a_quote_alone"],
    "an argument may be left empty": ["test_functions.test_a_function_gives_its_value"],
    "function names have a case": ["test_expressions.test_what_is_no_expression_is_refused_at_its_column"],
    "conditions compare, and know no AND": ["test_functions.test_what_can_be_known_before_is_refused_at_its_column"],
    "Guid, Now and RandomString at creation alone": [
        "test_generated.test_a_generated_value_is_planned_as_its_expression_and_made_by_the_apply",
        "test_a_generated_value_stands_only_where_it_is_made_once",
    ],
    "a dropped attribute": ["test_functions.test_a_dropped_attribute_is_out_of_the_flow"],
    "[Redact] in logs": ["test_generated.test_a_value_under_redact_is_written_and_shown_nowhere"],
    "regular expressions of .NET": [
        "test_regex.test_a_translated_pattern_finds_what_dotnet_finds",
        "test_regex.test_a_pattern_that_re2_cannot_express_is_refused",
        "test_regex.test_a_pattern_that_hangs_others_takes_linear_time",
    ],
    "Switch blanks its target in Entra where its source did not change, and here it does not": [
        "test_a_switch_keeps_its_value_where_another_attribute_changes"
    ],
    "SelectUniqueValue is not for SCIM": ["test_functions.test_what_can_be_known_before_is_refused_at_its_column"],
    "role functions": [
        "test_roles.test_a_single_role_is_the_first_of_roles_yaml_and_who_holds_several_is_named",
        "test_roles.test_a_mapping_that_only_adds_keeps_a_role_that_was_taken_away_and_the_plan_says_so",
        "test_roles.test_an_assertive_mapping_removes_a_role_that_was_taken_away_and_the_plan_says_so",
    ],
    # Deprovisioning (EN:how-provisioning-works, EN:skip-out-of-scope-deletions)
    "unassigned, filtered out, soft-deleted, sign-in blocked: active false": [
        "test_deprovisioning.test_unassigned_or_out_of_filter_or_soft_deleted_or_sign_in_blocked_is_active_false"
    ],
    "only where active is mapped": ["test_deprovisioning.test_the_same_without_an_active_mapping_changes_nothing_and_says_so"],
    "only where Update is enabled": ["test_deprovisioning.test_the_same_without_the_update_action_changes_nothing_and_says_so"],
    "no soft delete in the target: DELETE": ["test_deprovisioning.test_the_same_where_the_target_has_no_soft_delete_is_a_delete"],
    "hard-deleted: DELETE": ["test_deprovisioning.test_hard_deleted_in_source_is_a_delete_if_the_delete_action_is_enabled"],
    "hard-deleted, Delete unchecked": ["test_deprovisioning.test_hard_deleted_in_source_with_delete_unchecked_is_nothing"],
    "back in scope or restored: active true": ["test_deprovisioning.test_back_in_scope_or_restored_is_active_true"],
    "SkipOutOfScopeDeletions": ["test_deprovisioning.test_skip_out_of_scope_deletions_is_retain"],
    "who was never matched is never touched": ["test_deprovisioning.test_an_account_that_was_never_matched_is_never_touched"],
}


@pytest.mark.parametrize("row", ROWS)
def test_every_row_names_a_test_that_there_is(row: str) -> None:
    for name in ROWS[row]:
        module, _, function = name.rpartition(".")
        assert callable(getattr(importlib.import_module(_place(module or "test_facts")), function))


def test_every_test_of_this_file_is_named_by_a_row() -> None:
    named = {name for names in ROWS.values() for name in names}
    own = {name for name in globals() if name.startswith("test_")}
    assert own - named == {"test_every_row_names_a_test_that_there_is", "test_every_test_of_this_file_is_named_by_a_row"}


def mapped(world: World, *replaced: tuple[str, str]) -> None:
    text = MAPPINGS
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new, 1)
    world.write("apps/wiki/mappings.yaml", text)


def setting(world: World, text: str) -> None:
    world.write("apps/wiki/app.yaml", APP + text + "\n")


def codes(world: World) -> dict[str, str]:
    return {skip.address: skip.code for skip in world.plan().skipped}


def manager(world: World, name: str) -> str | None:
    extension = world.find(name).get("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", {})
    found = extension.get("manager", {}).get("value")
    return None if found is None else str(found)


# Assignments


def test_scope_assigned_takes_the_assigned_and_all_takes_everybody(world: World) -> None:
    world.assign("user: grace@x.org, role: Admin")
    assert actions(world).keys() == {"User/grace@x.org"} and codes(world) == {ONE: "NotAssigned", "Group/Net": "NotAssigned"}
    setting(world, "provisioning: {scope: all}")
    assert actions(world).keys() == {"User/grace@x.org", ONE, "Group/Net"}


def test_nested_groups_expand_unless_they_are_ignored(world: World) -> None:
    world.groups("displayName: Outer, members: [grace@x.org, {group: Net}]", "displayName: Net, members: [ada@x.org]")
    world.assign("group: Outer, role: User")
    assert codes(world) == {"Group/Net": "NotAssigned"}
    setting(world, "provisioning: {nestedGroups: ignore}")
    assert codes(world) == {"Group/Net": "NotAssigned", ONE: "NotAssigned"}


def test_a_groups_assignment_provisions_the_group_only_where_mapped(world: World) -> None:
    mapped(world, ("  groups:\n", "  groups:\n    enabled: false\n"))
    assert actions(world).keys() == {ONE, "User/grace@x.org"}


def test_a_guests_name_loses_its_tail_by_an_expression(world: World) -> None:
    world.users('userPrincipalName: "guest_y.org#EXT#@x.org"')
    world.groups("displayName: Net, members: ['guest_y.org#EXT#@x.org']")
    world.assign("group: Net, role: User")
    mapped(world, ("source: userPrincipalName", 'expression: \'Replace([userPrincipalName], , "#EXT#@.*", , "", , )\''))
    world.converge()
    assert world.find("guest_y.org")["active"] is True


def test_a_disabled_user_is_never_created(world: World) -> None:
    world.users(ADA + ", accountEnabled: false", GRACE)
    assert ONE not in actions(world) and codes(world) == {ONE: "AccountDisabled"}


def test_who_was_disabled_by_unassignment_is_still_deleted_with_the_directory(world: World) -> None:
    setting(world, "deprovisioning: {removedFromDirectory: delete}")
    world.converge()
    world.groups("displayName: Net, members: [grace@x.org]")
    world.converge()
    assert world.find("ada@x.org")["active"] is False
    world.users(GRACE)
    assert actions(world)[ONE][0] == "delete"
    world.converge()
    assert world.client.find("Users", "userName", "ada@x.org") == []


def test_a_member_out_of_scope_is_left_out_and_comes_back(world: World) -> None:
    world.users(ADA, GRACE + ", accountEnabled: false")
    world.converge()
    assert len(world.group("Net")["members"]) == 1
    world.users(ADA, GRACE)
    world.converge()
    assert len(world.group("Net")["members"]) == 2


def test_a_manager_out_of_scope_is_left_out_and_comes_back(world: World) -> None:
    world.users(ADA, GRACE + ", accountEnabled: false")
    world.converge()
    assert manager(world, "ada@x.org") is None
    world.users(ADA, GRACE)
    world.converge()
    assert manager(world, "ada@x.org") == world.find("grace@x.org")["id"]


def test_default_access_is_provisioned_where_the_setting_says_so(world: World) -> None:
    world.assign("user: ada@x.org, role: Default Access")
    assert codes(world)[ONE] == "DefaultAccessRole"
    setting(world, "provisioning: {defaultAccess: provision}")
    assert actions(world)[ONE][0] == "create"


def test_an_account_that_matches_is_no_change(world: World) -> None:
    world.converge()
    plan = world.plan()
    assert (plan.changes, plan.unchanged) == ((), 3)


def test_who_has_no_matching_value_is_skipped_and_kept(world: World) -> None:
    mapped(world, ("source: userPrincipalName", "source: mail"))
    world.users(ADA + ", mail: ada@x.org", GRACE + ", mail: grace@x.org")
    world.converge()
    world.users(ADA, GRACE + ", mail: grace@x.org")
    assert codes(world) == {ONE: "MatchingAttributeEmpty"} and ONE not in actions(world)


# Scoping filters

CLAUSES: list[tuple[str, Any, Any, bool]] = [
    ("&", 4, "6", True), ("&", 1, "6", False), ("&", "Networks Sales", "Sales", True), ("&", "cd", "abcde", False),
    ("!&", 1, "6", True), ("!&", 4, "6", False), ("!&", "cd", "abcde", True), ("!&", "Networks Sales", "Sales", False),
    ("ENDS_WITH", "@x.org", "ada@x.org", True), ("ENDS_WITH", "@X.org", "ada@x.org", False),
    ("EQUALS", "Networks", "Networks", True), ("EQUALS", "networks", "Networks", False),
    ("NOT EQUALS", "networks", "Networks", True), ("NOT EQUALS", "Networks", "Networks", False),
    ("Greater_Than", 10, "11", True), ("Greater_Than", 10, "10", False), ("Greater_Than", 10, "9", False),
    ("Greater_Than", 10, "many", False), ("Greater_Than_OR_EQUALS", 10, "10", True), ("Greater_Than_OR_EQUALS", 10, "9", False),
    ("Includes", "work", "Networks", True), ("Includes", "Work", "Networks", False),
    ("IS TRUE", None, True, True), ("IS TRUE", None, "False", False), ("IS FALSE", None, "False", True),
    ("IS FALSE", None, True, False), ("IS NULL", None, "x", False), ("IS NULL", None, None, True),
    ("IS NOT NULL", None, "x", True), ("IS NOT NULL", None, "", False),
    ("REGEX MATCH", "^[0-9]{4}$", "1234", True), ("REGEX MATCH", "^[0-9]{4}$", "12345", False),
    ("NOT REGEX MATCH", "^[0-9]{4}$", "12345", True), ("NOT REGEX MATCH", "^[0-9]{4}$", "1234", False),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "value", "seen", "verdict"), CLAUSES)
def test_an_operator_holds(operator: str, value: Any, seen: Any, verdict: bool) -> None:
    assert check_clause(Clause("department", operator, value)) is None
    assert holds(Clause("department", operator, value), seen) is verdict


def test_every_operator_is_tried_both_ways() -> None:
    assert {(operator, verdict) for operator, _, _, verdict in CLAUSES} == {(o, v) for o in OPERATORS for v in (True, False)}
    assert len(OPERATORS) == 14


@pytest.mark.parametrize("operator", sorted(OPERATORS))
@pytest.mark.parametrize("seen", [None, ""])
def test_a_null_or_empty_value_passes_is_null_alone(operator: str, seen: Any) -> None:
    assert holds(Clause("department", operator, "1"), seen) is (operator == "IS NULL")


@pytest.mark.parametrize("operator", ["Greater_Than", "Greater_Than_OR_EQUALS"])
def test_an_integer_operator_takes_integers_alone(operator: str) -> None:
    assert check_clause(Clause("employeeId", operator, "ten")) is not None
    assert check_clause(Clause("employeeId", operator, "-10")) is None
    assert holds(Clause("employeeId", operator, 1), "2.5") is False


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_an_attribute_that_no_filter_takes_is_refused(name: str) -> None:
    assert {"members", "appRoleAssignments", "userType", "manager", "proxyAddresses", "employeeHireDate"} <= REFUSED
    assert check_clause(Clause(name, "IS NOT NULL")) is not None


def test_is_member_of_is_refused() -> None:
    assert check_clause(Clause("department", "IsMemberOf", "Net")) is not None


def test_clauses_and_together_and_filters_or_together() -> None:
    staff = ScopingFilter("staff", (Clause("department", "EQUALS", "Net"), Clause("employeeId", "IS NOT NULL")))
    boss = ScopingFilter("boss", (Clause("jobTitle", "EQUALS", "Boss"),))
    columns = {
        "department": ["Net", "Net", "Dev", "Dev"],
        "employeeId": ["1", None, "1", None],
        "jobTitle": [None, None, None, "Boss"],
    }
    assert passing((staff, boss), columns.__getitem__, 4) == [True, False, False, True]
    assert passing((), columns.__getitem__, 4) == [True] * 4


def filtered(world: World, clause: str) -> None:
    world.write(
        "apps/wiki/mappings.yaml",
        MAPPINGS.replace(
            "    attributes:\n", f"    scopingFilters: [{{name: F, clauses: [{{{clause}}}]}}]\n    attributes:\n", 1
        ),
    )


def test_a_new_filter_shows_whom_it_would_disable_before_it_does(world: World) -> None:
    world.converge()
    filtered(world, "attribute: jobTitle, operator: IS NULL")
    before = world.transport.writes
    assert actions(world)[ONE] == ("disable", ("config",)) and codes(world)[ONE] == "OutOfScopingFilter"
    assert world.transport.writes == before
    world.converge()
    assert world.find("ada@x.org")["active"] is False and world.find("grace@x.org")["active"] is True


def test_a_filter_lets_nobody_in_who_is_not_assigned(world: World) -> None:
    filtered(world, "attribute: jobTitle, operator: IS NOT NULL")
    world.assign("user: grace@x.org, role: User")
    assert codes(world) == {ONE: "NotAssigned", "User/grace@x.org": "OutOfScopingFilter", "Group/Net": "NotAssigned"}


def test_groups_have_filters_of_their_own(world: World) -> None:
    clause = "      - {name: F, clauses: [{attribute: description, operator: IS NOT NULL}]}\n"
    mapped(world, ("  groups:\n", "  groups:\n    scopingFilters:\n" + clause))
    assert codes(world) == {"Group/Net": "OutOfScopingFilter"}
    world.groups("displayName: Net, description: x, members: [ada@x.org, grace@x.org]")
    assert codes(world) == {}


# Attribute mappings


def test_each_kind_of_mapping_gives_its_value(world: World) -> None:
    mapped(
        world,
        (
            "      - {target: title",
            "      - {target: userType, constant: employee}\n"
            "      - {target: nickName, expression: 'ToLower([displayName])'}\n"
            "      - {target: locale, none: true}\n      - {target: title",
        ),
    )
    world.converge()
    ada = world.find("ada@x.org")
    assert (ada["title"], ada["userType"], ada["nickName"], ada.get("locale")) == ("Engineer", "employee", "ada", None)


def test_a_default_is_sent_at_creation_and_never_after(world: World) -> None:
    mapped(world, ("source: jobTitle", "source: jobTitle, default: Staff"))
    world.converge()
    assert (world.find("ada@x.org")["title"], world.find("grace@x.org")["title"]) == ("Engineer", "Staff")
    world.users(ADA.replace(", jobTitle: Engineer", ""), GRACE)
    world.converge()
    assert "title" not in world.find("ada@x.org") and world.find("grace@x.org")["title"] == "Staff"


def test_none_leaves_the_target_and_fills_a_new_account(world: World) -> None:
    world.seed("ada@x.org", title="Chief")
    mapped(world, ("source: jobTitle", "none: true, default: Staff"))
    world.converge()
    assert (world.find("ada@x.org")["title"], world.find("grace@x.org")["title"]) == ("Chief", "Staff")


def test_matching_attributes_are_tried_in_order_of_precedence(world: World) -> None:
    mapped(
        world,
        ("matchingPrecedence: 1", "matchingPrecedence: 2"),
        ("source: jobTitle", "source: employeeId, matchingPrecedence: 1"),
    )
    world.users(ADA + ', employeeId: "7"', GRACE)
    first, second = world.seed("other@x.org", title="7"), world.seed("grace@x.org")
    world.converge()
    assert (world.find("ada@x.org")["id"], world.find("grace@x.org")["id"]) == (first, second)


def test_an_account_is_matched_through_an_expression(world: World) -> None:
    mapped(world, ("source: userPrincipalName", "expression: 'Append(\"x-\", [userPrincipalName])'"))
    known = world.seed("X-ADA@x.org")
    world.converge()
    assert world.find("x-ada@x.org")["id"] == known


def test_a_mapping_at_creation_is_not_compared_after(world: World) -> None:
    mapped(world, ("source: jobTitle", "source: jobTitle, apply: create"))
    world.converge()
    world.edit("ada@x.org", "title", "Intern")
    world.users(ADA.replace("Engineer", "Chief"), GRACE)
    assert actions(world) == {}


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [("[]", {}), ("[create]", {"User/new@x.org": "create"}), ("[update]", {"User/grace@x.org": "update", ONE: "disable"}),
     ("[create, update, delete]", {"User/grace@x.org": "update", ONE: "disable", "User/new@x.org": "create"})],
)  # fmt: skip
def test_an_action_that_is_not_allowed_is_not_planned(world: World, allowed: str, expected: dict[str, str]) -> None:
    world.converge()
    mapped(
        world,
        ("  users:\n", f"  users:\n    targetObjectActions: {allowed}\n"),
        ("  groups:\n", "  groups:\n    enabled: false\n"),
    )
    world.users(ADA + ", accountEnabled: false", GRACE + ", jobTitle: Chief", "userPrincipalName: new@x.org")
    world.assign("group: Net, role: User", "user: grace@x.org, role: Admin", "user: new@x.org, role: User")
    assert {address: action for address, (action, _) in actions(world).items()} == expected


def test_actions_of_groups_are_their_own(world: World) -> None:
    mapped(world, ("  groups:\n", "  groups:\n    targetObjectActions: [update]\n"))
    assert "Group/Net" not in actions(world) and actions(world)[ONE][0] == "create"
    mapped(world)
    world.converge()
    world.groups("displayName: Net, members: [ada@x.org]", "displayName: Other, members: [grace@x.org]")
    world.assign("group: Net, role: User", "group: Other, role: User", "user: grace@x.org, role: Admin")
    mapped(world, ("  groups:\n", "  groups:\n    targetObjectActions: [create]\n"))
    assert {a: action for a, (action, _) in actions(world).items()} == {"Group/Other": "create"}
    mapped(world, ("  groups:\n", "  groups:\n    targetObjectActions: [create, update]\n"))
    world.assign("group: Other, role: User", "user: grace@x.org, role: Admin", "user: ada@x.org, role: User")
    assert "Group/Net" not in actions(world)
    mapped(world)
    assert actions(world)["Group/Net"][0] == "delete"


@pytest.mark.parametrize(
    ("target", "exact", "changes"),
    [("title", "", True), ("title", ", caseExact: true", True), ("title", ", caseExact: false", False),
     ("userName", "", False), ("userName", ", caseExact: true", True),
     ("emails", "", False), ("emails", ", caseExact: true", True)],
)  # fmt: skip
def test_a_difference_in_case_alone_counts_where_case_is_exact(world: World, target: str, exact: str, changes: bool) -> None:
    rows = {
        "title": ("source: jobTitle", "source: jobTitle" + exact),
        "userName": ("matchingPrecedence: 1", "matchingPrecedence: 1" + exact),
        "emails": ("target: title, source: jobTitle", "target: 'emails[type eq \"work\"].value', source: mail" + exact),
    }
    mapped(world, rows[target])
    world.users(ADA + ", mail: ada@x.org", GRACE)
    world.converge()
    old = {"title": "Engineer", "userName": ": ada@", "emails": "mail: ada@"}[target]
    world.users((ADA + ", mail: ada@x.org").replace(old, old.upper().replace("MAIL", "mail"), 1), GRACE)
    found = [change.attributes[0].path.partition("[")[0] for change in world.plan().changes]
    assert found == ([target] if changes else [])
    world.converge()


@pytest.mark.parametrize(("null", "left"), [("clear", None), ("keep", "Engineer")])
def test_a_value_that_became_null_is_cleared_or_kept(world: World, null: str, left: str | None) -> None:
    mapped(world, ("source: jobTitle", f"source: jobTitle, onNull: {null}"))
    world.converge()
    world.users(ADA.replace(", jobTitle: Engineer", ""), GRACE)
    world.converge()
    assert world.find("ada@x.org").get("title") == left


def problems(world: World) -> list[str]:
    loaded = load(world.folder / "desired")
    return [problem.code for problem in [*loaded.errors, *check(loaded.declarations)]]


def test_managers_of_each_other_are_linked_in_the_apply_that_creates_them(world: World) -> None:
    world.users(ADA, GRACE + ", manager: ada@x.org", "userPrincipalName: own@x.org, manager: own@x.org")
    world.assign("group: Net, role: User", "user: grace@x.org, role: Admin", "user: own@x.org, role: User")
    world.converge()
    for name, boss in (("ada@x.org", "grace@x.org"), ("grace@x.org", "ada@x.org"), ("own@x.org", "own@x.org")):
        assert manager(world, name) == world.find(boss)["id"]


def test_an_attribute_of_an_extension_is_set_changed_and_cleared(world: World) -> None:
    urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    mapped(world, ("target: title", f"target: '{urn}:costCenter'"))
    for title, left in (("Engineer", "Engineer"), ("Chief", "Chief"), ("", None)):
        world.users(ADA.replace("jobTitle: Engineer", f"jobTitle: {title}" if title else "city: Rome"), GRACE)
        world.converge()
        assert world.find("ada@x.org")[urn].get("costCenter") == left


def test_a_matching_value_may_hold_any_character(world: World) -> None:
    name = 'o\'neill\\\\ \\"ñ\\" & +%(x)@x.org'
    world.users(f'userPrincipalName: "{name}"', GRACE)
    world.assign("user: grace@x.org, role: Admin", f'user: "{name}", role: User')
    world.groups("[]")
    known = world.seed(name.replace('\\"', '"').replace("\\\\", "\\"))
    assert [change.action for change in world.plan().changes if change.address != "User/grace@x.org"] == ["update"]
    world.converge()
    assert [entry["id"] for address, entry in world.store.load().entries.items() if "neill" in address] == [known]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("row", "code"),
    [("", ["generated-value"]), (", apply: create", []), (", apply: create, matchingPrecedence: 2", ["generated-value"])],
)
@pytest.mark.parametrize("call", ["Guid()", "Now()", "RandomString(9, 1, 1, 1, 1)"])
def test_a_generated_value_stands_only_where_it_is_made_once(world: World, call: str, row: str, code: list[str]) -> None:
    mapped(world, ("source: jobTitle", f"expression: 'Append([mail], {call})'{row}"))
    assert problems(world) == code


@pytest.mark.parametrize("target", ["id", "meta", "groups", "schemas"])
def test_what_belongs_to_the_service_is_no_target(world: World, target: str) -> None:
    mapped(world, ("target: title", f"target: {target}"))
    assert problems(world) == ["target"]


def test_a_switch_keeps_its_value_where_another_attribute_changes(world: World) -> None:
    """Entra evaluates what changed alone: a Switch whose source did not is null, and blanks its target (its documented bug)."""
    mapped(world, ("source: jobTitle", 'expression: \'Switch([jobTitle], , "Engineer", "Eng")\''))
    world.converge()
    world.users(ADA.replace("displayName: Ada", "displayName: Ada King"), GRACE)
    (change,) = world.plan().changes
    assert [item.path for item in change.attributes] == ["displayName"]
    world.converge()
    ada = world.find("ada@x.org")
    assert (ada["displayName"], ada["title"]) == ("Ada King", "Eng")


def test_app_role_assignments_go_through_an_expression(world: World) -> None:
    mapped(world, ("source: jobTitle", "source: appRoleAssignments"))
    assert problems(world) == ["unknown-source"]


def test_is_soft_deleted_is_true_for_whoever_is_out(world: World) -> None:
    world.converge()
    assert compile_mapping(world.session().planned.context.resolution.declarations.apps["wiki"].users).disables()
    for out in ("accountEnabled: false", "department: Out"):
        filtered(world, "attribute: department, operator: IS NULL")
        world.users(f"{ADA}, {out}", GRACE)
        assert actions(world)[ONE][0] == "disable"
    world.users(ADA, GRACE)
    world.groups("displayName: Net, members: [grace@x.org]")
    assert actions(world)[ONE][0] == "disable"


def test_the_vendors_own_mapping_gives_the_documented_account(world: World) -> None:
    world.write(
        "apps/wiki/mappings.yaml",
        f"""mappings:
  users:
    targetObjectActions: [create, update, delete]
    attributes:
      - {{target: userName, source: userPrincipalName, matchingPrecedence: 1}}
      - {{target: 'emails[type eq "work"].value', source: mail}}
      - {{target: active, expression: {SWITCH}}}
      - {{target: displayName, source: displayName}}
  groups: {{enabled: false}}
""",
    )
    world.users(ADA + ", mail: ada.l@x.org", GRACE)
    world.converge()
    ada = world.find("ada@x.org")
    assert {name: ada[name] for name in ("userName", "active", "displayName")} == {
        "userName": "ada@x.org",
        "active": True,
        "displayName": "Ada",
    }
    assert [(mail["type"], mail["value"]) for mail in ada["emails"]] == [("work", "ada.l@x.org")]
    assert "title" not in ada and "roles" not in ada


def _place(module: str) -> str:
    """A test module wherever below tests/ it lies, dotted."""
    (file,) = ROOT_OF_TESTS.rglob(f"{module}.py")
    return ".".join(("tests", *file.relative_to(ROOT_OF_TESTS).with_suffix("").parts))
