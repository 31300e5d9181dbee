"""Codes that no world of the corpus shows: it takes a port that is taken, a machine that gives nothing, or a great number."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest

from reconciler.cli import apps, demo
from reconciler.cli.main import run
from reconciler.cycle import not_listed
from tests.benchmarks.generate_apps import declare_apps
from tests.support.servers import Desk, scim_server
from tests.support.world import World


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with scim_server() as service:
        yield Desk(tmp_path, f"{service}/{uuid4().hex}/v2")


def ended(text: str, code: str) -> str:
    """The line that ends in this code."""
    (line,) = re.findall(rf"^(?:Error|Warning): .*\[{code}\]$", text, re.MULTILINE)
    return str(line)


def test_an_address_that_is_taken(desk: Desk) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ran = desk.reconcile("run", "--once", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert ran.code == 1 and ended(ran.err, "CannotListen") == "Error: --listen: Address already in use [CannotListen]"
    assert "choose another address or port" in ran.err and desk.find("ada@x.org") == []


def test_a_machine_that_has_no_process_left(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(desk.folder)
    monkeypatch.setattr("reconciler.service.loop.Loop.survey", lambda loop: SimpleNamespace(problems="", is_wrong=False, apps={}))

    def full(loop: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("reconciler.service.loop.Loop.run", full)
    assert run(["run", "--once"]) == 1
    assert "cannot go on: Resource temporarily unavailable" in ended(capsys.readouterr().err, "CannotContinue")


def test_more_apps_than_a_matrix_has_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(apps, "MOST_JOBS", 2)
    declare_apps(tmp_path / "desired", 3, 1, 1)
    monkeypatch.chdir(tmp_path)
    assert run(["apps", "--format", "json"]) == 0
    said = capsys.readouterr().err
    assert "at most 2 jobs of one matrix, and these are 3" in ended(said, "TooManyJobs") and "--shard K/2" in said


def test_a_demo_without_a_server(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(demo, "install", lambda: "pip install scim-reconciler[demo]")
    assert run(["demo"]) == 1
    said = capsys.readouterr().err
    assert ended(said, "DemoFailed") == "Error: scim2-server is not installed [DemoFailed]" and "pip install" in said


def test_a_service_that_has_lost_what_the_record_knows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(not_listed, "MOST", 1)
    world.apply()
    for name in ("ada@x.org", "grace@x.org"):
        world.client.delete("Users", world.find(name)["id"])
    plan = world.plan()
    (text,) = (item.text for item in plan.warnings if item.code == "RecordedMissing")
    assert text.startswith("of 2 accounts in the record the list shows 0; none of 1 others")
