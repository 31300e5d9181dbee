"""What a service's /Schemas requires, and no mapping gives, is known before a create is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.declare.load import load
from reconciler.resolve.mapping import compile_mapping
from reconciler.scim.discovery import schema_warnings
from tests.support.world import World

CORE = "urn:ietf:params:scim:schemas:core:2.0:user"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user"


def attribute(name: str, *parts: dict[str, Any], required: bool = False, mutability: str = "readWrite") -> dict[str, Any]:
    return {"name": name, "required": required, "mutability": mutability, **({"subAttributes": [*parts]} if parts else {})}


def warned(folder: Path, *attributes: dict[str, Any], urn: str = CORE) -> list[str]:
    """What is said of a mapping to userName, name.givenName, a work e-mail and an employeeNumber."""
    world = World(folder)
    world.write(
        "apps/wiki/mappings.yaml",
        """\
mappings:
  users:
    attributes:
      - {target: userName, source: userPrincipalName, matchingPrecedence: 1}
      - {target: name.givenName, source: givenName}
      - {target: 'emails[type eq "work"].value', source: mail}
      - {target: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber', source: employeeId}
""",
    )
    world.users()
    world.assign()
    app = load(folder / "desired").declarations.apps["wiki"]
    known = {"userName": attribute("userName"), "name": attribute("name"), "emails": attribute("emails")}
    schemas = {
        CORE: {name.lower(): found for name, found in known.items()},
        ENTERPRISE: {"employeenumber": attribute("employeeNumber")},
    }
    schemas[urn] |= {found["name"].lower(): found for found in attributes}
    said = list(schema_warnings(schemas, "Users", compile_mapping(app.users)))
    assert {item.code for item in said} <= {"RequiredNotMapped"}
    assert all("mappings.yaml" in item.text for item in said)
    return [item.text.partition("requires ")[2].partition(",")[0] for item in said]


@pytest.mark.parametrize(
    ("attributes", "lacking"),
    [
        ([attribute("nickName", required=True)], ["nickName"]),
        ([attribute("nickName")], []),
        ([attribute("groups", required=True, mutability="readOnly")], []),
        ([attribute("id", required=True)], []),  # of every resource: the service gives it
        ([attribute("name", attribute("givenName", required=True), attribute("formatted", required=True))], ["name.formatted"]),
        ([attribute("name", attribute("givenName"), required=True)], []),
        ([attribute("emails", attribute("value", required=True), attribute("type", required=True))], []),
        ([attribute("photos", attribute("value", required=True))], []),  # nothing gives any
    ],
)
def test_what_a_create_would_lack_is_named(tmp_path: Path, attributes: list[dict[str, Any]], lacking: list[str]) -> None:
    assert warned(tmp_path, *attributes) == lacking


def test_of_an_extension_what_is_required_counts_once_something_of_it_is_given(tmp_path: Path) -> None:
    needed = attribute("organization", required=True)
    assert warned(tmp_path, needed, urn=ENTERPRISE) == ["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:organization"]
