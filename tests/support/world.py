"""A folder of declarations and a real SCIM service in process: plan and apply as the commands do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from reconciler.apply.model import Result
from reconciler.cycle.randomness import SystemChance
from reconciler.cycle.read import read_live
from reconciler.cycle.role_reading import AS_NEEDED, Asked, read_roles
from reconciler.cycle.session import EVERYTHING, Read, Session, plan_with
from reconciler.cycle.write import Request, write
from reconciler.declare.load import load
from reconciler.declare.profiles import settings
from reconciler.declare.schema import sound
from reconciler.demo.simulator import Simulator
from reconciler.plan.earlier import NOTHING, Earlier
from reconciler.plan.model import Config, Plan
from reconciler.plan.reviewed.compare import Comparison, compare
from reconciler.plan.safeguards.guard import guard, with_verdicts
from reconciler.plan.selection import Selection
from reconciler.record.local import LocalStore
from reconciler.record.model import Record
from reconciler.record.open import recovered
from reconciler.record.unfinished import Unfinished
from reconciler.report.jsonform import dumps
from reconciler.resolve.check import check
from reconciler.resolve.resolution import resolve
from reconciler.rolesources.source import RoleSource
from reconciler.scim.client import ScimClient
from reconciler.scim.patch import body, operations
from reconciler.scim.profile import make_profile
from tests.support import scim_service

SWITCH = '\'Switch([IsSoftDeleted], , "False", "True", "True", "False")\''
APP = """app: wiki
adminCredentials: {tenantUrl: "http://127.0.0.1/v2", secretToken: "${env:TOKEN}"}
"""
MAPPINGS = f"""mappings:
  users:
    attributes:
      - {{target: userName, source: userPrincipalName, matchingPrecedence: 1}}
      - {{target: active, expression: {SWITCH}}}
      - {{target: displayName, source: displayName}}
      - {{target: title, source: jobTitle}}
      - {{target: roles, expression: 'AssertiveAppRoleAssignmentsComplex([appRoleAssignments])'}}
      - {{target: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager', source: manager}}
  groups:
    attributes:
      - {{target: displayName, source: displayName, matchingPrecedence: 1}}
      - {{target: members, source: members}}
"""
COMMIT = "1a2b3c4d" * 5
ROLES = "roles: [{value: admin, displayName: Admin, privileged: true}, {value: user, displayName: User}]\n"


class Counting(httpx.BaseTransport):
    """Counts the writes that reach the service."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner, self.writes = inner, 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.writes += request.method != "GET"
        return self.inner.handle_request(request)


class Hiding(httpx.BaseTransport):
    """A service that keeps to itself who is in its groups, or, with `listed`, that does not say so where it lists them all."""

    def __init__(self, inner: httpx.BaseTransport, listed: bool = False) -> None:
        self.inner, self.listed = inner, listed

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.inner.handle_request(request)
        shown = self.listed and ("filter" in request.url.params or not request.url.path.endswith("/Groups"))
        if "/Groups" not in request.url.path or shown or not response.read():
            return response
        data = response.json()
        for group in data.get("Resources", [data]):
            group.pop("members", None)
        return httpx.Response(response.status_code, json=data)


class Clock:
    """Time that passes only while somebody sleeps; `slept` is how long that was."""

    def __init__(self) -> None:
        self.now, self.slept = 1_800_000_000.0, 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds


class World:
    """`today` is the date against which assignments expire, `now` the moment of a run, UTC, `head` the commit that is applied.

    A `profile` other than generic is simulated as it is declared.
    """

    def __init__(self, folder: Path, profile: str = "generic", **overrides: Any) -> None:
        self.earlier = NOTHING
        self.folder, self.today, self.now, self.clock = folder, "2026-06-01", "2026-06-01T00:00:00Z", Clock()
        application = scim_service.application()
        self.bare = ScimClient(
            "http://127.0.0.1/v2",
            "secret",
            make_profile("generic", settings("generic", {})),
            workers=1,
            transport=httpx.WSGITransport(app=application),
        )
        if profile != "generic" or overrides:
            application = Simulator(application, settings(profile, overrides), clock=self.clock)
        self.transport = Counting(httpx.WSGITransport(app=application))
        self.store = LocalStore(folder / "record", "wiki")
        self.profile(profile, **overrides)
        known = make_profile(profile, settings(profile, overrides))
        self.read: Read = read_live
        self.head: str | None = None
        self.role_source: RoleSource | None = None
        self.client = ScimClient(
            "http://127.0.0.1/v2", "secret", known, transport=self.transport, workers=1, clock=self.clock, sleep=self.clock.sleep
        )
        self.write("apps/wiki/mappings.yaml", MAPPINGS)
        self.write("apps/wiki/roles.yaml", ROLES)
        self.groups("[]")

    def profile(self, name: str, **overrides: Any) -> None:
        """What app.yaml says, whatever the service is."""
        self.write("apps/wiki/app.yaml", APP + f"profile: {json.dumps({'base': name, **overrides} if overrides else name)}\n")

    def write(self, path: str, text: str) -> None:
        file = self.folder / "desired" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def users(self, *rows: str) -> None:
        self.write("directory/users/a.yaml", "users:\n" + "".join(f"  - {{{row}}}\n" for row in rows) if rows else "users: []")

    def groups(self, *rows: str) -> None:
        listed = "groups: []\n" if rows in ((), ("[]",)) else "groups:\n" + "".join(f"  - {{{row}}}\n" for row in rows)
        self.write("directory/groups/a.yaml", listed)

    def assign(self, *rows: str) -> None:
        listed = "assignments:\n" + "".join(f"  - {{{row}}}\n" for row in rows) if rows else "assignments: []\n"
        self.write("apps/wiki/assignments.yaml", listed)

    def commit(self) -> None:
        """From now on every file is compared with what it says now."""
        app = load(self.folder / "desired").declarations.apps["wiki"]
        assigned = tuple(app.assignments)
        self.earlier = Earlier(COMMIT, frozenset(item.file for item in assigned), assigned)

    def plan(self, *only: str) -> Plan:
        return self.session(Selection(only)).planned.plan

    def session(self, selection: Selection = EVERYTHING, asked: Asked = AS_NEEDED) -> Session:
        """The app, read and planned as the commands do."""
        loaded = load(self.folder / "desired")
        assert [p for p in (*loaded.problems, *check(loaded.declarations)) if p.severity == "error"] == []
        record = recovered(self.store)
        resolution = resolve(loaded.declarations.apps["wiki"], loaded.declarations, self.today)
        live = read_roles(self.role_source, resolution, record, self.read(self.client, resolution, record), asked)
        config = Config("", self.head)
        planned = plan_with(live, resolution, self.client, record, selection, config, self.earlier)
        self.verdict = guard(planned, record, self.now)
        found = Session(self.client, self.store, record, with_verdicts(planned, self.verdict), self.verdict, self.role_source)
        assert sound("plan", json.loads(dumps([found.planned.plan])))
        return found

    def compare(self, reviewed: Plan) -> Comparison:
        """A reviewed plan against what there is now."""
        found = self.session()
        begun = Unfinished(found.record or Record("wiki")).is_begun
        part = lambda plan: found.planned.part(Selection(plan.only, plan.selected_causes))  # noqa: E731
        return compare([reviewed], found.planned.plan, found.planned.is_done, part, begun)

    def apply(self, stopped: Callable[[], bool] = lambda: False, only: tuple[str, ...] = ()) -> Result:
        found = self.session(Selection(only))
        assert not found.guarded.blocking, found.guarded.blocking
        changes, request = found.planned.plan.changes, Request(only=only)
        return write(found, changes, request, lambda: self.now, SystemChance(), lambda outcome: None, stopped)

    def converge(self) -> None:
        """Apply everything; the next plan must be empty."""
        result = self.apply()
        assert result.complete, result.outcomes
        assert self.plan().changes == ()

    def everything(self) -> dict[str, dict[str, Any]]:
        """Id -> every user and group, as it is stored, whatever the service's profile lets be seen."""
        found = [item for kind in ("Users", "Groups") for item in self.bare.read_all(kind, lambda page: page)]
        return {item["id"]: item for item in found}

    def seed(self, name: str, **attributes: Any) -> str:
        pairs = [("userName", name), ("active", True), *attributes.items()]
        return str(self.client.create("Users", body("Users", pairs))["id"])

    def find(self, name: str) -> dict[str, Any]:
        return self.client.find("Users", "userName", name)[0]

    def edit(self, name: str, path: str, value: Any) -> None:
        found = self.find(name)
        self.client.patch("Users", found["id"], operations([(path, value)], found))

    def group(self, name: str) -> dict[str, Any]:
        return self.client.find("Groups", "displayName", name)[0]
