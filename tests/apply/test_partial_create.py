"""A create that a service refuses for one attribute: somebody is there all the same, with what the service takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from reconciler.apply.partial_create import portions
from reconciler.plan.change import Action, AttributeChange, Change
from reconciler.scim.errors import ServiceError
from tests.support.refusing import Refusal, Refuse, names, refusing
from tests.support.world import World

ROW = "userPrincipalName: new{0}@x.org, displayName: New {0}, jobTitle: Boss"


def bodies(*refused: str) -> Refuse:
    """These attributes are not taken in a create; whatever else is sent is."""

    def refuse(request: httpx.Request, operations: list[dict[str, Any]]) -> Refusal | None:
        if request.method != "POST":
            return None
        return (400, None) if any(f'"{name}"'.encode() in request.content for name in refused) else None

    return refuse


def nowhere(*refused: str) -> Refuse:
    """These are not taken at all."""
    at_create = bodies(*refused)

    def refuse(request: httpx.Request, operations: list[dict[str, Any]]) -> Refusal | None:
        changed = request.method == "PUT" or any(names(operation) & set(refused) for operation in operations)
        return (400, "invalidPath") if request.method != "POST" and changed else at_create(request, operations)

    return refuse


def joiners(world: World, count: int, first: int = 0) -> None:
    numbers = range(first, first + count)
    world.users(*[ROW.format(number) for number in numbers])
    world.groups(f"displayName: Net, members: [{', '.join(f'new{number}@x.org' for number in numbers)}]")
    world.assign("group: Net, role: User")


def test_what_a_create_cannot_hold_follows_in_a_second_request_and_so_from_then_on(world: World) -> None:
    joiners(world, 3)
    service = refusing(world, bodies("title"))
    result = world.apply()
    assert result.complete, result.outcomes
    assert [world.find(f"new{number}@x.org")["title"] for number in range(3)] == ["Boss"] * 3
    (said,) = result.said
    assert "refuses a create that holds title," in said
    assert world.plan().changes == ()
    joiners(world, 4)
    service.sent.clear()
    result = world.apply()
    assert result.complete and result.said == ()
    assert [method for method, _ in service.sent] == ["POST", "PATCH", "PATCH"]  # the last puts the person into the group


def test_an_attribute_that_the_error_names_is_the_only_one_that_waits(world: World) -> None:
    joiners(world, 1)
    service = refusing(world, bodies("title"))
    original = service.handle_request

    def named(request: httpx.Request) -> httpx.Response:
        answer = original(request)
        return httpx.Response(400, json={"detail": "Attribute 'title' is unknown"}) if answer.status_code == 400 else answer

    service.handle_request = named  # type: ignore[method-assign]
    assert world.apply().complete
    posts = [data for method, data in service.sent if method == "POST"]
    assert [sorted({"title", "displayName"} & data.keys()) for data in posts[:2]] == [["displayName", "title"], ["displayName"]]


def create_without(*wrong: str, named: bool, required: str = "") -> Callable[[httpx.Request], str]:
    """What a service says of a create: what is wrong with it, one thing at a time where it names any, then what is missing."""

    def judge(request: httpx.Request) -> str:
        if request.method != "POST" or not request.url.path.endswith("/Users"):
            return ""
        extra = [name for name in wrong if f'"{name}":'.encode() in request.content]
        if extra:
            return f"{extra[0]}: extra input" if named else "extra input"
        return f"field is required: {required}" if required and f'"{required}":'.encode() not in request.content else ""

    return judge


@pytest.mark.parametrize(
    ("says", "taken"),
    [
        (create_without("title", "displayName", named=True), {"name"}),
        (create_without("title", "displayName", named=False, required="name"), {"name"}),
        (create_without("title", "displayName", named=False), set()),
    ],
)
def test_a_service_that_names_one_thing_at_a_time_is_followed(
    world: World, says: Callable[[httpx.Request], str], taken: set[str]
) -> None:
    mappings = (world.folder / "desired/apps/wiki/mappings.yaml").read_text(encoding="utf-8")
    more = "      - {target: name.givenName, source: givenName}\n  groups:"
    world.write("apps/wiki/mappings.yaml", mappings.replace("  groups:", more, 1))
    world.users("userPrincipalName: new0@x.org, displayName: New, jobTitle: Boss, givenName: Nell")
    world.groups()
    world.assign("user: new0@x.org, role: User")
    service = refusing(world, lambda request, operations: (400, None) if says(request) else None)
    original = service.handle_request

    def answer(request: httpx.Request) -> httpx.Response:
        answered = original(request)
        return httpx.Response(400, json={"detail": says(request)}) if answered.status_code == 400 else answered

    service.handle_request = answer  # type: ignore[method-assign]
    assert world.apply().complete
    *refused, last = [data.keys() for method, data in service.sent if method == "POST"]
    assert last & {"title", "displayName", "name"} == taken and len(refused) < 8
    assert (world.find("new0@x.org")["title"], world.find("new0@x.org")["displayName"]) == ("Boss", "New")


def test_who_has_an_attribute_that_is_taken_in_no_form_is_there_without_it(world: World) -> None:
    joiners(world, 4)
    refusing(world, nowhere("title"))
    result = world.apply()
    users = [outcome for outcome in result.outcomes if outcome.change.address.startswith("User/")]
    assert {outcome.status for outcome in users} == {"ignored"} and "does not take title" in users[0].message
    assert [world.find(f"new{number}@x.org").get("title") for number in range(4)] == [None] * 4
    (said,) = [words for words in result.said if "in no form" in words]
    assert "`users: {stored: [" in said and "`none: true` on the mapping" in said
    assert world.plan().changes == ()
    joiners(world, 5)
    service = refusing(world, nowhere("title"))
    result = world.apply()
    assert result.complete and result.said == () and [method for method, _ in service.sent] == ["POST", "PATCH"]


def test_a_value_that_is_refused_fails_and_its_account_is_there(world: World) -> None:
    joiners(world, 1)

    def refuse(request: httpx.Request, operations: list[dict[str, Any]]) -> Refusal | None:
        return (400, "invalidValue") if b"Boss" in request.content else None

    refusing(world, refuse)
    outcome = world.apply().outcomes[-1]
    assert (outcome.change.address, outcome.status) == ("User/new0@x.org", "failed")
    assert outcome.message.startswith("done in part: title: PATCH /Users/") and "invalidValue" in outcome.message
    assert world.find("new0@x.org")["displayName"] == "New 0"
    lines = [line for line in world.store.read_log() if line["sourceIdentity"]["displayName"] == "User/new0@x.org"]
    assert [(line["provisioningAction"], line["provisioningStatusInfo"]["status"]) for line in lines] == [
        ("create", "success"), ("update", "failure"),
    ]  # fmt: skip


def test_a_service_that_takes_nobody_is_not_asked_for_long(world: World) -> None:
    joiners(world, 20)
    service = refusing(world, lambda request, operations: (400, None) if request.url.path.endswith("/Users") else None)
    result = world.apply()
    assert [o.status for o in result.outcomes].count("failed") == 20
    assert [method for method, _ in service.sent].count("POST") < 50


def test_a_conflict_is_never_sent_with_less(world: World) -> None:
    joiners(world, 1)
    service = refusing(world, lambda request, operations: (409, "uniqueness") if request.method == "POST" else None)
    world.apply()
    assert [method for method, _ in service.sent if method == "POST"] == ["POST", "POST"]  # a person and a group, once each


def attribute(path: str) -> AttributeChange:
    return AttributeChange(path, None, "x")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("nothing said", [["department", "userName", "active"], ["title", "userName", "active"], ["userName", "active"]]),
        ("bad department", [["title", "userName", "active"], ["department", "userName", "active"], ["userName", "active"]]),
    ],
)
def test_few_portions_are_tried_none_of_them_twice_and_none_without_who_it_is(
    world: World, words: str, expected: list[list[str]]
) -> None:
    mapping = world.session().planned.context.resolution.user_mapping
    urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    all_of_them = tuple(map(attribute, ("title", f"{urn}:department", "userName", "active")))
    change = Change("User/a", Action.CREATE, "", (), "", 1, attributes=all_of_them)
    found = portions(change, mapping, all_of_them, [ServiceError(words, status=400)])
    assert [[a.path.rpartition(":")[2] for a in portion] for portion in found] == expected
