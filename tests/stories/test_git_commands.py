"""The commands over a record in Git: apply, lock, unlock, record; and what reconciler.yaml may say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from pathlib import Path
from uuid import uuid4
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx
import pytest

from reconciler.cli.common import guarded
from reconciler.cli.main import run
from reconciler.declare.load import load
from reconciler.declare.settings import RecordSettings
from reconciler.record.git.pending import summary
from reconciler.record.git.store import GitStore
from reconciler.record.local import LocalStore
from reconciler.record.model import Record
from reconciler.record.store import LeaseLost
from tests.support.git_desk import IN_GIT, applied_in_git
from tests.support.gitworld import ENV, Clock, GitWorld, git
from tests.support.scim_service import application
from tests.support.servers import Desk, scim_server
from tests.support.world import APP, World


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: World) -> GitWorld:
    """A checkout with the world's declarations, whose record lies in Git; the working folder is inside."""
    found = GitWorld(tmp_path)
    world.write("reconciler.yaml", IN_GIT)
    shutil.copytree(world.folder / "desired", found.checkout / "desired")
    monkeypatch.chdir(found.checkout)
    return found


def store() -> GitStore:
    return GitStore("wiki", environ=ENV)


def save(record: Record) -> None:
    store().save(record)


@pytest.mark.parametrize(
    ("text", "settings"),
    [(IN_GIT, RecordSettings("git", "origin")), ("record: {backend: git}", RecordSettings("git", "origin")),
     ("record: {backend: local, path: keep}", RecordSettings("local", path="keep")), ("record: {}", RecordSettings()),
     (None, RecordSettings())],
)  # fmt: skip
def test_reconciler_yaml_says_where_the_record_lives(world: World, text: str | None, settings: RecordSettings) -> None:
    if text is not None:
        world.write("reconciler.yaml", text)
    loaded = load(world.folder / "desired")
    found = loaded.declarations.record
    assert loaded.problems == []
    assert (found.backend, found.remote, found.path) == (settings.backend, settings.remote, settings.path)


@pytest.mark.parametrize(
    "text",
    [
        "{backend: git, path: x}",
        "{backend: local, remote: x}",
        "{remote: x}",
        "{sign: true}",  # of a local record, which nobody signs
        "{backend: local, allowedSigners: a}",
        "{backend: local, allowedIdentities: [{identity: a}]}",
        "{backend: local, unsignedUntil: 2999-12-31}",
    ],
)
def test_a_key_of_the_other_backend_is_an_error(world: World, text: str) -> None:
    world.write("reconciler.yaml", f"record: {text}")
    assert [problem.code for problem in load(world.folder / "desired").problems] == ["other-backend"]


def test_a_whole_cycle_over_git_leaves_an_empty_plan_and_no_lock(remote: GitWorld, world: World) -> None:
    world.store = store()  # type: ignore[assignment]
    with world.store.lock("reconcile apply", "2026-06-01T00:00:00Z"):
        world.converge()
    assert [message.split(":")[1].split(" by")[0] for message in reversed(remote.log())] == [
        " locked",
        " 3 changes under way",
        " 3 create",
    ]
    world.store = GitStore("wiki", folder=remote.clone("other"), environ=ENV)  # type: ignore[assignment]
    assert world.plan().changes == ()
    assert {row["sourceIdentity"]["displayName"] for row in world.store.read_log()} == {
        "User/ada@x.org",
        "User/grace@x.org",
        "Group/Net",
    }


def test_a_run_killed_on_a_machine_that_is_gone_is_resumed_elsewhere(remote: GitWorld, world: World) -> None:
    """Only what was pushed before the writes is left; what they did is found by reading the service."""
    gone = GitStore("wiki", environ=ENV)
    gone.owner.acquire("reconcile apply", "dawn", 0)
    world.store = gone  # type: ignore[assignment]
    world.apply()
    text = remote.show("lock.json").replace(gone.owner.held.machine if gone.owner.held else "", "gone")
    gone.ref.publish({"lock.json": text.encode()}, "as another machine left it")
    shutil.rmtree(remote.checkout / ".git/reconcile")
    writes = world.transport.writes
    time = Clock()
    later = GitStore("wiki", folder=remote.clone("other"), environ=ENV, elapsed=time.elapsed)
    assert later.read_lock() is not None
    time.sleep(660)
    with later.lock("reconcile apply", "t") as notice:
        assert notice is not None and "lapsed" in notice
        found = later.load()
        assert found is not None and len(found.under_way) == 3 and found.entries == {}
        world.store = later  # type: ignore[assignment]
        world.converge()
    assert world.transport.writes == writes
    done = GitStore("wiki", folder=remote.clone("third"), environ=ENV).load()
    assert done is not None and sorted(done.entries) == ["Group/Net", "User/ada@x.org", "User/grace@x.org"] and not done.under_way


def test_an_apply_whose_lock_was_taken_writes_nothing_more(remote: GitWorld, world: World) -> None:
    mine = store()
    world.store = mine  # type: ignore[assignment]
    with pytest.raises(LeaseLost), mine.lock("reconcile apply", "t"):
        held = mine.owner.held
        assert held is not None

        def stopped() -> bool:
            if world.transport.writes == 1 and not mine.lost:  # after the first write, another takes the lock
                other = GitStore("wiki", folder=remote.clone("other"), environ=ENV)
                other.break_lock(held.id)
                other.owner.acquire("reconcile apply", "t", 0)
                mine.renew()
            return mine.lost

        assert world.apply(stopped).interrupted
    assert world.transport.writes == 1


def test_lock_shows_the_holder_and_unlock_breaks_that_one(remote: GitWorld, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lock"]) == 0 and capsys.readouterr().out == "wiki: not locked\n"
    holder = store()
    holder.owner.acquire("reconcile apply", "2026-06-01T00:00:00Z", 0)
    assert run(["lock"]) == 0
    shown = capsys.readouterr().out
    assert "`reconcile apply`) since 2026-06-01T00:00:00Z, until " in shown
    assert run(["unlock", "0" * 32]) == 1 and "no lock has the id" in capsys.readouterr().err
    assert run(["unlock", shown.rsplit("id ", 1)[1].strip()]) == 0
    assert "wiki: the lock is broken; if that run is still alive, it may write for 2 minutes more" in capsys.readouterr().out
    assert run(["lock"]) == 0 and "not locked" in capsys.readouterr().out
    assert run(["logs", "--action", "lockBroken", "--format", "json"]) == 0
    (told,) = map(json.loads, capsys.readouterr().out.splitlines())
    lock = told["reconcile"]["details"]["lock"]
    assert lock["id"] == shown.rsplit("id ", 1)[1].strip() and lock["command"] == "reconcile apply"
    assert told["result"] == "success" and f"`reconcile unlock` broke the lock of {lock['user']}@" in told["resultReason"]


def test_a_local_lock_is_shown_and_dies_with_its_process(remote: GitWorld, capsys: pytest.CaptureFixture[str]) -> None:
    (remote.checkout / "desired/reconciler.yaml").write_text("record: {backend: local, path: keep}\n")
    with LocalStore(Path("keep"), "wiki").lock("reconcile apply", "noon"):
        assert run(["lock"]) == 0
        shown = capsys.readouterr().out
        assert "since noon, id " in shown
        assert run(["unlock", shown.rsplit("id ", 1)[1].strip()]) == 1
        assert "end process" in capsys.readouterr().err
    assert run(["lock"]) == 0 and "not locked" in capsys.readouterr().out


def test_show_and_forget_mend_one_address(remote: GitWorld, capsys: pytest.CaptureFixture[str]) -> None:
    save(Record("wiki", "https://x", {"User/ada@x.org": {"id": "1"}, "User/b": {"id": "2"}}))
    assert run(["record", "show", "user/ADA@x.org"]) == 0
    assert json.loads(capsys.readouterr().out) == {"wiki": {"address": "User/ada@x.org", "id": "1"}}
    assert run(["record", "forget", "User/ada@x.org"]) == 0
    assert store().load() == Record("wiki", "https://x", {"User/b": {"id": "2"}}, runs=1)
    for command in ("show", "forget"):
        assert run(["record", command, "User/ada@x.org"]) == 1
        assert "no record has 'User/ada@x.org'" in capsys.readouterr().err
    assert remote.log()[0] == "reconcile record forget User/ada@x.org: record saved"


def test_forgetting_keeps_what_a_killed_run_had_done(remote: GitWorld) -> None:
    first = store()
    first.save(Record("wiki", "https://x", {"User/a": {"id": "1"}}))
    first.journal({"address": "User/b", "outcome": "done", "entry": {"id": "2"}})
    assert run(["record", "forget", "User/a"]) == 0
    assert store().load() == Record("wiki", "https://x", {"User/b": {"id": "2"}}, runs=1) and store().read_journal() == []


def test_a_record_moves_to_where_reconciler_yaml_says(remote: GitWorld, capsys: pytest.CaptureFixture[str]) -> None:
    record = Record("wiki", "https://x", {"User/a": {"id": "1"}})
    LocalStore(Path(".reconcile"), "wiki").save(record)
    assert run(["record", "migrate"]) == 0
    assert "1 entry moved from .reconcile/wiki to refs/reconcile/wiki on origin" in capsys.readouterr().out
    assert store().load() == record
    assert run(["record", "migrate"]) == 1 and "no record in .reconcile/wiki" in capsys.readouterr().err
    assert run(["record", "migrate", "--from", "git"]) == 64
    (remote.checkout / "desired/reconciler.yaml").write_text("record: {backend: local, path: keep}\n")
    assert run(["record", "migrate"]) == 0
    assert LocalStore(Path("keep"), "wiki").load() == record and store().load() is None


@pytest.mark.parametrize("age", ["400", "d", "-1d", "4w", "999999d"])
def test_an_age_that_is_none_is_refused(remote: GitWorld, age: str) -> None:
    assert run(["record", "prune", f"--older-than={age}"]) == 64


def test_prune_keeps_for_as_long_as_reconciler_yaml_says(remote: GitWorld, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["record", "prune"]) == 64
    assert "record: {logRetention: 400d}" in capsys.readouterr().err
    remote.clock.now = remote.clock.now.replace(year=2020)
    for url in ("https://v", "https://w", "https://x"):
        remote.store().save(Record("wiki", url))
    file = remote.checkout / "desired/reconciler.yaml"
    file.write_text("record: {backend: git, logRetention: 90000d}\n")
    assert run(["record", "prune"]) == 0 and "wiki: 0 commits cut" in capsys.readouterr().out
    file.write_text("record: {backend: git, logRetention: 400d}\n")
    assert run(["record", "prune"]) == 0 and "wiki: 2 commits cut" in capsys.readouterr().out
    file.write_text("record: {backend: git, logRetention: 0d}\n")
    assert run(["validate"]) == 1 and "a number of days from 1 to 99999, and d" in capsys.readouterr().out


def test_prune_says_how_much_it_cut(remote: GitWorld, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["record", "prune", "--older-than", "400d"]) == 0 and capsys.readouterr().out == "wiki: 0 commits cut\n"
    remote.clock.now = remote.clock.now.replace(year=2020)
    for url in ("https://v", "https://w", "https://x"):
        remote.store().save(Record("wiki", url))
    store().save(Record("wiki", "https://y"))
    assert run(["record", "prune", "--older-than", "400d"]) == 0 and "2 commits cut" in capsys.readouterr().out
    assert store().load() == Record("wiki", "https://y")
    (remote.checkout / "desired/reconciler.yaml").write_text("record: {backend: local}\n")
    assert run(["record", "prune", "--older-than", "400d"]) == 0 and "wiki: there is no record" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["apply", "--auto-approve"], ["revoke", "ada@x.org", "--auto-approve"]])
def test_a_write_in_ci_with_a_record_that_would_vanish_is_an_error(
    remote: GitWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    monkeypatch.setenv("CI", "true")
    (remote.checkout / "desired/reconciler.yaml").write_text("record: {backend: local}\n")
    assert run(command) == 1
    assert "would vanish" in capsys.readouterr().err and not Path(".reconcile").exists()
    for text in ("record: {backend: local, path: keep}\n", IN_GIT):
        (remote.checkout / "desired/reconciler.yaml").write_text(text)
        assert run(command) == 1
        assert "would vanish" not in capsys.readouterr().err


def test_an_apply_that_finds_a_lock_exits_6_and_writes_nothing(remote: GitWorld, capsys: pytest.CaptureFixture[str]) -> None:
    store().owner.acquire("reconcile apply", "t", 0)
    assert run(["apply", "--auto-approve", "--lock-timeout", "-1"]) == 64
    assert run(["apply", "--auto-approve", "--lock-timeout", "soon"]) == 64
    assert "'soon' is not a valid number of seconds" in capsys.readouterr().err
    assert run(["apply", "--auto-approve", "--lock-timeout", "0.01", "--report", "report.md"]) == 6
    assert "reconcile unlock " in capsys.readouterr().err
    assert "Error: locked by " in Path("report.md").read_text(), "a pull request must be told why its plan was not applied"
    assert git(remote.bare, "for-each-ref", "--format=%(refname)").split() == ["refs/heads/main", "refs/reconcile/wiki"]


@pytest.mark.parametrize("text", [IN_GIT, "record: {backend: local, path: keep}\n"])
def test_a_record_that_was_left_in_the_old_place_is_named_until_it_is_moved(tmp_path: Path, text: str) -> None:
    with scim_server() as url:
        desk = Desk(GitWorld(tmp_path).checkout, f"{url}/{uuid4().hex}/v2")
        assert desk.reconcile("apply", "--auto-approve").code == 0
        desk.people("ada@x.org", "grace@x.org, accountEnabled: false")
        desk.write("reconciler.yaml", text)
        ran = desk.reconcile("plan")
        assert "and one in .reconcile/wiki" in ran.out and "1 to disable" not in ran.out
        said = re.search("`reconcile (record migrate.*?)`", ran.out)
        assert said and desk.reconcile(*said[1].split()).code == 0
        ran = desk.reconcile("plan")
        assert "1 to disable" in ran.out and "there is no record" not in ran.out


def test_of_a_log_that_was_forced_back_what_is_left_is_shown_and_the_refusal_said(tmp_path: Path) -> None:
    with scim_server() as url:
        remote, desk = applied_in_git(tmp_path, url)
        then, before = git(remote.bare, "rev-parse", "refs/reconcile/wiki").strip(), desk.reconcile("logs", "--format", "json")
        desk.people("ada@x.org", "grace@x.org, displayName: Grace")
        assert desk.reconcile("apply", "--auto-approve").code == 0
        git(remote.bare, "update-ref", "refs/reconcile/wiki", then)
        ran = desk.reconcile("logs", "--format", "json")
        assert before.code == 0 and before.out and (ran.code, ran.out) == (1, before.out), ran
        assert "was rewritten" in ran.err and "[RecordLostHistory]" in ran.err
        git(remote.bare, "update-ref", "-d", "refs/reconcile/wiki")
        ran = desk.reconcile("logs")
        assert ran.code == 1 and "now it is gone" in ran.err


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed: apt install openssh-client")
def test_an_apply_stops_at_an_unsigned_head_until_a_person_trusts_it(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    with scim_server() as url:
        remote, desk = applied_in_git(tmp_path, url)
        for name, value in (("gpg.format", "ssh"), ("user.signingkey", str(tmp_path / "key"))):
            git(remote.checkout, "config", name, value)
        desk.write("reconciler.yaml", IN_GIT.replace("}", ", sign: true}"))
        desk.people("ada@x.org", "grace@x.org, accountEnabled: false")
        ran = desk.reconcile("apply", "--auto-approve")
        assert ran.code == 1 and "neither is any before it" in ran.err and "record: {unsignedUntil: YYYY-MM-DD}" in ran.err
        desk.write("reconciler.yaml", IN_GIT.replace("}", ", sign: true, unsignedUntil: 2999-12-31}"))
        assert desk.reconcile("apply", "--auto-approve").code == 0  # the first that signs
        GitStore("wiki", folder=remote.clone("mallory"), environ=ENV).log([{"activityDateTime": "2026-06-01T00:00:00Z"}])
        desk.people("ada@x.org", "grace@x.org")
        for command in (["plan"], ["apply", "--auto-approve"], ["logs"]):
            ran = desk.reconcile(*command)
            assert ran.code == 1 and "is unsigned, and one before it is signed" in ran.err and "[RecordNotSigned]" in ran.err
        said = re.search("`reconcile (record trust .*?)`", ran.err)
        assert said and desk.reconcile(*said[1].split()).code == 0
        assert "Applied 2 of 2 changes" in desk.reconcile("apply", "--auto-approve").out
        assert "was accepted as it is" in desk.reconcile("logs").out


def test_no_repository_is_said_in_words(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    world.write("reconciler.yaml", IN_GIT)
    for command in (["plan"], ["lock"], ["apply", "--auto-approve"], ["record", "show", "User/a"], ["test-connection"]):
        assert run(command) == 1
        assert "not a Git repository" in capsys.readouterr().err


def test_a_local_record_without_a_remote_has_nowhere_to_be_moved_from(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    shutil.copytree("desired/apps/wiki", "desired/apps/library")
    world.write("apps/library/app.yaml", APP.replace("app: wiki", "app: library"))
    for _ in ("no repository", "one without a remote"):
        assert run(["record", "migrate"]) == 64
        said = capsys.readouterr().err
        assert said.count("no Git repository with a remote 'origin'") == 1 and "backend: git" in said
        git(tmp_path, "init", "--quiet")


def test_a_lost_answer_of_the_service_under_a_git_lock_doubles_no_account(remote: GitWorld, world: World) -> None:
    from tests.apply.test_apply import broken

    broken(world, "POST", httpx.ReadError("reset"), True)
    world.store = store()  # type: ignore[assignment]
    with world.store.lock("reconcile apply", "t"):
        world.converge()
    assert len(world.client.find("Users", "userName", "ada@x.org")) == 1


def test_a_commit_says_how_many_were_adopted_and_how_many_were_left_out(world: World, remote: GitWorld) -> None:
    world.converge()
    world.users(
        "userPrincipalName: ada@x.org", "userPrincipalName: grace@x.org", "userPrincipalName: bob@x.org, accountEnabled: false"
    )
    world.groups()
    world.assign(*(f"user: {name}@x.org, role: User" for name in ("ada", "grace", "bob")))
    world.store = store()  # type: ignore[assignment]
    for message in ("reconcile apply: 1 adopted, 1 skipped, 1 update", "reconcile apply: nothing to write"):
        with world.store.lock("reconcile apply", "2000"):
            world.converge()
        assert remote.log()[0] == message
    body = git(remote.bare, "log", "--format=%b", "-1", "refs/reconcile/wiki~2")
    assert body.split("\n")[:2] == ["skipped User/bob@x.org", "update User/grace@x.org: success"]
    assert summary("apply", [], "", adopted=22) == "apply: 22 adopted"


def test_a_lease_that_was_lost_exits_5() -> None:
    def work() -> int:
        raise LeaseLost("taken", "run it again")

    assert guarded(work) == 5


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def test_the_apply_command_keeps_its_record_in_git(
    remote: GitWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = make_server("127.0.0.1", 0, application(), handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    app = remote.checkout / "desired/apps/wiki/app.yaml"
    app.write_text(app.read_text().replace("127.0.0.1", f"127.0.0.1:{server.server_port}"))
    monkeypatch.setenv("TOKEN", "secret")
    try:
        assert run(["apply", "--auto-approve"]) == 0, capsys.readouterr()
        assert [message.split(" by")[0] for message in reversed(remote.log())] == [
            "reconcile apply: locked",
            "reconcile apply: 3 changes under way",
            "reconcile apply: 3 create",
        ]
        assert run(["plan", "--detailed-exitcode"]) == 0
        assert run(["apply", "--auto-approve"]) == 0
    finally:
        server.shutdown()
        server.server_close()
    assert remote.log()[0] == "reconcile apply: nothing to write" and not Path(".reconcile").exists()


def test_an_app_that_is_declared_no_more_is_known_from_the_remote(
    remote: GitWorld, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    (zoo := Record("zoo")).entries["User/ada@x.org"] = {"id": "1", "wanted": {"active": True}}
    GitStore("zoo", environ=ENV).save(zoo)
    run(["plan"])
    said = capsys.readouterr().err
    assert "zoo is not declared in desired, and its record, refs/reconcile/zoo on origin, holds 1 account that was active" in said
    git(remote.checkout, "push", "--quiet", "origin", ":refs/reconcile/zoo")
    run(["plan"])
    assert "zoo" not in capsys.readouterr().err
