"""Names go out as the RFC spells them, whatever a mapping says, and a boolean in a filter as the dialect writes it."""

from __future__ import annotations

import httpx
import pytest

from reconciler.declare.profiles import settings
from reconciler.scim.client import ScimClient
from reconciler.scim.patch import body, merge, operations
from reconciler.scim.profile import make_profile
from reconciler.scim.spelling import wire_path
from tests.support.world import MAPPINGS, World

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ODD = "urn:ietf:params:scim:schemas:extension:Enterprise:2.0:user"
SPELLED = [
    ('addresses[type eq "other"].Formatted', 'addresses[type eq "other"].formatted'),
    ('Emails[Type EQ "work"].Value', 'emails[type eq "work"].value'),
    ("Name.GivenName", "name.givenName"),
    ("EXTERNALID", "externalId"),
    (f"{ODD}:Department", f"{ENTERPRISE}:department"),
    (f"{ENTERPRISE}:manager.DisplayName", f"{ENTERPRISE}:manager.displayName"),
    ("urn:ietf:params:scim:schemas:core:2.0:user:Title", "urn:ietf:params:scim:schemas:core:2.0:User:title"),
    ('roles[primary eq "True"].value', "roles[primary eq true].value"),
    ('roles[Primary eq "false" and type eq "True"].value', 'roles[primary eq false and type eq "True"].value'),
]
AS_IT_IS = ["Badge.Number", "urn:x:y:Title", 'emails[type eq "Work"].value', 'photos[type eq "a]b eq c"].value', "members"]


@pytest.mark.parametrize(("written", "sent"), SPELLED)
def test_a_name_of_the_rfc_has_its_spelling(written: str, sent: str) -> None:
    assert wire_path(written, "rfc") == sent


@pytest.mark.parametrize("written", [*AS_IT_IS, *(sent for _, sent in SPELLED)])
def test_what_the_rfc_does_not_know_and_what_is_right_stays(written: str) -> None:
    assert wire_path(written, "rfc") == written


@pytest.mark.parametrize("dialect", ["entra", "entra-aadoptscim"])
def test_a_boolean_in_a_filter_is_text_to_entra(dialect: str) -> None:
    assert wire_path('Roles[primary eq "True"].Value', dialect) == 'roles[primary eq "True"].value'


def test_bodies_and_operations_are_spelled_so() -> None:
    pairs = [('addresses[Type eq "other"].Formatted', "Desk 1"), (f"{ODD}:Department", "N"), ("Name.GivenName", "Ada")]
    made = body("Users", pairs)
    assert made["addresses"] == [{"type": "other", "formatted": "Desk 1"}] and made["name"] == {"givenName": "Ada"}
    assert made[ENTERPRISE] == {"department": "N"} and ENTERPRISE in made["schemas"]
    sent = operations(pairs, {"addresses": [{"type": "other", "formatted": "Desk 2"}]})
    assert [item["path"] for item in sent] == [
        'addresses[type eq "other"].formatted',
        f"{ENTERPRISE}:department",
        "name.givenName",
    ]
    assert operations(pairs[:1], {})[0]["value"] == [{"type": "other", "formatted": "Desk 1"}]


def test_a_put_keeps_the_names_that_the_service_has() -> None:
    live = {"Name": {"GivenName": "Bea"}, "addresses": [{"Type": "other", "Formatted": "Desk 2"}]}
    after = merge(live, [("name.givenName", "Ada"), ('addresses[type eq "other"].formatted', "Desk 1")])
    assert (after["Name"], after["addresses"]) == ({"GivenName": "Ada"}, [{"Type": "other", "Formatted": "Desk 1"}])


def test_a_role_behind_primary_is_replaced(world: World) -> None:
    """The filter that Entra's mappings write matches the boolean that was sent."""
    row = "      - {target: title, source: jobTitle}\n"
    role = "{target: 'roles[primary eq \"True\"].value', expression: 'SingleAppRoleAssignment([appRoleAssignments])'}"
    kept = [line for line in MAPPINGS.replace(row, "").splitlines(keepends=True) if "target: roles" not in line]
    world.write("apps/wiki/mappings.yaml", "".join(kept).replace("    attributes:\n", f"    attributes:\n      - {role}\n", 1))
    world.assign("user: grace@x.org, role: Admin")
    world.apply()
    world.assign("user: grace@x.org, role: User")
    world.apply()
    (grace,) = world.client.find("Users", "UserName", "grace@x.org")
    assert [(item["value"], item["primary"]) for item in grace["roles"]] == [("user", True)]
    assert world.plan().changes == ()


def test_the_filter_of_a_query_is_spelled_so() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["filter"])
        return httpx.Response(200, json={"totalResults": 0, "Resources": []})

    profile = make_profile("generic", settings("generic", {}))
    client = ScimClient("http://127.0.0.1/v2", "secret", profile, transport=httpx.MockTransport(answer))
    client.filtered("Users", 'Emails[Primary eq "True"].Value', "a")
    assert asked == ['emails[primary eq true].value eq "a"']
