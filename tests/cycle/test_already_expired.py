"""What validate says of new assignments that have ended already: by the commit before this change, else until the first apply."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cycle.already_expired import check_expired
from reconciler.declare.load import load
from reconciler.record.local import LocalStore
from tests.support.gitworld import GitWorld, git
from tests.support.servers import Desk

ROW = "  - {user: ada@x.org, role: User, expires: 2026-05-31}\n"
OTHER = "  - {user: grace@x.org, role: Admin, expires: 2025-01-31}\n"


def said(desk: Desk, *rows: str, today: str = "2026-06-01") -> list[str]:
    desk.write("apps/wiki/assignments.yaml", "assignments:\n" + "".join(rows))
    problems = list(check_expired(load(Path("desired")).declarations, today))
    assert {(item.severity, item.code) for item in problems} <= {("warning", "expired-already")}
    return [f"{item.place.file}:{item.place.line} {item.message}" for item in problems]


def test_one_that_the_commit_before_does_not_have_is_a_warning_at_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = GitWorld(tmp_path).checkout
    desk = Desk(checkout, "http://127.0.0.1:1/v2")
    monkeypatch.chdir(checkout)
    monkeypatch.delenv("GITHUB_EVENT_NAME", raising=False)
    assert said(desk, ROW, today="2026-05-31") == []
    desk.write("apps/wiki/assignments.yaml", f"assignments:\n{ROW}")
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "-m", "before")
    new = "desired/apps/wiki/assignments.yaml:3 this assignment is new, and ended on 2025-01-31: it gives nothing to anybody"
    assert said(desk, ROW, OTHER) == [new]


def test_without_a_commit_each_is_new_until_the_app_was_applied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path, "http://127.0.0.1:1/v2")
    monkeypatch.chdir(tmp_path)
    assert len(said(desk, ROW, OTHER)) == 2
    desk.write("reconciler.yaml", "record: {backend: git, remote: origin}\n")
    assert said(desk, ROW, OTHER) == []  # nobody asks the remote whether there is a record
    desk.write("reconciler.yaml", "record: {backend: local}\n")
    monkeypatch.setattr(LocalStore, "load", lambda self: pytest.fail("not reached"))
    desk.write("apps/wiki/assignments.yaml", "assignments:\n  - {user: ada@x.org, role: User}\n")
    assert list(check_expired(load(Path("desired")).declarations, "2026-06-01")) == []  # no record is read for nothing
