"""Services in process that refuse a part of what SCIM lets a client ask, in front of the real one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import orjson

from reconciler.scim.client import ScimClient
from tests.support.world import World

Refusal = tuple[int, str | None]  # status and scimType
Refuse = Callable[[httpx.Request, list[dict[str, Any]]], Refusal | None]


class Refusing(httpx.BaseTransport):
    """`refuse` is asked about each write, with its operations where it is a PATCH; `sent` are the writes, refused or not."""

    def __init__(self, inner: httpx.BaseTransport, refuse: Refuse) -> None:
        self.inner, self.refuse = inner, refuse
        self.sent: list[tuple[str, Any]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return self.inner.handle_request(request)
        data = orjson.loads(request.content) if request.content else {}
        self.sent.append((request.method, data.get("Operations", data)))
        refusal = self.refuse(request, data.get("Operations", []))
        if refusal is None:
            return self.inner.handle_request(request)
        status, scim_type = refusal
        error = {"status": str(status), "detail": "not here"} | ({"scimType": scim_type} if scim_type else {})
        return httpx.Response(status, json=error)


def refusing(world: World, refuse: Refuse) -> Refusing:
    """From now on the service of the world refuses so."""
    transport = Refusing(world.transport, refuse)
    world.client = ScimClient(
        "http://127.0.0.1/v2",
        "secret",
        world.client.profile,
        transport=transport,
        workers=1,
        clock=world.clock,
        sleep=world.clock.sleep,
    )
    return transport


def own_versions(request: httpx.Request, operations: list[dict[str, Any]]) -> Refusal | None:
    """As strict comparison of weak versions does (RFC 9110 §13.1.1): whatever is sent, it does not match."""
    return (412, None) if "If-Match" in request.headers else None


def names(operation: dict[str, Any]) -> set[str]:
    """The top attributes that an operation of a PATCH is about."""
    path = operation.get("path")
    return {path.partition("[")[0].partition(".")[0]} if path else set(operation["value"])


def paths(*refused: str, scim_type: str | None = "invalidPath") -> Refuse:
    """These attributes are not taken by a path."""
    return lambda request, operations: (400, scim_type) if any(o.get("path") in refused for o in operations) else None


def in_no_form(*refused: str, scim_type: str | None = "invalidPath") -> Refuse:
    """These attributes are not taken at all, and there is no PUT."""

    def refuse(request: httpx.Request, operations: list[dict[str, Any]]) -> Refusal | None:
        if request.method == "PUT":
            return 405, None
        return (400, scim_type) if any(names(operation) & set(refused) for operation in operations) else None

    return refuse
