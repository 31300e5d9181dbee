"""Applies of several apps at a time, against real services: each under its own lock, told in order, failing alone."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from uuid import uuid4

import pytest

from tests.support.gitworld import GitWorld, git
from tests.support.servers import Answer, Call, Desk, Front, ended, front, scim_server

APPLY = ("apply", "--auto-approve", "--jobs", "3")


@pytest.fixture(scope="module")
def services() -> Iterator[str]:
    with scim_server() as url:
        yield url


class Three:
    """Apps ant, bee and wiki, of which the first answers no write before the last has had all of its own."""

    def __init__(self, folder: Path, services: str) -> None:
        self.paths = {name: f"/{uuid4().hex}/v2" for name in ("ant", "bee", "wiki")}
        self.all_written, self.began, self.late = Event(), Event(), 0
        self.front = front(self._decide, services)
        self.desk = Desk(folder, "")

    def begin(self, server: Front) -> Desk:
        self.server, self.desk.url = server, server.url + self.paths["wiki"]
        for name, path in self.paths.items():
            self.desk.environ[f"{name.upper()}_URL"] = server.url + path
            self.desk.environ[f"{name.upper()}_TOKEN"] = self.desk.environ["WIKI_TOKEN"]
            for file in sorted((self.desk.folder / "desired/apps/wiki").iterdir()):
                text = file.read_text(encoding="utf-8").replace("app: wiki", f"app: {name}").replace("WIKI_", f"{name.upper()}_")
                self.desk.write(f"apps/{name}/{file.name}", text)
        return self.desk

    def _decide(self, call: Call) -> Answer | None:
        if call.method == "GET":
            return None
        if call.path.startswith(self.paths["wiki"]) and len(self.written("wiki")) == 2:
            self.all_written.set()
        elif call.path.startswith(self.paths["ant"]):
            self.began.set()
            self.late += not self.all_written.wait(30)
        return None

    def written(self, name: str) -> list[str]:
        return [call.path for call in self.server.writes if call.path.startswith(self.paths[name])]


@pytest.fixture
def three(tmp_path: Path, services: str) -> Iterator[Three]:
    found = Three(tmp_path / "desk", services)
    with found.front as server:
        found.begin(server)
        yield found


def test_apps_are_written_side_by_side_and_told_in_order_and_one_fails_alone(three: Three) -> None:
    three.desk.environ["BEE_TOKEN"] = "not-the-token"
    bee = three.paths["bee"]
    decide, three.server.decide = three.server.decide, lambda call: Answer(401) if call.path.startswith(bee) else decide(call)
    ran = three.desk.reconcile(*APPLY, "--report", "report.md")
    assert ran.code == 1 and three.late == 0
    said = [line for line in ran.out.splitlines() if line.startswith(("done", "Applied"))]
    one = [f"done     create {address}" for address in ("User/ada@x.org", "User/grace@x.org", "Group/Net")]
    assert said == [*one, "Applied 3 of 3 changes to ant.", *one, "Applied 3 of 3 changes to wiki."]
    assert "401" in ran.err and three.written("bee") == []
    report = (three.desk.folder / "report.md").read_text(encoding="utf-8")
    assert report.index("changes to ant") < report.index("401") < report.index("changes to wiki")
    assert all("not locked" in line for line in three.desk.reconcile("lock").out.splitlines())


def test_saved_plans_of_several_apps_are_written_side_by_side(three: Three) -> None:
    assert three.desk.reconcile("plan", "--out", "plan.json").code == 0
    ran = three.desk.reconcile("apply", "plan.json", "--jobs", "3")
    assert ran.code == 0 and three.late == 0
    assert [line.split()[-1] for line in ran.out.splitlines() if line.startswith("Applied")] == ["ant.", "bee.", "wiki."]


def test_one_job_is_one_app_after_another(three: Three) -> None:
    three.all_written.set()
    assert three.desk.reconcile("apply", "--auto-approve", "--jobs", "1").code == 0
    order = [call.path.split("/")[1] for call in three.server.writes]
    assert order == sorted(order, key=[path.split("/")[1] for path in three.paths.values()].index)


def test_an_interrupt_ends_the_writes_under_way_of_every_app_and_leaves_no_lock(three: Three) -> None:
    process = three.desk.start(*APPLY[:-1], "2")
    assert three.began.wait(30)
    process.send_signal(signal.SIGTERM)
    three.all_written.set()
    ran = ended(process)
    assert ran.code == 130 and "not begun: wiki" in ran.err and three.written("wiki") == []
    assert all("not locked" in line for line in three.desk.reconcile("lock").out.splitlines())
    assert three.desk.reconcile(*APPLY).code == 0
    assert {len(three.written(name)) for name in three.paths} == {4}  # nothing was written twice


def test_apps_whose_records_are_in_one_repository_are_written_side_by_side(tmp_path: Path, services: str) -> None:
    world = GitWorld(tmp_path / "git")
    three = Three(world.checkout, services)
    three.desk.write("reconciler.yaml", "record: {backend: git, remote: origin}\n")
    with three.front as server:
        three.begin(server)
        git(world.checkout, "add", "desired")
        git(world.checkout, "commit", "--quiet", "-m", "declared")
        ran = three.desk.reconcile(*APPLY)
        assert ran.code == 0 and three.late == 0, ran
        assert three.desk.reconcile("plan", "--detailed-exitcode").code == 0
        assert len(git(world.bare, "for-each-ref", "--format=%(refname)").splitlines()) >= 3


def test_a_second_interrupt_leaves_at_once_and_the_next_apply_does_the_rest(three: Three) -> None:
    process = three.desk.start(*APPLY)
    assert three.began.wait(30)
    process.send_signal(signal.SIGTERM)
    assert process.stderr is not None
    while b"press Ctrl-C again" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGTERM)
    assert ended(process).code == 130 and three.late == 0
    three.all_written.set()
    assert three.desk.reconcile(*APPLY).code == 0
    assert three.desk.reconcile("plan", "--detailed-exitcode").code == 0


def test_a_person_is_put_out_of_several_apps_at_a_time(three: Three) -> None:
    three.all_written.set()
    assert three.desk.reconcile(*APPLY).code == 0
    out = Event()

    def decide(call: Call) -> Answer | None:
        if call.method == "PATCH" and call.path.startswith(three.paths["wiki"]):
            out.set()
        elif call.method == "PATCH":
            three.late += not out.wait(30)
        return None

    three.server.decide = decide
    ran = three.desk.reconcile("revoke", "ada@x.org", "--auto-approve", "--jobs", "3")
    assert ran.code == 0 and three.late == 0
    assert {call.path.split("/")[1] for call in three.server.writes if call.method == "PATCH"} == {
        path.split("/")[1] for path in three.paths.values()
    }
