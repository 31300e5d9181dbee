"""Services that answer to a write and do not do it: a town of two people and a group, and what stands before its service."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.support.world import MAPPINGS, World

ROLE = "'roles[primary eq \"True\"].value', expression: 'SingleAppRoleAssignment([appRoleAssignments])'"
SINGLE = MAPPINGS.replace("roles, expression: 'AssertiveAppRoleAssignmentsComplex([appRoleAssignments])'", ROLE)

ADDING = MAPPINGS.replace("AssertiveAppRoleAssignmentsComplex", "AppRoleAssignmentsComplex")

Says = Callable[[dict[str, Any]], dict[str, Any]]


class Keeping(httpx.BaseTransport):
    """A service that answers a status to writes below a path, and does nothing; `sent` are those writes.

    `says` makes of what is there what a 200 shows: some echo what they were sent, or leave it out.
    """

    def __init__(self, inner: httpx.BaseTransport, path: str, status: int, method: str = "PATCH", says: Says = dict) -> None:
        self.inner, self.path, self.status, self.method, self.sent = inner, path, status, method, list[dict[str, Any]]()
        self.says, self.reads = says, list[str]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            self.reads.append(request.url.path)
        if request.method != self.method or self.path not in request.url.path:
            return self.inner.handle_request(request)
        self.sent.append(json.loads(request.content or b"{}"))
        if self.status != 200:
            return httpx.Response(self.status)
        response = self.inner.handle_request(httpx.Request("GET", request.url))
        response.read()
        return httpx.Response(200, json=self.says(response.json()))


def without(name: str) -> Says:
    return lambda shown: {key: value for key, value in shown.items() if key != name}


def town(folder: Path, mappings: str = MAPPINGS) -> World:
    world = World(folder)
    world.write("apps/wiki/mappings.yaml", mappings)
    world.users("userPrincipalName: ada@x.org", "userPrincipalName: grace@x.org")
    world.groups("displayName: Net, members: [ada@x.org, grace@x.org]")
    world.assign("user: ada@x.org, role: Admin", "user: grace@x.org, role: User", "group: Net, role: User")
    world.converge()
    return world


def keeping(world: World, path: str, status: int = 204, method: str = "PATCH", says: Says = dict) -> Keeping:
    world.transport.inner = found = Keeping(world.transport.inner, path, status, method, says)
    return found
