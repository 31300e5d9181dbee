"""A failure keeps back what cannot be done without it, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Event

import httpx
import pytest

from reconciler.apply.execute import execute
from reconciler.apply.model import Result
from reconciler.cycle.randomness import SystemChance
from reconciler.cycle.write import Request, job_of
from reconciler.scim.client import ScimClient
from reconciler.scim.profile import PROFILES
from tests.support.servers import Answer, Call, Desk, front, scim_server
from tests.support.servers import answer as answered
from tests.support.world import World

NO = httpx.Response(409, json={"detail": "no"})
MANAGER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


class Refusing(httpx.BaseTransport):
    """Refuses some requests; `sent` are the writes that got through to it."""

    def __init__(self, inner: httpx.BaseTransport, refuses: Callable[[httpx.Request], bool]) -> None:
        self.inner, self.refuses = inner, refuses
        self.sent: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "GET":
            self.sent.append(request.method + request.url.path)
        return NO if self.refuses(request) else self.inner.handle_request(request)


def refusing(world: World, refuses: Callable[[httpx.Request], bool]) -> Refusing:
    transport = Refusing(world.transport, refuses)
    world.client = ScimClient("http://127.0.0.1/v2", "secret", PROFILES["generic"], transport=transport, workers=1)
    return transport


def ended(result: Result) -> dict[str, str]:
    """Address -> how its change ended, of those that were not done."""
    return {o.change.address: o.status for o in result.outcomes if o.status != "done"}


def members(world: World, group: str) -> set[str]:
    return {member["value"] for member in world.group(group).get("members", [])}


def test_a_failed_account_is_missing_where_it_is_named_and_nobody_else_is(world: World) -> None:
    people = [f"m{i}@x.org" for i in range(5)]
    world.users("userPrincipalName: m0@x.org", *(f"userPrincipalName: m{i}@x.org, manager: m{i - 1}@x.org" for i in range(1, 5)))
    world.groups(f"displayName: Net, members: [{', '.join(people)}]")
    world.assign("group: Net, role: User")
    refusing(world, lambda request: request.method == "POST" and b'"m0@' in request.content)
    result = world.apply()
    assert ended(result) == {"User/m0@x.org": "failed", "User/m1@x.org": "skipped", "Group/Net": "skipped"}
    said = {o.change.address: o.message for o in result.outcomes}
    assert said["User/m1@x.org"].startswith("done in part:") and "User/m0@x.org has no account" in said["User/m1@x.org"]
    assert said["Group/Net"].startswith("done in part: User/m0@x.org could not be added")
    ids = {name: world.find(name)["id"] for name in people[1:]}
    assert members(world, "Net") == set(ids.values())
    for i in range(2, 5):
        assert world.find(f"m{i}@x.org")[MANAGER]["manager"]["value"] == ids[f"m{i - 1}@x.org"]
    again = {o.change.address: o.message for o in world.apply().outcomes}
    assert again["Group/Net"] == "User/m0@x.org could not be added: there is no account"
    refusing(world, lambda request: False)
    world.converge()


@pytest.mark.parametrize("row", ["displayName: Net, members: [ada@x.org]", "displayName: Net, members: [grace@x.org]"])
def test_an_update_that_fails_keeps_nobody_out_of_a_group_and_no_manager_away(world: World, row: str) -> None:
    world.users("userPrincipalName: ada@x.org, jobTitle: A", "userPrincipalName: grace@x.org")
    world.groups("displayName: Net, members: [grace@x.org]")
    world.assign("group: Net, role: User", "user: ada@x.org, role: User", "user: grace@x.org, role: User")
    world.converge()
    ada = world.find("ada@x.org")["id"]
    world.users("userPrincipalName: ada@x.org, jobTitle: B", "userPrincipalName: grace@x.org, manager: ada@x.org")
    world.groups(row)
    refusing(world, lambda request: request.method == "PATCH" and ada in request.url.path)
    assert ended(world.apply()) == {"User/ada@x.org": "failed"}
    assert (ada in members(world, "Net")) == ("ada" in row)
    assert world.find("grace@x.org")[MANAGER]["manager"]["value"] == ada


@pytest.mark.parametrize("previously", [", previously: [b@x.org]", ""])
def test_a_name_that_was_not_freed_is_not_asked_for(world: World, previously: str) -> None:
    world.groups()
    world.users("userPrincipalName: a@x.org, id: one", "userPrincipalName: b@x.org, id: two")
    world.assign("user: a@x.org, role: User", *(["user: b@x.org, role: User"] if previously else []))
    world.converge()
    first = world.find("a@x.org")["id"]
    world.users("userPrincipalName: a2@x.org, id: one, previously: [a@x.org]", f"userPrincipalName: a@x.org, id: two{previously}")
    world.assign("user: a2@x.org, role: User", "user: a@x.org, role: User")
    transport = refusing(world, lambda request: request.method == "PATCH" and first in request.url.path)
    result = world.apply()
    assert ended(result) == {"User/a2@x.org": "failed", "User/a@x.org": "skipped"}
    (kept,) = [o.message for o in result.outcomes if o.status == "skipped"]
    assert kept == "User/a2@x.org still has the name that it would take"
    assert [sent.rpartition("/")[2] for sent in transport.sent] == [first]
    refusing(world, lambda request: False)
    world.converge()


def six(folder: Path, url: str) -> Desk:
    """Six people in a group, for a service that takes one request at a time."""
    desk, people = Desk(folder, url), [f"u{i}@x.org" for i in range(6)]
    app = (desk.folder / "desired/apps/wiki/app.yaml").read_text(encoding="utf-8")
    desk.write("apps/wiki/app.yaml", app + "profile: {base: generic, rate: {concurrency: 1}}\n")
    desk.people(*people)
    desk.write("directory/groups/a.yaml", f"groups: [{{displayName: Net, members: [{', '.join(people)}]}}]")
    return desk


def test_a_token_that_is_refused_in_the_middle_leaves_no_change_unsaid(tmp_path: Path) -> None:
    left = [True, True]

    def decide(call: Call) -> Answer | None:
        return None if call.method == "GET" or (left and left.pop()) else answered(401, {"detail": "expired"})

    with scim_server() as url, front(decide, url) as service:
        ran = six(tmp_path, service.url + "/expired/v2").reconcile("apply", "--auto-approve")
    assert ran.code == 5 and "expired" in ran.err and "fix the token" in ran.err
    assert [
        sum(
            f" User/u{i}@x.org" in line
            for line in (ran.out + ran.err).splitlines()
            if line.startswith(("done", "failed", "skipped"))
        )
        for i in range(6)
    ] == [1] * 6
    assert (ran.out + ran.err).count("not begun: the token was refused") == 4


def test_a_wait_that_is_too_long_in_the_middle_is_not_called_a_refused_token(tmp_path: Path) -> None:
    left = [True, True]

    def decide(call: Call) -> Answer | None:
        return None if call.method == "GET" or (left and left.pop()) else Answer(429, headers=(("Retry-After", "86400"),))

    with scim_server() as url, front(decide, url) as service:
        ran = six(tmp_path, service.url + "/waiting/v2").reconcile("apply", "--auto-approve")
    assert ran.code == 5 and "asks to wait 24 h: run again then" in ran.err and "run the same command again" in ran.err
    assert "token" not in ran.out + ran.err and "the service asks for too long a wait" in ran.out


class Dead(httpx.BaseTransport):
    """Answers reads until the first write; from then on nobody listens."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner, self.dead, self.asked = inner, False, set[str]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.dead = self.dead or request.method != "GET"
        if self.dead:
            self.asked.add(request.content.decode())
            raise httpx.ConnectError("refused")
        return self.inner.handle_request(request)


def test_a_service_that_is_gone_in_the_middle_is_not_asked_for_each_object(world: World) -> None:
    people = [f"u{i}@x.org" for i in range(9)]
    world.groups()
    world.users(*(f"userPrincipalName: {name}" for name in people))
    world.assign(*(f"user: {name}, role: User" for name in people))
    transport = Dead(world.transport)
    world.client = ScimClient(
        "http://127.0.0.1/v2", "secret", PROFILES["generic"], transport=transport, workers=1, sleep=lambda seconds: None
    )
    result = world.apply()
    assert len(transport.asked) == 3 and result.refused is not None
    assert sorted(ended(result).values()) == ["failed"] * 3 + ["skipped"] * 6
    assert {o.message for o in result.outcomes if o.status == "skipped"} == {"not begun: the service does not answer"}


class Hanging(httpx.BaseTransport):
    """Answers reads until the first write; from then on all runs into the timeout, the first write after it was done.

    `over` is set once the first three, which are under way together, have done so; until then whoever pauses waits.
    """

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner, self.asked = inner, list[httpx.Request]()
        self.meeting, self.ended, self.over = Barrier(3), list[int](), Event()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" and not self.asked:
            return self.inner.handle_request(request)
        self.asked.append(request)
        if self.asked[0] is request:
            self.inner.handle_request(request)
        if len(self.asked) <= 3:
            self.meeting.wait(30)
        raise httpx.ReadTimeout("timed out")

    def answered(self, method: str, status: int) -> None:
        if self.asked:
            self.ended.append(status)
        if len(self.ended) >= 3:
            self.over.set()

    def pause(self, seconds: float) -> None:
        self.over.wait(30)


def test_a_service_that_falls_silent_is_asked_for_nothing_a_second_time(world: World) -> None:
    people = [f"u{i}@x.org" for i in range(9)]
    world.groups()
    world.users(*(f"userPrincipalName: {name}" for name in people))
    world.assign(*(f"user: {name}, role: User" for name in people))
    silent, answering = Hanging(world.transport), world.client
    world.client = ScimClient(
        "http://127.0.0.1/v2", "secret", PROFILES["generic"], transport=silent, workers=3,
        sleep=silent.pause, answered=silent.answered,
    )  # fmt: skip
    result = world.apply()
    assert len(silent.asked) == 3 and result.refused is not None
    assert sorted(ended(result).values()) == ["failed"] * 3 + ["skipped"] * 6
    assert {o.message for o in result.outcomes if o.status == "skipped"} == {"not begun: the service does not answer"}
    world.client = answering
    world.converge()
    assert sorted(there["userName"] for there in world.everything().values() if "userName" in there) == people


def test_slow_objects_are_each_tried_several_times_while_others_are_answered(world: World) -> None:
    world.groups()
    world.users(*(f"userPrincipalName: u{i}@x.org" for i in range(5)))
    world.assign(*(f"user: u{i}@x.org, role: User" for i in range(5)))
    tries = list[str]()

    def handle(request: httpx.Request) -> httpx.Response:
        slow = [name for name in ("u0", "u1", "u3", "u4") if name in request.content.decode()]
        tries.extend(slow)
        if slow:
            raise httpx.ReadTimeout("timed out")
        return world.transport.handle_request(request)

    world.client = ScimClient(
        "http://127.0.0.1/v2", "secret", PROFILES["generic"], transport=httpx.MockTransport(handle), workers=1,
        sleep=lambda seconds: None,
    )  # fmt: skip
    result = world.apply()
    assert Counter(tries) == dict.fromkeys(("u0", "u1", "u3", "u4"), 5) and result.refused is None
    assert ended(result) == {f"User/u{i}@x.org": "failed" for i in (0, 1, 3, 4)}


def test_writes_go_side_by_side_and_a_second_plan_is_empty(tmp_path: Path) -> None:
    meeting = Barrier(5)

    def decide(call: Call) -> Answer | None:
        if call.method == "POST" and call.path.endswith("/Users"):
            meeting.wait(30)  # fewer than five at once would break it
        return None

    with scim_server() as url, front(decide, url) as service:
        desk, people = Desk(tmp_path, service.url + "/together/v2"), [f"u{i}@x.org" for i in range(10)]
        app = (desk.folder / "desired/apps/wiki/app.yaml").read_text(encoding="utf-8")
        desk.write("apps/wiki/app.yaml", app + "profile: {base: generic, rate: {concurrency: 5}}\n")
        desk.people(*people)
        desk.write("directory/groups/a.yaml", f"groups: [{{displayName: Net, members: [{', '.join(people)}]}}]")
        ran = desk.reconcile("apply", "--auto-approve")
        again = desk.reconcile("plan", "--detailed-exitcode")
    assert ran.code == 0 and [line.split()[2] for line in ran.out.splitlines() if line.startswith("done")] == [
        *(f"User/{name}" for name in people),
        "Group/Net",
    ]
    assert again.code == 0


class Mute(httpx.BaseTransport):
    """Answers reads, and no write: each ends by its timeout."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner, self.writes = inner, 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return self.inner.handle_request(request)
        self.writes += 1
        raise httpx.ReadTimeout("no answer")


@pytest.mark.parametrize(("asked", "writes"), [(True, 1), (False, 5)])
def test_who_asks_to_stop_waits_for_no_second_try(world: World, asked: bool, writes: int) -> None:
    world.users("userPrincipalName: ada@x.org")
    world.groups()
    world.assign("user: ada@x.org, role: User")
    transport = Mute(world.transport)
    world.client = ScimClient(
        "http://127.0.0.1/v2", "secret", PROFILES["generic"], transport=transport, workers=1, sleep=lambda seconds: None
    )
    session = world.session()
    job = job_of(session, session.planned.plan.changes, Request(), "2026-06-01T00:00:00Z")
    stopped = lambda: asked and transport.writes > 0  # noqa: E731
    result = execute(job, world.client, world.store, lambda: world.now, lambda outcome: None, SystemChance(), stopped)
    assert transport.writes == writes and ended(result) == {"User/ada@x.org": "failed"}
    assert job.record.unanswered.keys() == {"User/ada@x.org"}, "nobody knows whether it was done"
