"""The example of this repository, applied to empty services: what is there then is written out here by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from reconciler.scim.client import ScimClient
from reconciler.scim.profile import PROFILES
from tests.support.example import example
from tests.support.servers import TOKEN, Desk, scim_server
from tests.support.thousandeyes import thousandeyes

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
WIKI_USER = "urn:ietf:params:scim:schemas:extension:wiki:2.0:User"
GROUPS = {
    "Network Engineering": {"ada", "alan", "radia", "vint", "paul"},  # Paul through Network Interns
    "Operations": {"margaret", "katherine", "dorothy", "mary", "annie"},
    "Development": {"barbara", "edsger", "frances", "niklaus", "jean"},
    "Wiki Editors": {"grace", "elizabeth", "joan", "radia", "mary"},  # the last two through On Call
}
WIKI = set().union(*GROUPS.values())
# Not Donald (disabled), Gustav Guest (Default Access), Joan (expired) and Dorothy (a role that is not enabled).
THOUSANDEYES = {"grace", "ada", "alan", "radia", "vint", "paul", "mary"}


def role(value: str, display: str) -> dict[str, Any]:
    return {"value": value, "display": display, "primary": False}


PEOPLE: dict[str, dict[str, Any]] = {
    "ada": {
        "schemas": [USER, ENTERPRISE, WIKI_USER], "userName": "ada@example.com", "externalId": "1002", "active": True,
        "displayName": "Ada LOVELACE", "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"type": "work", "value": "ada@example.com"}], "title": "Principal Engineer", "userType": "employee",
        "preferredLanguage": "en", "nickName": "42", "roles": [role("reader", "Reader")],
        ENTERPRISE: {"department": "Networks", "manager": {"value": "grace"}}, WIKI_USER: {"costCenter": "42"},
    },
    "grace": {  # two roles
        "schemas": [USER, ENTERPRISE], "userName": "grace@example.com", "externalId": "1001", "active": True,
        "displayName": "Grace HOPPER", "name": {"givenName": "Grace", "familyName": "Hopper"},
        "emails": [{"type": "work", "value": "grace@example.com"}], "title": "Head of Networks", "userType": "employee",
        "preferredLanguage": "en", "roles": [role("admin", "Wiki Admin"), role("editor", "Editor")],
        ENTERPRISE: {"department": "Networks"},
    },
    "paul": {  # no job title, and in a group through another
        "schemas": [USER, ENTERPRISE], "userName": "paul@example.com", "externalId": "1008", "active": True,
        "displayName": "Paul BARAN", "name": {"givenName": "Paul", "familyName": "Baran"},
        "emails": [{"type": "work", "value": "paul@example.com"}], "title": "Staff", "userType": "employee",
        "preferredLanguage": "en", "roles": [role("reader", "Reader")],
        ENTERPRISE: {"department": "Networks", "manager": {"value": "radia"}},
    },
    "mary": {  # a reader through Operations, an editor through On Call; no number
        "schemas": [USER, ENTERPRISE], "userName": "mary@example.com", "active": True,
        "displayName": "Mary JACKSON", "name": {"givenName": "Mary", "familyName": "Jackson"},
        "emails": [{"type": "work", "value": "mary@example.com"}], "title": "Engineer", "userType": "employee",
        "preferredLanguage": "en", "roles": [role("editor", "Editor"), role("reader", "Reader")],
        ENTERPRISE: {"department": "Operations", "manager": {"value": "margaret"}},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with the example, planned and applied once to all apps."""
    folder = tmp_path_factory.mktemp("example")
    with scim_server() as url, thousandeyes(TOKEN) as (there, _):
        desk = Desk(folder / "desk", url)
        example(desk, f"{url}/{folder.name}-wiki", there)
        assert desk.reconcile("plan", "--out", "plan.json").code == 0
        ran = desk.reconcile("apply", "plan.json")
        assert ran.code == 0, ran
        yield desk


def read(desk: Desk, app: str, resource: str) -> list[dict[str, Any]]:
    profile = PROFILES[app.lower() if app == "THOUSANDEYES" else "generic"]
    with ScimClient(desk.environ[f"{app}_SCIM_URL"], TOKEN, profile) as client:
        return client.read_all(resource, lambda page: page)


def people(desk: Desk, app: str) -> dict[str, dict[str, Any]]:
    """By the part of the userName before @example.com, without what the service adds; managers by that name too."""
    users = {user["id"]: user for user in read(desk, app, "Users")}
    found = {}
    for user in users.values():
        if manager := user.get(ENTERPRISE, {}).get("manager"):
            user[ENTERPRISE]["manager"] = {"value": users[manager["value"]]["userName"].removesuffix("@example.com")}
        user["roles"] = sorted(user.get("roles", []), key=lambda item: str(item["value"]))
        kept = {name: value for name, value in user.items() if name not in ("id", "meta") and value != []}
        found[user["userName"].removesuffix("@example.com")] = kept
    return found


def test_the_wiki_has_exactly_who_is_assigned_with_every_attribute_as_mapped(applied: Desk) -> None:
    found = people(applied, "WIKI")
    assert set(found) == WIKI and len(WIKI) == 18
    for name, expected in PEOPLE.items():
        assert found[name] == expected


def test_thousandeyes_has_exactly_who_is_assigned_with_the_vendors_attributes(applied: Desk) -> None:
    names = {"ada": "Ada Lovelace", "grace": "Grace Hopper", "mary": "Mary Jackson"}
    found = people(applied, "THOUSANDEYES")
    assert set(found) == THOUSANDEYES
    for name, shown in names.items():
        mail = f"{name}@example.com"
        assert found[name] == {
            "schemas": [USER],
            "userName": mail,
            "emails": [{"type": "work", "value": mail, "primary": True}],  # the service's own mark
            "active": True,
            "displayName": shown,
        }


def test_tickets_has_the_one_role_of_each_person_as_the_primary_one(applied: Desk) -> None:
    """It is written as Entra's mappings have it: `roles[primary eq "True"].value`."""
    found = {name: person["roles"] for name, person in people(applied, "TICKETS").items()}
    agent, requester = ([{"value": value, "primary": True}] for value in ("agent", "requester"))
    assert found == {"radia": agent, "mary": agent, "katherine": requester}


def test_the_approval_of_an_earlier_plan_lets_nothing_through_and_is_named_as_spent(applied: Desk) -> None:
    said = applied.reconcile("plan", "--app", "tickets").out
    assert "\n  1 approval does nothing here: desired/apps/tickets/approvals.yaml:5 (" in said and said.count("approv") == 2
    assert "Approved" not in said and "approvals: " not in said


def test_in_thousandeyes_grace_alone_is_an_administrator_beside_whom_it_had_before(applied: Desk) -> None:
    base = applied.environ["THOUSANDEYES_SCIM_URL"].removesuffix("/v2")
    with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False) as client:
        people = [client.get(f"/v7/users/{row['uid']}").json() for row in client.get("/v7/users").json()["users"]]
    held = {person["email"]: {role["name"] for role in person["allAccountGroupRoles"]} for person in people}
    # Every new account is a Regular User there, and nothing here takes what it has not given.
    assert held == {f"{name}@example.com": {"Regular User"} for name in THOUSANDEYES} | {
        "grace@example.com": {"Regular User", "Organization Admin"},
        "provisioning@example.net": {"Organization Admin"},
        "boss@example.net": {"Organization Admin"},
    }


def test_every_group_has_exactly_its_members(applied: Desk) -> None:
    names = {user["id"]: user["userName"].removesuffix("@example.com") for user in read(applied, "WIKI", "Users")}
    groups = read(applied, "WIKI", "Groups")
    assert len(groups) == len(GROUPS)
    assert {g["displayName"]: sorted(names[m["value"]] for m in g["members"]) for g in groups} == {
        name: sorted(inside) for name, inside in GROUPS.items()
    }


def test_the_second_plan_is_empty(applied: Desk) -> None:
    ran = applied.reconcile("plan", "--detailed-exitcode")
    assert ran.code == 0 and ran.out.count("No changes.") == 3
