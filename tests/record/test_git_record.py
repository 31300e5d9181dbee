"""The record in Git, on real bare repositories: what it keeps, what it leaves alone, who may write, what a kill leaves."""

from __future__ import annotations

import base64
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, ClassVar

import pytest

from reconciler.record import lease
from reconciler.record.git import objects
from reconciler.record.git.process import explained, token_settings
from reconciler.record.git.repository import Repository
from reconciler.record.git.shards import from_files, shard, to_files
from reconciler.record.git.store import GitStore
from reconciler.record.local import LocalStore
from reconciler.record.log.chain import verify
from reconciler.record.log.read import records_of
from reconciler.record.migrate import migrate
from reconciler.record.model import Entry, Record
from reconciler.record.store import NEVER, LeaseLost, Locked, RecordError, Store
from tests.support.budget import examples
from tests.support.gitworld import ENV, GitWorld, git, state

RACES = examples(16)  # about half a second each
SECRET = "ghs_hunter2hunter2"


@pytest.fixture
def remote(tmp_path: Path) -> GitWorld:
    return GitWorld(tmp_path)


def record(count: int = 3, **changed: str) -> Record:
    entries: dict[str, Entry] = {f"User/u{n}@x.org": {"id": str(n), "wanted": {"title": "Ä"}} for n in range(count)}
    for name, id in changed.items():
        entries[f"User/{name}"] = {"id": id}
    return Record("wiki", "https://wiki.example.com", entries)


def outcome(address: str, id: str) -> dict[str, Any]:
    return {"address": address, "outcome": "done", "entry": {"id": id}}


def line(address: str, action: str = "create", status: str = "success", at: str = "2026-06-01T00:00:00Z") -> dict[str, Any]:
    return {
        "activityDateTime": at,
        "provisioningAction": action,
        "provisioningStatusInfo": {"status": status},
        "sourceIdentity": {"displayName": address},
    }


def logged(store: Store) -> list[dict[str, Any]]:
    """The log without the links of its chain, which has to be whole."""
    check = verify(records_of(store.log_blocks()))
    assert check.ended() == [] and check.last == store.log_head()
    return [{name: value for name, value in row.items() if name != "reconcile"} for row in store.read_log()]


# What it keeps


def test_git_is_asked_once_for_a_tree_or_a_small_blob_which_never_change(
    remote: GitWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.store().save(record())
    asked: list[tuple[str, ...]] = []
    real = Repository._git

    def heard(self: Repository, *words: str, given: bytes = b"", extra: Any = None) -> bytes:
        asked.append((*words, given.decode()))
        return real(self, *words, given=given, extra=extra)

    monkeypatch.setattr(Repository, "_git", heard)
    store = remote.store()
    with store.lock("reconcile apply", "2026-06-01T00:00:00Z"):
        assert store.load() == record()
        assert store.read_journal() == [] and store.load() == record()
        store.save(record(4))
        store.head()
    monkeypatch.undo()
    assert remote.store().load() == record(4)
    trees = [words for words in asked if words[0] == "rev-parse" and words[1].endswith("^{tree}")]
    blobs = [words for words in asked if words[:2] == ("cat-file", "--batch")]
    assert len(trees) == len(set(trees)) == 1 and len(blobs) == len(set(blobs)), asked


def test_of_what_git_was_asked_for_the_oldest_is_forgotten(remote: GitWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "MOST", 2)
    store = remote.store()
    for count in range(1, 6):
        store.save(record(count))
        assert store.load() == record(count)
    repository = store.ref.repository
    assert [len(known) for known in (repository._trees, repository._blobs)] == [2, 2]
    assert remote.store().load() == record(5)


def test_a_record_comes_back_as_it_was_saved(remote: GitWorld) -> None:
    store = remote.store()
    assert store.load() is None
    store.save(record())
    assert remote.store(remote.clone("other")).load() == record()
    store.save(record(1))
    assert remote.store().load() == record(1)


def test_an_apply_is_three_commits_that_say_what_was_done(remote: GitWorld) -> None:
    store, work = remote.store(), record(2)
    with store.lock("reconcile apply", "2026-06-01T00:00:00Z") as notice:
        assert notice is None
        work.under_way = ["sha256:1"]
        store.save(work)
        assert '"under_way":["sha256:1"]' in remote.show("record.json")
        for name in ("a", "b"):
            store.journal({"address": f"User/{name}"})
            work.entries[f"User/{name}"] = {"id": name}
            store.journal(outcome(f"User/{name}", name))
            store.save(work)
        assert len(remote.log()) == 2
        work.under_way = []
        store.save(work)
        store.clear_journal()
        store.log([line("User/a"), line("User/b\nX", "update", "failure")])
        assert store.read_journal() == [] and store.load() == work
    owner = remote.log()[-1].removeprefix("reconcile apply: locked by ")
    assert remote.log() == [
        "reconcile apply: 1 create, 1 update failure",
        "reconcile apply: 1 change under way",
        f"reconcile apply: locked by {owner}",
    ]
    assert "update User/b X: failure" in git(remote.bare, "log", "-1", "--format=%b", "refs/reconcile/wiki")
    assert "lock.json" not in remote.files() and store.load() == work
    assert [row["provisioningAction"] for row in store.read_log()] == ["create", "update"]
    assert any(path.startswith("log/2026-06/") for path in remote.files())
    assert store.read_journal() == [] and '"outcome":"done"' in remote.show("journal.jsonl")
    assert list(store.ref.folder.glob("*.jsonl")) == []


def test_the_commits_are_orphans_of_our_own_that_hold_our_files_alone(remote: GitWorld) -> None:
    remote.store().save(record())
    assert set(remote.files()) == {"record.json", *(shard(address) for address in record().entries)}
    assert git(remote.bare, "log", "--format=%an %P", "refs/reconcile/wiki").strip() == "t"
    plain = {name: value for name, value in ENV.items() if not name.startswith(("GIT_AUTHOR", "GIT_COMMITTER"))}
    remote.store(environ=plain).save(record(1))
    assert (
        git(remote.bare, "log", "-1", "--format=%an <%ae> %cn", "refs/reconcile/wiki").strip()
        == "scim-reconciler <scim-reconciler@localhost> scim-reconciler"
    )


def test_a_change_of_one_entry_of_ten_thousand_rewrites_one_shard(remote: GitWorld) -> None:
    store, found = remote.store(), record(10_000)
    store.save(found)
    assert len(remote.files()) == 257
    found.entries["User/u77@x.org"] = {"id": "changed"}
    store.save(found)
    changed = git(remote.bare, "diff", "--name-only", "refs/reconcile/wiki~", "refs/reconcile/wiki").split()
    assert changed == [shard("User/u77@x.org")]
    assert remote.store(remote.clone("other")).load() == found


def test_an_empty_shard_goes_and_nothing_changed_is_no_commit(remote: GitWorld) -> None:
    store = remote.store()
    store.save(record(1))
    store.save(record(0))
    assert remote.files() == ["record.json"]
    store.save(record(0))
    assert len(remote.log()) == 2


def test_a_damaged_or_newer_record_is_refused() -> None:
    files = to_files(record())
    with pytest.raises(RecordError, match="damaged"):
        from_files({**files, shard("User/u1@x.org"): b'{"address": "User/u1'}, "x")
    with pytest.raises(RecordError, match="damaged"):
        from_files({**files, "record.json": b"[]"}, "x")
    with pytest.raises(RecordError, match="version 99"):
        from_files({**files, "record.json": files["record.json"].replace(b'"version":1', b'"version":99')}, "x")


# Where it works, and what it leaves alone


@pytest.mark.parametrize("options", [("--depth=1",), ("--no-checkout",), ("--filter=blob:none",)])
def test_any_checkout_will_do(remote: GitWorld, options: tuple[str, ...]) -> None:
    remote.store().save(record())
    clone = remote.clone("other", *options)
    store = remote.store(clone)
    found = store.load()
    assert found == record()
    found.entries["User/new"] = {"id": "n"}
    with store.lock("reconcile apply", "t"):
        store.save(found)
    assert remote.store().load() == found
    assert git(clone, "rev-list", "--count", "HEAD").strip() == ("1" if options == ("--depth=1",) else "3")


def test_a_worktree_a_folder_inside_and_a_plain_path_will_do(remote: GitWorld) -> None:
    tree = remote.bare.parent / "tree"
    git(remote.checkout, "worktree", "add", "--quiet", str(tree))
    remote.store(tree).save(record())
    (remote.checkout / "desired").mkdir()
    git(remote.checkout, "remote", "set-url", "origin", "../remote.git")
    assert remote.store(remote.checkout / "desired").load() == record()


def test_a_remote_over_ssh_will_do(remote: GitWorld) -> None:
    """A stand-in for ssh that runs the remote's command here, and writes down how it was called."""
    shim = remote.bare.parent / "ssh"
    shim.write_text(f'#!/bin/sh\necho "$*" >>{shim}.said\nfor last; do :; done\nexec sh -c "$last"\n')
    shim.chmod(0o755)
    git(remote.checkout, "remote", "set-url", "origin", f"git@git.example.com:{remote.bare}")
    environ = {**ENV, "GIT_SSH_COMMAND": f"{shim} -i deploy-key"}
    store = remote.store(environ=environ)
    with store.lock("reconcile apply", "t"):
        store.save(record())
    assert remote.store(environ=environ).load() == record()
    git(remote.checkout, "config", "core.sshCommand", f"touch {shim}.ran")
    assert remote.store(environ=environ).load() == record()
    with pytest.raises(RecordError, match=r"core\.sshCommand of the checkout is not run") as caught:
        remote.store().load()
    assert "GIT_SSH_COMMAND" in caught.value.remedy and not Path(f"{shim}.ran").exists()
    assert all("-i deploy-key" in said for said in Path(f"{shim}.said").read_text().splitlines())


class Web(BaseHTTPRequestHandler):
    """Writes down who asked; sends who asks for /moved elsewhere."""

    seen: ClassVar[list[tuple[str, list[str]]]] = []

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers.get_all("Authorization") or []))
        self.send_response(302 if self.path.startswith("/moved") else 404)
        self.send_header("Location", self.path.replace("/moved", "/elsewhere"))
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


def test_over_http_one_header_goes_out_and_no_redirect_is_followed(remote: GitWorld) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{server.server_port}"
    git(remote.checkout, "config", f"http.{origin}/.extraHeader", "Authorization: Basic of-the-checkout")
    secret = {**ENV, "RECONCILE_GIT_TOKEN": SECRET}
    for path, environ in (("x", ENV), ("x", secret), ("moved", secret)):
        git(remote.checkout, "remote", "set-url", "origin", f"{origin}/{path}")
        with pytest.raises(RecordError):
            remote.store(environ=environ).load()
    server.shutdown()
    server.server_close()
    basic = "Basic " + base64.b64encode(f"x-access-token:{SECRET}".encode()).decode()
    refs = "info/refs?service=git-upload-pack"
    assert Web.seen == [(f"/x/{refs}", ["Basic of-the-checkout"]), (f"/x/{refs}", [basic]), (f"/moved/{refs}", [basic])]


def test_a_remote_whose_ids_are_sha256_will_do(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("bare", "work")]
    git(tmp_path, "init", "--quiet", "--bare", "--object-format=sha256", str(folders[0]))
    git(tmp_path, "init", "--quiet", "--object-format=sha256", str(folders[1]))
    git(folders[1], "remote", "add", "origin", f"file://{folders[0]}")
    store = GitStore("wiki", "origin", folders[1], environ=ENV)
    with store.lock("reconcile apply", "t"):
        store.save(record())
    assert GitStore("wiki", "origin", folders[1], environ=ENV).load() == record()


def test_a_remote_that_takes_only_fast_forwards_will_do(remote: GitWorld) -> None:
    git(remote.bare, "config", "receive.denyNonFastForwards", "true")
    git(remote.bare, "config", "receive.denyDeletes", "true")
    store = remote.store()
    for count in (1, 2):
        with store.lock("reconcile apply", "t"):
            store.renew()
            store.save(record(count))
    assert remote.store().load() == record(2)


def test_nothing_of_the_users_is_touched(remote: GitWorld) -> None:
    (remote.checkout / "file").write_text("edited")
    (remote.checkout / "staged").write_text("staged")
    git(remote.checkout, "add", "staged")
    before = list(state(remote.checkout))
    environ = {
        **ENV,
        "GIT_DIR": str(remote.checkout / ".git"),
        "GIT_INDEX_FILE": str(remote.checkout / ".git/index"),
        "GIT_WORK_TREE": str(remote.checkout),
        "GIT_NAMESPACE": "elsewhere",
    }
    store = remote.store(environ=environ)
    with store.lock("reconcile apply", "t"):
        store.save(record())
        store.journal({"address": "User/a"})
    store.read_journal()
    store.prune(0, remote.clock())
    assert list(state(remote.checkout)) == before and remote.store().load() == record()


def test_a_persons_hooks_and_signing_are_not_for_our_commits(remote: GitWorld, tmp_path: Path) -> None:
    for name in ("pre-push", "reference-transaction", "post-commit"):
        hook = tmp_path / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)
    git(remote.bare, "config", "core.hooksPath", os.devnull)  # the far side reads the same file here
    config = tmp_path / "gitconfig"
    config.write_text(f"[core]\n hooksPath = {tmp_path}/hooks\n[commit]\n gpgSign = true\n[push]\n gpgSign = true\n")
    store = remote.store(environ={**ENV, "GIT_CONFIG_GLOBAL": str(config)})
    with store.lock("reconcile apply", "t"):
        store.save(record())
    clone = remote.clone("other")
    assert remote.store(clone, environ={**ENV, "GIT_CONFIG_GLOBAL": str(config)}).load() == record()


def test_a_repository_where_we_may_keep_nothing_can_still_be_read_from(remote: GitWorld) -> None:
    remote.store().save(record())
    clone = remote.clone("other")
    (clone / ".git/reconcile").write_text("in the way")
    store = remote.store(clone)
    assert store.load() == record()
    folder = store.ref.folder
    del store
    assert not folder.exists()


# What goes wrong, and what is said


def test_each_missing_thing_is_an_error_with_a_remedy(remote: GitWorld, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    outside = {**ENV, "GIT_CEILING_DIRECTORIES": str(tmp_path)}
    cases = [
        (GitStore("wiki", "origin", tmp_path / "none", environ=outside), "not a Git repository"),
        (GitStore("wiki", "upstream", remote.checkout, environ=ENV), "no remote 'upstream'"),
        (GitStore("wiki", "--upload-pack=x", remote.checkout, environ=ENV), "no remote"),
        (GitStore("wiki", "file:///elsewhere", remote.checkout, environ=ENV), "no remote"),
        (GitStore("wiki", "origin", remote.checkout, environ={**ENV, "PATH": str(tmp_path)}), "git cannot be run"),
    ]
    for store, words in cases:
        with pytest.raises(RecordError, match=words) as caught:
            store.load()
        assert caught.value.remedy
    git(remote.checkout, "remote", "set-url", "origin", "file:///nowhere/at/all.git")
    with pytest.raises(RecordError, match="no such repository"):
        remote.store().load()
    git(remote.checkout, "remote", "set-url", "origin", "https://127.0.0.1:1/x.git")
    with pytest.raises(RecordError, match="cannot be reached"):
        remote.store().load()


def test_a_push_that_the_remote_refuses_is_no_race(remote: GitWorld) -> None:
    hook = remote.bare / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho GH006: protected >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(RecordError, match="refuses this push.*GH006") as caught:
        remote.store().save(record())
    assert not isinstance(caught.value, Locked) and "refs/reconcile" in caught.value.remedy


def test_the_token_is_in_no_file_no_command_line_and_no_error(remote: GitWorld, tmp_path: Path) -> None:
    shim = tmp_path / "bin/git"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>{tmp_path}/said\nPATH={os.environ["PATH"]} exec git "$@"\n')
    shim.chmod(0o755)
    environ = {**ENV, "RECONCILE_GIT_TOKEN": SECRET, "PATH": str(shim.parent)}
    git(remote.checkout, "remote", "add", "web", f"https://user:{SECRET}@127.0.0.1:1/x.git")
    with pytest.raises(RecordError) as caught:
        GitStore("wiki", "web", remote.checkout, environ=environ).load()
    git(remote.checkout, "remote", "remove", "web")
    remote.store(environ=environ).save(record())
    basic = base64.b64encode(f"x-access-token:{SECRET}".encode()).decode()
    said = (tmp_path / "said").read_text()
    assert "push" in said and "https://127.0.0.1:1" in str(caught.value)
    texts = [said, str(caught.value), caught.value.remedy]
    texts += [path.read_bytes().decode("latin-1") for path in (remote.checkout / ".git").rglob("*") if path.is_file()]
    assert [text for text in texts if SECRET in text or basic in text] == []


def test_the_token_goes_to_the_remotes_origin_alone() -> None:
    environ = {"RECONCILE_GIT_TOKEN": SECRET}
    clear, header, redirects = token_settings("https://user@git.example.com:8443/x/y.git", environ)
    assert clear == ("http.https://git.example.com:8443/.extraHeader", "") and header[0] == clear[0]
    assert redirects == ("http.followRedirects", "false")
    assert token_settings("git@git.example.com:x.git", environ) == token_settings("file:///x", environ) == ()
    assert token_settings("https://git.example.com/x", {}) == ()
    with pytest.raises(RecordError, match="not encrypted"):
        token_settings("http://git.example.com/x", environ)
    with pytest.raises(RecordError, match="characters") as caught:
        token_settings("https://git.example.com/x", {"RECONCILE_GIT_TOKEN": SECRET + "\nX-Evil: 1"})
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "words"),
    [("fatal: Authentication failed for 'https://x/'", "our credentials"),
    ("git@x: Permission denied (publickey).", "our credentials"),
     ("fatal: unable to access 'https://x/': The requested URL returned error: 403", "our credentials"),
     ("ssh: Could not resolve hostname x: Name or service not known", "cannot be reached"),
     ("remote: error: denying non-fast-forward refs/x", "refuses this push"),
     ("fatal: detected dubious ownership in repository at '/x'", "does not trust"), ("boom", "git failed: boom")],
)  # fmt: skip
def test_what_git_says_is_put_into_words(said: str, words: str) -> None:
    error = explained(said)
    assert words in str(error) and error.remedy


# Who may write


def test_a_lock_shuts_others_out_and_says_who_holds_it(remote: GitWorld) -> None:
    first, second = remote.store(), remote.store(remote.clone("other"))
    with first.lock("reconcile apply", "2026-06-01T00:00:00Z"):
        with pytest.raises(Locked, match=f"pid {os.getpid()}, `reconcile apply`.*since 2026-06-01T00:00:00Z") as caught:
            second.lock("reconcile apply", "t").__enter__()
        held = second.read_lock()
        assert held is not None and f"reconcile unlock {held.id}" in caught.value.remedy
        with pytest.raises(Locked):
            second.save(record())
        with pytest.raises(Locked):
            second.prune(0, remote.clock())
    assert second.read_lock() is None
    with second.lock("reconcile apply", "t") as notice:
        assert notice is None


def test_a_waiting_run_goes_on_once_the_lock_is_free(remote: GitWorld) -> None:
    held = remote.store().lock("reconcile apply", "t")
    held.__enter__()
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        remote.clock.sleep(seconds)
        if len(waits) == 3:
            held.__exit__(None, None, None)

    other = remote.store(remote.clone("other"), sleep=sleep)
    with pytest.raises(Locked), other.lock("reconcile apply", "t", timeout=7):
        pass
    assert waits == [5, 2]
    with other.lock("reconcile apply", "t", timeout=60):
        assert len(waits) == 3


def test_a_lease_is_renewed_by_a_thread_and_then_does_not_lapse(remote: GitWorld) -> None:
    store, renewed = remote.store(interval=0.01), threading.Event()
    publish = store.ref.publish

    def watched(changes: Any, message: str) -> bool:
        done = publish(changes, message)
        if "renewed" in message:
            renewed.set()
        return done

    store.ref.publish = watched  # type: ignore[method-assign]
    with store.lock("reconcile apply", "t"):
        remote.clock.sleep(590)
        renewed.clear()
        assert renewed.wait(30)
        remote.clock.sleep(300)
        with pytest.raises(Locked):
            remote.store(remote.clone("other")).lock("reconcile apply", "t").__enter__()
        assert not store.lost


def test_a_lapsed_lock_is_taken_over_and_its_holder_stops(remote: GitWorld) -> None:
    first, second = remote.store(), remote.store(remote.clone("other"))
    with pytest.raises(LeaseLost, match="taken over"), first.lock("reconcile apply", "dawn"):
        first.log([line("User/a")])
        assert second.read_lock() is not None  # from now on it counts
        remote.clock.sleep(479)
        assert not first.lost
        remote.clock.sleep(1)
        assert first.lost  # two minutes before the lapse, so that no write is on its way then
        remote.clock.sleep(120)
        with second.lock("reconcile apply", "t") as notice:
            assert notice is not None and "since dawn" in notice and "seen it unchanged for 10 minutes" in notice
            second.save(record(1))
            remote.clock.sleep(1)
            first.renew()
            assert first.lost
            with pytest.raises(LeaseLost):
                first.save(Record("wiki", under_way=["sha256:1"]))
    assert second.load() == record(1)
    for _ in range(2):
        with first.lock("reconcile apply", "t"):
            pass
    assert logged(second) == [line("User/a")]


def test_a_holder_without_a_network_is_lost_before_its_lease_lapses_and_finishes_when_it_is_back(remote: GitWorld) -> None:
    store, away = remote.store(), remote.bare.with_name("away")
    with store.lock("reconcile apply", "t"):
        remote.bare.rename(away)
        for _ in range(4):
            remote.clock.sleep(120)
            store.renew()
        assert store.lost
        store.save(record())
        away.rename(remote.bare)
    assert remote.store().load() == record()


def test_what_could_not_be_pushed_is_kept_for_the_next_run_on_this_machine(remote: GitWorld) -> None:
    code = f"""
import os, signal
from pathlib import Path
from reconciler.record.git.store import GitStore
from reconciler.record.model import Record
store = GitStore("wiki", "origin", Path({str(remote.checkout)!r}))
with store.lock("reconcile apply", "dawn"):
    store.save(Record("wiki", under_way=["sha256:1"]))
    store.journal({outcome("User/a", "1")!r})
    store.log([{line("User/a")!r}])
    os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", code], env=ENV, cwd=Path(__file__).parent.parent.parent)
    assert ended.returncode == -signal.SIGKILL
    elsewhere = GitStore("wiki", "origin", remote.clone("other"), environ=ENV)
    assert elsewhere.read_journal() == []
    here = GitStore("wiki", "origin", remote.checkout, environ=ENV)
    assert here.read_journal() == [outcome("User/a", "1")]
    with here.lock("reconcile apply", "t") as notice:
        assert notice is not None and "since dawn" in notice and "has died" in notice
        assert here.read_journal() == [outcome("User/a", "1")] == remote.store(remote.clone("third")).read_journal()
        found = here.load()
        assert found is not None and found.under_way == ["sha256:1"]
    assert logged(elsewhere) == [line("User/a")] and elsewhere.read_journal() == [outcome("User/a", "1")]
    with elsewhere.lock("reconcile apply", "t"):
        elsewhere.clear_journal()
    assert elsewhere.read_journal() == []


def test_a_lock_of_another_machine_is_held_until_it_lapses_whatever_its_process_number(remote: GitWorld) -> None:
    store = remote.store()
    store.owner.acquire("reconcile apply", "t", 0)
    held = store.read_lock()
    assert held is not None
    text = remote.show("lock.json").replace(held.machine, "elsewhere").replace(f'"pid": {os.getpid()}', '"pid": 4194999')
    store.ref.publish({"lock.json": text.encode()}, "from elsewhere")
    with pytest.raises(Locked):
        remote.store().lock("reconcile apply", "t").__enter__()
    remote.clock.sleep(600)
    with remote.store().lock("reconcile apply", "t") as notice:  # another run of this machine, which has what the first one saw
        assert notice is not None and "lapsed" in notice


def test_a_machine_whose_clock_is_wrong_does_not_take_over_a_lock_that_lives(remote: GitWorld) -> None:
    """Whatever the clocks say: what lies still is old only for who has watched it."""
    first, moment = remote.store(), remote.clock.now
    for days in (-400, -1 / 130, 1 / 130, 400):
        ahead = GitStore(
            "wiki",
            "origin",
            remote.clone(f"ahead{days}"),
            environ=ENV,
            elapsed=remote.clock.elapsed,
            clock=lambda days=days: moment + timedelta(days=days),
        )  # type: ignore[misc]
        with first.lock("reconcile apply", "t"):
            for _ in range(3):
                with pytest.raises(Locked):
                    ahead.lock("reconcile apply", "t").__enter__()
                with pytest.raises(Locked):
                    ahead.save(record())
            assert not first.lost
            first.save(record(1))
        with ahead.lock("reconcile apply", "t") as notice:
            assert notice is None


def test_a_lock_that_is_renewed_is_never_taken_over_however_long_one_watches(remote: GitWorld) -> None:
    first, waited = remote.store(), 0

    def sleep(seconds: float) -> None:
        nonlocal waited
        waited += 1
        remote.clock.sleep(seconds)
        if waited % 24 == 0:
            first.renew()

    other = remote.store(remote.clone("other"), sleep=sleep)
    with first.lock("reconcile apply", "t"):
        with pytest.raises(Locked):
            other.lock("reconcile apply", "t", timeout=900).__enter__()
        assert waited == 180 and not first.lost


def test_whoever_has_seen_nothing_yet_waits_ten_minutes_and_is_told_so(remote: GitWorld) -> None:
    """A runner that is new each time: the holder's machine is gone with its lock."""
    remote.store().owner.acquire("reconcile apply", "t", 0)
    fresh = remote.store(remote.clone("fresh"))
    with pytest.raises(Locked) as caught:
        fresh.lock("reconcile apply", "t", timeout=590).__enter__()
    assert "is taken over in 10 seconds" in caught.value.remedy
    with remote.store(remote.clone("fresher")).lock("reconcile apply", "t", timeout=660) as notice:
        assert notice is not None and "seen it unchanged for 10 minutes" in notice


@pytest.mark.parametrize("kept", ["", "[]", '{"at": "x"}', '{"head": "HEAD", "boot": "another", "at": 0.0}', None])
def test_what_was_seen_before_counts_only_as_it_was_noted_since_the_machine_was_started(
    remote: GitWorld, kept: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = remote.store()
    first.owner.acquire("reconcile apply", "t", 0)
    other = remote.clone("other")
    assert remote.store(other).read_lock() is not None
    (file,) = other.glob(".git/reconcile/wiki/seen.json")
    assert file.stat().st_mode & 0o777 == 0o600
    if kept is None:
        monkeypatch.setattr("reconciler.record.watch.BOOT", ("/nowhere", "/nowhere"))
    else:
        file.write_text(kept.replace("HEAD", first.ref.head or ""))
    remote.clock.sleep(601)
    with pytest.raises(Locked):
        remote.store(other).lock("reconcile apply", "t").__enter__()


def test_a_process_that_got_a_dead_ones_number_does_not_hold_its_lock(remote: GitWorld) -> None:
    store = remote.store()
    store.owner.acquire("reconcile apply", "t", 0)
    held = store.read_lock()
    assert held is not None and held.started
    store.ref.publish({"lock.json": remote.show("lock.json").replace(held.started, "1").encode()}, "an earlier process")
    with remote.store().lock("reconcile apply", "t") as notice:
        assert notice is not None and "died" in notice


def test_a_copy_of_a_machine_takes_over_no_lock_of_the_other_one(remote: GitWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that were started from one snapshot have one name, and none of each other's processes."""
    first, copy = remote.store(), remote.clone("copy")
    first.owner.acquire("reconcile apply", "t", 0)
    monkeypatch.setattr(lease, "started", lambda pid: "another process")
    with pytest.raises(Locked):
        remote.store(copy).lock("reconcile apply", "t").__enter__()
    with remote.store().lock("reconcile apply", "t") as notice:  # in the checkout from which it was taken, it has died indeed
        assert notice is not None and "died" in notice
    assert not list(first.ref.folder.glob("*.lock"))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": "../../x"}', '{"id": 7}'])
def test_a_lock_that_makes_no_sense_is_held_until_it_is_broken(remote: GitWorld, text: str) -> None:
    store = remote.store()
    store.save(record())
    store.ref.publish({"lock.json": text.encode()}, "by hand")
    with pytest.raises(Locked, match="unknown"):
        store.lock("reconcile apply", "t").__enter__()
    store.break_lock("unreadable")
    assert store.read_lock() is None and store.load() == record()


def test_a_broken_lock_is_free_and_only_the_named_one_is_broken(remote: GitWorld) -> None:
    first, second = remote.store(), remote.store(remote.clone("other"))
    with pytest.raises(RecordError, match="not locked"):
        second.break_lock("0" * 32)
    with pytest.raises(LeaseLost), first.lock("reconcile apply", "t"):
        with pytest.raises(RecordError, match="held by"):
            second.break_lock("0" * 32)
        held = second.read_lock()
        assert held is not None
        second.break_lock(held.id)
        second.save(record(1))
        first.save(record(2))
    assert second.load() == record(1)


def test_whoever_breaks_a_lock_is_told_when_its_run_writes_no_more(remote: GitWorld) -> None:
    """A run that lives looks every two minutes; without the remote it stops by itself before its lease lapses."""
    first, second = remote.store(), remote.store(remote.clone("other"))
    first.owner.acquire("reconcile apply", "t", 0)
    held = first.owner.held
    assert held is not None and not first.lost
    said = second.break_lock(held.id)
    assert "for 2 minutes more" in said and "for 10 minutes: apply" in said
    remote.clock.sleep(481)
    assert first.lost
    third, fourth = remote.store(), remote.store(remote.clone("third"))
    third.owner.acquire("reconcile apply", "t", 0)
    held = fourth.read_lock()
    assert held is not None
    remote.clock.sleep(200)
    ended = replace(held, started="other")
    for store, lock, quiet in ((third, held, False), (third, ended, True), (fourth, ended, False)):  # only where it was taken
        assert (store.owner.quiet(lock) == "its run no longer writes") is quiet
    assert "for 7 minutes: apply" in fourth.owner.quiet(held)
    remote.clock.sleep(400)
    assert fourth.owner.quiet(held) == "its run no longer writes"
    assert "for 2 minutes more" in fourth.owner.quiet(replace(held, expires=NEVER))


def test_a_broken_lock_that_nobody_took_loses_nothing(remote: GitWorld) -> None:
    first, second = remote.store(), remote.store(remote.clone("other"))
    with first.lock("reconcile apply", "t"):
        held = second.read_lock()
        assert held is not None
        second.break_lock(held.id)
        first.renew()
        assert first.lost
        first.save(record(2))
    assert second.load() == record(2)


def test_an_error_of_the_run_is_not_hidden_by_one_of_the_locks_end(remote: GitWorld) -> None:
    with pytest.raises(ZeroDivisionError) as caught, remote.store().lock("reconcile apply", "t"):
        remote.bare.rename(remote.bare.with_name("away"))
        raise ZeroDivisionError
    assert "is kept in" in caught.value.__notes__[0]


def test_a_save_on_top_of_what_another_changed_is_refused(remote: GitWorld) -> None:
    first, second = remote.store(), remote.store(remote.clone("other"))
    first.load()
    second.save(record(1))
    with pytest.raises(RecordError, match="changed by another run"):
        first.save(record(2))
    assert second.load() == record(1)


def test_lines_written_without_a_lock_are_kept_too(remote: GitWorld) -> None:
    store = remote.store()
    store.log([line("User/a")])
    store.log([line("User/a", "update")])
    store.journal(outcome("User/a", "1"))
    assert sorted(row["provisioningAction"] for row in store.read_log()) == ["create", "update"]
    assert remote.store().read_journal() == [outcome("User/a", "1")]
    store.clear_journal()
    assert remote.store().read_journal() == []


def test_a_lost_answer_of_a_push_is_no_lost_race(remote: GitWorld) -> None:
    """The push arrived, but what came back says that it failed."""
    store = remote.store()
    store.load()
    pushing = store.ref.repository.pushing

    class Lossy:
        def run(self, *arguments: str) -> Any:
            from dataclasses import replace

            return replace(pushing.run(*arguments), code=1, errors="fatal: the remote end hung up unexpectedly")

    store.ref.repository.pushing = Lossy()  # type: ignore[assignment]
    store.save(record())
    assert remote.store().load() == record()


# Races


def _racer(folder: Path, name: str, rounds: int, gate: Barrier, results: Any) -> None:
    """Each round: both try at once; who has the lock writes while the other knows that it has lost."""
    for number in range(rounds):
        store = GitStore("wiki", "origin", folder, environ=ENV)
        gate.wait()
        try:
            with store.lock("reconcile apply", name):
                gate.wait()
                found = store.load() or Record("wiki")
                found.entries[f"User/{number}"] = {"id": name}
                found.under_way = [str(number)]
                store.save(found)
                store.journal(outcome(f"User/{number}", name))
                found.under_way = []
                store.save(found)
                store.clear_journal()
                store.log([line(f"User/{number}")])
            results.put((number, name))
        except Locked:
            gate.wait()
        gate.wait()


@pytest.mark.parametrize("shared", [False, True], ids=["two machines", "one checkout"])
def test_of_two_writers_at_once_exactly_one_wins_and_nothing_is_lost(remote: GitWorld, shared: bool) -> None:
    context = multiprocessing.get_context("spawn")
    gate, results = context.Barrier(2, timeout=120), context.SimpleQueue()
    rounds = RACES // 4 if shared else RACES - RACES // 4
    folders = [remote.checkout, remote.checkout if shared else remote.clone("other")]
    racers = [
        context.Process(target=_racer, args=(folder, name, rounds, gate, results))
        for folder, name in zip(folders, "ab", strict=True)
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert [racer.exitcode for racer in racers] == [0, 0]
    won = []
    while not results.empty():
        won.append(results.get())
    assert sorted(number for number, _ in won) == list(range(rounds))
    store = remote.store()
    found = store.load()
    assert found is not None and {a: e["id"] for a, e in found.entries.items()} == {f"User/{n}": name for n, name in won}
    assert len(store.read_log()) == rounds and store.read_journal() == []
    assert sum("locked by" in message for message in remote.log()) == rounds


def test_writers_that_wait_all_get_their_turn(remote: GitWorld) -> None:
    folders = [remote.clone(f"c{number}") for number in range(3)]
    pause = threading.Event()

    def write(folder: Path) -> None:
        for number in range(4):
            store = GitStore("wiki", "origin", folder, environ=ENV, sleep=lambda seconds: pause.wait(0.01) and None)
            with store.lock("reconcile apply", "t", timeout=300):
                found = store.load() or Record("wiki")
                found.entries[f"User/{folder.name}-{number}"] = {"id": "1"}
                store.save(found)

    threads = [threading.Thread(target=write, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = remote.store().load()
    assert found is not None and len(found.entries) == 12


# What a person does once in a while


def test_pruning_cuts_the_past_and_keeps_the_present(remote: GitWorld) -> None:
    store = remote.store()
    for count in range(1, 6):
        store.save(record(count))
        remote.clock.sleep(100 * 86400)
    store.log([line("User/a")])
    before = git(remote.bare, "rev-parse", "refs/reconcile/wiki^{tree}")
    dates = git(remote.bare, "log", "-4", "--format=%s %aI", "refs/reconcile/wiki")
    other = remote.store(remote.clone("other", "--depth=1"))
    assert other.prune(250, remote.clock()) == 2
    assert git(remote.bare, "rev-parse", "refs/reconcile/wiki^{tree}") == before
    assert git(remote.bare, "log", "--format=%s %aI", "refs/reconcile/wiki") == dates
    assert other.prune(250, remote.clock()) == 0
    remote.clock.now += timedelta(days=1000)
    assert other.prune(250, remote.clock()) == 3 and len(remote.log()) == 1
    assert store.load() == record(5) and logged(store) == [line("User/a")]
    store.save(record(6))
    assert other.load() == record(6)


def test_pruning_where_there_is_nothing_cuts_nothing(remote: GitWorld) -> None:
    assert remote.store().prune(1, remote.clock()) == 0


def test_a_record_moves_both_ways_with_its_journal_and_log(remote: GitWorld, tmp_path: Path) -> None:
    local, store = LocalStore(tmp_path / "local", "wiki"), remote.store()
    rows = [line("User/a", at="2025-01-01T00:00:00Z"), line("User/b")]
    local.save(record())
    local.journal(outcome("User/a", "1"))
    local.log(rows)
    pairs: list[tuple[Store, Store]] = [(local, store), (store, local), (local, store)]
    for source, target in pairs:
        assert migrate(source, target, "2026-06-02T00:00:00Z") == 3
        assert target.load() == record() and logged(target) == rows
        assert target.read_journal() == [outcome("User/a", "1")]
        assert source.load() is None and source.read_log() == [] == source.read_journal()
    assert (tmp_path / "local/wiki.moved-2/record.json").exists()
    assert any(path.startswith("log/2025-01/") for path in remote.files())


def test_a_record_is_moved_over_no_other_and_from_nowhere(remote: GitWorld, tmp_path: Path) -> None:
    local, store = LocalStore(tmp_path / "local", "wiki"), remote.store()
    with pytest.raises(RecordError, match="no record"):
        migrate(local, store, "t")
    local.save(record(1))
    store.save(record(2))
    with pytest.raises(RecordError, match="already"):
        migrate(local, store, "t")
    assert local.load() == record(1) and store.load() == record(2)
