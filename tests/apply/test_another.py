"""An answer is about the account that was asked for, or it is an error: nobody else's account is taken for ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.apply.model import Outcome
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import AnotherAccount, LostAnswer, ReadError, ServiceError, UnusableId
from reconciler.scim.profile import PROFILES, Etag
from tests.support.world import World

Twist = Callable[[httpx.Request, dict[str, Any]], dict[str, Any] | None]


class Twisting(httpx.BaseTransport):
    """A service that answers to some method with a body of its own making; None is no body at all."""

    def __init__(self, inner: httpx.BaseTransport, method: str, twist: Twist) -> None:
        self.inner, self.method, self.twist = inner, method, twist

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.inner.handle_request(request)
        if request.method == self.method == "PATCH" and response.status_code == 204:
            response = self.inner.handle_request(httpx.Request("GET", request.url))
        if request.method != self.method or not response.read() or not response.is_success:
            return response
        if request.method == "GET" and not request.url.path.rpartition("/")[0].endswith("s"):
            return response
        body = self.twist(request, response.json())
        return httpx.Response(204) if body is None else httpx.Response(response.status_code, json=body)


def town(folder: Path) -> World:
    """Ada and Grace are ours, and stranger's account is nobody's; Alan is to come, and Ada gets a title."""
    world = World(folder)
    world.users("userPrincipalName: ada@x.org", "userPrincipalName: grace@x.org")
    world.assign("user: ada@x.org, role: User", "user: grace@x.org, role: User")
    world.seed("stranger@x.org")
    world.converge()
    world.users(
        "userPrincipalName: ada@x.org, jobTitle: Countess",
        "userPrincipalName: grace@x.org",
        "userPrincipalName: alan@x.org",
        "userPrincipalName: joan@x.org",
    )
    world.assign(*(f"user: {name}@x.org, role: User" for name in ("ada", "grace", "alan", "joan")))
    return world


def applied(world: World, method: str, twist: Twist) -> dict[str, Outcome]:
    inner = world.transport.inner
    world.transport.inner = Twisting(inner, method, twist)
    found = {outcome.change.address: outcome for outcome in world.apply().outcomes}
    world.transport.inner = inner
    return found


def entries(world: World) -> dict[str, str]:
    record = world.store.load()
    assert record is not None
    return record.entries.ids()


# A create


@pytest.mark.parametrize(("whose", "why"), [
    ("stranger@x.org", "was there before"), ("ada@x.org", "was there before"), ("grace@x.org", "was there before"),
])  # fmt: skip
def test_a_create_that_is_answered_by_an_account_that_was_there_is_not_ours(tmp_path: Path, whose: str, why: str) -> None:
    world = town(tmp_path)
    other, before = world.find(whose), entries(world)
    found = applied(world, "POST", lambda request, body: {**body, "id": other["id"]})
    for name in ("User/alan@x.org", "User/joan@x.org"):
        assert found[name].status == "failed" and found[name].message.startswith("the service answered with another account")
        assert why in found[name].message and name not in entries(world)
    assert entries(world) == before
    assert world.everything()[other["id"]]["userName"] == whose
    record = world.store.load()
    assert record is not None and record.unanswered.keys() == {"User/alan@x.org", "User/joan@x.org"}
    world.converge()  # those who were made all the same are ours: nobody had heard what became of them


def test_two_creates_are_never_one_account(tmp_path: Path) -> None:
    world = town(tmp_path)
    found = applied(world, "POST", lambda request, body: {**body, "id": "the-one"})
    assert [found[f"User/{name}@x.org"].status for name in ("alan", "joan")] == ["done", "failed"]
    assert "answered to another create" in found["User/joan@x.org"].message
    assert entries(world)["User/alan@x.org"] == "the-one" and "User/joan@x.org" not in entries(world)


def test_an_id_that_is_recorded_is_its_own(tmp_path: Path) -> None:
    world = town(tmp_path)
    gone = world.find("grace@x.org")["id"]
    world.client.delete("Users", gone)
    found = applied(world, "POST", lambda request, body: {**body, "id": gone} if body["userName"] == "alan@x.org" else body)
    assert found["User/alan@x.org"].status == "failed" and "User/grace@x.org" in found["User/alan@x.org"].message
    assert entries(world)["User/grace@x.org"] != gone and "User/alan@x.org" not in entries(world)


def test_an_account_that_comes_back_under_its_own_id_is_ours(tmp_path: Path) -> None:
    world = town(tmp_path)
    gone = world.find("grace@x.org")["id"]
    world.client.delete("Users", gone)
    found = applied(world, "POST", lambda request, body: {**body, "id": gone} if body["userName"] == "grace@x.org" else body)
    assert found["User/grace@x.org"].status != "failed" and entries(world)["User/grace@x.org"] == gone


@pytest.mark.parametrize("whose", ["stranger@x.org", "ADA@x.org", "joan@x.org"])
def test_a_create_that_is_answered_by_anothers_name_is_not_ours(tmp_path: Path, whose: str) -> None:
    world = town(tmp_path)
    found = applied(world, "POST", lambda request, body: {**body, "userName": whose} if body["userName"][:4] == "alan" else body)
    assert found["User/alan@x.org"].status == "failed" and "User/alan@x.org" not in entries(world)
    assert "userName is" in found["User/alan@x.org"].message


@pytest.mark.parametrize("made", ["ALAN@x.org", "alan", "alan@x.org#1", "alan@y.org"])
def test_what_a_service_makes_of_a_name_is_ours(tmp_path: Path, made: str) -> None:
    world = town(tmp_path)
    found = applied(world, "POST", lambda request, body: {**body, "userName": made} if body["userName"][:4] == "alan" else body)
    assert found["User/alan@x.org"].status in ("done", "ignored") and "User/alan@x.org" in entries(world)


@pytest.mark.parametrize("id", ["", " ", ".", "..", None, 7, ["1"], {"value": "1"}])
def test_a_create_without_an_id_that_can_be_used_is_looked_up(tmp_path: Path, id: Any) -> None:
    world = town(tmp_path)
    found = applied(world, "POST", lambda request, body: {**body, "id": id})
    assert {outcome.status for outcome in found.values()} == {"done"}
    assert entries(world)["User/alan@x.org"] == world.find("alan@x.org")["id"]
    assert len([u for u in world.everything().values() if u.get("userName") == "alan@x.org"]) == 1


# A change


@pytest.mark.parametrize("change", [{"id": "stranger"}, {"userName": "stranger@x.org"}, {"userName": "Grace@x.org"}, {"id": 7}])
def test_an_answer_to_a_change_that_is_anothers_is_a_failure_and_read_back(tmp_path: Path, change: dict[str, Any]) -> None:
    world = town(tmp_path)
    stranger = world.find("stranger@x.org")
    twisted = {**change, **({"id": stranger["id"]} if change.get("id") == "stranger" else {})}
    found = applied(world, "PATCH", lambda request, body: {**body, **twisted, "title": "Nobody"})
    ada = found["User/ada@x.org"]
    assert ada.status == "failed" and ada.message.startswith("the service answered with another account")
    record = world.store.load()
    assert record is not None and record.entries["User/ada@x.org"]["wanted"]["title"] == "Countess"
    assert record.entries["User/ada@x.org"]["answered"] == {} and record.unanswered == {}
    assert world.plan().changes == ()  # it has been done, as was seen


@pytest.mark.parametrize("twist", [
    lambda request, body: body, lambda request, body: None, lambda request, body: {},
    lambda request, body: {"title": "Countess"}, lambda request, body: {"userName": "nobody@x.org"},
    lambda request, body: {**body, "id": body["id"].upper()}, lambda request, body: {**body, "userName": "ADA@X.ORG"},
    lambda request, body: {"id": body["id"]}, lambda request, body: {**body, "title": "Countess", "userName": "ada"},
])  # fmt: skip
def test_an_answer_that_says_less_or_says_it_otherwise_is_none(tmp_path: Path, twist: Twist) -> None:
    world = town(tmp_path)
    assert applied(world, "PATCH", twist)["User/ada@x.org"].status == "done"


def test_a_put_is_judged_as_a_patch_is(tmp_path: Path) -> None:
    world = town(tmp_path)
    inner, other = world.transport.inner, world.find("stranger@x.org")["id"]

    class NoPatch(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(501) if request.method == "PATCH" else inner.handle_request(request)

    world.transport.inner = NoPatch()
    found = applied(world, "PUT", lambda request, body: {**body, "id": other})
    assert found["User/ada@x.org"].status == "failed"


def test_a_read_before_a_write_that_is_anothers_stops_the_write(tmp_path: Path) -> None:
    world = town(tmp_path)
    world.client.profile = replace(world.client.profile, etag=Etag(False))
    ada, stranger = world.find("ada@x.org")["id"], world.find("stranger@x.org")
    found = applied(world, "GET", lambda request, body: stranger if request.url.path.endswith(ada) else body)
    assert found["User/ada@x.org"].status == "failed" and "another account" in found["User/ada@x.org"].message
    assert "title" not in world.everything()[ada]


def test_a_group_that_is_anothers_is_not_taken_for_ours(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.users("userPrincipalName: ada@x.org", "userPrincipalName: grace@x.org")
    world.groups("displayName: Net, members: [ada@x.org, grace@x.org]", "displayName: Ops, members: [ada@x.org, grace@x.org]")
    world.assign("group: Net, role: User", "group: Ops, role: User")
    world.converge()
    ops = world.group("Ops")["id"]
    world.groups("displayName: Net, members: [ada@x.org]", "displayName: Ops, members: [ada@x.org, grace@x.org]")
    found = applied(world, "PATCH", lambda request, body: {**body, "id": ops})
    assert found["Group/Net"].status == "failed" and "another account" in found["Group/Net"].message
    world.converge()


# The client alone


def client(body: Any, status: int = 200) -> ScimClient:
    return ScimClient(
        "https://x.org",
        "secret",
        PROFILES["generic"],
        sleep=lambda seconds: None,
        transport=httpx.MockTransport(lambda request: httpx.Response(status, text=json.dumps(body))),
    )


@pytest.mark.parametrize("id", ["", " ", "\t", ".", ".."])
@pytest.mark.parametrize("ask", [
    lambda service, id: service.get("Users", id), lambda service, id: service.patch("Users", id, []),
    lambda service, id: service.replace("Users", id, {}), lambda service, id: service.delete("Users", id),
])  # fmt: skip
def test_an_id_that_would_make_the_url_another_one_is_never_sent(ask: Callable[[ScimClient, str], object], id: str) -> None:
    with client({}) as service:
        with pytest.raises(UnusableId):
            ask(service, id)
        assert service.counts == {"reads": 0, "writes": 0}


@pytest.mark.parametrize("id", ["a/../../Groups/1", "..%2f", "1?x=2", "1#x", "a b", "…", "...", "é\n", "%2e%2e", "a\\..\\b"])
def test_any_other_id_is_one_part_of_the_path(id: str) -> None:
    asked: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path)
        return httpx.Response(200, json={"id": id})

    with ScimClient("https://x.org/v2", "secret", PROFILES["generic"], transport=httpx.MockTransport(answer)) as service:
        assert service.get("Users", id) == {"id": id}
    (path,) = asked
    assert path.startswith(b"/v2/Users/") and path.count(b"/") == 3 and not set(path) & set(b"?# \\")


@pytest.mark.parametrize(("answered", "error"), [
    ("2", AnotherAccount), ("", AnotherAccount), (None, ServiceError), (7, ServiceError),
])  # fmt: skip
def test_a_read_by_id_is_of_that_id(answered: Any, error: type[Exception]) -> None:
    with client({"id": answered, "userName": "ada"}) as service, pytest.raises(error):
        service.get("Users", "1")


@pytest.mark.parametrize("id", ["", None, 7, [], {}])
def test_a_list_of_accounts_without_ids_is_an_error(id: Any) -> None:
    listed = {"totalResults": 1, "Resources": [{"id": id, "userName": "ada"}]}
    with client(listed) as service:
        for ask in (lambda: service.peek("Users"), lambda: service.find("Users", "userName", "ada")):
            with pytest.raises(ReadError, match="no id"):
                ask()


@pytest.mark.parametrize("body", [{"id": ""}, {"id": ".."}, {}, [], "x", None])
def test_an_account_without_an_id_was_perhaps_made(body: Any) -> None:
    with client(body, 201) as service, pytest.raises(LostAnswer):
        service.create("Users", {})


# Users and groups


def asks(resource: str) -> tuple[Callable[[ScimClient], object], ...]:
    return (
        lambda service: service.peek(resource),
        lambda service: service.find(resource, "displayName", "x"),
        lambda service: service.read_all(resource, list),
        lambda service: service.get(resource, "1"),
    )


@pytest.mark.parametrize(("resource", "other"), [("Users", "Group"), ("Groups", "User")])
@pytest.mark.parametrize("ask", range(4))
def test_a_group_among_the_users_is_an_error_and_a_user_among_the_groups(resource: str, other: str, ask: int) -> None:
    item = {"id": "1", "displayName": "x", "meta": {"resourceType": other}}
    body = item if ask == 3 else {"totalResults": 1, "Resources": [item]}
    with client(body) as service, pytest.raises(ReadError, match=f"the answer holds a {other}: '1'"):
        asks(resource)[ask](service)


@pytest.mark.parametrize("meta", [
    {"resourceType": "User"}, {"resourceType": "user"}, {"resourceType": "Users"}, {"resourceType": "Employee"}, {}, None, [],
    {"resourceType": None}, {"resourceType": ["Group"]}, "Group",
])  # fmt: skip
@pytest.mark.parametrize("ask", range(4))
def test_what_a_service_calls_its_users_is_its_own(meta: Any, ask: int) -> None:
    item = {"id": "1", "displayName": "x", "meta": meta}
    with client(item if ask == 3 else {"totalResults": 1, "Resources": [item]}) as service:
        assert asks("Users")[ask](service)


# A version


@pytest.mark.parametrize(("version", "sent"), [
    ('W/"1"', 'W/"1"'), ('"é"', '"é"'), ("1", "1"), ('W/"1"\r\nX-Evil: 1', None), ("\n", None), ("\x00", None), ("", None),
    ("\u202e", None), ("x" * 70_000, None), (7, None), (None, None), ([], None),
])  # fmt: skip
def test_a_version_that_no_header_holds_is_none_and_stops_no_write(tmp_path: Path, version: Any, sent: str | None) -> None:
    world = town(tmp_path)
    inner, asked = world.transport.inner, list[bytes | None]()

    class Versioned(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            raw = dict(request.headers.raw)
            if request.method == "PATCH":
                asked.append(raw.pop(b"If-Match", None))
            response = inner.handle_request(httpx.Request(request.method, request.url, headers=raw, content=request.read()))
            body = response.json() if request.method == "GET" and response.read() else {}
            for item in body.get("Resources", [body] if "id" in body else []):
                item["meta"] = {**item["meta"], "version": version}
            return httpx.Response(200, json=body) if body else response

    world.transport.inner = Versioned()
    assert world.apply().complete
    assert asked == [None if sent is None else sent.encode()]


# A PUT


@pytest.mark.parametrize("hidden", ["roles", "displayName", None])
def test_a_put_takes_nothing_that_was_not_planned(tmp_path: Path, hidden: str | None) -> None:
    world = World(tmp_path)
    world.users("userPrincipalName: ada@x.org, displayName: Ada")
    world.assign("user: ada@x.org, role: User")
    world.converge()
    world.users("userPrincipalName: ada@x.org, displayName: Ada, jobTitle: Countess")
    inner, ada = world.transport.inner, world.find("ada@x.org")

    class NoPatch(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = httpx.Response(501) if request.method == "PATCH" else inner.handle_request(request)
            if request.method != "GET" or "/Users/" not in request.url.path:
                return response
            response.read()
            return httpx.Response(200, json={key: value for key, value in response.json().items() if key != hidden})

    world.transport.inner = NoPatch()
    (outcome,) = world.apply().outcomes
    world.transport.inner = inner
    assert outcome.status == ("stale" if hidden else "done") and (hidden or "") in outcome.message
    after = world.everything()[ada["id"]]
    assert after["roles"] == ada["roles"] and after["displayName"] == "Ada"
    assert after.get("title") == (None if hidden else "Countess")
