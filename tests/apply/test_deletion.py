"""A DELETE and what came of it: what a service answers and shows in, gone or not out."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from reconciler.apply.deletion import delete
from reconciler.apply.model import Failed
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import AuthError, ServiceError
from reconciler.scim.profile import PROFILES

ADA: dict[str, Any] = {"id": "a1", "userName": "ada@x.org", "active": True, "meta": {"version": 'W/"1"'}}
OFF = {**ADA, "active": False}


def deleted(answer: int, shown: dict[str, Any] | None, resource: str = "Users", live: dict[str, Any] = ADA) -> Any:
    """What comes of a DELETE that is answered so, where the service then shows this."""

    def respond(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            assert request.headers["If-Match"] == 'W/"1"'
            return httpx.Response(answer, json={"detail": "as the test says"} if answer >= 400 else None)
        return httpx.Response(404) if shown is None else httpx.Response(200, json=shown)

    transport = httpx.MockTransport(respond)
    with ScimClient("https://x.org", "secret", PROFILES["generic"], transport=transport, sleep=lambda _: None) as client:
        return delete(client, resource, "a1", live, lambda: None)


@pytest.mark.parametrize("answer", [204, 200, 404, 405, 410, 500, 501, 503])
def test_what_is_no_longer_there_is_deleted_whatever_was_answered(answer: int) -> None:
    assert deleted(answer, None) is None
    assert deleted(answer, None, "Groups") is None


@pytest.mark.parametrize("shown", [ADA, {"id": "a1", "userName": "ada@x.org"}])
def test_an_account_that_is_still_there_was_not_deleted(shown: dict[str, Any]) -> None:
    with pytest.raises(Failed, match="did not delete it"):
        deleted(204, shown)
    with pytest.raises(Failed, match="did not delete it"):
        deleted(204, {"id": "a1", "displayName": "Net"}, "Groups")


@pytest.mark.parametrize("shown", [ADA, OFF])
def test_a_service_that_cannot_delete_is_told_by_what_it_still_shows(shown: dict[str, Any]) -> None:
    with pytest.raises(Failed, match="answered 404 to the DELETE, and still shows it: .*targetObjectActions"):
        deleted(404, shown)
    with pytest.raises(ServiceError, match="answered 501: as the test says"):
        deleted(501, shown)


def test_an_account_that_is_kept_inactive_is_out() -> None:
    assert deleted(204, OFF) == OFF


@pytest.mark.parametrize(("answer", "error"), [(401, AuthError), (403, AuthError), (429, ServiceError)])
def test_a_refusal_of_more_than_this_deletion_is_that(answer: int, error: type[Exception]) -> None:
    with pytest.raises(error, match=str(answer)):
        deleted(answer, None)


def test_a_version_that_has_moved_is_stale() -> None:
    with pytest.raises(Failed, match="changed on the service since it was planned"):
        deleted(412, ADA)
