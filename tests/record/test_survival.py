"""What a record and a journal may look like, and what ends an apply before its time: words, never a traceback, nothing lost."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from jsonschema import Draft202012Validator

from reconciler.cli.interrupt import in_turn, orderly
from reconciler.plan.live import Live
from reconciler.plan.unanswered import hear_unanswered
from reconciler.record.check import journal_of, record_of
from reconciler.record.git import shards
from reconciler.record.journal import recover
from reconciler.record.local import LocalStore
from reconciler.record.model import WHERE_SOME, Record
from reconciler.record.store import RecordError
from reconciler.resolve.model import Resolution
from reconciler.scim.client import ScimClient
from reconciler.scim.profile import PROFILES
from tests.support.budget import THOROUGH
from tests.support.servers import ROOT, Desk, front, page
from tests.support.world import Hiding, World

APPLY = ("apply", "--auto-approve")
SCHEMA = Draft202012Validator(json.loads((ROOT / "schemas/record.schema.json").read_text()))
ENTRY = {
    "id": "1",
    "wanted": {"userName": "x"},
    "answered": {},
    "members": ["User/x"],
    "roles": ["user"],
    "declaredId": "5f",
    "created": True,
    "disabledAt": "2026-06-01T00:00:00Z",
}
WRITE = {
    "step": "create",
    "action": "create",
    "at": "2026-06-01T00:00:00Z",
    "id": "1",
    "wanted": {},
    "declaredId": "5f",
    "was": "User/x",
    "takes": [["User/x", "disable"]],
    "intended": True,
}
WHOLE = {
    "version": 1,
    "app": "wiki",
    "base_url": "https://x",
    "entries": {"User/x": ENTRY},
    "under_way": ["sha256:0"],
    "runs": 3,
    "unanswered": {"User/y": WRITE},
    "revoked": {"User/z": {"at": "t", "reason": "r"}},
    "commit": "3f2c1ab",
    "begun": ["4f2c1ab", ""],
    "running": "2026-06-01T00:00:00Z",
    "protected": ["User/x"],
    "removals": [{"at": "t", "address": "User/x", "kind": "roles"}],
    "approved": {"sha256:0": ["a"]},
    "members_shown": True,
    "incomplete": ["User"],
    "carrying": ["roles"],
    "asked": {"sha256:2": {"only": ["User/x"], "causes": ["time"], "changes": {"User/x": ["sha256:3", "", "a"]}}},
    "limits": {"groupMembership.percent": 50},
    "breaches": ["Why: User/x admin"],
    "skips": {"User/q": "NotAssigned"},
    "declared": {"record": "git origin"},
    "learned": {"rests_on": "sha256:4", "refusesVersions": True, "forms": {"User/title": "put"}, "notAtCreate": ["User/title"]},
    "service": {
        "interval": 2400,
        "lastSuccess": "x",
        "cycle": {"id": "1", "counts": {"failed": 1}},
        "escrows": {"User/ada@x.org": {"tries": 1, "status": 409}},
        "quarantine": {"reason": "x", "tries": 1},
        "watermark": {"day": "x"},
        "held": {"User/ada@x.org": "x"},
        "approvals": [{"plan": "x"}],
        "drift": {"Group/Net": "x"},
    },
    "told": {"causes": [{"kind": "k", "reason": "r", "since": "s", "told": "t", "id": "i"}], "messages": 2},
}
VALUES: list[Any] = [None, True, 7, 1.5, "", "text", [], [7], {}, {"x": 7}]


def variants(value: Any) -> Iterator[Any]:
    """The value with one thing in it changed or gone."""
    yield from VALUES
    if isinstance(value, dict):
        for key, item in value.items():
            yield {name: kept for name, kept in value.items() if name != key}
            yield from ({**value, key: other} for other in variants(item))
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from ([*value[:number], other, *value[number + 1 :]] for other in variants(item))


def refused(work: Callable[[], object]) -> bool:
    try:
        work()
    except RecordError as error:
        assert error.message and error.remedy
        return True
    return False


# What may be in a record


def test_the_schema_fits_exactly_the_records_that_are_read() -> None:
    found = list(variants(WHOLE))
    assert len(found) > 150 and SCHEMA.is_valid(WHOLE)
    for data in found:
        valid = SCHEMA.is_valid(data) and not isinstance(data.get("version"), (bool, float))
        assert refused(partial(record_of, data, "", "here")) is not valid, orjson.dumps(data)


def test_what_is_written_fits_the_schema(world: World) -> None:
    world.converge()
    data = json.loads(world.store.record_file.read_bytes())
    SCHEMA.validate(data)
    assert data.keys() == {*WHOLE, "index", "sum", "configuration"} - (
        WHERE_SOME - {"configuration"}
    )  # of which there is nothing yet


def test_a_record_of_any_shape_is_planned_with_or_refused(world: World) -> None:
    """Of every third shape, or of all with THOROUGH=1."""
    world.converge()
    data = json.loads(world.store.record_file.read_bytes())
    data["entries"] = {a: {**ENTRY, **e, "wanted": {**e["wanted"], "roles": []}} for a, e in list(data["entries"].items())[:2]}
    data["unanswered"] = {"User/ada@x.org": {**WRITE, "wanted": {"userName": "ada@x.org", "manager": 7}}, "Group/Net": {}}
    planned = 0
    for variant in islice(variants(data), 0, None, 1 if THOROUGH else 3):
        world.store.record_file.write_bytes(orjson.dumps(variant))
        planned += not refused(world.plan)
    assert planned > 20


def test_a_record_in_git_of_any_shape_is_read_or_refused() -> None:
    files = shards.to_files(Record("wiki", "https://x", {"User/x": {"id": "1"}}))
    place = shards.shard("User/x")
    rows = [{"address": "User/x", "entry": entry} for entry in variants(ENTRY)]
    for row in [*rows, *VALUES, {"address": 7, "entry": ENTRY}, {"address": [], "entry": ENTRY}, {"address": "User/x"}]:
        refused(partial(shards.from_files, {**files, place: orjson.dumps(row)}, "here"))
    for meta in variants({name: value for name, value in WHOLE.items() if name != "entries"}):
        refused(partial(shards.from_files, {**files, "record.json": orjson.dumps(meta)}, "here"))
    with pytest.raises(RecordError, match="the app 'blog', not of 'wiki'"):
        shards.from_files(shards.to_files(Record("blog")), "here", "wiki")


@pytest.mark.parametrize(
    "content",
    [
        b'{"version":1,"entries":{}}',
        orjson.dumps({**WHOLE, "app": "blog"}),
        orjson.dumps({**WHOLE, "entries": {"User/x": 7}}),
        orjson.dumps({**WHOLE, "entries": {"User/x": {}}}),
    ],
)
def test_a_record_that_is_none_is_one_error_that_names_its_file(tmp_path: Path, content: bytes) -> None:
    store = LocalStore(tmp_path, "wiki")
    store.folder.mkdir()
    store.record_file.write_bytes(content)
    with pytest.raises(RecordError, match=r"wiki/record\.json is .*(damaged: (app is missing|entries: User/x: )|app 'blog')"):
        store.load()


# What may be in a journal


LINES = [
    {
        "run": 1,
        "at": "t",
        "address": "User/x",
        "id": "1",
        "digest": "sha256:0",
        "step": "create",
        "action": "create",
        "wanted": {"userName": "x"},
        "declaredId": "5f",
    },
    {"run": 1, "address": "User/x", "generated": {"title": "7"}},
    {"run": 1, "address": "User/x", "outcome": "done", "entry": ENTRY, "was": "User/y", "unanswered": True},
    {"settled": "t"},
]


@pytest.mark.parametrize("line", LINES, ids=["step", "generated", "outcome", "settled"])
def test_a_journal_of_any_shape_is_recovered_or_refused(line: dict[str, Any]) -> None:
    assert journal_of([line], "here") == [line]
    for variant in variants(line):
        if not refused(partial(journal_of, [variant], "here")):
            recover(Record("wiki", runs=1), [*LINES[:1], variant, *LINES[1:]])


@pytest.mark.parametrize(
    "line", [b"7", b'{"address": "User/x", "outcome": "done", "entry": {}}', b"[]", b'"x"', b"null", b"garbage", b"\xff\xfe7"]
)  # fmt: skip
def test_a_journal_line_that_is_none_is_one_error_that_names_it(tmp_path: Path, line: bytes) -> None:
    store = LocalStore(tmp_path, "wiki")
    store.journal({"address": "User/x", "outcome": "failed"})
    store.journal_file.write_bytes(store.journal_file.read_bytes() + line + b"\n")
    with pytest.raises(RecordError, match=r"journal\.jsonl is damaged in line 2"):
        store.read_journal()


def test_the_journal_and_the_record_are_on_disk_before_anything_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, synced = LocalStore(tmp_path, "wiki"), list[int]()
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_ino))
    store.journal({"address": "User/x", "outcome": "failed"})
    file, folder = store.journal_file.stat().st_ino, store.folder.stat().st_ino
    assert synced == [file, folder]
    store.journal({"address": "User/y", "outcome": "failed"})
    assert synced == [file, folder, file]
    store.save(Record("wiki"))
    assert synced[3:] == [store.record_file.stat().st_ino, folder]


def test_a_line_that_a_kill_tore_off_swallows_no_other(tmp_path: Path) -> None:
    store = LocalStore(tmp_path, "wiki")
    store.journal({"address": "User/x", "outcome": "failed"})
    with open(store.journal_file, "ab") as file:
        file.write(b'{"address": "User/y", "outc')
    store.journal({"address": "User/z", "outcome": "failed"})
    assert [line["address"] for line in store.read_journal()] == ["User/x", "User/z"]


def test_a_lock_on_a_full_disk_is_one_error_and_nobodys(tmp_path: Path) -> None:
    store, (soft, hard) = LocalStore(tmp_path, "wiki"), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, hard))
    try:
        with pytest.raises(RecordError, match="the lock cannot be written"), store.lock("apply", "2026-06-01T00:00:00Z"):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with store.lock("apply", "2026-06-01T00:00:00Z") as notice:
        assert notice is None


def test_a_run_that_ends_by_an_error_has_not_died(tmp_path: Path) -> None:
    store = LocalStore(tmp_path, "wiki")
    with pytest.raises(ZeroDivisionError), store.lock("apply", "2026-06-01T00:00:00Z"):
        raise ZeroDivisionError
    with store.lock("apply", "2026-06-01T00:00:00Z") as notice:
        assert notice is None


@pytest.mark.parametrize("name", ["record.json", "journal.jsonl", "lock"])
@pytest.mark.parametrize("what", ["a folder", "nobody's", "no text"])
def test_a_file_that_is_none_is_one_error(tmp_path: Path, name: str, what: str) -> None:
    with front(lambda call: page()) as service:
        desk = Desk(tmp_path, service.url)
        LocalStore(tmp_path / ".reconcile", "wiki").save(Record("wiki", service.url))
        file = tmp_path / ".reconcile/wiki" / name
        if what == "a folder":
            file.unlink(missing_ok=True)
            file.mkdir()
        else:
            file.write_bytes(b"\xff\xfe7\n" if what == "no text" else file.read_bytes() if file.exists() else b"")
            file.chmod(0o000 if what == "nobody's" else 0o600)
        commands = [("lock",), APPLY] if name == "lock" else [("plan",), APPLY, ("record", "show", "User/x")]
        for command in commands:
            ran = desk.reconcile(*command, mortal=True)
            if what == "no text" and name == "lock":
                continue  # of somebody whom nobody can read: ended() has looked for tracebacks
            assert ran.code == 1 and ran.err.count("Error: ") == 1 and name.partition(".")[0] in ran.err, ran
        assert service.writes == [] or what == "no text"


@pytest.mark.parametrize("name", ["record.tmp", "journal.jsonl", "log/0000-00.jsonl", "lock", "../.gitignore"])
def test_no_file_of_a_record_is_written_through_a_link(tmp_path: Path, name: str) -> None:
    victim, store = tmp_path / "victim", LocalStore(tmp_path / "records", "wiki")
    (store.folder / name).parent.mkdir(parents=True, exist_ok=True)
    store.folder.mkdir(exist_ok=True)
    victim.write_text("as it was")
    (store.folder / name).symlink_to(victim)
    for work in (
        lambda: store.save(Record("wiki")),
        lambda: store.journal({"settled": "x"}),
        lambda: store.log([{}]),
    ):
        with suppress(RecordError):
            work()
    with suppress(RecordError), store.lock("apply", "2026-06-01T00:00:00Z"):
        pass
    assert victim.read_text() == "as it was"


def test_a_record_in_a_folder_that_is_a_persons_own_link_is_kept(tmp_path: Path) -> None:
    (tmp_path / "volume").mkdir()
    (tmp_path / "records").symlink_to(tmp_path / "volume")
    store = LocalStore(tmp_path / "records", "wiki")
    store.save(Record("wiki"))
    store.save(Record("wiki", "https://a.example"))
    assert store.load() == Record("wiki", "https://a.example")


# Kills, whatever the service makes of a write


class Killed(BaseException):
    """As SIGKILL: what the process would still have written is not written."""


class Cut(httpx.BaseTransport):
    """Ends the process once the service has done its `at`th write; `kept` is the record's folder as it was then."""

    def __init__(self, world: World, at: int) -> None:
        self.world, self.inner, self.at, self.kept = world, world.transport, at, world.folder / "kept"

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.inner.handle_request(request)
        self.at -= request.method != "GET"
        if self.at == 0:
            shutil.copytree(self.world.store.folder, self.kept)
            raise Killed
        return response


def people(folder: Path, really: dict[str, Any], said: dict[str, Any]) -> World:
    """Applied, and then one has changed, one has left, and one is out of scope."""
    world = World(folder, "generic", **really)
    world.profile("generic", **said)
    names = ("ada", "bob", "carol")
    for rows, inside in ((names, names), (("ada", "carol"), ("ada",))):
        world.users(*(f"userPrincipalName: {name}@x.org, displayName: N{len(rows)}" for name in rows))
        world.assign(*(f"user: {name}@x.org, role: User" for name in inside))
        if rows is names:
            world.converge()
    return world


def left_behind(world: World) -> tuple[Any, Any]:
    """The service and the record, accounts by name."""
    shown = {u["id"]: (u["userName"], u.get("active"), u.get("displayName")) for u in world.client.read_all("Users", list)}
    record = world.store.load() or Record("")
    assert (record.unanswered, record.under_way, world.store.read_journal()) == ({}, [], [])
    entries = {a: {**e, "id": shown.get(e["id"], ("gone",))[0]} for a, e in record.entries.items()}
    return sorted(shown.values()), (entries, sorted(r["address"] for r in record.removals))


@pytest.mark.parametrize(("really", "said"), [
    ({}, {}), ({"inactive": "deletes"}, {"inactive": "deletes"}), ({"inactive": "deletes"}, {}),
    ({"delete": "deactivates"}, {"delete": "deactivates"}), ({"inactive": "ignored"}, {"inactive": "ignored"}),
])  # fmt: skip
@pytest.mark.parametrize("removed", ["disable", "delete"])
def test_a_run_killed_after_any_write_leaves_what_an_undisturbed_one_does(
    tmp_path: Path, really: dict[str, str], said: dict[str, str], removed: str
) -> None:
    def begin(name: str) -> World:
        world = people(tmp_path / name, {"deprovision": really} if really else {}, {"deprovision": said} if said else {})
        app = tmp_path / name / "desired/apps/wiki/app.yaml"
        app.write_text(app.read_text() + f"deprovisioning: {{removedFromDirectory: {removed}}}\n")
        return world

    world = begin("undisturbed")
    before = world.transport.writes
    assert world.apply().complete
    undisturbed, writes = left_behind(world), world.transport.writes - before
    assert world.plan().changes == () and writes >= 1
    world.apply()
    assert left_behind(world) == undisturbed  # nothing is left for the next apply, not even in the record
    for at in range(1, writes + 1):
        world = begin(f"{at}")
        sent = world.transport.writes
        killed(world, at)
        assert world.apply().complete
        assert (left_behind(world), world.transport.writes - sent) == (undisturbed, writes), at


def killed(world: World, at: int) -> None:
    """An apply ends with its `at`th write."""
    cut, inner = Cut(world, at), world.client
    world.client = ScimClient("http://127.0.0.1/v2", "secret", inner.profile, transport=cut, workers=1)
    with pytest.raises(Killed):
        world.apply()
    shutil.rmtree(world.store.folder)
    cut.kept.rename(world.store.folder)
    world.client = inner


def test_what_is_found_days_after_a_kill_is_told_of_the_day_of_the_reading(world: World) -> None:
    """Since when it is so nobody knows: the write may never have been sent, and a hand has done it since."""
    world.converge()
    world.users("userPrincipalName: grace@x.org, displayName: Grace")
    world.groups("displayName: Net, members: [grace@x.org]")
    killed(world, 1)
    world.edit("ada@x.org", "active", False)
    world.today, world.now = "2026-06-30", "2026-06-30T08:00:00Z"
    assert world.apply().complete
    (line,) = [line for line in world.store.read_log() if line["provisioningAction"] == "disable"]
    assert (line["activityDateTime"], line["reconcile"]["found"]) == (world.now, True)
    assert "nobody knows whether it or somebody else did, nor when" in str(line)
    assert (world.store.load() or Record("")).entries["User/ada@x.org"]["disabledAt"] == "2026-06-30T00:00:00Z"


# Machines that are lost, with their journals: what the record said before the first write is all that is left


def lost(world: World, at: int) -> None:
    """An apply ends with its `at`th write, and another machine goes on, hours later."""
    killed(world, at)
    world.store.clear_journal()
    world.now = "2026-06-01T09:00:00Z"


def test_when_a_deletion_is_due_outlives_the_machine_that_disabled(tmp_path: Path) -> None:
    world = people(tmp_path, {}, {})
    app = tmp_path / "desired/apps/wiki/app.yaml"
    app.write_text(app.read_text() + "deprovisioning: {removedFromDirectory: disable, outOfScope: disable, deleteAfter: 30d}\n")
    lost(world, 1)
    world.apply()
    record = world.store.load() or Record("")
    at = {address: entry["disabledAt"] for address, entry in record.entries.items() if "disabledAt" in entry}
    assert sorted(at.values()) == ["2026-06-01T00:00:00Z", "2026-06-01T09:00:00Z"]  # of before the kill, and of after it
    assert {removal["address"]: removal["at"] for removal in record.removals} == at
    world.today = "2026-07-01"
    assert {(c.address, c.action) for c in world.plan().changes} == {(address, "delete") for address in at}


def test_who_has_created_a_group_outlives_the_machine_that_did(world: World) -> None:
    lost(world, 3)
    assert "members" not in world.group("Net") and "Group/Net" not in (world.store.load() or Record("")).entries
    world.converge()
    assert (world.store.load() or Record("")).entries["Group/Net"]["created"] is True
    world.groups()
    world.assign("user: ada@x.org, role: User", "user: grace@x.org, role: Admin")
    assert ("Group/Net", "delete") in [(c.address, c.action) for c in world.plan().changes]


def test_what_was_never_sent_by_the_machine_that_is_lost_is_not_taken_for_done(tmp_path: Path) -> None:
    """Neither for the record nor for the log: who was to be disabled is wanted again."""
    world = people(tmp_path, {}, {})
    lost(world, 1)
    world.users(*(f"userPrincipalName: {name}@x.org, displayName: N2" for name in ("ada", "bob", "carol")))
    world.assign(*(f"user: {name}@x.org, role: User" for name in ("ada", "bob", "carol")))
    assert world.apply().complete
    record = world.store.load() or Record("")
    told = [line["provisioningAction"] for line in world.store.read_log() if "disable" in str(line.get("provisioningAction"))]
    assert len(record.removals) == 1 and len(told) == 1, (record.removals, told)
    assert not any("disabledAt" in entry for entry in record.entries.values())


# A service with ETags (RFC 7644 §3.14)


class Between(httpx.BaseTransport):
    """Somebody edits just before the first request of a method goes out."""

    def __init__(self, inner: httpx.BaseTransport, method: str, edit: Callable[[], None]) -> None:
        self.inner, self.method, self.edit, self.versions = inner, method, edit, list[str | None]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == self.method:
            self.versions.append(request.headers.get("If-Match"))
            edit, self.edit = self.edit, lambda: None
            edit()
        return self.inner.handle_request(request)


def meanwhile(world: World, method: str, edit: Callable[[], None]) -> Between:
    """From here on the world's client has another administrator beside it."""
    between = Between(world.transport, method, edit)
    world.client = ScimClient(
        "http://127.0.0.1/v2", "secret", PROFILES["generic"], transport=between, workers=1, sleep=lambda seconds: None
    )
    return between


def stale(world: World, address: str) -> None:
    """That object alone is stale, by the service's own word, and the next run does it."""
    result = world.apply()
    assert [(o.change.address, o.status) for o in result.outcomes if o.status != "done"] == [(address, "stale")]
    assert "answered 412" in next(o.message for o in result.outcomes if o.status == "stale")
    world.converge()


def test_an_edit_between_the_last_read_and_a_write_is_answered_by_412_and_makes_that_object_stale(world: World) -> None:
    world.converge()
    client = world.client
    world.edit("ada@x.org", "title", "Intern")
    world.edit("grace@x.org", "displayName", "G.")

    def edit() -> None:
        found = client.find("Users", "userName", "ada@x.org")[0]
        client.patch("Users", found["id"], [{"op": "replace", "path": "title", "value": "Chief"}])

    between = meanwhile(world, "PATCH", edit)
    stale(world, "User/ada@x.org")
    assert None not in between.versions and world.find("ada@x.org")["title"] == "Engineer"


def test_members_that_somebody_changes_meanwhile_make_the_group_stale(world: World) -> None:
    world.converge()
    client, group = world.client, world.group("Net")
    world.groups("displayName: Net, members: [grace@x.org]")
    world.assign("group: Net, role: User", "user: grace@x.org, role: Admin", "user: ada@x.org, role: User")
    remove = [{"op": "remove", "path": f'members[value eq "{world.find("grace@x.org")["id"]}"]'}]
    meanwhile(world, "PATCH", lambda: client.patch("Groups", group["id"], remove) and None)
    stale(world, "Group/Net")


def test_a_group_that_somebody_changes_meanwhile_is_not_deleted(world: World) -> None:
    world.converge()
    client, group = world.client, world.group("Net")
    world.groups()
    world.assign("user: ada@x.org, role: User", "user: grace@x.org, role: Admin")
    other = [{"op": "replace", "path": "externalId", "value": "kept"}]
    meanwhile(world, "DELETE", lambda: client.patch("Groups", group["id"], other) and None)
    stale(world, "Group/Net")
    assert client.find("Groups", "displayName", "Net") == []


# Writes whose answer never came


def test_a_create_that_was_never_heard_of_again_is_known_as_ours_by_the_next_run(world: World) -> None:
    """The POST of a group arrives, and then nothing more comes back until the run has given up."""
    inner, down = world.transport.inner, []

    class Gone(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if down:
                raise httpx.ReadError("reset")
            response = inner.handle_request(request)
            if request.method == "POST" and "Groups" in request.url.path:
                down.append(True)
                raise httpx.ReadError("reset")
            return response

    world.transport.inner = Gone()
    world.client.sender._sleep = lambda seconds: None
    assert not world.apply().complete
    kept = world.store.load()
    assert kept is not None and kept.unanswered["Group/Net"]["step"] == "create" and "Group/Net" not in kept.entries
    down.clear()
    world.transport.inner = inner
    world.converge()
    entry = (world.store.load() or Record("")).entries["Group/Net"]
    assert entry["created"] is True and entry["members"] == ["User/ada@x.org", "User/grace@x.org"]


def test_an_account_of_the_same_name_that_is_not_as_we_sent_it_is_not_ours(world: World) -> None:
    world.converge()
    record = world.store.load()
    assert record is not None
    entry = record.entries.pop("User/ada@x.org")
    for shown, created in (("Somebody else", None), ("Ada", True)):
        record.entries.pop("User/ada@x.org", None)
        record.unanswered = {"User/ada@x.org": {"step": "create", "wanted": {"userName": "ADA@x.org", "displayName": shown}}}
        resolution, live = resolved(world)
        hear_unanswered(record, live, resolution, ("User", "Group"))
        assert record.entries.get("User/ada@x.org", {}).get("created") is created
        assert record.unanswered == {}
    assert record.entries["User/ada@x.org"]["id"] == entry["id"]


def test_who_was_disabled_by_an_update_whose_answer_was_lost_is_known_as_disabled(world: World) -> None:
    world.converge()
    world.edit("ada@x.org", "active", False)
    record = world.store.load()
    assert record is not None
    entry, at = record.entries["User/ada@x.org"], "2026-06-01T00:00:00Z"
    record.unanswered = {
        "User/ada@x.org": {"step": "write", "action": "update", "at": at, "id": entry["id"], "wanted": {"active": False}}
    }
    resolution, live = resolved(world)
    hear_unanswered(record, live, resolution, ("User", "Group"))
    entry = record.entries["User/ada@x.org"]
    assert entry["disabledAt"] == at and entry["roles"] == ["user"]


def test_who_is_found_disabled_days_after_a_write_without_an_answer_is_deleted_by_the_day_of_the_reading(world: World) -> None:
    """It may never have been sent: whoever disabled the account may have done so today."""
    world.converge()
    world.edit("ada@x.org", "active", False)
    record = world.store.load()
    assert record is not None
    record.unanswered = {
        "User/ada@x.org": {
            "step": "write",
            "action": "disable",
            "at": "2026-06-01T00:00:00Z",
            "id": record.entries["User/ada@x.org"]["id"],
            "wanted": {"active": False},
        }
    }
    world.today = "2026-07-15"
    resolution, live = resolved(world)
    hear_unanswered(record, live, resolution, ("User", "Group"))
    assert record.entries["User/ada@x.org"]["disabledAt"] == "2026-07-15T00:00:00Z"


def resolved(world: World) -> tuple[Resolution, Live]:
    context = world.session().planned.context
    return context.resolution, context.live


# Names that change hands while something fails


def test_a_rename_that_fails_leaves_the_record_under_the_earlier_name(world: World) -> None:
    world.converge()
    world.users(
        "userPrincipalName: ada.l@x.org, displayName: Ada, jobTitle: Engineer, previously: [ada@x.org]",
        "userPrincipalName: grace@x.org, displayName: Grace",
    )
    world.groups("displayName: Net, members: [ada.l@x.org, grace@x.org]")
    world.seed("ada.l@x.org")
    assert [o.status for o in world.apply().outcomes if o.change.address == "User/ada.l@x.org"] == ["failed"]
    entries = (world.store.load() or Record("")).entries
    assert "User/ada@x.org" in entries and "User/ada.l@x.org" not in entries


@pytest.mark.parametrize("there", [False, True])
def test_who_is_renamed_without_a_write_keeps_the_account_from_who_comes_to_bear_the_name(world: World, there: bool) -> None:
    mappings = (world.folder / "desired/apps/wiki/mappings.yaml").read_text(encoding="utf-8")
    world.write("apps/wiki/mappings.yaml", mappings.replace("source: userPrincipalName", "source: mail", 1))
    grace = "userPrincipalName: grace@x.org, mail: grace@x.org"
    world.users("userPrincipalName: ada@x.org, mail: ada@x.org, id: one", grace)
    world.converge()
    ada = world.find("ada@x.org")["id"]
    if there:
        world.seed("new@x.org", title="Another")
    world.users(
        "userPrincipalName: ada.l@x.org, mail: ada@x.org, id: one",
        "userPrincipalName: ada@x.org, mail: new@x.org, jobTitle: New",
        grace,
    )
    world.groups("displayName: Net, members: [ada.l@x.org, ada@x.org, grace@x.org]")
    world.converge()
    entries = (world.store.load() or Record("")).entries
    assert (entries["User/ada.l@x.org"]["id"], entries["User/ada@x.org"]["id"]) == (ada, world.find("new@x.org")["id"])


def test_a_member_whose_name_changes_stays_a_member_where_the_service_shows_none(world: World) -> None:
    world.converge()
    world.transport.inner = Hiding(world.transport.inner)
    world.users(
        "userPrincipalName: ada.l@x.org, displayName: Ada, jobTitle: Engineer, previously: [ada@x.org]",
        "userPrincipalName: grace@x.org, displayName: Grace",
    )
    world.groups("displayName: Net, members: [ada.l@x.org, grace@x.org]")
    world.converge()


def test_a_name_that_somebody_else_still_has_is_not_taken_over_in_the_record(world: World) -> None:
    """Ada, who is out of scope already, is called as grace was; grace's own rename fails, and later does not."""
    world.users("id: a, userPrincipalName: ada@x.org", "id: g, userPrincipalName: grace@x.org")
    world.groups("displayName: Net, members: [ada@x.org, grace@x.org]")
    world.converge()
    world.groups("displayName: Net, members: [grace@x.org]")
    world.converge()
    ids = {name: world.find(f"{name}@x.org")["id"] for name in ("ada", "grace")}
    world.users(
        "id: a, userPrincipalName: grace@x.org, previously: [ada@x.org]",
        "id: g, userPrincipalName: g.h@x.org, previously: [grace@x.org]",
    )
    world.groups("displayName: Net, members: [g.h@x.org]")
    world.assign("group: Net, role: User", "user: g.h@x.org, role: Admin")
    stranger = world.seed("g.h@x.org")
    assert "failed" in [o.status for o in world.apply().outcomes]
    assert recorded(world) == {"User/ada@x.org": ids["ada"], "User/grace@x.org": ids["grace"]}
    world.client.delete("Users", stranger)
    world.converge()
    assert recorded(world) == {"User/grace@x.org": ids["ada"], "User/g.h@x.org": ids["grace"]}


def recorded(world: World) -> dict[str, str]:
    return {a: e["id"] for a, e in (world.store.load() or Record("")).entries.items() if a.startswith("User/")}


def test_an_account_that_vanishes_under_a_write_is_stale_and_what_comes_after_it_owes_nothing(world: World) -> None:
    world.converge()
    world.users("userPrincipalName: ada@x.org, displayName: Ada, jobTitle: Chief", "userPrincipalName: grace@x.org")
    inner, client = world.transport.inner, world.client

    class Deleting(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = inner.handle_request(request)
            if request.method == "PATCH" and b"Chief" in request.content:
                inner.handle_request(httpx.Request("DELETE", request.url))
            return response

    world.transport.inner = Deleting()
    assert [(o.change.address, o.status) for o in world.apply().outcomes if o.status != "done"] == [("User/ada@x.org", "stale")]
    world.transport.inner = inner
    for answered in ({}, {"title": None}):  # as if the service had kept no title of the account that is gone
        record = world.store.load()
        assert record is not None
        record.entries["User/ada@x.org"]["answered"] = answered
        world.store.save(record)
        for found in client.find("Users", "userName", "ada@x.org"):
            client.delete("Users", found["id"])
        world.seed("ada@x.org")
        world.converge()
        assert world.find("ada@x.org")["title"] == "Chief"


def test_who_interrupts_one_app_wants_none_of_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    begun: list[str] = []

    def work(name: str, code: int) -> int:
        begun.append(name)
        with orderly() as stopped:
            os.kill(os.getpid(), signal.SIGTERM)
            assert stopped()
        return code

    for code in (0, 130):  # also where nothing of the first app was left after the write under way
        begun.clear()
        assert in_turn({name: partial(work, name, code) for name in ("blog", "shop", "wiki")}) == [code, 130]
        assert begun == ["blog"] and "not begun: shop, wiki\n" in capsys.readouterr().err
    assert in_turn({"wiki": partial(work, "wiki", 0)}) == [0]
