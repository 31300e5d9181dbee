"""Who approved a pull request, where GitHub is at hand: asked for once, by name; unknown, and no error, where it is not told."""

from __future__ import annotations

import csv
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.github.approvers import AT_A_TIME, approvers
from reconciler.plan.access.had import Deed, Had
from reconciler.report import had
from reconciler.report.had_text import as_table
from tests.support.hub import STANDIN
from tests.support.servers import Desk, Ran, scim_server

APPROVED, CHANGES, DISMISSED = "APPROVED", "CHANGES_REQUESTED", "DISMISSED"
BEFORE, AFTER = "2026-06-01T07:00:00Z", "2026-06-01T09:00:00Z"
LIMITS = "Not in it: accounts that nobody manages, and edits by hand that nothing put back.\n"
REVIEWS = [
    ["grace", APPROVED, BEFORE],
    ["ada", CHANGES, "2026-06-01T06:00:00Z"],
    ["ada", APPROVED, "2026-06-01T06:30:00Z"],
    ["joan", APPROVED, "2026-06-01T05:00:00Z"],
    ["joan", CHANGES, BEFORE],
    ["mary", DISMISSED, BEFORE],
    ["late", APPROVED, AFTER],
]


class Reviewed:
    """A wiki whose only apply was of the plan of pull request 7, and a GitHub that has it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.desk, self.state = Desk(folder, f"{url}/{folder.name}/v2"), folder / "home/state.json"
        self.state.parent.mkdir()
        self.desk.environ |= {"HOME": str(self.state.parent), "GH_REPO": "team/identity", "GH_TOKEN": "t"}
        self.has(REVIEWS)
        for command in (("plan", "--out", "0-pull-7-wiki.json"), ("apply", "0-pull-7-wiki.json")):
            assert self.desk.reconcile(*command).code == 0

    def has(self, reviews: list[list[Any]], number: int = 7, level: str = "read") -> None:
        pulls = [{"number": number, "merged_at": "2026-06-01T08:00:00Z", "reviews": reviews}]
        self.state.write_text(json.dumps({"pulls": pulls, "tokens": {"t": {"pull-requests": level}}, "calls": []}))

    def asked(self) -> int:
        return len(json.loads(self.state.read_text())["calls"])

    def run(self, *words: str) -> Ran:
        return self.desk.reconcile(*words, PATH=f"{STANDIN}:{self.desk.environ['PATH']}")

    def gave(self, *words: str) -> list[Any]:
        ran = self.run("access", *words, "--format", "json")
        assert ran.code == 0, ran
        return [row["gave"]["pullRequestApprovers"] for row in json.loads(ran.out)[0]["rows"]]


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reviewed]:
    with scim_server() as url:
        yield Reviewed(tmp_path_factory.mktemp("approved"), url)


@pytest.fixture(autouse=True)
def again(reviewed: Reviewed) -> None:
    reviewed.has(REVIEWS)


def test_who_approved_last_before_the_merge_is_named_and_one_request_asks_for_all_rows(reviewed: Reviewed) -> None:
    assert reviewed.gave("--at", "0s") == [["ada", "grace"]] * 4 and reviewed.asked() == 1
    table = reviewed.run("access", "--at", "0s")
    assert table.out.count("pull request 7 (approved by ada, grace)") == 4 and table.err == LIMITS
    assert "pull request 7 (approved by ada, grace)" in reviewed.run("access", "--at", "0s", "--format", "html").out
    assert "pull request 7 (approved by ada, grace)" in reviewed.run("access", "--diff", "0s", "0s").out
    assert reviewed.gave("--diff", "0s", "0s") == [["ada", "grace"]] * 4


def test_explain_names_them_and_asks_nobody_offline(reviewed: Reviewed) -> None:
    assert reviewed.run("explain", "ada@x.org").out.count("pull request 7 (approved by ada, grace)") == 2
    (said,) = json.loads(reviewed.run("explain", "ada@x.org", "--format", "json").out)["explanations"]
    assert [row["gave"]["pullRequestApprovers"] for row in said["history"]] == [["ada", "grace"]] * 2 and reviewed.asked() == 2
    offline = reviewed.run("explain", "ada@x.org", "--offline")
    assert "pull request 7 (approvers unknown)" in offline.out and reviewed.asked() == 2 and not offline.err


def test_where_there_is_no_gh_they_are_unknown_and_all_else_is_told(reviewed: Reviewed) -> None:
    path = ":".join(folder for folder in reviewed.desk.environ["PATH"].split(":") if not Path(folder, "gh").exists())
    told = reviewed.desk.reconcile("access", "--at", "0s", PATH=path)
    assert told.code == 0 and told.out.count("pull request 7 (approvers unknown)") == 4
    assert told.err == "Who approved pull request 7 is unknown: the command gh is not installed\n" + LIMITS
    (answer,) = json.loads(reviewed.desk.reconcile("access", "--at", "0s", "--format", "json", PATH=path).out)
    assert [row["gave"]["pullRequestApprovers"] for row in answer["rows"]] == [None] * 4
    explained = reviewed.desk.reconcile("explain", "ada@x.org", PATH=path)
    assert explained.code == 0 and "pull request 7 (approvers unknown)" in explained.out


@pytest.fixture
def here(reviewed: Reviewed, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("HOME", "GH_REPO", "GH_TOKEN"):
        monkeypatch.setenv(name, reviewed.desk.environ[name])
    monkeypatch.setenv("PATH", f"{STANDIN}:{os.environ['PATH']}")
    return monkeypatch


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ("echo 'error connecting to api.github.com' >&2; exit 1", "error connecting to api.github.com"),
        ("echo 'no git remotes found' >&2; exit 1", "no git remotes found"),
        ("echo '<html>'", "not JSON"),
        ('echo \'{"data": {"repository": {"pullRequest": null}}}\'', "something else than the reviews"),
        ("exec sleep 60", "has not answered for 0.2 seconds"),
    ],
)
def test_what_github_does_not_tell_is_unknown_and_never_nobody(
    here: pytest.MonkeyPatch, tmp_path: Path, says: str, why: str
) -> None:
    (tmp_path / "gh").write_text(f"#!/bin/sh\necho x >>{tmp_path}/asked\n{says}\n")
    (tmp_path / "gh").chmod(0o755)
    here.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    here.setattr("reconciler.github.approvers.PATIENCE", 0.2 if "sleep" in says else 30.0)
    told = approvers([7, 8], tmp_path)
    assert told.by == {} and why in told.why and (tmp_path / "asked").read_text() == "x\n"


@pytest.mark.usefixtures("here")
def test_one_that_github_does_not_know_leaves_the_others_known_and_a_refusal_ends_the_asking(reviewed: Reviewed) -> None:
    told = approvers([9, 7, 3, 7], reviewed.desk.folder)
    assert told.by == {7: ("ada", "grace")} and "number of 3" in told.why and reviewed.asked() == 3
    reviewed.has(REVIEWS, level="none")
    refused = approvers([9, 7, 3], reviewed.desk.folder)
    assert refused.by == {} and "HTTP 403" in refused.why and reviewed.asked() == 1


def test_several_are_asked_for_at_a_time_and_no_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The first one goes alone; the others only get past the barrier where so many wait there together."""
    together, running, most = threading.Barrier(AT_A_TIME, timeout=30), set[str](), list[int]()

    def graphql(query: str, number: str, **how: Any) -> list[Any]:
        running.add(number)
        most.append(len(running))
        if number != "number=1":
            together.wait()
        running.discard(number)
        reviews = {"nodes": [{"state": APPROVED, "submittedAt": BEFORE, "author": {"login": number}}]}
        return [{"data": {"repository": {"pullRequest": {"mergedAt": AFTER, "found": reviews}}}}]

    monkeypatch.setattr("reconciler.github.approvers.graphql", graphql)
    told = approvers(range(1, 2 + 2 * AT_A_TIME), tmp_path)
    assert told.by == {number: (f"number={number}",) for number in range(1, 2 + 2 * AT_A_TIME)} and not told.why
    assert max(most) == AT_A_TIME


@pytest.mark.usefixtures("here")
def test_whose_account_is_gone_has_approved_all_the_same(reviewed: Reviewed) -> None:
    reviewed.has([[None, APPROVED, BEFORE]])
    assert approvers([7], reviewed.desk.folder).by == {7: ("ghost",)}


@pytest.mark.parametrize(
    ("known", "in_json", "in_words", "in_csv"),
    [
        ({}, None, "(approvers unknown)", "(unknown)"),
        ({7: ()}, [], "(approved by nobody)", "(nobody)"),
        ({7: ("=a\x1b", "b")}, ["=a\x1b", "b"], "(approved by =a\\u001b, b)", "'=a\x1b; b"),
    ],
)
def test_nobody_is_told_from_unknown_and_a_name_is_data(
    known: dict[int, tuple[str, ...]], in_json: list[str] | None, in_words: str, in_csv: str
) -> None:
    gave = {"activityDateTime": BEFORE, "reconcile": {"pullRequest": 7, "action": "create"}}
    row = Had("User/a@x.org", "a@x.org", "1", "role", "Admin", True, True, Deed(gave, "User/a@x.org", "Admin"), None, known)
    assert had.fields("wiki", row)["gave"]["pullRequestApprovers"] == in_json
    assert f"pull request 7 {in_words}" in as_table({"Wiki": [row]}, BEFORE)
    (cells,) = csv.DictReader(had.as_csv({"wiki": [row]}).splitlines())
    assert cells["gave.pullRequestApprovers"] == in_csv and cells["took.pullRequestApprovers"] == ""
