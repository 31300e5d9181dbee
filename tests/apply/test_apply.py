"""What an apply survives: failures of one object, services that ignore, lost answers, kills, stale plans."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.cycle.session import EVERYTHING
from reconciler.record.journal import recover
from reconciler.record.local import LocalStore, Locked, RecordError
from reconciler.record.model import Record
from reconciler.report.jsonform import dumps
from reconciler.report.plan_file import loads
from reconciler.report.text import last_line
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import CredentialError, LostAnswer, ReadError, ServiceError
from reconciler.scim.profile import PROFILES
from tests.support.warned import texts
from tests.support.world import APP, MAPPINGS, World


class Faulty(httpx.BaseTransport):
    """Breaks one kind of request in front of the real service."""

    def __init__(self, inner: httpx.BaseTransport, method: str, fault: object, reached: bool, times: int) -> None:
        self.inner, self.method, self.fault, self.reached, self.left = inner, method, fault, reached, times

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != self.method or not self.left:
            return self.inner.handle_request(request)
        self.left -= 1
        if self.reached:
            self.inner.handle_request(request)
        if isinstance(self.fault, Exception):
            raise self.fault
        assert isinstance(self.fault, httpx.Response)
        return self.fault


def broken(world: World, method: str, fault: object, reached: bool = False, times: int = 1) -> None:
    transport = Faulty(world.transport, method, fault, reached, times)
    world.client = ScimClient(
        "http://127.0.0.1/v2",
        "secret",
        PROFILES["generic"],
        transport=transport,
        workers=1,
        clock=world.clock,
        sleep=world.clock.sleep,
    )


def answering(status: int, content: bytes = b"", **headers: str) -> ScimClient:
    transport = httpx.MockTransport(lambda request: httpx.Response(status, content=content, headers=headers))
    return ScimClient("http://127.0.0.1/v2", "hunter2", PROFILES["generic"], transport=transport, sleep=lambda s: None)


def test_a_failure_fails_that_object_alone_and_the_next_run_does_the_rest(world: World) -> None:
    refusal = {"status": 409, "scimType": "uniqueness", "detail": "taken"}
    broken(world, "POST", httpx.Response(409, json=refusal))
    result = world.apply()
    assert [o.change.address for o in result.outcomes if o.status == "failed"] == ["User/ada@x.org"]
    assert any("taken" in o.message for o in result.outcomes)
    assert world.find("grace@x.org")["active"] is True
    world.converge()


def test_drift_that_could_not_be_put_back_is_still_drift(world: World) -> None:
    world.converge()
    world.client.delete("Users", world.find("ada@x.org")["id"])
    broken(world, "POST", httpx.Response(403, json={"detail": "no"}))
    assert {c.address: c.causes for c in world.plan().changes}["Group/Net"] == ("drift",)
    assert not world.apply().complete
    assert {c.address: c.causes for c in world.plan().changes}["Group/Net"] == ("drift",)


@pytest.mark.parametrize("reached", [False, True])
def test_a_create_whose_answer_was_lost_doubles_no_account(world: World, reached: bool) -> None:
    broken(world, "POST", httpx.ReadError("reset"), reached)
    world.converge()
    assert len(world.client.find("Users", "userName", "ada@x.org")) == 1


def test_an_edit_between_a_create_whose_answer_was_lost_and_its_look_up_is_put_back(world: World) -> None:
    """It is not what the service made of the create: told as that, nobody would ever write the title again."""
    broken(world, "POST", httpx.ReadError("reset"), True)
    inner, edited = world.client.sender.send, list[str]()

    def send(method: str, *arguments: Any, **more: Any) -> Any:
        if method == "GET" and world.transport.writes == 1 and not edited:
            edited.append("ada@x.org")
            world.edit("ada@x.org", "title", "Intern")
        return inner(method, *arguments, **more)

    world.client.sender.send = send  # type: ignore[method-assign]
    result = world.apply()
    assert edited and {outcome.status for outcome in result.outcomes} == {"done"}
    assert world.find("ada@x.org")["title"] == "Engineer" and world.plan().changes == ()


def test_a_patch_whose_answer_was_lost_is_read_first(world: World) -> None:
    world.converge()
    world.edit("ada@x.org", "title", "Intern")
    broken(world, "PATCH", httpx.ReadError("reset"), True)
    world.converge()


@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize("reached", [False, True])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_write_that_a_busy_service_put_off_is_looked_up_and_sent_again_when_it_says(
    world: World, method: str, reached: bool, status: int
) -> None:
    if method == "PATCH":
        world.converge()
        world.edit("ada@x.org", "title", "Intern")
    broken(world, method, httpx.Response(status, headers={"Retry-After": "7"}), reached)
    world.converge()
    assert world.clock.slept == 7
    assert [user["title"] for user in world.client.find("Users", "userName", "ada@x.org")] == ["Engineer"]


def test_members_that_a_busy_service_put_off_are_sent_again(world: World) -> None:
    world.converge()
    world.groups("displayName: Net, members: [grace@x.org]")
    broken(world, "PATCH", httpx.Response(503), times=3)
    world.converge()
    assert 3.5 <= world.clock.slept <= 7  # without a word from the service it is longer each time


def test_a_service_that_stays_busy_fails_the_object_after_five_times(world: World) -> None:
    broken(world, "POST", httpx.Response(503, json={"detail": "closed"}), times=5)
    (failed,) = [o for o in world.apply().outcomes if o.status == "failed"]
    assert failed.change.address == "User/ada@x.org" and "answered 503: closed" in failed.message
    world.converge()


def test_a_service_without_patch_gets_a_put(world: World) -> None:
    world.converge()
    world.edit("ada@x.org", "title", "Intern")
    broken(world, "PATCH", httpx.Response(501))
    world.converge()
    assert world.find("ada@x.org")["title"] == "Engineer"


def test_a_service_that_answers_200_and_changes_nothing_is_reported_once(world: World) -> None:
    world.converge()
    world.users(
        "userPrincipalName: ada@x.org, displayName: Ada, jobTitle: Boss, manager: grace@x.org",
        "userPrincipalName: grace@x.org, displayName: Grace",
    )
    broken(world, "PATCH", httpx.Response(204))
    (outcome,) = world.apply().outcomes
    assert (outcome.status, outcome.message) == ("ignored", "the service ignored title")
    for _ in range(2):
        plan = world.plan()
        assert plan.changes == () and plan.ignored == 1
        (warning,) = texts(plan.warnings)
        assert "accepted title but stores another value, of 1 object: User/ada@x.org" in warning
        assert last_line(plan) == "No changes, but wiki ignores a part of the declaration. 1 ignored."
        assert loads(dumps([plan]))[0].ignored == 1
    world.edit("ada@x.org", "title", "Boss")
    assert (world.plan().changes, world.plan().ignored, texts(world.plan().warnings)) == ((), 0, ())


def test_a_manager_whom_the_service_does_not_take_is_told_and_not_repeated(world: World) -> None:
    world.users(
        "userPrincipalName: ada@x.org, displayName: Ada, manager: grace@x.org",
        "userPrincipalName: grace@x.org",
        "userPrincipalName: hopper@x.org",
    )
    world.assign("group: Net, role: User", "user: grace@x.org, role: User", "user: hopper@x.org, role: User")
    world.converge()
    world.users(
        "userPrincipalName: ada@x.org, displayName: Ada, manager: hopper@x.org",
        "userPrincipalName: grace@x.org",
        "userPrincipalName: hopper@x.org",
    )
    broken(world, "PATCH", httpx.Response(204))
    (outcome,) = world.apply().outcomes
    assert outcome.status == "ignored" and outcome.message.endswith(":manager")
    assert world.plan().changes == () and "User:manager but stores another value" in texts(world.plan().warnings)[0]


def test_a_role_that_the_service_does_not_take_back_is_told_and_not_repeated(world: World) -> None:
    world.write("apps/wiki/app.yaml", APP + "provisioning: {scope: all}\n")
    world.assign("user: ada@x.org, role: Admin")
    world.converge()
    world.assign()
    broken(world, "PATCH", httpx.Response(204))
    assert {o.change.address: o.message for o in world.apply().outcomes}[
        "User/ada@x.org"
    ] == "the service answered, and the role admin stayed"
    assert world.plan().changes == () and (world.plan().ignored, world.plan().outstanding) == (0, 1)


@pytest.mark.parametrize(
    ("mapping", "row"), [("ignoreDrift: true", "jobTitle: Boss"), ("onNull: keep", "city: Rome"), ("default: Boss", "city: Rome")]
)
def test_a_value_that_is_left_to_the_service_is_not_called_ignored(world: World, mapping: str, row: str) -> None:
    world.write("apps/wiki/mappings.yaml", MAPPINGS.replace("source: jobTitle", f"source: jobTitle, {mapping}"))
    world.users(f"userPrincipalName: ada@x.org, {row}", "userPrincipalName: grace@x.org")
    world.converge()
    world.edit("ada@x.org", "title", "Intern")
    for _ in range(2):
        assert (world.plan().changes, world.plan().ignored) == ((), 0)
        world.converge()


def scoped(line: dict[str, Any]) -> dict[str, Any]:
    """The one step of a record that says whether somebody is in scope, and why."""
    (step,) = [step for step in line["provisioningSteps"] if step["provisioningStepType"] == "scoping"]
    return dict(step)


def skips(world: World) -> list[tuple[str, str, str]]:
    """(address, our code, Entra's code) of each record of the log on somebody who is left out."""
    found = []
    for line in world.store.read_log():
        information = line["provisioningStatusInfo"]["errorInformation"]
        if line["provisioningStatusInfo"]["status"] == "skipped":
            *before, found_out, step = line["provisioningSteps"]
            where = "matching" if information["errorCode"] == "DuplicateSource" else "scoping"
            assert [item["status"] for item in before] == ["success"] * len(before)
            assert (found_out["provisioningStepType"], found_out["status"]) == (where, "skipped")
            assert line["provisioningAction"] == "other" and information["reason"] and information["recommendedAction"]
            assert (step["name"], step["details"]["Code"]) == ("EntrySynchronizationSkip", information["errorCode"])
            found.append((line["sourceIdentity"]["displayName"], information["errorCode"], step["details"]["SkipReason"]))
    return found


def test_the_log_says_once_who_is_left_out_with_our_code_and_entras(world: World) -> None:
    names = ("off", "late", "guest", "none", "same1", "same2")
    people = [f"userPrincipalName: {name}@x.org, mail: {name[:3]}@x.org" for name in names]
    world.write("apps/wiki/mappings.yaml", MAPPINGS.replace("source: userPrincipalName", "source: mail"))
    world.groups()
    world.users(people[0] + ", accountEnabled: false", *people[1:])
    assigned = [
        *(f"user: {name}@x.org, role: User" for name in ("off", "same1", "same2")),
        "user: late@x.org, role: User, expires: 2026-05-01",
        "user: guest@x.org, role: Default Access",
    ]
    world.assign(*assigned)
    world.apply()
    first = skips(world)
    assert set(first) >= {
        ("User/off@x.org", "AccountDisabled", "NotEffectivelyEntitled"),
        ("User/late@x.org", "AssignmentExpired", "NotEffectivelyEntitled"),
        ("User/guest@x.org", "DefaultAccessRole", "NotEffectivelyEntitled"),
        ("User/same2@x.org", "DuplicateSource", "DuplicateSourceEntries"),
    }
    assert "User/none@x.org" not in {address for address, *_ in first}
    world.apply()
    assert skips(world) == first
    world.assign(*assigned[1:])
    world.users(*people)
    world.apply()
    assert skips(world)[len(first) :] == [("User/off@x.org", "NotAssigned", "NotEffectivelyEntitled")]


def test_the_log_says_why_somebody_was_assigned(world: World) -> None:
    world.groups()
    world.assign("user: ada@x.org, role: Admin, reason: NET-1432", "user: grace@x.org, role: User")
    world.converge()
    scoping = {line["sourceIdentity"]["displayName"]: scoped(line) for line in world.store.read_log()}
    step, none = scoping["User/ada@x.org"], scoping["User/grace@x.org"]
    assert (step["status"], step["description"]) == ("success", "assigned: NET-1432")
    assert (step["details"], none["description"], none.get("details")) == ({"AssignmentReason": "NET-1432"}, "in scope", None)


def test_who_is_put_out_has_the_code_in_the_record_of_that_and_no_other(world: World) -> None:
    world.converge()
    world.assign("user: grace@x.org, role: Admin")
    world.groups()
    world.converge()
    (line,) = [line for line in world.store.read_log() if line["provisioningAction"] == "disable"]
    assert scoped(line)["details"] == {"SkipReason": "NotEffectivelyEntitled", "Code": "NotAssigned"}
    world.apply()
    assert skips(world) == []
    world.assign("user: grace@x.org, role: Admin", "user: ada@x.org, role: User")
    world.converge()
    record = world.store.load()
    assert record is not None and record.skips == {}


def test_an_edit_between_plan_and_write_makes_that_object_stale(world: World) -> None:
    world.converge()
    world.edit("ada@x.org", "title", "Intern")
    found = world.session()
    world.edit("ada@x.org", "title", "Chief")
    world.session = lambda selection=EVERYTHING: found  # type: ignore[method-assign]
    assert [o.status for o in world.apply().outcomes] == ["stale"]
    assert world.find("ada@x.org")["title"] == "Chief"


def test_a_reviewed_plan_is_done_or_stale_or_over(world: World) -> None:
    reviewed = world.plan()
    assert [c.address for c in world.compare(reviewed).todo] == [c.address for c in reviewed.changes]
    world.converge()
    everything = {c.address for c in reviewed.changes}
    assert world.compare(reviewed).done == sorted(everything)
    world.edit("ada@x.org", "title", "Intern")
    moved = world.compare(reviewed).moved
    assert [(m.address, m.before, m.after) for m in moved] == [("User/ada@x.org", "create", "update")]


def test_a_reviewed_disable_of_someone_who_is_wanted_again_is_stale(world: World) -> None:
    world.converge()
    world.assign("group: Net, role: User")
    world.groups("displayName: Net, members: [ada@x.org]")
    reviewed = world.plan()
    world.groups("displayName: Net, members: [ada@x.org, grace@x.org]")
    result = world.compare(reviewed)
    assert "User/grace@x.org" in [moved.address for moved in result.moved] and result.todo == []


def test_what_nobody_reviewed_is_listed_and_not_done(world: World) -> None:
    world.converge()
    reviewed = world.plan()
    world.edit("ada@x.org", "title", "Intern")
    result = world.compare(reviewed)
    assert result.todo == [] and [c.address for c in result.beyond] == ["User/ada@x.org"]


def test_outcomes_of_a_killed_run_are_taken_from_its_journal(tmp_path: Path) -> None:
    store = LocalStore(tmp_path, "wiki")
    store.journal({"address": "User/a", "outcome": "done", "entry": {"id": "1"}})
    with open(store.journal_file, "ab") as file:
        file.write(b'{"address": "User/b", "outc')
    record = Record("wiki")
    assert recover(record, store.read_journal()) == 1
    assert record.entries == {"User/a": {"id": "1"}}


def test_a_record_says_since_when_a_run_is_under_way_that_takes_nothing_from_anybody(world: World) -> None:
    said = list[str]()

    def look(request: httpx.Request) -> httpx.Response:
        if request.method != "GET":
            said.append(json.loads(world.store.record_file.read_text())["running"])
        return world.transport.handle_request(request)

    transport = httpx.MockTransport(look)
    world.client = ScimClient("http://127.0.0.1/v2", "secret", PROFILES["generic"], transport=transport, workers=1)
    world.converge()
    assert said and {*said} == {world.now}
    assert "running" not in json.loads(world.store.record_file.read_text())


def test_a_record_truncated_anywhere_is_refused(tmp_path: Path) -> None:
    store = LocalStore(tmp_path, "wiki")
    store.save(Record("wiki", "https://x", {"User/a": {"id": "1"}}))
    whole = store.record_file.read_bytes()
    assert store.record_file.stat().st_mode & 0o077 == 0
    for length in range(len(whole)):
        store.record_file.write_bytes(whole[:length])
        with pytest.raises(RecordError):
            store.load()


def test_a_newer_record_is_refused(tmp_path: Path) -> None:
    store = LocalStore(tmp_path, "wiki")
    store.save(Record("wiki"))
    store.record_file.write_text(json.dumps({**json.loads(store.record_file.read_text()), "version": 99}))
    with pytest.raises(RecordError, match="version 99"):
        store.load()


def test_a_second_run_is_locked_out_and_a_dead_one_taken_over(tmp_path: Path) -> None:
    store = LocalStore(tmp_path, "wiki")
    with store.lock("reconcile apply", "noon") as notice:
        assert notice is None
        with pytest.raises(Locked, match="since noon"), store.lock("reconcile apply", "one"):
            pass
    owner = {"pid": 1, "host": "h", "user": "u", "command": "c", "since": "dawn"}
    (store.folder / "lock").write_text(json.dumps(owner))
    with store.lock("reconcile apply", "two") as notice:
        assert notice is not None and "dawn" in notice


@pytest.mark.parametrize(
    ("status", "content"),
    [(200, b"<html>hello</html>"), (200, b'{"Resources": [{"id"'), (200, b"[]"), (200, b'{"totalResults": "many"}'),
     (200, b'{"totalResults": 1, "Resources": [{}]}'), (200, b'{"totalResults": 1, "Resources": 7}'),
     (200, b'{"totalResults": 9, "Resources": [{"id": "1"}]}'), (500, b"x" * 10_000_000), (401, b""), (302, b""),
     (429, b"")],
)  # fmt: skip
def test_a_read_that_cannot_be_trusted_is_an_error(status: int, content: bytes) -> None:
    with answering(status, content) as client, pytest.raises(ServiceError) as caught:
        client.read_all("Users", lambda page: page)
    assert len(str(caught.value)) < 1000 and caught.value.request


def test_a_short_list_is_read_again_and_then_refused() -> None:
    short = answering(200, b'{"totalResults": 2, "Resources": [{"id": "1"}]}')
    with short as client, pytest.raises(ReadError, match="reports 2 but returned 1"):
        client.read_all("Users", lambda page: page)


def test_the_token_is_in_no_error() -> None:
    with answering(400, b'{"detail": "bad hunter2"}') as client:
        with pytest.raises(ServiceError) as caught:
            client.create("Users", {})
        assert "hunter2" not in str(caught.value) and "[token]" in str(caught.value)


def test_a_lost_answer_of_a_write_is_not_repeated_blindly() -> None:
    calls: list[str] = []

    def reset(request: httpx.Request) -> httpx.Response:
        calls.append(request.method)
        raise httpx.ReadError("reset")

    transport = httpx.MockTransport(reset)
    with ScimClient("http://127.0.0.1", "t", PROFILES["generic"], transport=transport, sleep=lambda s: None) as client:
        with pytest.raises(LostAnswer):
            client.create("Users", {})
        with pytest.raises(ServiceError):
            client.get("Users", "1")
    assert calls == ["POST"] + ["GET"] * 5


@pytest.mark.parametrize(
    ("environ", "recorded", "allowed"),
    [({}, None, True), ({"CI": "1"}, None, False), ({"CI": "1"}, "https://wiki.example.com/x", True),
     ({}, "https://elsewhere.example.com", False),
     ({"RECONCILE_ALLOWED_ORIGINS": "https://wiki.example.com"}, "https://elsewhere.example.com", True),
     ({"GITHUB_EVENT_NAME": "pull_request"}, "https://wiki.example.com", False),
     ({"GITHUB_EVENT_NAME": "pull_request", "RECONCILE_ALLOWED_ORIGINS": "https://wiki.example.com:443"}, None, True),
     ({"RECONCILE_ALLOWED_ORIGINS": "https://wiki.example.com.evil.org"}, None, False)],
)  # fmt: skip
def test_the_token_goes_only_where_it_belongs(
    tmp_path: Path, environ: dict[str, str], recorded: str | None, allowed: bool
) -> None:
    from reconciler.declare.load import load
    from reconciler.scim.credentials import resolve

    world = World(tmp_path)
    world.users()
    world.assign()
    world.write(
        "apps/wiki/app.yaml",
        'app: wiki\nadminCredentials: {tenantUrl: https://wiki.example.com/scim/v2, secretToken: "${env:TOKEN}"}\n',
    )
    app = load(tmp_path / "desired").declarations.apps["wiki"]
    if allowed:
        found = resolve(app, {"TOKEN": "hunter2", **environ}, recorded)
        assert found.token == "hunter2" and "hunter2" not in repr(found)
    else:
        with pytest.raises(CredentialError):
            resolve(app, {"TOKEN": "hunter2", **environ}, recorded)


@pytest.mark.parametrize(
    "written",
    [
        "${env:A_URL}/",
        "http://127.0.0.2:${env:PORT}/v2",
        "http://${env:A_HOST}/${env:TENANT:-v2}",
        "${env:SCHEME}://127.0.0.2:99/v2",
        "${env:A_URL:-}",
    ],
)
def test_a_part_of_the_url_may_come_from_the_environment(tmp_path: Path, written: str) -> None:
    from reconciler.declare.load import load
    from reconciler.scim.credentials import resolve

    world = World(tmp_path)
    world.users()
    world.assign()
    world.write("apps/wiki/app.yaml", f'app: wiki\nadminCredentials: {{tenantUrl: "{written}", secretToken: "${{env:TOKEN}}"}}\n')
    loaded = load(tmp_path / "desired")
    known = {
        "A_URL": "http://127.0.0.2:99/v2",
        "PORT": "99",
        "A_HOST": "127.0.0.2:99",
        "SCHEME": "http",
        "TOKEN": "hunter2",
        "RECONCILE_URL_VARIABLES": "PORT, TENANT,SCHEME",
    }
    assert loaded.errors == [] and resolve(loaded.declarations.apps["wiki"], known, None).base_url == known["A_URL"]
    with pytest.raises(CredentialError):
        other = {**known, "A_URL": "ftp://x", "PORT": "x", "A_HOST": "example.com", "SCHEME": "ftp"}
        resolve(loaded.declarations.apps["wiki"], other, None)
