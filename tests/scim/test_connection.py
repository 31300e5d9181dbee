"""test-connection tells apart what is wrong, and says what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from reconciler.declare.load import load
from reconciler.resolve.capabilities import limit
from reconciler.scim.client import ScimClient
from reconciler.scim.connection import KEEPS, Step, run_test
from reconciler.scim.profile import PROFILES
from reconciler.scim.sender import AGAIN
from tests.support.world import MAPPINGS, Clock, World


def said(status: int, content: str = '{"detail": "no"}') -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: httpx.Response(status, text=content)


def broken(words: str) -> Callable[[httpx.Request], httpx.Response]:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(words)

    return fail


EMPTY = '{"totalResults": 0, "Resources": []}'
WRONG = {
    "cannot resolve": (broken("[Errno -2] Name or service not known"), "no connection", "cannot be resolved"),
    "refused": (broken("[Errno 111] Connection refused"), "no connection", "nothing listens there"),
    "certificate": (broken("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"), "no connection", "is not trusted"),
    "TLS": (broken("[SSL: WRONG_VERSION_NUMBER] wrong version number"), "no connection", "speaks https"),
    "401": (said(401), "answered 401: no", "wrong or has expired"),
    "403": (said(403), "answered 403: no", "may not read users"),
    "404": (said(404), "answered 404: no", "not the SCIM base URL"),
    "429": (said(429), "answered 429: no", "limiting requests"),
    "400": (said(400), "answered 400: no", "cannot filter on this attribute"),
    "a page": (said(200, "<html>Sign in</html>"), "not JSON: <html>Sign in</html>", "a page that is not SCIM"),
    "other JSON": (said(200, '{"ok": true}'), "not a SCIM list", "a page that is not SCIM"),
    "counted": (said(200, '{"totalResults": 5, "Resources": []}'), "ignores filters",
                "filter: {operators: []}}`, and all is read"),
    "unfiltered": (said(200, '{"totalResults": 1, "Resources": [{"id": "1", "userName": "x"}]}'), "ignores filters",
                   "that the service can filter on"),
}  # fmt: skip


def run(
    folder: Path, answer: Callable[[httpx.Request], httpx.Response], mappings: str = MAPPINGS, clock: Clock | None = None
) -> list[Step]:  # fmt: skip
    world, clock = World(folder), clock or Clock()
    world.write("apps/wiki/mappings.yaml", mappings)
    world.users("userPrincipalName: ada@x.org")
    world.assign()
    app = load(folder / "desired").declarations.apps["wiki"]
    with ScimClient(
        "https://wiki.example.com/v2",
        "secret",
        PROFILES["generic"],
        transport=httpx.MockTransport(answer),
        sleep=clock.sleep,
        clock=clock,
        again=AGAIN - {429},
    ) as client:
        return run_test(client, limit(app), "nobody")


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_apart_and_ends_the_test(tmp_path: Path, name: str) -> None:
    answer, message, remedy = WRONG[name]
    (step,) = run(tmp_path, answer)
    assert step.needed and not step.ok
    assert message in step.message and remedy in step.remedy


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "20"}, {"Retry-After": "86400"}])
@pytest.mark.parametrize("at", ["/v2/Users", "/v2/Groups", "/v2/ServiceProviderConfig", "/v2/Schemas"])
def test_a_service_that_limits_requests_is_asked_no_more(tmp_path: Path, at: str, headers: dict[str, str]) -> None:
    clock, asked = Clock(), list[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(429, headers=headers) if request.url.path == at else said(200, EMPTY)(request)

    steps = run(tmp_path, answer, clock=clock)
    assert asked.count(at) == 1 and asked[-1] == at and clock.slept == 0
    assert not steps[-1].ok and "answered 429" in steps[-1].message


def without(*missing: str) -> Callable[[httpx.Request], httpx.Response]:
    """A service that has only users and groups, without some of them."""
    there = {"/v2/Users", "/v2/Groups"} - set(missing)
    return lambda request: said(200, EMPTY)(request) if request.url.path in there else said(404)(request)


def test_discovery_that_is_not_there_is_no_failure(tmp_path: Path) -> None:
    steps = run(tmp_path, without())
    assert [(step.ok, step.needed) for step in steps] == [(True, True)] * 2 + [(False, False)] * 3 + [(True, False)]


def test_groups_that_are_mapped_must_be_there(tmp_path: Path) -> None:
    users, groups = run(tmp_path, without("/v2/Groups"))
    assert users.ok and groups.needed and not groups.ok and groups.name == "GET /Groups?filter=displayName eq ..."
    assert "answered 404" in groups.message and "`groups: {enabled: false}`" in groups.remedy


def test_groups_that_are_not_mapped_need_not_be_there(tmp_path: Path) -> None:
    steps = run(tmp_path, without("/v2/Groups"), MAPPINGS.partition("  groups:")[0])
    assert [step.name for step in steps if step.needed] == ["GET /Users?filter=userName eq ..."]


def test_groups_that_cannot_be_filtered_are_asked_for_as_a_list(tmp_path: Path) -> None:
    world = World(tmp_path, filter={"attributes": ["userName"]})
    world.users()
    world.assign()
    steps = run_test(world.client, limit(load(tmp_path / "desired").declarations.apps["wiki"]), "nobody")
    assert [(step.name, step.ok) for step in steps if step.needed] == [
        ("GET /Users?filter=userName eq ...", True),
        ("GET /Groups?count=1", True),
    ]


def test_the_question_is_a_filter_on_the_matching_attribute(tmp_path: Path) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return said(200, EMPTY)(request)

    run(tmp_path, answer)
    assert asked[0].method == "GET" and asked[0].url.params["filter"] == 'userName eq "nobody"'


@pytest.mark.parametrize(
    ("config", "words"),
    [("{}", "sent by PATCH (rfc), with If-Match where a version is shown"),
     ('{"patch": {"supported": false}}', "sent by PUT of the whole object, since PATCH is not supported, with If-Match"),
     ('{"etag": {"supported": false}}', "sent by PATCH (rfc), without If-Match"),
     ('{"etag": {"supported": true}}', f"sent by PATCH (rfc), with If-Match where a version is shown, {KEEPS[None]}")],
)  # fmt: skip
def test_how_changes_are_sent_is_said_before_any_is(tmp_path: Path, config: str, words: str) -> None:
    answer = lambda request: httpx.Response(200, text=config if "ServiceProviderConfig" in request.url.path else EMPTY)  # noqa: E731
    (step,) = [step for step in run(tmp_path, answer) if step.name == "changes"]
    assert step.ok and step.message.startswith(words)
