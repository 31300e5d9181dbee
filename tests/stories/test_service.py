"""`reconcile run` as a process: its clocks, its end, the remote's head, and what apply, status and restart know of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.support.gitworld import ENV, GitWorld, git
from tests.support.mailbox import mailbox
from tests.support.rounds import declare, staff
from tests.support.servers import COMMAND, ROOT, Answer, Call, Desk, answer, front, scim_server

SECONDS = 150.0  # that a process may take until it says something: an app that is held is tried again after a minute


class Running:
    """A `reconcile run` under way, whose events are read one after the other."""

    def __init__(self, desk: Desk, *arguments: str, folder: Path | None = None, **environ: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *COMMAND, "run", "--log-format", "json", *arguments],
            cwd=folder or desk.folder,
            env=desk.environ | environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.seen: list[dict[str, Any]] = []

    def until(self, kind: str, **data: Any) -> dict[str, Any]:
        """The next event of this kind that holds these values."""
        assert self.process.stdout is not None
        watch = threading.Timer(SECONDS, self.process.kill)
        watch.start()
        try:
            for line in self.process.stdout:
                event: dict[str, Any] = json.loads(line)
                self.seen.append(event)
                if event["event"] == kind and all(event.get(name) == value for name, value in data.items()):
                    return event
        finally:
            watch.cancel()
        raise AssertionError((kind, data, self.seen, self.process.communicate()))

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        out, errors = self.process.communicate(timeout=SECONDS)
        self.seen += [json.loads(line) for line in out.splitlines()]
        assert "Traceback" not in errors, errors
        return self.process.returncode


@pytest.fixture
def running(request: pytest.FixtureRequest) -> Iterator[list[Running]]:
    """Whatever a test began is ended."""
    begun: list[Running] = []
    yield begun
    for item in begun:
        if item.process.poll() is None:
            item.process.kill()
        item.process.communicate()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with scim_server() as service:
        yield Desk(tmp_path, f"{service}/{uuid4().hex}/v2")


def test_every_interval_what_changed_is_done_and_each_line_is_an_event_of_a_cycle(desk: Desk, running: list[Running]) -> None:
    run = Running(desk, "--interval", "1s")
    running.append(run)
    first = run.until("cycleEnded")
    assert (first["kind"], first["result"], first["written"]) == ("initial", "success", {"create": 3})
    desk.people("ada@x.org, jobTitle: Architect", "grace@x.org")
    second = run.until("cycleEnded", written={"update": 1})
    assert second["kind"] == "incremental" and second["cycle"] != first["cycle"]
    assert run.end() == 0
    assert {"at", "level", "event", "message"} <= set.intersection(*(set(event) for event in run.seen))
    assert all(event["cycle"] for event in run.seen if event["event"] == "cycleEnded")


def test_an_app_that_hangs_delays_no_other(desk: Desk, running: list[Running]) -> None:
    free = threading.Event()

    def hang(call: Call) -> Answer | None:
        free.wait(SECONDS)
        return answer(503, {})

    with front(hang) as server:
        desk.zoo(f"{server.url}/v2")
        run = Running(desk, "--interval", "1s")
        running.append(run)
        ended = [run.until("cycleEnded")["app"] for _ in range(3)]
        assert ended == ["wiki"] * 3
        run.process.kill()
        free.set()


def test_sigterm_lets_the_write_under_way_end_and_begins_no_other(desk: Desk, running: list[Running]) -> None:
    """The journal and the record are true, the exit is in order, and the next cycle does the rest, nothing twice."""
    begun, free = threading.Event(), threading.Event()

    def slow(call: Call) -> Answer | None:
        if call.method == "POST":
            begun.set()
            free.wait(SECONDS)
        return None

    declare(desk, staff(30))
    service, _, tenant = desk.url.partition("/v2")[0].rpartition("/")
    with front(slow, service) as server:
        desk.environ["WIKI_URL"] = f"{server.url}/{tenant}/v2"
        run = Running(desk, "--interval", "1h")
        running.append(run)
        assert begun.wait(SECONDS)
        run.process.send_signal(signal.SIGTERM)
        run.until("stopping")
        free.set()
        stopped = run.until("cycleEnded")
        assert "was stopped" in stopped["message"] and run.until("ended")
        assert run.process.wait(SECONDS) == 0
        made = len([call for call in server.writes if call.path.endswith("/Users")])
        assert 0 < made < 30 and stopped["left"] == 31 - made  # thirty people and their group
        assert f"; {31 - made} changes left to the next cycle" in desk.reconcile("status").out
        assert json.loads((desk.folder / ".reconcile/wiki/record.json").read_text())["service"]["cycle"]["result"] == "partial"
        assert desk.reconcile("run", "--once").code == 0
        assert len([call for call in server.writes if call.method == "POST" and call.path.endswith("/Users")]) == 30


def test_a_service_that_is_killed_is_gone_on_with_and_creates_nobody_twice(desk: Desk, running: list[Running]) -> None:
    begun, free, seen = threading.Event(), threading.Event(), []

    def slow(call: Call) -> Answer | None:
        if call.method == "POST":
            seen.append(call)
            if len(seen) > 5:
                begun.set()
                free.wait(1.0)  # until the test goes on: the process is dead then
        return None

    declare(desk, staff(20))
    service, _, tenant = desk.url.partition("/v2")[0].rpartition("/")
    with front(slow, service) as server:
        desk.environ["WIKI_URL"] = f"{server.url}/{tenant}/v2"
        run = Running(desk)
        running.append(run)
        assert begun.wait(SECONDS)
        run.process.kill()
        free.set()
        run.process.wait(SECONDS)
        again = desk.reconcile("run", "--once", "--lock-timeout", "30")
        assert again.code == 0, again
        names = [desk.find(name) for name in staff(20)]
        assert [len(found) for found in names] == [1] * 20


def test_apply_status_and_restart_know_a_quarantine(desk: Desk) -> None:
    assert desk.reconcile("run", "--once").code == 0
    failed = desk.reconcile("run", "--once", WIKI_TOKEN="another")
    assert failed.code == 1 and "in quarantine (EncounteredQuarantineException)" in failed.out
    shown = desk.reconcile("status")
    assert shown.code == 1 and "wiki: quarantined" in shown.out
    applied = desk.reconcile("apply", "--auto-approve")
    assert applied.code == 0 and "is in quarantine since" in applied.err and "this continues" in applied.err
    ended = desk.reconcile("restart", "--scope", "quarantine")
    assert ended.code == 0 and "is over" in ended.out
    again = desk.reconcile("status", "--format", "json")
    assert again.code == 0 and json.loads(again.out)["apps"][0]["quarantine"] is None


@pytest.mark.parametrize("arguments", [("--interval", "0s"), ("--interval", "forty"), ("--grace", "-1s"), ("--poll", "5")])
def test_what_is_not_a_time_is_wrong_usage(desk: Desk, arguments: tuple[str, str]) -> None:
    assert desk.reconcile("run", *arguments).code == 64


# The remote


@pytest.fixture
def remote(tmp_path: Path, desk: Desk) -> GitWorld:
    """The desk's declarations in a checkout, with the record in Git."""
    found = GitWorld(tmp_path / "git")
    desk.write("reconciler.yaml", "record: {backend: git, remote: origin}\n")
    shutil.copytree(desk.folder / "desired", found.checkout / "desired")
    desk.environ |= {name: ENV[name] for name in ("GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL")}
    git(found.checkout, "add", "desired")
    git(found.checkout, "commit", "--quiet", "-m", "declared")
    git(found.checkout, "push", "--quiet", "origin", "main")
    return found


def merge(remote: GitWorld, path: str, text: str, name: str = "other") -> None:
    """Somebody else's commit on the remote's main branch."""
    clone = remote.bare.parent / name
    if not clone.exists():
        remote.clone(name)
    git(clone, "pull", "--quiet", "--ff-only")
    (clone / path).write_text(text)
    git(clone, "commit", "--quiet", "--all", "-m", "a change")
    git(clone, "push", "--quiet", "origin", "main")


def test_a_leaver_who_is_merged_is_out_before_the_interval_is_over(desk: Desk, remote: GitWorld, running: list[Running]) -> None:
    run = Running(desk, "--pull", "--poll", "1s", "--interval", "1h", folder=remote.checkout)
    running.append(run)
    assert run.until("cycleEnded")["result"] == "success"
    merge(remote, "desired/directory/groups/a.yaml", "groups: [{displayName: Net, members: [grace@x.org]}]\n")
    assert "wiki" in run.until("pulled")["message"]
    back = run.until("readBack")
    assert 0 <= back["seconds"] < SECONDS and desk.find("ada@x.org")[0]["active"] is False
    assert run.until("cycleEnded")["commit"] == back["commit"] == git(remote.bare, "rev-parse", "main").strip()

    (remote.checkout / "desired/directory/groups/a.yaml").write_text("groups: []\n")
    merge(remote, "file", "another")
    assert "not committed" in run.until("notPulled")["message"]
    assert run.end() == 0


def test_no_cycle_is_of_what_was_edited_since_the_remote_was_looked_at(
    desk: Desk, remote: GitWorld, running: list[Running]
) -> None:
    run = Running(desk, "--pull", "--poll", "1h", "--interval", "1s", folder=remote.checkout)
    running.append(run)
    assert run.until("cycleEnded")["result"] == "success"
    (remote.checkout / "desired/directory/groups/a.yaml").write_text("groups: []\n")
    assert "not as merged" in run.until("held")["message"]
    assert "not committed" in run.until("notPulled")["message"]  # at once, and not an hour later
    assert desk.find("ada@x.org")[0]["active"] is True and run.end() == 0


def test_a_leaver_waits_for_no_read_of_everything(remote: GitWorld, tmp_path: Path, running: list[Running]) -> None:
    """It hangs here, in the second cycle; a slow service would take its hours."""
    held, free = threading.Event(), threading.Event()
    hangs = [False]

    def slow(call: Call) -> Answer | None:
        if hangs[0] and "startIndex" in call.query:
            held.set()
            free.wait(SECONDS)
        return None

    with scim_server() as service, front(slow, service) as server:
        desk = Desk(tmp_path / "slow", f"{server.url}/{uuid4().hex}/v2")
        desk.environ |= {name: ENV[name] for name in ("GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL")}
        run = Running(desk, "--pull", "--poll", "1s", "--interval", "1s", folder=remote.checkout)
        running.append(run)
        assert run.until("cycleEnded")["result"] == "success"
        hangs[0] = True
        assert held.wait(SECONDS)
        merge(remote, "desired/directory/groups/a.yaml", "groups: [{displayName: Net, members: [grace@x.org]}]\n")
        run.until("cutOff")
        assert run.until("readBack")["seconds"] < SECONDS and desk.find("ada@x.org")[0]["active"] is False
        assert not free.is_set()
        free.set()
        run.until("cycleEnded")
        assert run.end() == 0


def kept_here(desk: Desk, remote: GitWorld) -> str:
    """The record lies on this machine; returns the checkout's folder, from the desk's."""
    (remote.checkout / "desired/reconciler.yaml").write_text("record: {backend: local, path: ../kept}\n")
    git(remote.checkout, "commit", "--quiet", "--all", "-m", "kept here")
    git(remote.checkout, "push", "--quiet", "origin", "main")
    return str(remote.checkout.relative_to(desk.folder))


def test_a_remote_that_cannot_be_reached_fails_a_run_by_hand_and_is_seen_in_status(desk: Desk, remote: GitWorld) -> None:
    """What was merged until now is done all the same; the record lies on this machine."""
    here = kept_here(desk, remote)
    remote.bare.rename(remote.bare.with_name("gone.git"))
    ran = desk.reconcile("run", "--pull", "--once", cwd=here)
    assert ran.code == 1 and "[RemoteUnreachable]" in ran.out and "initial cycle ended" in ran.out, ran
    assert "RemoteUnreachable since" in desk.reconcile("status", cwd=here).out
    remote.bare.with_name("gone.git").rename(remote.bare)
    assert desk.reconcile("run", "--pull", "--once", cwd=here).code == 0
    assert "RemoteUnreachable" not in desk.reconcile("status", cwd=here).out


def test_what_repairs_declarations_is_pulled_before_anybody_gives_up(desk: Desk, remote: GitWorld) -> None:
    """As after a restart, or in a job of cron: no cycle could begin, and so nothing else would ever pull it."""
    file = "desired/apps/wiki/app.yaml"
    right = (remote.checkout / file).read_text()
    merge(remote, file, "app: wiki\n")
    git(remote.checkout, "pull", "--quiet", "--ff-only", "origin", "main")
    ran = desk.reconcile("run", "--pull", "--once", cwd=remote.checkout)
    assert ran.code == 1 and "adminCredentials" in ran.err and not desk.find("ada@x.org"), ran
    merge(remote, file, right)
    ran = desk.reconcile("run", "--pull", "--once", cwd=remote.checkout)
    assert ran.code == 0 and "which touches wiki" in ran.out and desk.find("ada@x.org"), ran


def test_settings_with_errors_end_no_run_and_are_one_mail_however_often_it_is_started(desk: Desk, remote: GitWorld) -> None:
    app, file, right = "desired/apps/wiki/app.yaml", "desired/reconciler.yaml", "record: {backend: git, remote: origin}\n"
    merge(remote, app, (remote.checkout / app).read_text() + "notification: {email: [ops@example.com]}\n")
    merge(remote, file, "record: {backend: git, remote: origin, path: kept}\n")
    with mailbox() as box:
        desk.environ["RECONCILE_SMTP_URL"] = box.url
        git(remote.checkout, "pull", "--quiet", "--ff-only", "origin", "main")
        for _ in range(2):
            ran = desk.reconcile("run", "--once", cwd=remote.checkout)
            assert ran.code == 1 and "path has no meaning" in ran.err and "InvalidDeclaration" in ran.out, ran
        merge(remote, file, right)
        assert desk.reconcile("run", "--pull", "--once", cwd=remote.checkout).code == 0
        assert box.subjects == [
            "[reconcile] wiki: the whole app could not be provisioned (InvalidDeclaration)",
            "[reconcile] wiki: over: a failure (InvalidDeclaration)",
        ]


def two_apps_tell(desk: Desk, remote: GitWorld) -> None:
    """Both by mail to the same address; it is not committed yet."""
    desk.zoo(desk.url)
    shutil.copytree(desk.folder / "desired/apps/zoo", remote.checkout / "desired/apps/zoo")
    for app in (remote.checkout / "desired/apps").glob("*/app.yaml"):
        app.write_text(app.read_text() + "notification: {email: [ops@example.com]}\n")
    git(remote.checkout, "add", "desired")


def test_a_merge_that_breaks_what_all_apps_share_is_one_mail_and_its_repair_one_more(
    desk: Desk, remote: GitWorld, running: list[Running]
) -> None:
    two_apps_tell(desk, remote)
    applied_in_turn(desk, kept_here(desk, remote))
    with mailbox() as box:
        run = Running(desk, "--pull", "--poll", "1s", "--interval", "1h", folder=remote.checkout, RECONCILE_SMTP_URL=box.url)
        running.append(run)
        assert {run.until("cycleEnded")["app"] for _ in range(2)} == {"wiki", "zoo"}
        file = "desired/directory/groups/a.yaml"
        right = (remote.checkout / file).read_text()
        merge(remote, file, "groups: [{displayName: Net, members: [nobody@x.org]}]\n")
        assert [run.until("cycleEnded")["result"] for _ in range(2)] == ["failed", "failed"]
        merge(remote, file, right)
        assert [run.until("cycleEnded")["result"] for _ in range(2)] == ["success", "success"]
        assert run.end() == 0
        assert box.subjects == [
            "[reconcile] 2 apps: no app can be provisioned (InvalidDeclaration)",
            "[reconcile] 2 apps: over: a failure (InvalidDeclaration)",
        ]


def applied_in_turn(desk: Desk, here: str) -> None:
    """Both apps have the same accounts on one service: side by side they would create them in each other's way."""
    for app in ("wiki", "zoo"):
        assert desk.reconcile("apply", "--auto-approve", "--app", app, cwd=here).code == 0


def page(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=SECONDS) as reply:
        return str(reply.read().decode())


def test_while_a_remote_hangs_cycles_go_on_and_log_status_metrics_and_a_mail_say_so(
    desk: Desk, remote: GitWorld, running: list[Running], tmp_path: Path
) -> None:
    """It takes the connection of `git ls-remote` and never answers. Both apps suffer from it, and one mail says so."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text("import reconciler.service.pull as pull\npull.SECONDS = 0.5\n")
    two_apps_tell(desk, remote)
    here, origin = kept_here(desk, remote), git(remote.checkout, "remote", "get-url", "origin").strip()
    applied_in_turn(desk, here)
    with mailbox() as box, socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        run = Running(
            desk, "--pull", "--poll", "1s", "--interval", "1s", "--listen", f"127.0.0.1:{port}", folder=remote.checkout,
            PYTHONPATH=f"{tmp_path}/site:{ROOT}", RECONCILE_SMTP_URL=box.url,
        )  # fmt: skip
        running.append(run)
        assert run.until("cycleEnded")["result"] == "success"
        git(remote.checkout, "remote", "set-url", "origin", f"http://127.0.0.1:{silent.getsockname()[1]}/remote.git")
        assert "`git ls-remote` has not answered for" in run.until("notPulled")["message"]
        assert [run.until("cycleEnded")["result"] for _ in range(4)] == ["success"] * 4
        assert 'reconcile_pull_failing{reason="RemoteUnreachable"} 1.0' in page(port, "/metrics")
        assert "RemoteUnreachable" in page(port, "/readyz") and page(port, "/healthz") == "alive\n"
        run.until("notified")
        assert box.subjects == ["[reconcile] 2 apps: what is merged does not arrive (RemoteUnreachable)"]
        assert "RemoteUnreachable since" in desk.reconcile("status", cwd=here).out
        git(remote.checkout, "remote", "set-url", "origin", origin)
        assert run.until("pulledAgain")
        assert 'reconcile_pull_failing{reason="RemoteUnreachable"} 0.0' in page(port, "/metrics")
        assert run.end() == 0
    assert "RemoteUnreachable" not in desk.reconcile("status", cwd=here).out


def test_a_second_clone_that_fetched_the_record_shows_the_same_status(desk: Desk, remote: GitWorld) -> None:
    here = str(remote.checkout.relative_to(desk.folder))
    assert desk.reconcile("run", "--once", cwd=here).code == 0
    there = remote.clone("second")
    git(there, "fetch", "--quiet", "origin", "refs/reconcile/*:refs/reconcile/*")
    clone = str(there.relative_to(desk.folder))
    (mine,), (theirs,) = (
        json.loads(desk.reconcile("status", "--format", "json", cwd=folder).out)["apps"] for folder in (here, clone)
    )
    assert theirs["cycle"] == mine["cycle"] and theirs["lastSuccess"] == mine["cycle"]["ended"] and theirs["health"] == "healthy"
    assert desk.reconcile("run", "--once", cwd=here, WIKI_TOKEN="another").code == 1
    shown = desk.reconcile("status", cwd=clone)
    assert shown.code == 1 and "wiki: quarantined" in shown.out and "EncounteredQuarantineException" in shown.out


def test_a_service_whose_log_nobody_reads_any_more_ends_in_order(desk: Desk) -> None:
    """As in `reconcile run | head -1`, and on a disk without room: in the same way, and said to be so."""
    gone, pipe = os.pipe()
    os.close(gone)
    for out, why in ((pipe, "Broken pipe"), (os.open("/dev/full", os.O_WRONLY), "No space left on device")):
        ran = subprocess.run(
            [sys.executable, *COMMAND, "run", "--interval", "1h"], cwd=desk.folder, env=desk.environ,
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, text=True, timeout=SECONDS,
        )  # fmt: skip
        os.close(out)
        assert ran.returncode == 1 and f"the log could not be written ({why}): the service has ended in order" in ran.stderr, ran
        assert "--listen" not in ran.stderr and "Traceback" not in ran.stderr
    assert desk.find("ada@x.org") == [], "its first line is lost already: nobody would hear of a cycle"


def test_an_app_comes_and_goes_while_the_service_runs(desk: Desk, running: list[Running]) -> None:
    desk.zoo(desk.url)
    zoo, away = desk.folder / "desired/apps/zoo", desk.folder / "zoo"
    zoo.rename(away)
    run = Running(desk, "--interval", "1s")
    running.append(run)
    assert run.until("cycleEnded")["app"] == "wiki"
    away.rename(zoo)
    assert run.until("cycleEnded", app="zoo")["result"] == "success"
    zoo.rename(away)
    assert "no longer declared" in run.until("removed", app="zoo")["message"]
    assert run.until("cycleEnded", app="wiki")["result"] == "success"
    assert run.end() == 0 and not [event for event in run.seen if event["level"] == "error"]


# What the machine is told


def test_systemd_hears_that_it_is_ready_alive_and_stopping(desk: Desk, running: list[Running], tmp_path: Path) -> None:
    heard: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))

        def listen() -> None:
            while "STOPPING=1" not in heard:
                heard.append(listener.recv(100).decode())

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        run = Running(desk, "--interval", "1h", NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="200000")
        running.append(run)
        run.until("cycleEnded")
        assert run.end() == 0
        thread.join(SECONDS)
    assert (heard[0], heard[-1]) == ("READY=1", "STOPPING=1") and set(heard[1:-1]) == {"WATCHDOG=1"}
