"""What Entra and Graph give is read as what it means: nothing dropped in silence, nothing let in that was kept out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.adopt.entra_schema import text, translate
from reconciler.adopt.model import ImportRefused
from reconciler.cli.entra import take_schema
from reconciler.declare.load import load
from reconciler.resolve.check import check

FILES = Path(__file__).parent / "entra"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"
ACTIVE = {"target": "active", "expression": 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'}


def mapped(data: Any) -> tuple[dict[str, Any], list[str]]:
    """The mappings as any YAML reader sees them, and what was left."""
    found = translate(data)
    return yaml.safe_load(text(found, "apps/wiki/mappings.yaml"))["mappings"], found.all_left()


def vendor(name: str) -> dict[str, Any]:
    return dict(json.loads((FILES / f"{name}.json").read_text()))


def with_attribute(**item: Any) -> dict[str, Any]:
    data = vendor("thousandeyes")
    data["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"].append(item)
    return data


def with_scope(scope: Any) -> dict[str, Any]:
    data = vendor("thousandeyes")
    data["synchronizationRules"][0]["objectMappings"][0]["scope"] = scope
    return data


def function(expression: str) -> dict[str, Any]:
    return {"expression": expression, "name": expression.partition("(")[0], "parameters": [], "type": "Function"}


def clause(attribute: str, operator: str, *values: str) -> dict[str, Any]:
    return {"sourceOperandName": attribute, "operatorName": operator, "targetOperand": {"values": list(values)}}


# The synchronization schema


def test_the_vendors_thousandeyes_mapping_is_read_as_documented() -> None:
    assert mapped(vendor("thousandeyes")) == ({
        "users": {
            "enabled": True, "targetObjectActions": ["create", "update", "delete"], "scopingFilters": [],
            "attributes": [
                {"target": "userName", "source": "userPrincipalName", "matchingPrecedence": 1},
                {"target": 'emails[type eq "work"].value', "source": "mail", "onNull": "keep"},
                ACTIVE,
                {"target": "displayName", "source": "displayName", "onNull": "keep"},
            ],
        },
        "groups": {"enabled": False},
    }, [])  # fmt: skip


def test_the_generic_scim_default_is_read_as_documented() -> None:
    found, left = mapped(vendor("generic"))
    assert {row["target"]: row.get("source") for row in found["users"]["attributes"]} == {
        "userName": "userPrincipalName", "active": None, ENTERPRISE + "department": "department", "displayName": "displayName",
        ENTERPRISE + "employeeNumber": "employeeId", 'phoneNumbers[type eq "fax"].value': "facsimileTelephoneNumber",
        "name.givenName": "givenName", "title": "jobTitle", 'emails[type eq "work"].value': "mail", "externalId": "mailNickname",
        ENTERPRISE + "manager": "manager", 'phoneNumbers[type eq "mobile"].value': "mobile",
        'addresses[type eq "work"].postalCode': "postalCode",
        'addresses[type eq "other"].Formatted': "physicalDeliveryOfficeName",
        'addresses[type eq "work"].streetAddress': "streetAddress", "name.familyName": "surname",
        'phoneNumbers[type eq "work"].value': "telephoneNumber",
    }  # fmt: skip
    assert found["groups"]["attributes"] == [
        {"target": "displayName", "source": "displayName", "matchingPrecedence": 1},
        {"target": "externalId", "source": "id", "onNull": "keep"},
        {"target": "members", "source": "members"},
    ]
    assert left == ['users: emails[type eq "other"].Value: proxyAddresses has several values, and the target holds one '
                    "([proxyAddresses])"]  # fmt: skip


@pytest.mark.parametrize(("item", "row"), [
    ({"targetAttributeName": "title", "source": {"type": "Attribute", "name": "jobTitle"}, "defaultValue": "it's: on"},
     {"target": "title", "source": "jobTitle", "default": "it's: on", "onNull": "keep"}),
    ({"targetAttributeName": "userType", "source": {"type": "Constant", "name": "x", "expression": '"a \\"b\\""'}},
     {"target": "userType", "constant": 'a "b"'}),
    ({"targetAttributeName": "userType", "source": {"type": "Constant", "name": "on"}, "flowType": "ObjectAddOnly"},
     {"target": "userType", "constant": "on", "apply": "create"}),
    ({"targetAttributeName": "nickName", "source": {"type": "Attribute", "name": "extensionAttribute3"}, "matchingPriority": 2},
     {"target": "nickName", "source": "extensionAttributes.extensionAttribute3", "matchingPrecedence": 2, "onNull": "keep"}),
    ({"targetAttributeName": "nickName", "source": function('Join("[mail]", [objectId], [extension_12ab_x])')},
     {"target": "nickName", "expression": 'Join("[mail]", [id], [extensionAttributes.extension_12ab_x])', "onNull": "keep"}),
    ({"targetAttributeName": "nickName", "source": {}, "defaultValue": "x"},
     {"target": "nickName", "none": True, "default": "x"}),
    ({"targetAttributeName": "roles", "source": function("AssertiveAppRoleAssignmentsComplex([appRoleAssignments])")},
     {"target": "roles", "expression": "AssertiveAppRoleAssignmentsComplex([appRoleAssignments])"}),
])  # fmt: skip
def test_each_kind_of_attribute_mapping_has_its_equal(item: dict[str, Any], row: dict[str, Any]) -> None:
    found, left = mapped(with_attribute(**item))
    assert (found["users"]["attributes"][-1], left) == (row, [])


@pytest.mark.parametrize(("item", "why"), [
    ({"targetAttributeName": "title", "source": {"type": "Attribute", "name": "jobTitle"}, "flowType": "ValueAddOnly"},
     "flowType ValueAddOnly"),
    ({"targetAttributeName": "title", "source": {"type": "Attribute", "name": "hireColour"}}, "no source attribute hireColour"),
    ({"targetAttributeName": "title", "source": function("Nope([mail])")}, "unknown function Nope"),
    ({"targetAttributeName": "title", "source": function("SelectUniqueValue([mail], [id])")}, "cannot be used"),
    ({"targetAttributeName": "title", "source": function("Guid()")}, "another value each time"),
    ({"targetAttributeName": "id", "source": {"type": "Attribute", "name": "mail"}}, "belongs to the service"),
    ({"targetAttributeName": "a b", "source": {"type": "Attribute", "name": "mail"}}, "no SCIM path"),
    ({"targetAttributeName": "displayName", "source": {"type": "Attribute", "name": "mail"}}, "mapped twice"),
    ({"targetAttributeName": "title", "source": {"type": "Script\nx: y", "name": "mail"}}, "of type Script"),
])  # fmt: skip
def test_what_has_no_equal_is_listed_and_stands_in_the_file(item: dict[str, Any], why: str) -> None:
    data = with_attribute(**item)
    found, left = mapped(data)
    assert len(left) == 1 and why in left[0] and len(found["users"]["attributes"]) == 4
    assert why in text(translate(data), "x/mappings.yaml")


def test_scoping_filters_are_alternatives_of_clauses() -> None:
    found, left = mapped(with_scope({"groups": [
        {"name": "AD: on premise", "clauses": [clause("department", "EQUALS", "on"), clause("employeeId", "IS NOT NULL")]},
        {"clauses": [clause("city", "NOT REGEX MATCH", "^x.*$"), clause("employeeId", "GREATER_THAN_OR_EQUALS", "7")]},
    ], "inputFilterGroups": [], "categoryFilterGroups": []}))  # fmt: skip
    assert left == [] and found["users"]["scopingFilters"] == [
        {"name": "AD: on premise", "clauses": [{"attribute": "department", "operator": "EQUALS", "value": "on"},
                                               {"attribute": "employeeId", "operator": "IS NOT NULL"}]},
        {"name": "filter 2", "clauses": [{"attribute": "city", "operator": "NOT REGEX MATCH", "value": "^x.*$"},
                                         {"attribute": "employeeId", "operator": "Greater_Than_OR_EQUALS", "value": "7"}]},
    ]  # fmt: skip


@pytest.mark.parametrize("scope", [
    {"groups": [{"name": "F", "clauses": [clause("department", "EQUALS", "x"), clause("dirSyncEnabled", "IS TRUE")]}]},
    {"groups": [{"name": "F", "clauses": [clause("department", "IS MEMBER OF", "x")]}]},
    {"groups": [{"name": "F", "clauses": [clause("department", "EQUALS", "x", "y")]}]},
    {"groups": [], "inputFilterGroups": [{"clauses": [clause("department", "EQUALS", "x")]}]},
])  # fmt: skip
def test_a_filter_that_cannot_be_translated_lets_nobody_in(scope: dict[str, Any]) -> None:
    found, left = mapped(with_scope(scope))
    assert len(left) == 1
    nobody = {"attribute": "userPrincipalName", "operator": "IS NULL"}
    assert [f["clauses"] for f in found["users"]["scopingFilters"]] == [[nobody]]


def test_one_of_several_filters_that_cannot_be_translated_leaves_the_others() -> None:
    good, bad = {"clauses": [clause("city", "IS NULL")]}, {"name": "F", "clauses": [clause("nope", "IS NULL")]}
    found, left = mapped(with_scope({"groups": [good, bad]}))
    assert [f["name"] for f in found["users"]["scopingFilters"]] == ["filter 1"] and "scoping filter F" in left[0]


def test_target_object_actions_and_switched_off_mappings_are_kept() -> None:
    data = vendor("generic")
    users, groups = data["synchronizationRules"][0]["objectMappings"]
    users["flowTypes"], groups["enabled"] = "Add,Update", False
    found, _ = mapped(data)
    assert (found["users"]["targetObjectActions"], found["groups"]["enabled"]) == (["create", "update"], False)


def test_other_directions_and_other_objects_are_listed() -> None:
    data = vendor("thousandeyes")
    rule = data["synchronizationRules"][0]
    rule["objectMappings"].append({**rule["objectMappings"][0], "sourceObjectName": "Contact", "name": "Contacts"})
    data["synchronizationRules"].append({**rule, "sourceDirectoryName": "Workday"})
    _, left = mapped(data)
    assert [line.partition(":")[0] for line in left] == ["Contacts", "Synchronize Azure Active Directory Users to ThousandEyes",
                                                         "Contacts"]  # fmt: skip


@pytest.mark.parametrize("name", ["thousandeyes", "generic"])
def test_the_files_are_valid_and_written_once(tmp_path: Path, name: str) -> None:
    out = tmp_path / "desired"
    written, _ = take_schema(FILES / f"{name}.json", out, "wiki", force=False)
    assert written == [f"apps/wiki/{kind}.yaml" for kind in ("app", "assignments", "mappings")]
    loaded = load(out)
    assert [*loaded.problems, *check(loaded.declarations)] == []
    assert take_schema(FILES / f"{name}.json", out, "wiki", force=False)[0] == []
    (out / "apps/wiki/mappings.yaml").write_text("mappings: {}\n")
    with pytest.raises(ImportRefused, match="would overwrite"):
        take_schema(FILES / f"{name}.json", out, "wiki", force=False)
    assert take_schema(FILES / f"{name}.json", out, "wiki", force=True)[0] == ["apps/wiki/mappings.yaml"]


@pytest.mark.parametrize("content", [
    "", "[]", "{", "null", '{"synchronizationRules": [{"objectMappings": [null, {}]}]}', "\ufeff{}"
])  # fmt: skip
def test_a_file_that_is_no_schema_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "s.json").write_text(content)
    with pytest.raises(ImportRefused):
        take_schema(tmp_path / "s.json", tmp_path / "desired", "wiki", force=False)
    assert not (tmp_path / "desired").exists()


@given(st.text(), st.text(), st.text())
def test_no_name_in_a_schema_can_break_out_of_its_place(target: str, constant: str, name: str) -> None:
    data = with_attribute(targetAttributeName=target, source={"type": "Constant", "name": constant})
    data["synchronizationRules"][0]["objectMappings"][0]["scope"] = {"groups": [{"name": name, "clauses": [
        clause("city", "EQUALS", constant)]}]}  # fmt: skip
    found, _ = mapped(data)
    assert len(found["users"]["attributes"]) in (4, 5) and found["users"].keys() == {
        "enabled", "targetObjectActions", "scopingFilters", "attributes"
    }  # fmt: skip
