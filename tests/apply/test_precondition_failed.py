"""A service that refuses its own version of an object, and one that says rightly that somebody else was faster."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from reconciler.apply.model import Failed, Stale
from reconciler.apply.precondition_failed import conditionally
from reconciler.declare.profiles import settings
from reconciler.scim.client import ScimClient
from reconciler.scim.discovery import refined
from reconciler.scim.errors import StaleError
from reconciler.scim.profile import PROFILES, Etag, make_profile
from tests.support.refusing import own_versions, refusing
from tests.support.world import World


def client(etags: bool = True) -> ScimClient:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={}))
    return ScimClient("http://127.0.0.1/v2", "s", replace(PROFILES["generic"], etag=Etag(etags)), transport=transport)


def refuses_versions(version: str | None) -> str:
    if version:
        raise StaleError("answered 412", "PATCH /Users/1", 412)
    return "done"


def test_a_version_that_is_refused_and_still_shown_is_sent_no_more() -> None:
    service = client()
    assert conditionally(service, "1", refuses_versions, lambda: "1") == "done"
    assert service.profile.etag == Etag(False)


def test_another_version_by_then_is_somebody_elses_change() -> None:
    service = client()
    with pytest.raises(Failed, match=r"changed on the service.*`etag: \{supported: false\}`"):
        conditionally(service, "1", refuses_versions, lambda: "2")
    assert service.profile.etag == Etag(True)


def test_a_refusal_without_a_version_is_what_it_says() -> None:
    with pytest.raises(Stale, match="plan again"):
        conditionally(client(), None, lambda version: refuses_versions("1"), lambda: "1")


@pytest.mark.parametrize("etags", [True, False])
def test_a_profile_says_whether_versions_are_sent(etags: bool) -> None:
    sent: list[bool] = []

    def service(request: httpx.Request) -> httpx.Response:
        sent.append("If-Match" in request.headers)
        return httpx.Response(204)

    profile = replace(PROFILES["generic"], etag=Etag(etags))
    with ScimClient("http://127.0.0.1/v2", "s", profile, transport=httpx.MockTransport(service)) as found:
        found.patch("Users", "1", [], 'W/"1"')
        found.replace("Users", "1", {}, 'W/"1"')
        found.delete("Users", "1", 'W/"1"')
    assert sent == [etags] * 3


def test_what_is_announced_never_allows_more() -> None:
    generic = PROFILES["generic"]
    assert refined(generic, {"etag": {"supported": False}}).etag == Etag(False)
    assert refined(replace(generic, etag=Etag(False)), {"etag": {"supported": True}}).etag == Etag(False)
    assert refined(generic, {"etag": "no"}).etag == generic.etag == Etag(True)


def test_the_key_of_a_profile_is_read() -> None:
    assert make_profile("generic", settings("generic", {"etag": {"supported": False}})).etag == Etag(False)


def test_all_is_written_to_a_service_that_refuses_its_own_versions_and_it_is_said_once(world: World) -> None:
    world.converge()
    service = refusing(world, own_versions)
    for name in ("Ada", "Grace"):
        world.edit(f"{name.lower()}@x.org", "displayName", "Somebody")
    service.sent.clear()
    result = world.apply()
    assert result.complete and len(service.sent) == 3  # of which one was refused
    assert [words[:59] for words in result.said] == ["the service refuses changes that carry its own version of an"[:59]]
    world.groups("displayName: Net, members: [grace@x.org]")
    refusing(world, own_versions)
    world.client.profile = replace(world.client.profile, etag=Etag(True))  # of a new process
    assert world.apply().said == ()
    assert world.plan().changes == ()


def test_a_deletion_goes_on_as_well(world: World) -> None:
    world.converge()
    world.write(
        "apps/wiki/app.yaml", (world.folder / "desired/apps/wiki/app.yaml").read_text() + "deprovisioning: {outOfScope: delete}\n"
    )
    world.groups("displayName: Net, members: [grace@x.org]")
    refusing(world, own_versions)
    assert world.apply().complete
    assert world.client.find("Users", "userName", "ada@x.org") == []


def test_an_edit_in_between_is_stale_there_too(world: World) -> None:
    world.converge()
    world.edit("ada@x.org", "displayName", "Somebody")
    service = refusing(world, own_versions)
    others = world.bare

    def refuse(request: httpx.Request, operations: object) -> tuple[int, None] | None:
        if "If-Match" not in request.headers:
            return None
        found = others.find("Users", "userName", "ada@x.org")[0]
        others.patch("Users", found["id"], [{"op": "replace", "path": "displayName", "value": "Chief"}])
        return 412, None

    service.refuse = refuse
    (outcome,) = world.apply().outcomes
    assert outcome.status == "stale" and world.find("ada@x.org")["displayName"] == "Chief"
    assert outcome.message.endswith("; plan again")
    record = world.store.load()
    assert record is not None and record.unanswered == {}  # it was refused, and so not done


def test_what_was_written_before_an_edit_in_between_is_in_the_record_and_the_rest_is_stale(world: World) -> None:
    world.users("userPrincipalName: ada@x.org, displayName: Ada, jobTitle: Boss")
    world.groups("displayName: Net, members: [ada@x.org]")
    world.assign("group: Net, role: User")
    world.converge()
    world.users("userPrincipalName: ada@x.org, displayName: Ada L, jobTitle: Chief")
    others = world.bare

    def refuse(request: httpx.Request, operations: list[dict[str, object]]) -> tuple[int, str | None] | None:
        if len(operations) > 1:
            return 400, None
        if operations[0]["path"] == "title":
            found = others.find("Users", "userName", "ada@x.org")[0]
            others.patch("Users", found["id"], [{"op": "replace", "path": "title", "value": "Queen"}])
            return 412, None
        return None

    refusing(world, refuse)
    (outcome,) = world.apply().outcomes
    assert (outcome.status, outcome.message.partition(":")[0]) == ("stale", "done in part")
    assert (world.find("ada@x.org")["displayName"], world.find("ada@x.org")["title"]) == ("Ada L", "Queen")
    record = world.store.load()
    assert record is not None and record.unanswered == {}
    wanted = record.entries["User/ada@x.org"]["wanted"]
    assert (wanted["displayName"], wanted["title"]) == ("Ada L", "Boss")


def test_an_object_that_is_stale_was_answered_and_ends_no_outage(world: World) -> None:
    names = [f"u{number}@x.org" for number in range(4)]
    world.users(*[f"userPrincipalName: {name}, displayName: {name[:2]}" for name in names])
    world.groups(f"displayName: Net, members: [{', '.join(names)}]")
    world.assign("group: Net, role: User")
    world.converge()
    world.users(*[f"userPrincipalName: {name}, displayName: New {name[:2]}" for name in names])

    def refuse(request: httpx.Request, operations: object) -> tuple[int, None] | None:
        if b"New u1" in request.content:
            return 412, None
        raise httpx.ConnectError("down")

    refusing(world, refuse)
    result = world.apply()
    assert [outcome.status for outcome in result.outcomes] == ["failed", "stale", "failed", "failed"]
    assert result.refused is None
