"""A mapping that its target cannot hold is refused before anything is planned; what it can hold goes in the target's type."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.declare.load import load
from reconciler.resolve.check import check
from reconciler.resolve.paths import parse_path, place_value
from tests.stories.test_story import ADA, GRACE
from tests.support.world import MAPPINGS, World

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
MANAGER = f"{ENTERPRISE}:manager"
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ROW = "      - {target: title, source: jobTitle}\n"
REFUSED = [
    ("target: id, source: mail", "belongs to the service"),
    ("target: meta.created, source: mail", "belongs to the service"),
    (f"target: '{CORE}:id', source: mail", "belongs to the service"),
    ("target: password, constant: hunter2", "a password stands here"),
    ("target: password, expression: 'Append(\"hunter\", \"2\")', apply: create", "a password stands here"),
    (f"target: '{CORE}:password', source: employeeId, default: hunter2", "a password stands here"),
    ("target: userName.formal, source: mail", "one value without parts"),
    (f"target: '{ENTERPRISE}:department.name', source: department", "one value without parts"),
    ("target: name, source: displayName", "made of parts"),
    ("target: emails, source: mail", "holds several values"),
    ("target: emails.value, source: mail", "holds several values"),
    ("target: emails, source: otherMails", "holds several values"),
    ("target: 'emails[type eq \"work\"]', source: mail", "to an element"),
    ("target: title, source: otherMails", "has several values, and the target holds one"),
    ("target: 'emails[type eq \"other\"].value', source: proxyAddresses", "has several values"),
    ("target: title, constant: [a, b]", "has several values"),
    ("target: title, source: jobTitle, default: [a]", "has several values"),
    ("target: title, expression: 'Split([mail], \"@\")'", "has several values"),
    ("target: 'roles[primary eq \"True\"].value', expression: 'AppRoleAssignmentsComplex([appRoleAssignments])'", "has several"),
    ("target: title, source: manager", "refers to another account"),
    ("target: members, source: mail", "attribute of groups"),
    (f"target: '{ENTERPRISE}', source: department", "names a schema"),
    (f"target: '{CORE}:Active', constant: true", "written as a whole"),
]  # fmt: skip
TWICE = [
    (f"target: '{CORE}:displayName', source: mail", "displayName"),
    ("target: 'roles[primary eq \"True\"].value', expression: 'SingleAppRoleAssignment([appRoleAssignments])'", "roles"),
    (f"target: '{ENTERPRISE}:manager.value', source: manager", f"{ENTERPRISE}:manager"),
    ("target: 'urn:x:y:badge', source: mail}\n      - {target: 'urn:x:y:badge.number', source: mail", "urn:x:y:badge"),
]  # fmt: skip
SENT: list[tuple[str, str, Any]] = [
    ("title, constant: 5", "title", "5"),
    ("title, source: accountEnabled", "title", "True"),
    ("title, expression: 'Count([otherMails])'", "title", "2"),
    ("title, expression: 'Item([otherMails], 2)'", "title", "b@x.org"),
    ("title, source: jobTitle, default: 7", "title", "7"),
    ("title, expression: 'ToUpper([manager])'", "title", "GRACE@X.ORG"),
    (f"'{CORE}:title', source: mail", "title", "ada@x.org"),
    ("Title, source: mail", "title", "ada@x.org"),
    ("name.familyName, constant: x}\n      - {target: Name.GivenName, constant: 2",
     "name", {"familyName": "x", "givenName": "2"}),
]  # fmt: skip


@pytest.fixture
def one(world: World) -> World:
    """Ada with an attribute of each kind, in scope of a mapping that a test changes."""
    world.users("userPrincipalName: ada@x.org, mail: ada@x.org, otherMails: [a@x.org, b@x.org], manager: grace@x.org", GRACE)
    return world


def problems(world: World, row: str) -> list[tuple[str, int, str]]:
    world.write("apps/wiki/mappings.yaml", MAPPINGS.replace(ROW, f"      - {{{row}}}\n"))
    loaded = load(world.folder / "desired")
    found = [*loaded.problems, *check(loaded.declarations)]
    assert all(problem.remedy for problem in found)
    return [(problem.code, problem.place.line, problem.message) for problem in found]


@pytest.mark.parametrize(("row", "why"), REFUSED, ids=[row for row, _ in REFUSED])
def test_a_mapping_that_its_target_cannot_hold_is_refused_at_its_line(one: World, row: str, why: str) -> None:
    (found,) = problems(one, row)
    assert found[:2] == ("target", 7) and why in found[2]


@pytest.mark.parametrize("row", ["target: members, source: description", "target: description, source: members"])
def test_members_come_from_members_and_go_nowhere_else(one: World, row: str) -> None:
    one.write("apps/wiki/mappings.yaml", MAPPINGS.replace("target: members, source: members", row))
    found = check(load(one.folder / "desired").declarations)
    assert [problem.code for problem in found] == ["target"] and "source members" in found[0].message


@pytest.mark.parametrize(("row", "other"), TWICE)
def test_an_attribute_is_not_written_as_a_whole_and_in_part_or_under_two_spellings(one: World, row: str, other: str) -> None:
    found = [message for code, _, message in problems(one, row) if code == "duplicate"]
    assert len(found) == 1 and other in found[0]


@pytest.mark.parametrize(("row", "attribute", "value"), SENT, ids=[row for row, *_ in SENT])
def test_a_value_goes_in_the_targets_type(one: World, row: str, attribute: str, value: Any) -> None:
    assert problems(one, "target: " + row) == []
    one.converge()
    assert one.find("ada@x.org")[attribute] == value


def test_several_values_that_an_expression_comes_to_are_a_fault_of_that_user_alone(one: World) -> None:
    assert problems(one, 'target: title, expression: \'IIF([mail] = "ada@x.org", [otherMails], "x")\'') == []
    assert [error.address for error in one.plan().errors if "several values" in error.reason] == ["User/ada@x.org"]
    assert one.apply().complete
    assert ("title" in one.find("ada@x.org"), one.find("grace@x.org")["title"]) == (False, "x")


def test_of_an_unknown_part_the_known_ones_are_named(one: World) -> None:
    one.write("apps/wiki/mappings.yaml", MAPPINGS.replace(ROW, "      - {target: name.last, source: surname}\n"))
    (found,) = [p for p in check(load(one.folder / "desired").declarations) if p.code == "unknown-target"]
    assert found.remedy.startswith("one of name.formatted, name.familyName, ") and "did you mean" not in found.remedy


@pytest.mark.parametrize(
    ("target", "remedy"),
    [
        (f"{ENTERPRISE}.manager", f"write `{MANAGER}`"),
        (ENTERPRISE, f"add what is meant, such as `{ENTERPRISE}:department`"),
        (f"{CORE}.title", f"write `{CORE}:title`"),
    ],
)
def test_a_schema_is_no_attribute_and_a_colon_comes_after_it(one: World, target: str, remedy: str) -> None:
    one.write("apps/wiki/mappings.yaml", MAPPINGS.replace(ROW, f"      - {{target: '{target}', source: jobTitle}}\n"))
    assert [p.remedy for p in check(load(one.folder / "desired").declarations) if p.code == "target"] == [remedy]


def test_the_users_mapping_cannot_be_switched_off(world: World) -> None:
    world.users(ADA, GRACE)
    world.write("apps/wiki/mappings.yaml", MAPPINGS.replace("  users:\n", "  users:\n    enabled: false\n"))
    found = load(world.folder / "desired").problems
    assert [(problem.code, problem.place.line) for problem in found] == [("users-disabled", 3)]


@pytest.mark.parametrize("target", ["name.givenName", 'emails[type eq "work"].value', f"{ENTERPRISE}:department", "Title"])
@pytest.mark.parametrize("shown", [None, "text", [], {}])
def test_what_a_service_shows_in_another_shape_gives_way(target: str, shown: Any) -> None:
    resource = {"name": shown, "emails": shown, ENTERPRISE: shown, "title": shown}
    place_value(resource, parse_path(target), "x")
    assert len(resource) == 4 and "x" in str(resource)


@pytest.mark.parametrize(("target", "near"), [
    ("nickNam", "nickName"), ("name.givenNam", "name.givenName"), ('emails[type eq "work"].vale', "emails.value"),
    (f"{ENTERPRISE}:departmnt", f"{ENTERPRISE}:department"), ("adresses[type eq \"work\"].locality", "addresses.locality"),
    ("name.family", "name.familyName"), ("name.Given", "name.givenName"),
    (f"{ENTERPRISE}:manager.display", f"{MANAGER}.displayName"),
    ("Title", None), ("badge", None), ("name.familyName", None), ("urn:x:y:departmnt", None), (f"{ENTERPRISE}:manager", None),
    ("roles[primary eq \"True\"].value", None), ("x509Certificates[type eq \"work\"].value", None),
])  # fmt: skip
def test_a_target_that_is_a_slip_away_from_one_of_the_rfc_is_a_warning(one: World, target: str, near: str | None) -> None:
    one.write("apps/wiki/mappings.yaml", MAPPINGS.replace(ROW, f"      - {{target: '{target}', source: jobTitle}}\n"))
    found = [p for p in check(load(one.folder / "desired").declarations) if p.code == "unknown-target"]
    assert [(p.severity, p.remedy) for p in found] == ([("warning", f"did you mean {near!r}?")] if near else [])


DOMAIN = ROW.replace("source: jobTitle", "expression: 'Join(\"@\", [mailNickname], DefaultDomain())'")


def test_default_domain_is_what_reconciler_yaml_names(one: World) -> None:
    one.users("userPrincipalName: ada@x.org, mailNickname: ada", GRACE)
    one.assign("user: ada@x.org, role: User")
    one.write("apps/wiki/mappings.yaml", MAPPINGS.replace(ROW, DOMAIN))
    one.write("reconciler.yaml", "defaultDomain: x.org\n")
    (change,) = one.plan().changes
    assert {a.path: a.after for a in change.attributes}["title"] == "ada@x.org"


def test_default_domain_without_one_is_an_error_where_it_is_called(one: World) -> None:
    row = DOMAIN.strip().removeprefix("- {").removesuffix("}")
    (problem,) = problems(one, row)
    assert (problem[0], "reconciler.yaml does not name it" in problem[2]) == ("no-default-domain", True)
