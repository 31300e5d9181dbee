"""Single commands that the workflows are made of: apps, folders of plans, reports, the commit in the record."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from reconciler.cli.main import run
from reconciler.cycle.commit import known_commit
from reconciler.github.gh import GitHubError
from reconciler.github.pages import actions, blob, page_of, whole_plan
from reconciler.github.reviewed_plans import PullRequest, merged
from reconciler.plan.change import Change
from reconciler.plan.digest import digested, plan_digest
from reconciler.plan.model import Config, ObjectError, Plan
from reconciler.record.local import LocalStore
from reconciler.report.jsonform import dumps
from reconciler.report.markdown import SUMMARY, how_to_go_on, render
from reconciler.report.redact import redact
from tests.support.gitworld import git
from tests.support.servers import Desk, scim_server
from tests.support.world import World


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, "http://127.0.0.1/v2")


@pytest.mark.parametrize(
    ("token", "with_token", "found"),
    [
        ("x", False, [{"app": "wiki", "token": True}]),
        ("", False, [{"app": "wiki", "token": False}]),
        ("", True, []),
        ("x", True, [{"app": "wiki", "token": True}]),
    ],
)
def test_apps_says_whether_a_token_is_there_and_never_what_it_is(
    desk: Desk, token: str, with_token: bool, found: list[object]
) -> None:
    ran = desk.reconcile("apps", "--format", "json", *(["--with-token"] if with_token else []), WIKI_TOKEN=token)
    assert (ran.code, json.loads(ran.out)) == (0, found) and ran.out.count("\n") == 1
    assert desk.reconcile("apps", WIKI_TOKEN="x").out == "wiki: token is set\n"


def test_apps_takes_a_part_of_them_and_says_where_github_takes_no_more(desk: Desk) -> None:
    for number in range(1, 300):
        folder = desk.folder / f"desired/apps/app{number:03}"
        folder.mkdir()
        (folder / "app.yaml").write_text(
            f"app: {folder.name}\nadminCredentials: {{tenantUrl: 'https://x.org', secretToken: '${{env:T}}'}}\n"
        )
    whole = desk.reconcile("apps", "--format", "json")
    assert len(json.loads(whole.out)) == 300 and "GitHub runs at most 256 jobs of one matrix, and these are 300" in whole.err
    parts = [desk.reconcile("apps", "--format", "json", "--shard", f"{part}/2") for part in (1, 2)]
    assert [len(json.loads(part.out)) for part in parts] == [150, 150] and not parts[0].err
    assert {row["app"] for part in parts for row in json.loads(part.out)} == {row["app"] for row in json.loads(whole.out)}
    for wrong in ("3/2", "0/2", "2", "1/0", "-1/2", "1/2x"):
        assert desk.reconcile("apps", "--shard", wrong).code == 64
    (desk.folder / "desired/apps/app001/app.yaml").write_text("app: [")
    broken = desk.reconcile("apps", "--format", "json")
    assert (broken.code, broken.out) == (1, "") and "desired/apps/app001/app.yaml:1:1: error" in broken.err


def test_a_token_in_a_file_is_there_when_the_file_is(desk: Desk) -> None:
    token = "${file:secrets/token}"
    desk.write("apps/wiki/app.yaml", f'app: wiki\nadminCredentials: {{tenantUrl: "https://x.org", secretToken: "{token}"}}\n')
    assert desk.reconcile("apps", RECONCILE_SECRET_FOLDERS="secrets").out == "wiki: no token\n"
    (desk.folder / "secrets").mkdir()
    (desk.folder / "secrets/token").write_text("t")
    assert desk.reconcile("apps", RECONCILE_SECRET_FOLDERS="secrets").out == "wiki: token is set\n"
    assert desk.reconcile("apps").out == "wiki: no token\n", "nobody may ask which files there are elsewhere"


def test_an_empty_folder_of_plans_writes_nothing_and_says_so(desk: Desk) -> None:
    (desk.folder / "plans").mkdir()
    ran = desk.reconcile("apply", "plans", "--report", "report.md")
    assert (ran.code, ran.err) == (0, "There is no reviewed plan: nothing was written.\n")
    assert (desk.folder / "report.md").read_text() == "```text\nThere is no reviewed plan: nothing was written.\n```\n\n"


def test_the_record_names_the_commit_once_no_declared_change_is_left(tmp_path: Path) -> None:
    with scim_server() as url:
        desk = Desk(tmp_path / "desk", f"{url}/{uuid4().hex}/v2")
        git(desk.folder, "init", "--quiet")

        def committed() -> str:
            git(desk.folder, "add", "desired")
            git(desk.folder, "commit", "--quiet", "-m", "x")
            return git(desk.folder, "rev-parse", "HEAD").strip()

        def known() -> str:
            record = LocalStore(desk.folder / ".reconcile", "wiki").load()
            assert record is not None
            return record.commit

        first = committed()
        assert desk.reconcile("apply", "--auto-approve", "--only", "User/ada@x.org").code == 0 and known() == ""
        assert desk.reconcile("apply", "--auto-approve").code == 0 and known() == first
        desk.people("ada@x.org, jobTitle: Admiral", "grace@x.org")
        assert desk.reconcile("apply", "--auto-approve").code == 0 and known() == first, "files differ from the commit"
        second = committed()
        desk.edit("grace@x.org", "displayName", "edited")
        assert desk.reconcile("apply", "--auto-approve", "--cause", "config").code == 0
        assert known() == second, "drift is no declared change"


@pytest.mark.parametrize(
    ("event", "sha", "text", "head"),
    [
        ("pull_request", "a" * 40, '{"pull_request": {"head": {"sha": "' + "b" * 40 + '"}}}', "b" * 40),
        ("push", "a" * 40, '{"pull_request": {"head": {"sha": "' + "b" * 40 + '"}}}', "a" * 40),
        ("pull_request", "c" * 40, '{"pull_request": {"head": {"sha": "' + "b" * 40 + '"}}}', "a" * 40),
        ("pull_request", "a" * 40, '{"pull_request": {"head": {"sha": "`x`"}}}', "a" * 40),
        ("pull_request", "a" * 40, '{"pull_request": []}', "a" * 40),
        ("pull_request", "a" * 40, "{", "a" * 40),
    ],
)
def test_a_pull_requests_commit_is_its_own_and_not_githubs_merge(
    tmp_path: Path, event: str, sha: str, text: str, head: str
) -> None:
    told = tmp_path / "event.json"
    told.write_text(text)
    environ = {"GITHUB_EVENT_NAME": event, "GITHUB_SHA": sha, "GITHUB_EVENT_PATH": str(told)}
    assert known_commit("a" * 40, environ) == head
    told.unlink()
    assert known_commit("a" * 40, environ) == "a" * 40


def test_without_gh_it_is_said_what_to_install(desk: Desk) -> None:
    (desk.folder / "plan.json").write_text('{"format_version": "1.0", "plans": []}')
    assert desk.reconcile("github", "issue", "plan.json").code == 0
    git(desk.folder, "init", "--quiet")
    git(desk.folder, "add", "desired")
    git(desk.folder, "commit", "--quiet", "-m", "x")
    (desk.folder / "bin").mkdir()
    (desk.folder / "bin/git").symlink_to(next(Path(p, "git") for p in os.environ["PATH"].split(":") if Path(p, "git").exists()))
    ran = desk.reconcile("github", "plans", "--out", "plans", PATH=str(desk.folder / "bin"))
    assert ran.code == 1 and "gh is not installed" in ran.err and "cli.github.com" in ran.err


@pytest.mark.parametrize(
    ("refusal", "falls_back"),
    [
        ("gh: Not Found (HTTP 404)", True),
        ("gh: Resource not accessible by integration (HTTP 403)", False),
        ("gh: Bad Gateway (HTTP 502)", False),
        ("error connecting to api.github.com", False),
    ],
)
def test_only_a_commit_that_is_gone_is_taken_for_a_rewritten_history(
    refusal: str, falls_back: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull = {"number": 7, "merged_at": "2026-11-01", "base": {"ref": "main"}, "head": {"sha": "c", "label": "o:b"}}
    gh = tmp_path / "gh"
    gh.write_text(f"#!/bin/sh\ncase \"$3\" in */compare/*) echo '{refusal}' >&2; exit 1;; esac\necho '{json.dumps([pull])}'\n")
    gh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    said: list[str] = []
    if falls_back:
        assert merged("a" * 40, "b" * 40, "main", said.append) == [PullRequest("2026-11-01", 7, "c", "o:b", "main")]
        assert "only the latter's pull request is looked at" in said[0]
    else:
        with pytest.raises(GitHubError, match=re.escape(refusal)):
            merged("a" * 40, "b" * 40, "main", said.append)


def test_a_folder_with_plans_in_it_already_is_not_filled_up(desk: Desk) -> None:
    (desk.folder / "plans").mkdir()
    (desk.folder / "plans/0000-pull-1-wiki.json").write_text("{}")
    ran = desk.reconcile("github", "plans", "--out", "plans")
    assert ran.code == 64 and "plans is not empty" in ran.err


def test_a_plan_that_cannot_be_made_leaves_no_older_one_behind(desk: Desk) -> None:
    old, link, target = (desk.folder / name for name in ("old.json", "link.json", "target.json"))
    old.write_text("{}")
    target.write_text("{}")
    link.symlink_to(target)
    for file in (old, link):
        assert desk.reconcile("plan", "--out", file.name, WIKI_TOKEN="").code == 1
    assert not old.exists() and link.is_symlink() and target.read_text() == "{}"


def test_a_comment_needs_to_know_where(desk: Desk) -> None:
    (desk.folder / "plan.json").write_text('{"format_version": "1.0", "plans": []}')
    assert desk.reconcile("github", "comment", "plan.json").code == 64
    assert desk.reconcile("github", "comment", "plan.json", "--pull-request", "0").code == 64


def test_a_report_of_any_length_is_cut_and_its_fence_is_closed() -> None:
    text = how_to_go_on.said(["x" * 1_000 + "````"] * 500, ["| a |\n|---|\n" + "| b |\n" * 20_000])
    assert text.count("\n```") >= 1 and "and 440 more lines" in text
    cut = how_to_go_on.stale(Plan("wiki", "Wiki", "u", "p", digest="sha256:0"), "", text)
    assert len(cut) < 35_000 and cut.count("\n```") == 2 and "summary of the run" in cut


def test_what_moved_in_100000_places_leaves_room_in_the_summary() -> None:
    text = how_to_go_on.said([], ["| a |\n|---|\n" + "| \U0001f600 |\n" * 100_000] * 2)
    assert len(text.encode()) < SUMMARY.most // 2
    assert re.search(r"\| \U0001f600 \|\n\nand 1\d\d,\d{3} more lines, on the terminal of the run\n", text)


def test_the_summaries_of_many_large_plans_fit_into_one(desk: Desk) -> None:
    changes = tuple(digested(Change(f"User/{n}" + "ä" * 40, "delete", "r", ("config",), "f", 1)) for n in range(3_000))
    plans = [Plan(f"a{n}", "A", "u", "p", changes, digest=plan_digest(f"a{n}", "u", (), (), changes)) for n in range(7)]
    (desk.folder / "plans.json").write_text(dumps(plans))
    for command in (("github", "waiting"), ("show", "--format", "summary")):
        ran = desk.reconcile(*command, "plans.json")
        assert ran.code == 0 and SUMMARY.most * 0.98 < len(ran.out.encode()) <= SUMMARY.most, ran.err


def test_the_way_on_can_be_typed(world: World) -> None:
    plan = world.plan()
    assert f"gh workflow run apply.yml -f app=wiki -f digest={plan.digest}" in how_to_go_on.approve(plan, "")
    assert how_to_go_on.waiting(plan, "https://h/o/r/actions").count("https://h/o/r/actions/workflows/apply.yml") == 1
    world.converge()
    assert how_to_go_on.waiting(world.plan(), "") == ""


def test_an_issue_names_no_hash_to_be_typed(world: World) -> None:
    world.converge()
    world.edit("ada@x.org", "displayName", "Intern")
    plan = world.plan()
    assert "reconcile import --app wiki --only User/ada@x.org" in how_to_go_on.drift(plan, "")
    hidden = how_to_go_on.drift(redact(plan, "key"), "")
    assert "reconcile import --app wiki --only ADDRESS" in hidden and plan.digest in hidden


def test_a_plan_that_was_cut_is_whole_in_the_artifact_of_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan("wiki", "Wiki", "u", "p", config=Config("", "a" * 40))
    for name, value in (("SERVER_URL", "https://h"), ("REPOSITORY", "o/r"), ("RUN_ID", "7"), ("EVENT_NAME", "pull_request")):
        monkeypatch.setenv(f"GITHUB_{name}", value)
    kept = f"the artifact `plan-wiki-{'a' * 40}` of [this run](https://h/o/r/actions/runs/7)"
    assert whole_plan(plan) == f"{kept}, to be read with `reconcile show plan.json --format json`"
    elsewhere = "the summary and the log of [this run](https://h/o/r/actions/runs/7)"
    assert whole_plan(replace(plan, config=Config(""))) == elsewhere, "its artifact has another name"
    for event in ("push", "schedule"):
        monkeypatch.setenv("GITHUB_EVENT_NAME", event)
        assert whole_plan(plan) == elsewhere, "and no command that needs a token"
    monkeypatch.setenv("GITHUB_RUN_ID", "7)[x](https://evil")
    assert whole_plan(plan) == "`reconcile plan --app wiki --format json`"


def test_the_page_of_a_plan_is_linked_where_this_repository_s_run_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/identity")
    page = "https://github.com/acme/identity/actions/runs/7/artifacts/9"
    assert page_of(page) == page
    plan = Plan("wiki", "Wiki", "https://x", "generic")
    assert whole_plan(plan, page) == f"[the plan as a page]({page})"
    assert f"; [the plan as a page]({page})</sub>" in render(plan, page=page)
    for other in ("", page.replace("acme", "eve"), page + ") [x](https://eve.example", page + "\n"):
        assert page_of(other) == ""
    monkeypatch.delenv("GITHUB_REPOSITORY")
    assert page_of("/actions/runs/7/artifacts/9") == ""


def test_the_commit_that_a_link_leads_to_is_the_plan_s(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan("wiki", "Wiki", "u", "p", config=Config("", "a" * 40))
    assert blob(plan) == ""
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://h")
    assert blob(plan) == ""
    monkeypatch.setenv("GITHUB_REPOSITORY", "o/r")
    assert blob(plan) == f"https://h/o/r/blob/{'a' * 40}"
    for commit in (None, "a) [x](https://evil"):
        assert blob(replace(plan, config=Config("", commit))) == ""


BLOCKED = {"name": "deletions", "status": "blocked", "detail": "many"}
EDIT = Change("User/a@x.org", "update", "differs", ("config",), "f", 1)


@pytest.mark.parametrize(
    ("plan", "doubt", "said"),
    [
        ({"changes": (EDIT,)}, "", "`apply` does exactly this 1 change; if something that it rests on"),
        ({"changes": (EDIT, EDIT)}, "", "`apply` does exactly these 2 changes; if something that they rest on"),
        ({"changes": (EDIT,), "errors": (ObjectError("User/b", "X", "r", "m"),)}, "", " 1 object with errors is left out."),
        ({}, "", "`apply` changes nothing on the service."),
        ({"changes": (EDIT,), "safeguards": (BLOCKED,)}, "", "the safeguard `deletions` blocks this plan"),
        ({"changes": (EDIT,), "provisioning": "manual"}, "", "nothing is done: provisioning is manual"),
        ({"changes": (EDIT,), "provisioning": "off"}, "", "nothing is done: provisioning is off"),
        ({"changes": (EDIT,), "redacted": True}, "", "waits for approval by its digest"),
        ({"changes": (EDIT,)}, "pull request 7 changes .github/x [y](z)", "waits for approval by its digest: pull request 7"),
    ],
)  # fmt: skip
def test_what_happens_at_merge_is_one_line(plan: dict[str, Any], doubt: str, said: str) -> None:
    line = how_to_go_on.merge(Plan("wiki", "Wiki", "u", "p", **plan), doubt)
    assert line.startswith("**At merge**, ") and said in line and "\n" not in line
    assert ("does exactly" in line) is ("exactly" in said or "left out" in said) and "[y](z)" not in line.replace("`[y](z)`", "")


def test_off_a_runner_there_is_no_link() -> None:
    assert actions() == ""
    assert run(["github", "comment"]) == 64
