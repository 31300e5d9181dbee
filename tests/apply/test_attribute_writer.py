"""A service that supports less than it is asked: what it refuses holds back nothing else, and is tried in other forms."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from reconciler.apply.model import Result
from tests.support.refusing import Refusal, Refusing, in_no_form, names, paths, refusing
from tests.support.warned import texts
from tests.support.world import MAPPINGS, SWITCH, World

GRACE = "userPrincipalName: grace@x.org, displayName: Grace"


def people(world: World, *titles: str, more: str = "") -> None:
    """Numbered people, each with a title, and named after it."""
    rows = [f"userPrincipalName: u{n}@x.org, displayName: 'U {title}', jobTitle: {title}{more}" for n, title in enumerate(titles)]
    world.users(*rows, GRACE)
    world.groups(f"displayName: Net, members: [{', '.join(f'u{n}@x.org' for n in range(len(titles)))}, grace@x.org]")


def ended(result: Result) -> dict[str, tuple[str, str]]:
    return {outcome.change.address: (outcome.status, outcome.message) for outcome in result.outcomes}


def titles(world: World, *numbers: int) -> list[tuple[Any, Any]]:
    found = [world.find(f"u{number}@x.org") for number in numbers]
    return [(user.get("title"), user["displayName"]) for user in found]


@pytest.fixture
def begun(world: World) -> World:
    people(world, "Boss", "Boss")
    world.converge()
    return world


# Another form


def test_what_is_refused_by_its_path_goes_without_one_and_so_from_then_on(begun: World) -> None:
    service = refusing(begun, paths("title"))
    people(begun, "Chief", "Chief")
    result = begun.apply()
    assert result.complete and titles(begun, 0, 1) == [("Chief", "U Chief")] * 2
    assert [words.partition(",")[0] for words in result.said] == [
        "the service refused a change of title (answered 400 invalidPath: not here) and took it in a value without a path instead"
    ]
    together, *_, last = service.sent
    assert [item.get("path") for item in together[1]] == ["displayName", "title"]
    assert [item.get("path") for item in last[1]] == ["displayName", None]
    people(begun, "Head", "Head")
    service = refusing(begun, paths("title"))
    result = begun.apply()
    assert result.complete and result.said == () and len(service.sent) == 2
    assert begun.plan().changes == ()


def test_a_put_is_the_last_form(begun: World) -> None:
    def refuse(request: httpx.Request, operations: list[dict[str, Any]]) -> Refusal | None:
        return (400, None) if any("title" in names(operation) for operation in operations) else None

    service = refusing(begun, refuse)
    people(begun, "Chief", "Boss")
    result = begun.apply()
    assert result.complete and titles(begun, 0) == [("Chief", "U Chief")]
    assert "`patch: {supported: false}`" in result.said[0]
    assert [method for method, _ in service.sent] == ["PATCH"] * 4 + ["PUT"]
    assert begun.find("u0@x.org")["roles"] == begun.find("u1@x.org")["roles"]


def test_a_filter_in_a_path_that_is_refused_goes_as_the_whole_attribute(world: World) -> None:
    world.write("apps/wiki/mappings.yaml", MAPPINGS.replace("target: title", "target: 'emails[type eq \"work\"].value'"))
    people(world, "a@x.org")
    world.converge()
    refusing(world, lambda request, operations: (400, "invalidPath") if any("[" in o["path"] for o in operations) else None)
    people(world, "b@x.org")
    result = world.apply()
    assert result.complete and "`patch: {valueFilters: false}`" in result.said[0]
    assert world.find("u0@x.org")["emails"] == [{"type": "work", "value": "b@x.org"}]


def test_what_was_learned_with_another_profile_is_found_anew(begun: World) -> None:
    refusing(begun, paths("title"))
    people(begun, "Chief", "Boss")
    begun.converge()
    begun.profile("generic", etag={"supported": False})
    service = refusing(begun, paths())
    people(begun, "Head", "Boss")
    begun.converge()
    assert [item.get("path") for item in service.sent[0][1]] == ["displayName", "title"]
    record = begun.store.load()
    assert record is not None and record.learned == {}


# No form


def test_what_is_taken_in_no_form_is_left_and_said_and_every_plan_says_so(begun: World) -> None:
    refusing(begun, in_no_form("title"))
    people(begun, "Chief", "Boss")
    result = begun.apply()
    assert ended(result)["User/u0@x.org"] == ("ignored", "the service does not take title (answered 400 invalidPath: not here)")
    assert titles(begun, 0) == [("Boss", "U Chief")]
    assert (
        "`users: {modifiable: [active, displayName, roles, urn:ietf:params" in result.said[0]
        and "`apply: create`" in result.said[0]
    )
    people(begun, "Chief", "Chief")
    service = refusing(begun, in_no_form("title"))
    assert begun.apply().said == () and len(service.sent) == 1  # the other name
    plan = begun.plan()
    assert plan.changes == () and plan.ignored == 2
    assert [words for words in texts(plan.warnings) if "title is ignored by" in words and "User/u0@x.org, User/u1@x.org" in words]
    begun.write("apps/wiki/mappings.yaml", MAPPINGS.replace("source: jobTitle", "source: jobTitle, onNull: keep"))
    begun.profile("generic", etag={"supported": False})
    assert [[a.path for a in change.attributes] for change in begun.plan().changes] == [["title"], ["title"]]
    refusing(begun, paths())
    begun.converge()
    assert titles(begun, 0, 1) == [("Chief", "U Chief")] * 2


def test_a_value_that_one_account_cannot_have_is_tried_for_others(world: World) -> None:
    people(world, *["Boss"] * 5)
    world.converge()

    def refuse(request: httpx.Request, operations: list[dict[str, Any]]) -> Refusal | None:
        return (400, None) if b"Bad" in request.content else None

    refusing(world, refuse)
    people(world, "Bad", "Chief", "Boss", "Boss", "Boss")
    world.users(*[row.replace("U Bad", "U Chief") for row in rows(world)])
    result = world.apply()
    assert ended(result)["User/u0@x.org"][0] == "ignored" and titles(world, 0, 1) == [("Boss", "U Chief"), ("Chief", "U Chief")]
    assert result.said == () and world.plan().changes == ()


def rows(world: World) -> list[str]:
    text = (world.folder / "desired/directory/users/a.yaml").read_text()
    return [line.strip().removeprefix("- {").removesuffix("}") for line in text.splitlines()[1:]]


def test_of_a_service_that_refuses_everything_nothing_is_learned(world: World) -> None:
    people(world, *["Boss"] * 5)
    world.converge()
    refusing(world, lambda request, operations: (400, None))
    people(world, *["Chief"] * 5)
    result = world.apply()
    assert {outcome.status for outcome in result.outcomes} == {"failed"} and result.said == ()
    refusing(world, paths())
    world.converge()


def test_what_is_refused_of_many_while_others_are_written_is_left_for_all(world: World) -> None:
    people(world, *["Boss"] * 5)
    world.converge()
    refusing(world, in_no_form("title", scim_type=None))
    people(world, *["Chief"] * 5)
    result = world.apply()
    assert {outcome.status for outcome in result.outcomes} == {"ignored"} and len(result.said) == 1
    assert world.plan().changes == () and world.plan().ignored == 5


def test_a_value_in_error_fails_alone(begun: World) -> None:
    refusing(begun, in_no_form("title", scim_type="invalidValue"))
    people(begun, "Chief", "Boss")
    status, words = ended(begun.apply())["User/u0@x.org"]
    assert status == "failed" and words.startswith("done in part: title: PATCH /Users/") and "invalidValue" in words
    assert titles(begun, 0) == [("Boss", "U Chief")]
    assert [[a.path for a in change.attributes] for change in begun.plan().changes] == [["title"]]


def test_a_name_that_cannot_be_changed_fails_alone_with_what_can_be_done(begun: World) -> None:
    refusing(begun, in_no_form("userName", scim_type="mutability"))
    begun.users("userPrincipalName: new@x.org, previously: [u0@x.org], displayName: New, jobTitle: Boss", *rows(begun)[1:])
    begun.groups("displayName: Net, members: [new@x.org, u1@x.org, grace@x.org]")
    (status, words), *_ = ended(begun.apply()).values()
    assert status == "failed" and "mutability" in words and "change userName there by hand" in words and "apply: create" in words
    assert begun.find("u0@x.org")["displayName"] == "New"
    record = begun.store.load()
    assert record is not None and record.entries["User/u0@x.org"]["wanted"]["displayName"] == "New"
    assert "User/new@x.org" not in record.entries
    assert [[a.path for a in change.attributes] for change in begun.plan().changes] == [["userName"]]


# What ends access


@pytest.fixture
def going(begun: World) -> World:
    """Whoever has a certain title is inactive by the mapping, and has other values to write in the same change."""
    begun.write("apps/wiki/mappings.yaml", MAPPINGS.replace(SWITCH, """'Switch([jobTitle], "True", "Gone", "False")'"""))
    people(begun, "Gone", "Boss")
    assert {a.path for change in begun.plan().changes for a in change.attributes} == {"active", "displayName", "title"}
    return begun


@pytest.mark.parametrize("refusal", [(400, "invalidPath"), (400, "invalidValue"), (409, None), (500, None)])
def test_a_refused_attribute_holds_back_no_disabling(going: World, refusal: Refusal) -> None:
    service = refusing(going, lambda request, operations: refusal if any("title" in names(o) for o in operations) else None)
    status, _ = ended(going.apply())["User/u0@x.org"]
    assert [names(operation) for operation in service.sent[1][1]] == [{"active"}]
    assert status == ("done" if refusal == (400, "invalidPath") else "failed")
    record = going.store.load()
    assert going.find("u0@x.org")["active"] is False
    assert record is not None and record.entries["User/u0@x.org"]["disabledAt"] == going.now
    assert [removal["address"] for removal in record.removals] == ["User/u0@x.org"]
    refusing(going, paths())
    going.converge()


def test_what_is_taken_in_no_form_takes_nothing_else_out_of_the_record(going: World) -> None:
    refusing(going, in_no_form("title", scim_type=None))
    assert ended(going.apply())["User/u0@x.org"][0] == "ignored"
    record = going.store.load()
    assert record is not None
    entry = record.entries["User/u0@x.org"]
    assert (entry["disabledAt"], entry["wanted"]["displayName"], entry["wanted"]["active"]) == (going.now, "U Gone", False)
    assert going.plan().changes == ()


def test_active_is_tried_in_every_form_and_never_left(begun: World) -> None:
    refusing(begun, paths("active"))
    begun.groups("displayName: Net, members: [u1@x.org, grace@x.org]")
    assert begun.apply().complete and begun.find("u0@x.org")["active"] is False
    begun.groups("displayName: Net, members: [grace@x.org]")
    refusing(begun, in_no_form("active"))
    status, words = ended(begun.apply())["User/u1@x.org"]
    assert status == "failed" and words.endswith("change `active` there by hand")
    record = begun.store.load()
    assert record is not None and "disabledAt" not in record.entries["User/u1@x.org"]
    assert [change.action for change in begun.plan().changes] == ["disable"]


def test_roles_that_stay_are_a_failure_and_the_record_keeps_them(begun: World) -> None:
    begun.assign("group: Net, role: User", "user: grace@x.org, role: Admin", "user: u0@x.org, role: Admin")
    begun.converge()
    begun.assign("group: Net, role: User", "user: grace@x.org, role: Admin")
    people(begun, "Chief", "Boss")
    refusing(begun, in_no_form("roles"))
    assert ended(begun.apply())["User/u0@x.org"][0] == "failed"
    assert titles(begun, 0) == [("Chief", "U Chief")]
    record = begun.store.load()
    assert record is not None and "admin" in record.entries["User/u0@x.org"]["roles"]


# Members


def test_members_that_no_patch_takes_go_in_a_put(begun: World) -> None:
    def refuse(request: httpx.Request, operations: list[dict[str, Any]]) -> Refusal | None:
        return (400, "invalidPath") if any("members" in names(operation) for operation in operations) else None

    begun.assign(
        "user: u0@x.org, role: User", "user: u1@x.org, role: User", "user: grace@x.org, role: User", "group: Net, role: User"
    )
    refusing(begun, refuse)
    begun.groups("displayName: Net, members: [u1@x.org]")
    result = begun.apply()
    assert result.complete and len(result.said) == 1
    assert [member["value"] for member in begun.group("Net")["members"]] == [begun.find("u1@x.org")["id"]]
    service: Refusing = refusing(begun, refuse)
    begun.groups("displayName: Net, members: [u1@x.org, u0@x.org]")
    assert begun.apply().said == () and [method for method, _ in service.sent] == ["PUT"]


def test_members_whose_path_is_refused_go_without_one_and_so_from_then_on(begun: World) -> None:
    def refuse(request: httpx.Request, operations: list[dict[str, Any]]) -> Refusal | None:
        refused = any("members" in str(operation.get("path")) for operation in operations)
        return (400, "invalidPath") if request.method == "PATCH" and refused else None

    begun.assign(
        "user: u0@x.org, role: User", "user: u1@x.org, role: User", "user: grace@x.org, role: User", "group: Net, role: User"
    )
    ids = {name: begun.find(f"{name}@x.org")["id"] for name in ("u0", "u1", "grace")}
    refusing(begun, refuse)
    begun.groups("displayName: Net, members: [u1@x.org]")  # a remove needs a path: the list without them goes in their place
    result = begun.apply()
    assert result.complete and "took it in a value without a path instead" in result.said[0]
    assert [member["value"] for member in begun.group("Net")["members"]] == [ids["u1"]]
    service: Refusing = refusing(begun, refuse)
    begun.groups("displayName: Net, members: [u1@x.org, u0@x.org, grace@x.org]")
    assert begun.apply().said == ()
    added = [{"value": ids[name]} for name in ("grace", "u0")]
    ((method, operations),) = service.sent
    assert method == "PATCH" and [(item["op"], sorted(item["value"]["members"], key=str)) for item in operations] == [
        ("add", sorted(added, key=str))
    ]
    assert {member["value"] for member in begun.group("Net")["members"]} == set(ids.values())
