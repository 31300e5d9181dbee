"""What Entra and Graph give is read as what it means: nothing dropped in silence, nothing let in that was kept out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.adopt.entra.directory import take_directory, take_schema
from reconciler.adopt.entra.mappings_text import text
from reconciler.adopt.entra.schema import translate
from reconciler.adopt.model import ImportRefused
from reconciler.declare.load import load
from reconciler.resolve.check import check
from tests.support.servers import Desk

FILES = Path(__file__).parent.parent / "entra"
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
    assert mapped(vendor("thousandeyes")) == (
        {
            "users": {
                "enabled": True,
                "targetObjectActions": ["create", "update", "delete"],
                "scopingFilters": [],
                "attributes": [
                    {"target": "userName", "source": "userPrincipalName", "matchingPrecedence": 1},
                    {"target": 'emails[type eq "work"].value', "source": "mail", "onNull": "keep"},
                    ACTIVE,
                    {"target": "displayName", "source": "displayName", "onNull": "keep"},
                ],
            },
            "groups": {"enabled": False},
        },
        [],
    )


def test_the_generic_scim_default_is_read_as_documented() -> None:
    found, left = mapped(vendor("generic"))
    assert {row["target"]: row.get("source") for row in found["users"]["attributes"]} == {
        "userName": "userPrincipalName",
        "active": None,
        ENTERPRISE + "department": "department",
        "displayName": "displayName",
        ENTERPRISE + "employeeNumber": "employeeId",
        'phoneNumbers[type eq "fax"].value': "facsimileTelephoneNumber",
        "name.givenName": "givenName",
        "title": "jobTitle",
        'emails[type eq "work"].value': "mail",
        "externalId": "mailNickname",
        ENTERPRISE + "manager": "manager",
        'phoneNumbers[type eq "mobile"].value': "mobile",
        'addresses[type eq "work"].postalCode': "postalCode",
        'addresses[type eq "other"].Formatted': "physicalDeliveryOfficeName",
        'addresses[type eq "work"].streetAddress': "streetAddress",
        "name.familyName": "surname",
        'phoneNumbers[type eq "work"].value': "telephoneNumber",
    }
    assert found["groups"]["attributes"] == [
        {"target": "displayName", "source": "displayName", "matchingPrecedence": 1},
        {"target": "externalId", "source": "id", "onNull": "keep"},
        {"target": "members", "source": "members"},
    ]
    assert left == [
        'users: emails[type eq "other"].Value: proxyAddresses has several values, and the target holds one ([proxyAddresses])'
    ]


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
    ({"targetAttributeName": "a b", "source": {"type": "Attribute", "name": "mail"}}, "not a SCIM path"),
    ({"targetAttributeName": "displayName", "source": {"type": "Attribute", "name": "mail"}}, "mapped twice"),
    ({"targetAttributeName": "title", "source": {"type": "Script\nx: y", "name": "mail"}}, "of type Script"),
    ({"targetAttributeName": "emails", "source": {"type": "Attribute", "name": "mail"}}, "holds several values"),
    ({"targetAttributeName": "title", "source": {"type": "Attribute", "name": "manager"}}, "refers to another account"),
    ({"targetAttributeName": "userName.x", "source": {"type": "Attribute", "name": "mail"}}, "without parts"),
    ({"targetAttributeName": "urn:ietf:params:scim:schemas:core:2.0:User:DisplayName",
      "source": {"type": "Attribute", "name": "mail"}}, "mapped twice"),
])  # fmt: skip
def test_what_has_no_equal_is_listed_and_stands_in_the_file(item: dict[str, Any], why: str) -> None:
    data = with_attribute(**item)
    found, left = mapped(data)
    assert len(left) == 1 and why in left[0] and len(found["users"]["attributes"]) == 4
    assert why in text(translate(data), "x/mappings.yaml")


def test_equal_priorities_are_numbered_in_the_order_in_which_they_stand(tmp_path: Path) -> None:
    data = vendor("thousandeyes")
    rows = data["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"]
    for row, priority in zip(rows, (3, 1, 0, 3), strict=True):
        row["matchingPriority"] = priority
    (tmp_path / "s.json").write_text(json.dumps(data))
    _, left = take_schema(tmp_path / "s.json", tmp_path / "desired", "wiki", force=False)
    attributes = load(tmp_path / "desired").declarations.apps["wiki"].users.attributes
    assert [item.matchingPrecedence for item in attributes] == [2, 1, None, 3]
    assert left == [
        "users: matchingPriority: several have the same, so they are numbered in order instead "
        '(emails[type eq "work"].value 1, userName 2, displayName 3)'
    ]
    rows[3]["matchingPriority"] = 7
    found, left = mapped(data)
    assert [row.get("matchingPrecedence") for row in found["users"]["attributes"]] == [3, 1, None, 7] and left == []


def with_target(*attributes: dict[str, Any], kind: str = "User", directory: str = "customappsso") -> dict[str, Any]:
    """The target's objects are called as its mapping calls them."""
    data = vendor("generic")
    rule = data["synchronizationRules"][0]
    name = next(item["targetObjectName"] for item in rule["objectMappings"] if item["sourceObjectName"] == kind)
    data["directories"] = [{"name": directory, "objects": [{"name": name, "attributes": list(attributes)}]}]
    return data


@pytest.mark.parametrize(("name", "exact", "row"), [
    ("displayName", False, False), ("DISPLAYNAME", False, False), ("displayName", True, None), ("displayName", None, None),
    ("userName", True, True), ("userName", False, None), ('emails[type eq "work"].value', True, True),
    ('emails[type eq "work"].value', False, None), (ENTERPRISE + "department", False, False), ("name.givenName", False, False),
    ("active", False, None),
])  # fmt: skip
def test_the_case_of_a_target_is_taken_over_where_it_is_not_what_holds_anyway(name: str, exact: bool, row: Any) -> None:
    found, left = mapped(with_target({"name": name, "type": "String", "caseExact": exact}))
    said = {item["target"].lower(): item["caseExact"] for item in found["users"]["attributes"] if "caseExact" in item}
    assert said == ({} if row is None else {name.lower(): row})
    assert len(left) == 1


def test_the_case_of_what_is_no_text_and_of_other_objects_and_directories_says_nothing() -> None:
    manager = {"name": ENTERPRISE + "manager", "type": "Reference", "caseExact": False}
    title = {"name": "title", "caseExact": False}
    for data in (with_target(manager), with_target(title, directory="other"), with_target(title, kind="Group")):
        assert not any("caseExact" in row for side in mapped(data)[0].values() for row in side["attributes"])
    groups = mapped(with_target({"name": "displayName", "caseExact": False}, kind="Group"))[0]["groups"]["attributes"]
    assert groups[0] == {"target": "displayName", "source": "displayName", "matchingPrecedence": 1, "caseExact": False}


def test_scoping_filters_are_alternatives_of_clauses() -> None:
    found, left = mapped(
        with_scope(
            {
                "groups": [
                    {
                        "name": "AD: on premise",
                        "clauses": [clause("department", "EQUALS", "on"), clause("employeeId", "IS NOT NULL")],
                    },
                    {
                        "clauses": [
                            clause("city", "NOT REGEX MATCH", "^x.*$"),
                            clause("employeeId", "GREATER_THAN_OR_EQUALS", "7"),
                        ]
                    },
                ],
                "inputFilterGroups": [],
                "categoryFilterGroups": [],
            }
        )
    )
    assert left == [] and found["users"]["scopingFilters"] == [
        {
            "name": "AD: on premise",
            "clauses": [
                {"attribute": "department", "operator": "EQUALS", "value": "on"},
                {"attribute": "employeeId", "operator": "IS NOT NULL"},
            ],
        },
        {
            "name": "filter 2",
            "clauses": [
                {"attribute": "city", "operator": "NOT REGEX MATCH", "value": "^x.*$"},
                {"attribute": "employeeId", "operator": "Greater_Than_OR_EQUALS", "value": "7"},
            ],
        },
    ]


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


def test_a_users_mapping_that_is_switched_off_does_nothing_here_and_that_is_listed() -> None:
    data = vendor("thousandeyes")
    data["synchronizationRules"][0]["objectMappings"][0]["enabled"] = False
    found, left = mapped(data)
    assert (found["users"]["enabled"], found["users"]["targetObjectActions"]) == (True, []) and "switched off" in left[0]


def test_active_is_active_however_the_schema_spells_it() -> None:
    data = vendor("thousandeyes")
    rows = data["synchronizationRules"][0]["objectMappings"][0]["attributeMappings"]
    next(row for row in rows if row["targetAttributeName"] == "active")["targetAttributeName"] = "Active"
    found, left = mapped(data)
    assert ACTIVE in found["users"]["attributes"] and left == []


def test_other_directions_and_other_objects_are_listed() -> None:
    data = vendor("thousandeyes")
    rule = data["synchronizationRules"][0]
    rule["objectMappings"].append({**rule["objectMappings"][0], "sourceObjectName": "Contact", "name": "Contacts"})
    data["synchronizationRules"].append({**rule, "sourceDirectoryName": "Workday"})
    _, left = mapped(data)
    assert [line.partition(":")[0] for line in left] == [
        "Contacts",
        "Synchronize Azure Active Directory Users to ThousandEyes",
        "Contacts",
    ]


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
    data["synchronizationRules"][0]["objectMappings"][0]["scope"] = {
        "groups": [{"name": name, "clauses": [clause("city", "EQUALS", constant)]}]
    }
    found, _ = mapped(data)
    assert len(found["users"]["attributes"]) in (4, 5) and found["users"].keys() == {
        "enabled",
        "targetObjectActions",
        "scopingFilters",
        "attributes",
    }


# The directory

NAMED = ("ada", "grace", "guest", "net", "ops", "admin")
IDS = {name: f"{number:08x}-0000-4000-8000-000000000000" for number, name in enumerate(NAMED)}
GRAPH = "https://graph.microsoft.com/v1.0/$metadata#"


def person(name: str, **keys: Any) -> dict[str, Any]:
    return {
        "id": IDS[name],
        "userPrincipalName": f"{name}@x.org",
        "displayName": name.title(),
        "accountEnabled": True,
        "mail": None,
        **keys,
    }


def export(folder: Path, **files: Any) -> Path:
    for name, data in files.items():
        file = folder / name.replace("__", "/").replace("_csv", ".csv")
        file = file if file.suffix else file.with_suffix(".json")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return folder


@pytest.fixture
def tenant(tmp_path: Path) -> Path:
    boss = {"@odata.type": "#microsoft.graph.user", "id": IDS["grace"]}
    return export(
        tmp_path / "export",
        users1={
            "@odata.context": GRAPH + "users",
            "@odata.nextLink": "https://x",
            "value": [
                person("ada", mobilePhone="0123", officeLocation="B: 1", businessPhones=["+1 2"], manager=boss, department="on"),
                person("guest", userPrincipalName="guest_y.org#EXT#@x.onmicrosoft.com", accountEnabled=False),
            ],
        },
        users2={
            "@odata.context": GRAPH + "users",
            "value": [person("grace", onPremisesExtensionAttributes={"extensionAttribute1": "42", "extensionAttribute2": None})],
        },
        groups={
            "@odata.context": GRAPH + "groups(members())",
            "value": [
                {
                    "id": IDS["net"],
                    "displayName": "Net",
                    "description": None,
                    "members": [{"id": IDS["ada"]}, {"id": IDS["ops"]}, {"id": "a device"}],
                },
                {"id": IDS["ops"], "displayName": "Ops", "members": [{"id": IDS["grace"]}]},
            ],
        },
        app={
            "id": "sp",
            "appRoles": [
                {"id": IDS["admin"], "value": "adm", "displayName": "Admin", "isEnabled": True, "allowedMemberTypes": ["User"]}
            ],
        },
        assigned={
            "@odata.context": GRAPH + "appRoleAssignments",
            "value": [
                {"principalId": IDS["net"], "principalType": "Group", "appRoleId": IDS["admin"], "resourceId": "sp"},
                {
                    "principalId": IDS["grace"],
                    "principalType": "User",
                    "appRoleId": "0" * 8 + "-0000-0000-0000-" + "0" * 12,
                    "resourceId": "sp",
                },
            ],
        },
    )


def imported(folder: Path, out: Path) -> tuple[list[str], list[str]]:
    found = take_directory(folder, out, "wiki")
    loaded = load(out)
    assert [*loaded.errors, *check(loaded.declarations)] == []
    return found


def test_graphs_pages_become_directory_roles_and_assignments(tenant: Path, tmp_path: Path) -> None:
    out = tmp_path / "desired"
    written, left = imported(tenant, out)
    assert len(written) == 6 and left == ["Net: a member is not imported: it is not a user or group of the export"]
    declarations = load(out).declarations
    assert {name: user.row for name, user in declarations.users.items()} == {
        "ada@x.org": {
            "userPrincipalName": "ada@x.org",
            "id": IDS["ada"],
            "displayName": "Ada",
            "mobile": "0123",
            "department": "on",
            "physicalDeliveryOfficeName": "B: 1",
            "telephoneNumber": "+1 2",
            "manager": "grace@x.org",
        },
        "grace@x.org": {
            "userPrincipalName": "grace@x.org",
            "id": IDS["grace"],
            "displayName": "Grace",
            "extensionAttributes": {"extensionAttribute1": "42"},
        },
        "guest_y.org": {"userPrincipalName": "guest_y.org", "id": IDS["guest"], "displayName": "Guest", "accountEnabled": False},
    }
    assert declarations.groups["net"].row["members"] == ["ada@x.org", {"group": "Ops"}]
    assert [(a.user, a.group, a.role) for a in declarations.apps["wiki"].assignments] == [
        ("grace@x.org", None, "default access"),
        (None, "net", "admin"),
    ]


def test_a_second_import_changes_no_byte(tenant: Path, tmp_path: Path) -> None:
    out = tmp_path / "desired"
    imported(tenant, out)
    before = {f: f.read_bytes() for f in out.rglob("*.yaml")}
    assert imported(tenant, out)[0] == [] and {f: f.read_bytes() for f in out.rglob("*.yaml")} == before


def test_a_later_import_changes_only_what_changed_and_keeps_what_a_person_wrote(tenant: Path, tmp_path: Path) -> None:
    out = tmp_path / "desired"
    imported(tenant, out)
    users, assigned = out / "directory/users/entra.yaml", out / "apps/wiki/assignments.yaml"
    users.write_text(users.read_text().replace("    displayName: Ada\n", "    displayName: Ada  # NET-1\n    city: Bath\n"))
    assigned.write_text(assigned.read_text().replace("group: Net, role: Admin", "group: Net, role: Admin, reason: on call"))
    (out / "directory/groups/own.yaml").write_text("groups:\n  # ours\n  - displayName: Own\n    members: [ADA@x.org]  # one\n")
    before = users.read_text()
    page = json.loads((tenant / "users1.json").read_text())
    page["value"][0].update(userPrincipalName="ada.king@x.org", displayName="Ada King", mobilePhone=None)
    export(tenant, users1=page)
    written, _ = imported(tenant, out)
    assert written == ["directory/groups/entra.yaml", "directory/groups/own.yaml", "directory/users/entra.yaml"]
    lines = {*users.read_text().splitlines()} ^ {*before.splitlines()}
    assert lines == {
        "  - userPrincipalName: ada@x.org",
        "  - userPrincipalName: ada.king@x.org",
        "    displayName: Ada  # NET-1",
        "    displayName: Ada King  # NET-1",
        '    mobile: "0123"',
        "    previously: [ada@x.org]",
    }
    assert (out / "directory/groups/own.yaml").read_text().endswith("    members: [ada.king@x.org]  # one\n")
    assert "reason: on call" in assigned.read_text() and imported(tenant, out)[0] == []


def test_a_member_who_is_renamed_keeps_the_place(tenant: Path, tmp_path: Path) -> None:
    out = tmp_path / "desired"
    groups = json.loads((tenant / "groups.json").read_text())
    groups["value"][0]["members"] = [{"id": IDS[name]} for name in ("ada", "grace", "guest", "ops")]
    imported(export(tenant, groups=groups), out)
    file = out / "directory/groups/entra.yaml"
    file.write_text(file.read_text().replace("grace@x.org", "grace@x.org  # NET-1", 1))
    before = file.read_text()
    assert "# NET-1" in before
    people, other = (json.loads((tenant / f"users{number}.json").read_text()) for number in (1, 2))
    people["value"][0]["userPrincipalName"], other["value"][0]["userPrincipalName"] = "zoe@x.org", "hopper@x.org"
    groups["value"][1]["displayName"] = "Crew"
    imported(export(tenant, users1=people, users2=other, groups=groups), out)
    assert load(out).declarations.groups["net"].row["members"] == ["zoe@x.org", "hopper@x.org", "guest_y.org", {"group": "Crew"}]
    renamed = before.replace("ada@x.org", "zoe@x.org").replace("grace@x.org", "hopper@x.org").replace("group: Ops", "group: Crew")
    assert file.read_text() == renamed.replace("displayName: Ops\n", "displayName: Crew\n") + "    previously: [Ops]\n"


def test_who_has_left_the_tenant_leaves_the_directory_and_all_that_refers_to_them(tenant: Path, tmp_path: Path) -> None:
    out = tmp_path / "desired"
    imported(tenant, out)
    (out / "directory/groups/own.yaml").write_text("groups: [{displayName: Own, members: [grace@x.org, ada@x.org]}]\n")
    (out / "directory/users/own.yaml").write_text("users: [{userPrincipalName: zed@x.org, manager: grace@x.org}]\n")
    export(tenant, users2={"@odata.context": GRAPH + "users", "value": []})
    imported(tenant, out)
    declarations = load(out).declarations
    assert sorted(declarations.users) == ["ada@x.org", "guest_y.org", "zed@x.org"]
    assert declarations.groups["own"].row["members"] == ["ada@x.org"] and declarations.groups["ops"].row["members"] == []
    assert [a.group for a in declarations.apps["wiki"].assignments] == ["net"]


@pytest.mark.parametrize("unsaid", [{}, {"accountEnabled": None}, {"accountEnabled": ""}])
def test_whether_somebody_is_enabled_is_never_taken_from_silence(tenant: Path, tmp_path: Path, unsaid: dict[str, Any]) -> None:
    """Graph leaves accountEnabled out of /users without $select."""
    out = tmp_path / "desired"
    page = json.loads((tenant / "users1.json").read_text())
    ada, guest = page["value"]
    imported(tenant, out)
    file = out / "directory/users/entra.yaml"
    before = file.read_text()
    for row in (ada, guest):
        del row["accountEnabled"]
        row.update(unsaid)
    _, left = imported(export(tenant, users1=page), out)
    assert file.read_text() == before and "accountEnabled: false" in before
    (line,) = [line for line in left if "enabled" in line]
    assert line.startswith("ada@x.org, guest_y.org: ") and "$select" in line
    guest["accountEnabled"] = True
    imported(export(tenant, users1=page), out)
    assert "accountEnabled" not in file.read_text()


def test_what_only_some_rows_say_is_not_taken_from_the_others(tenant: Path, tmp_path: Path) -> None:
    out = tmp_path / "desired"
    imported(tenant, out)
    page, groups = (json.loads((tenant / f"{name}.json").read_text()) for name in ("users1", "groups"))
    for key in ("department", "mobilePhone", "businessPhones"):
        del page["value"][0][key]
        page["value"][1][key] = None
    del groups["value"][0]["members"]
    written, left = imported(export(tenant, users1=page, groups=groups), out)
    assert written == [] and any(line.startswith("Net: the export does not say who is in it") for line in left)
    assert load(out).declarations.groups["net"].row["members"] == ["ada@x.org", {"group": "Ops"}]


def test_a_manager_who_is_gone_is_one_that_graph_leaves_out(tenant: Path, tmp_path: Path) -> None:
    imported(tenant, tmp_path / "desired")
    page, other = (json.loads((tenant / f"{name}.json").read_text()) for name in ("users1", "users2"))
    other["value"][0]["manager"] = page["value"][0].pop("manager") | {"id": IDS["guest"]}
    imported(export(tenant, users1=page, users2=other), tmp_path / "desired")
    users = load(tmp_path / "desired").declarations.users
    assert "manager" not in users["ada@x.org"].row and users["grace@x.org"].row["manager"] == "guest_y.org"


@pytest.mark.parametrize(("name", "page", "why"), [
    ("users2", {"@odata.context": GRAPH + "users", "@odata.nextLink": "https://y", "value": []}, "last page of users is missing"),
    ("groups", {"value": [{"id": "g", "displayName": "Big", "members": [{"id": f"{n}"} for n in range(20)]}]}, "Big has more"),
    ("groups", {"value": [{"id": "g", "displayName": "B", "members": [], "members@odata.nextLink": "z"}]}, "members/g.json"),
    ("assigned", {"value": [{"principalId": "a", "appRoleId": "r", "resourceId": r} for r in "xy"]}, "assignments of 2 apps"),
])  # fmt: skip
def test_an_export_that_is_not_whole_is_refused(tenant: Path, tmp_path: Path, name: str, page: Any, why: str) -> None:
    with pytest.raises(ImportRefused) as refused:
        take_directory(export(tenant, **{name: page}), tmp_path / "desired", "wiki")
    assert why in refused.value.message + refused.value.remedy and not (tmp_path / "desired").exists()


def test_an_export_without_anybody_does_not_empty_the_directory(tenant: Path, tmp_path: Path) -> None:
    imported(tenant, tmp_path / "desired")
    empty = {"@odata.context": GRAPH + "users", "value": []}
    with pytest.raises(ImportRefused, match="no users at all"):
        take_directory(export(tenant, users1=empty, users2=empty), tmp_path / "desired", "wiki")


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"notes.txt": "users"},
        {"odd": {"value": [{"x": 1}]}},
        {"none": {"value": []}},
        {"members__net": {"value": [{"id": "1"}]}},
    ],
)
def test_a_folder_with_nothing_that_is_known_is_no_export(tmp_path: Path, files: dict[str, Any]) -> None:
    desk = Desk(tmp_path, "http://127.0.0.1")
    (tmp_path / "export").mkdir()
    export(tmp_path / "export", **files)
    ran = desk.reconcile("import", "--entra-directory", "export")
    assert (ran.code, ran.out) == (1, "") and "Error: export holds no users, groups or assignments" in ran.err
    assert "/groups?$expand=members" in ran.err and "appRoleAssignedTo" in ran.err and ".csv" in ran.err
    assert ("odd" in ran.err) is ("odd" in files)


def test_members_saved_on_their_own_are_read_to_the_last_page(tenant: Path, tmp_path: Path) -> None:
    groups = {"@odata.context": GRAPH + "groups", "value": [{"id": IDS["net"], "displayName": "Net"}]}
    first = {"@odata.context": GRAPH + "directoryObjects", "@odata.nextLink": "https://x", "value": [{"id": IDS["ada"]}]}
    export(tenant, groups=groups, **{f"members__{IDS['net']}": first})
    with pytest.raises(ImportRefused, match="more members"):
        take_directory(tenant, tmp_path / "desired", "wiki")
    export(tenant, **{f"members__{IDS['net']} 2": {**first, "@odata.nextLink": None, "value": [{"id": IDS["grace"]}]}})
    imported(tenant, tmp_path / "desired")
    assert load(tmp_path / "desired").declarations.groups["net"].row["members"] == ["ada@x.org", "grace@x.org"]


def test_the_portals_csv_files_are_read_as_well(tmp_path: Path) -> None:
    folder = export(
        tmp_path / "csv",
        exportUsers_csv="\ufeffuserPrincipalName,displayName,id,accountEnabled,mobilePhone,department\n"
        f'ada@x.org,"Lovelace, Ada",{IDS["ada"]},True,,on\ngrace@x.org,Grace,{IDS["grace"]},False,0123,\n',
        exportGroups_csv=f"id,displayName,groupType,membershipType\n{IDS['net']},Net,Security,Assigned\n",
        members__Net_csv=f"id,userPrincipalName,displayName\n{IDS['ada']},ada@x.org,Ada\n",
        assigned_csv=f"Object ID,Display name,Object type,Role assigned\n{IDS['net']},Net,Group,User\n",
    )
    out = tmp_path / "desired"
    imported(folder, out)
    declarations = load(out).declarations
    rows = {name: user.row for name, user in declarations.users.items()}
    assert {n: [row.get(key) for key in ("displayName", "accountEnabled", "mobile")] for n, row in rows.items()} == {
        "ada@x.org": ["Lovelace, Ada", None, None],
        "grace@x.org": ["Grace", False, "0123"],
    }
    assert declarations.groups["net"].row["members"] == ["ada@x.org"]
    assert [(a.group, a.role) for a in declarations.apps["wiki"].assignments] == [("net", "user")]
    assert imported(folder, out)[0] == []


MEMBERS = (
    "id,userPrincipalName,displayName,objectType,userType,isUser,isGroup,isGuest\n"
    f"{IDS['ada']},ada@x.org,Ada,User,Member,True,False,False\n{IDS['ops']},,Ops,Group,,False,True,False\n"
)


@pytest.fixture
def portal(tmp_path: Path) -> Path:
    return export(
        tmp_path / "csv",
        exportUsers_1_csv="userPrincipalName,displayName,id,accountEnabled,mail,userType\n"
        f"ada@x.org,Ada,{IDS['ada']},False,ada@x.org,Member\n",
        exportGroups_1_csv="id,displayName,groupType,membershipType,securityEnabled\n"
        f"{IDS['net']},Net,Security,Assigned,True\n{IDS['ops']},Ops,Security,Assigned,True\n",
    )


@pytest.mark.parametrize("name", ["Net", IDS["net"]])
def test_the_portals_list_of_members_is_no_list_of_users(portal: Path, tmp_path: Path, name: str) -> None:
    imported(export(portal, **{f"members__{name}_csv": MEMBERS}), tmp_path / "desired")
    declarations = load(tmp_path / "desired").declarations
    assert {user: found.row for user, found in declarations.users.items()} == {
        "ada@x.org": {
            "userPrincipalName": "ada@x.org",
            "displayName": "Ada",
            "id": IDS["ada"],
            "mail": "ada@x.org",
            "accountEnabled": False,
            "userType": "Member",
        }
    }
    assert declarations.groups["net"].row["members"] == ["ada@x.org", {"group": "Ops"}]


def test_a_list_of_members_that_does_not_say_of_which_group_is_refused(portal: Path, tmp_path: Path) -> None:
    export(portal, exportGroupMembers_1_csv=MEMBERS)
    with pytest.raises(ImportRefused, match="exportGroupMembers_1 lists members") as refused:
        take_directory(portal, tmp_path / "desired", "wiki")
    assert "save it as members/GROUP.csv" in refused.value.remedy and not (tmp_path / "desired").exists()


def test_a_list_of_members_of_no_group_of_the_export_is_named(portal: Path, tmp_path: Path) -> None:
    _, left = imported(export(portal, members__Nett_csv=MEMBERS), tmp_path / "desired")
    assert any(line.startswith("Nett: its members are not imported") and "members/GROUP.csv" in line for line in left)


@pytest.mark.parametrize("said", [False, "False"])
def test_a_group_that_is_not_security_enabled_is_named(tenant: Path, tmp_path: Path, said: Any) -> None:
    """Entra assigns apps to security groups alone."""
    groups = json.loads((tenant / "groups.json").read_text())
    net, ops = groups["value"]
    net["securityEnabled"], ops["securityEnabled"] = said, True
    _, left = imported(export(tenant, groups=groups), tmp_path / "desired")
    (line,) = [line for line in left if "security-enabled" in line]
    assert line.startswith("Net: ") and "Entra provisions nobody by its assignment" in line
    assert {*load(tmp_path / "desired").declarations.groups} == {"net", "ops"}


def test_two_rows_of_one_person_are_one_where_they_agree(tenant: Path, tmp_path: Path) -> None:
    again = f"id,userPrincipalName,department,city\n{IDS['ada']},ada@x.org,on,Bath\n"
    imported(export(tenant, more_csv=again), tmp_path / "desired")
    row = load(tmp_path / "desired").declarations.users["ada@x.org"].row
    assert (row["department"], row["city"], row["manager"], row["mobile"]) == ("on", "Bath", "grace@x.org", "0123")


@pytest.mark.parametrize(("line", "why"), [
    (f"{IDS['ada']},ada@x.org,off,True", "two rows of ada@x.org, and they differ in department"),
    (f"{IDS['ada']},ada@x.org,,False", "differ in accountEnabled, department"),
    (f"{IDS['ada']},ada.king@x.org,on,True", "differ in userPrincipalName"),
])  # fmt: skip
def test_two_rows_of_one_person_that_differ_are_refused(tenant: Path, tmp_path: Path, line: str, why: str) -> None:
    export(tenant, more_csv=f"id,userPrincipalName,department,accountEnabled\n{line}\n")
    with pytest.raises(ImportRefused, match=why):
        take_directory(tenant, tmp_path / "desired", "wiki")
    assert not (tmp_path / "desired").exists()


def test_names_that_two_bear_and_roles_that_the_export_lacks_are_listed(tenant: Path, tmp_path: Path) -> None:
    same = [{"id": n, "displayName": "Same", "groupTypes": []} for n in "ab"]
    (tenant / "app.json").unlink()
    _, left = imported(export(tenant, groups2={"value": same}), tmp_path / "desired")
    assert any("several have this displayName" in line for line in left) and any("no app role" in line for line in left)
    assert "same" not in load(tmp_path / "desired").declarations.groups


WORDS = "User principal name,Display name,Object ID,Account enabled,Department"


@pytest.mark.parametrize(("row", "line", "why"), [
    ("bob@x.org,Baker, Bob,2,No,Networks", 2, "6 cells under 5 headings"),
    ("ada@x.org,Ada,1,Yes,N\nbob@x.org,Bob,2,N", 3, "4 cells under 5 headings"),
    ('ada@x.org,"A\nB",1,Yes,N\nbob@x.org,Bob', 4, "2 cells under 5 headings"),
    ('ada@x.org,Ada,1,Yes,N\nbob@x.org,"Bo', 3, "not CSV"),
    ("ada@x.org,Ada,1,Y,N", 2, "accountEnabled is 'Y'"),
])  # fmt: skip
def test_a_row_of_another_length_or_that_is_cut_off_is_an_error_at_its_line(
    tmp_path: Path, row: str, line: int, why: str
) -> None:
    export(tmp_path / "csv", users_csv=f"{WORDS}\n{row}")
    with pytest.raises(ImportRefused) as refused:
        take_directory(tmp_path / "csv", tmp_path / "desired", None)
    assert refused.value.message.startswith(f"{tmp_path / 'csv'}/users.csv:{line}: {why}") and refused.value.remedy
    assert not (tmp_path / "desired").exists()


def test_the_portals_headings_in_words_are_read(tmp_path: Path) -> None:
    users = (
        f"{WORDS},Mobile phone,Office location\nada@x.org,Ada,{IDS['ada']},Yes,N,1,B\ngrace@x.org,Grace,{IDS['grace']},no,,,\n"
    )
    groups = f"Object Id,Display name,Group type,Security enabled\n{IDS['net']},Net,Security,No\n{IDS['ops']},Ops,Security,Yes\n"
    members = (
        "Object ID,User principal name,Display name,Member type\n"
        f"{IDS['ada']},ada@x.org,Ada,User\n{IDS['ops']},,Ops,Group\n{IDS['admin']},,Robot,ServicePrincipal\n"
    )
    _, left = imported(
        export(tmp_path / "csv", users_csv=users, groups_csv=groups, members__Net_csv=members), tmp_path / "desired"
    )
    declared = load(tmp_path / "desired").declarations
    assert declared.groups["net"].row["members"] == ["ada@x.org", {"group": "Ops"}]
    keys = ("id", "accountEnabled", "department", "mobile", "physicalDeliveryOfficeName")
    assert [declared.users["ada@x.org"].row.get(key) for key in keys] == [IDS["ada"], None, "N", "1", "B"]
    assert declared.users["grace@x.org"].row["accountEnabled"] is False
    assert any(line.startswith("Net: ") and "security-enabled" in line for line in left)


@pytest.mark.parametrize("name", ["groups", "exportGroups_2026-11-29"])
def test_a_list_of_groups_with_no_column_but_their_names_is_known_by_its_own_name(
    portal: Path, tmp_path: Path, name: str
) -> None:
    for file in portal.glob("*roups*"):
        file.unlink()
    export(portal, **{f"{name}_csv": f"Object ID,Display name\n{IDS['net']},Net\n"})
    export(portal, members__Net_csv="Object ID,User principal name,Display name,Member type\n,ada@x.org,Ada,User\n")
    imported(portal, tmp_path / "desired")
    assert load(tmp_path / "desired").declarations.groups["net"].row["members"] == ["ada@x.org"]


@pytest.mark.parametrize(
    "text",
    [
        "Login,Name\nx,nobody@y.org",
        "Object ID,Display name\nx,Nobody",
        "Member,User principal name\nx,nobody@y.org",
        "Object ID,User principal name,Member type\nx,nobody@y.org,User\ny,,Device",
    ],
)
def test_a_list_of_members_of_which_no_row_is_understood_empties_no_group(portal: Path, tmp_path: Path, text: str) -> None:
    export(portal, members__Net_csv=f"{text}\n")
    with pytest.raises(ImportRefused, match="of members/Net none is a user or a group of the export"):
        take_directory(portal, tmp_path / "desired", None)
    assert not (tmp_path / "desired").exists()


def test_a_member_without_an_id_is_known_by_name_and_a_group_of_robots_has_no_members(portal: Path, tmp_path: Path) -> None:
    export(portal, members__Net_csv="User principal name,Display name\nADA@x.org,Ada\n")
    export(portal, members__Ops_csv="Object ID,Member type\n1,Device\n")
    imported(portal, tmp_path / "desired")
    groups = load(tmp_path / "desired").declarations.groups
    assert groups["net"].row["members"] == ["ada@x.org"] and groups["ops"].row["members"] == []
