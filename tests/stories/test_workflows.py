"""The workflows as they are written, run step by step: a real service, a bare repository as the remote, a stand-in for gh."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from reconciler import __version__
from reconciler.declare.load import load
from reconciler.github.shards import parts_for, parts_of
from reconciler.github.workflow_files import TOKEN as IN_TOKEN_S_PLACE
from reconciler.github.workflow_files import URL, completed, pinned, workflow_files
from reconciler.record.git.store import GitStore
from reconciler.report.jsonform import dumps
from reconciler.report.plan_file import loads
from reconciler.report.redact import redact
from tests.support.command_server import command_server
from tests.support.expressions import interpolate
from tests.support.gitworld import ENV, git
from tests.support.hub import Hub, Run, scripts
from tests.support.servers import ROOT, TOKEN, Desk, answer, ended, front, scim_server

IN_GIT = "record: {backend: git, remote: origin}\n"
ENVIRONMENTS = {
    "reconcile-plan": {"WIKI_TOKEN": TOKEN},
    "reconcile-apply": {"WIKI_TOKEN": TOKEN},
    "reconcile-nightly": {"WIKI_TOKEN": TOKEN},
}


@pytest.fixture(scope="module")
def services() -> Iterator[str]:
    with scim_server() as url:
        yield url


class Team:
    """A team that has adopted reconcile: declarations and workflows on main, applied once."""

    def __init__(self, folder: Path, url: str, tenant: str = "", **variables: str) -> None:
        self.desk = Desk(folder / "desk", url)
        self.desk.write("apps/wiki/app.yaml", app(tenant or url))
        self.desk.write("reconciler.yaml", IN_GIT)
        self.hub = Hub(folder, self.desk.folder / "desired", ENVIRONMENTS, {"RECONCILE_ALLOWED_ORIGINS": url, **variables})
        assert ended(command_server().start(["init"], self.hub.work, ENV)).code == 0
        self.hub.commit("adopt reconcile")
        self.hub.push()

    def opened(self, *rows: str) -> int:
        """A pull request that declares these people."""
        return self.hub.open(declare(*rows))

    def reviewed(self, *rows: str) -> int:
        """A pull request whose plan was made."""
        number = self.opened(*rows)
        run = self.hub.pull_request(number)
        assert set(run.jobs.values()) == {"success"}, run.output()
        return number

    def merged(self, *rows: str, how: str = "merge") -> Run:
        """Such a pull request, merged and applied."""
        self.hub.merge(self.reviewed(*rows), how)
        run = self.hub.pushed()
        assert run.jobs == {"apply": "success"}, run.output()
        return run

    def commit(self) -> str:
        """The commit that the record says was applied."""
        record = GitStore("wiki", folder=self.hub.work, environ=ENV).load()
        return record.commit if record else ""

    def plans(self) -> list[dict[str, Any]]:
        """Artifacts that hold saved plans, and not pages."""
        return [artifact for artifact in self.hub.state["artifacts"] if not artifact["name"].endswith(".html")]

    def comments(self, kind: str = "plan") -> list[str]:
        return [c["body"] for c in self.hub.state["comments"] if c["body"].startswith(f"<!-- reconcile:{kind} app=wiki digest=")]


def app(url: str) -> str:
    return f"app: wiki\nadminCredentials: {{tenantUrl: '{url}', secretToken: '${{env:WIKI_TOKEN}}'}}\n"


def declare(*rows: str, file: str = "a") -> Callable[[Path], None]:
    """An edit of a checkout: these people, in a file of theirs, all assigned by name."""

    def edit(work: Path) -> None:
        lines = "".join(f"  - {{userPrincipalName: {row}}}\n" for row in rows)
        (work / f"desired/directory/users/{file}.yaml").write_text("users:\n" + lines if rows else "users: []\n")
        names = "".join(f"  - {{user: {row.split(',')[0]}, role: User}}\n" for row in rows) or "  []\n"
        (work / "desired/apps/wiki/assignments.yaml").unlink(missing_ok=True)
        (work / "desired/apps/wiki/assignments").mkdir(exist_ok=True)
        (work / f"desired/apps/wiki/assignments/{file}.yaml").write_text("assignments:\n" + names)
        (work / "desired/directory/groups/a.yaml").write_text("groups: []\n")

    return edit


@pytest.fixture
def team(services: str, tmp_path: Path) -> Team:
    return Team(tmp_path, f"{services}/{uuid4().hex}/v2")


def digest(body: str) -> str:
    found = re.match(r"<!-- reconcile:\w+ app=wiki digest=(sha256:[0-9a-f]{64}) ", body)
    assert found
    return found[1]


# Pull requests


def test_a_pull_request_gets_one_comment_that_is_updated_in_place(team: Team) -> None:
    number = team.opened("ada@x.org")
    run = team.hub.pull_request(number)
    assert run.jobs == {"validate": "success", "apps": "success", "left-out": "success", "plan": "success"}, run.output()
    (first,) = team.comments()
    assert "User/ada@x.org" in first and "User/grace@x.org" not in first
    assert "1 to create" in run.summary
    head = team.hub.state["pulls"][0]["head"]
    assert [a["name"] for a in team.hub.state["artifacts"]] == [f"plan-wiki-{head}", f"plan-wiki-{head}.html"]
    page = Path(team.hub.state["artifacts"][1]["file"]).read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and "User/ada@x.org" in page
    assert re.search(r"\[the plan as a page\]\(https://github\.com/\S+/actions/runs/\d+/artifacts/1\)", first)
    assert f"commit `{head}`" in first, "not the merge that GitHub made to check it out"
    team.hub.again(number, declare("ada@x.org", "grace@x.org"))
    team.hub.pull_request(number)
    (second,) = team.comments()
    assert "User/grace@x.org" in second and len(team.hub.state["comments"]) == 1 and digest(first) != digest(second)


def test_each_app_that_has_a_token_gets_a_comment_of_its_own(team: Team) -> None:
    def edit(work: Path) -> None:
        declare("ada@x.org")(work)
        for name, token in (("crm", "WIKI_TOKEN"), ("mute", "MUTE_TOKEN")):
            shutil.copytree(work / "desired/apps/wiki", work / f"desired/apps/{name}")
            text = app(f"{team.desk.url.rsplit('/', 2)[0]}/{uuid4().hex}/v2").replace("WIKI_TOKEN", token)
            text = text.replace("app: wiki", f"app: {name}")
            (work / f"desired/apps/{name}/app.yaml").write_text(text)

    number = team.hub.open(edit)
    run = team.hub.pull_request(number)
    assert set(run.jobs.values()) == {"success"}, run.output()
    head = team.hub.state["pulls"][0]["head"]
    assert sorted(a["name"] for a in team.plans()) == [f"plan-crm-{head}", f"plan-wiki-{head}"]
    assert [c["body"].split()[2] for c in team.hub.state["comments"]] == ["-->", "app=crm", "app=wiki"]
    assert "- **`mute` has no token here** (`MUTE_TOKEN`)" in team.hub.state["comments"][0]["body"]
    team.hub.merge(number)
    run = team.hub.pushed()
    assert run.jobs == {"apply": "success"} and "mute: pull request 1 has no saved plan" in run.summary
    assert run.summary.count("Applied 1 of 1 change") == 2 and run.output().count("No changes.") == 2


@pytest.mark.parametrize("hidden", [False, True])
def test_an_app_that_a_pull_request_removes_is_in_a_comment(team: Team, hidden: bool) -> None:
    """Also where the same change lets the record lie elsewhere, so that nobody would find that the app had accounts."""
    team.merged("ada@x.org", "grace@x.org")

    def edit(work: Path) -> None:
        shutil.copytree(work / "desired/apps/wiki", work / "desired/apps/crm")
        (work / "desired/apps/crm/app.yaml").write_text(app(team.desk.url).replace("wiki", "crm"))
        shutil.rmtree(work / "desired/apps/wiki")
        if hidden:
            (work / "desired/reconciler.yaml").write_text("record: {backend: local, path: /var/nowhere}\n")

    number = team.hub.open(edit)
    team.hub.pull_request(number)
    (body,) = (c["body"] for c in team.hub.state["comments"] if c["body"].startswith("<!-- reconcile:left-out -->"))
    assert "Not planned here: 1 app is not declared\n" in body and "- **`wiki` is removed by this change**" in body
    assert "`refs/reconcile/wiki on origin`, holds **2 accounts that were active**" in body and "`assignments: []`" in body
    shutil.rmtree(team.hub.work / "desired/apps/crm")
    team.hub.again(number, lambda work: git(work, "checkout", "--quiet", "origin/main", "--", "desired"))
    team.hub.pull_request(number)
    (body,) = (c["body"] for c in team.hub.state["comments"] if c["body"].startswith("<!-- reconcile:left-out -->"))
    assert body == "<!-- reconcile:left-out -->\n### Every app is planned\n"


def test_a_comment_of_somebody_else_with_our_first_line_is_left_alone(team: Team) -> None:
    forged = {
        "number": 1,
        "on": 1,
        "ours": False,
        "body": "<!-- reconcile:plan app=wiki digest=sha256:x format=1.0 -->\nall fine",
    }
    number = team.opened("ada@x.org")
    team.hub.state["comments"].append(dict(forged))
    team.hub.save()
    team.hub.pull_request(number)
    assert team.hub.state["comments"][0] == forged and len(team.hub.state["comments"]) == 2


def test_a_pull_request_that_changes_nothing_gets_no_comment(team: Team) -> None:
    team.merged("ada@x.org")
    count = len(team.comments())
    remark = team.hub.work / "desired/apps/wiki/app.yaml"
    number = team.hub.open(lambda work: remark.write_text(remark.read_text() + "# words\n"))
    run = team.hub.pull_request(number)
    assert set(run.jobs.values()) == {"success"} and len(team.comments()) == count
    assert "nothing changes, so nothing was posted" in run.output()


def test_only_the_apps_that_a_pull_request_touches_are_planned(team: Team) -> None:
    team.merged("ada@x.org")
    run = team.hub.pull_request(team.hub.open(lambda work: (work / "README.md").write_text("words")))
    assert run.jobs["plan"] == "skipped" and run.jobs["apps"] == run.jobs["left-out"] == "success"

    def more(work: Path) -> None:
        for name in ("crm", "zoo"):
            shutil.copytree(work / "desired/apps/wiki", work / f"desired/apps/{name}")
            text = app(f"{team.desk.url.rsplit('/', 2)[0]}/{uuid4().hex}/v2").replace("app: wiki", f"app: {name}")
            (work / f"desired/apps/{name}/app.yaml").write_text(text)
        (work / "desired/apps/zoo/assignments/a.yaml").write_text("assignments: []\n")

    number = team.hub.open(more)
    team.hub.pull_request(number)
    team.hub.merge(number)
    team.hub.pushed()

    def person(work: Path) -> None:
        (work / "desired/directory/users/a.yaml").write_text("users: [{userPrincipalName: ada@x.org, jobTitle: Admiral}]\n")

    number = team.hub.open(person)
    run = team.hub.pull_request(number)
    assert {step.environ["APP"] for step in run.steps if "APP" in step.environ} == {"crm", "wiki"}, "who assigns her"
    team.hub.merge(number)
    said = team.hub.pushed().summary
    assert "crm: 1 reviewed plan of 1 pull request merged" in said and "zoo: nothing that concerns it has changed since" in said
    assert team.desk.find("ada@x.org")[0]["title"] == "Admiral"


def test_a_comment_says_when_its_app_is_not_touched_any_more(team: Team) -> None:
    number = team.reviewed("ada@x.org")
    team.hub.again(
        number, lambda work: (git(work, "rm", "-rq", "desired"), git(work, "checkout", "-q", "origin/main", "desired"))
    )
    team.hub.pull_request(number)
    (body,) = [c["body"] for c in team.hub.state["comments"]]
    assert body.startswith("<!-- reconcile:plan app=wiki -->\n### `wiki`: **no longer planned**\n")
    team.hub.again(number, declare("grace@x.org"))
    team.hub.pull_request(number)
    (body,) = team.comments()
    assert "User/grace@x.org" in body and "not planned" not in body


def test_a_comment_that_stands_says_when_nothing_changes_any_more(team: Team) -> None:
    number = team.reviewed("ada@x.org")
    team.hub.again(number, declare())
    team.hub.pull_request(number)
    (body,) = team.comments()
    assert "**no changes**" in body


def test_an_error_is_annotated_on_its_line_and_nothing_is_planned(team: Team) -> None:
    number = team.hub.open(lambda work: (work / "desired/directory/users/a.yaml").write_text("users:\n  - {colour: red}\n"))
    run = team.hub.pull_request(number)
    assert run.jobs == {"validate": "failure", "apps": "skipped", "left-out": "skipped", "plan": "skipped"}
    assert "::error file=desired/directory/users/a.yaml,line=2," in run.step("validate").output


def test_a_pull_request_of_a_fork_is_validated_and_sees_no_secret(team: Team) -> None:
    run = team.hub.pull_request(team.hub.open(declare("ada@x.org"), fork=True))
    assert run.jobs == {"validate": "success", "apps": "skipped", "left-out": "skipped", "plan": "skipped"}
    assert "comes from a fork" in run.summary and team.hub.state["comments"] == []
    assert not any(TOKEN in value or "ghs_" in value for step in run.steps for value in step.environ.values())


def test_only_the_steps_that_speak_to_the_service_see_its_token(team: Team) -> None:
    run = team.hub.pull_request(team.opened("ada@x.org"))
    assert [step.what for step in run.steps if TOKEN in step.environ.values()] == [
        'reconcile plan --app "$APP" --minimal-if-large --out "$RUNNER_TEMP/plan.json"'
    ]


def test_a_pull_request_that_points_the_token_elsewhere_is_refused(team: Team) -> None:
    with front(lambda call: None) as elsewhere:
        edit = app(elsewhere.url)
        run = team.hub.pull_request(team.hub.open(lambda work: (work / "desired/apps/wiki/app.yaml").write_text(edit)))
    assert run.jobs["plan"] == "failure" and "has not been allowed to go" in run.output()
    assert elsewhere.connections == 0 and team.hub.state["artifacts"] == []


def test_a_plan_that_a_pull_request_brings_along_is_not_taken_for_the_real_one(team: Team) -> None:
    elsewhere = app("http://127.0.0.1:1")
    forged = '{"format_version": "1.0", "plans": []}'

    def edit(work: Path) -> None:
        (work / "plan.json").write_text(forged)
        (work / "desired/apps/wiki/app.yaml").write_text(elsewhere)  # so that there is no real one

    run = team.hub.pull_request(team.hub.open(edit))
    assert run.jobs["plan"] == "failure" and team.hub.state["artifacts"] == team.hub.state["comments"] == []
    ours = [step.what for step in run.steps if step.job == "plan" and step.what.startswith("reconcile ")]
    assert ours[-1].startswith("reconcile plan ")


def test_reconcile_is_installed_from_the_base_branch_where_a_token_is(team: Team) -> None:
    """This project's own action installs its own source; the pull request's copy of it is never used."""
    shutil.copytree(ROOT / ".github/actions", team.hub.work / ".github/actions", dirs_exist_ok=True)
    team.hub.commit("own action")
    team.hub.push()
    evil = "runs: {using: composite, steps: [{run: exit 1, shell: bash}]}"
    number = team.opened("ada@x.org")
    team.hub.again(number, lambda work: (work / ".github/actions/reconcile/action.yml").write_text(evil))
    run = team.hub.pull_request(number)
    assert set(run.jobs.values()) == {"success"}, run.output()
    packages = [line.split()[-1] for line in team.hub.installed.read_text().splitlines()]
    assert len(packages) == 4 and all(Path(p).resolve().name == "trusted" for p in packages)


def test_a_merge_group_is_planned_and_gets_no_comment(team: Team) -> None:
    number = team.opened("ada@x.org")
    joined, base = team.hub._joined(number), team.hub.main()
    event = {"merge_group": {"base_sha": base, "head_sha": joined}}
    run = team.hub.run("plan", "merge_group", event, joined, "gh-readonly-queue/main/pr-1")
    assert run.jobs == {"validate": "success", "apps": "success", "left-out": "skipped", "plan": "success"}, run.output()
    assert "1 to create" in run.summary and team.hub.state["comments"] == []
    assert [a["name"] for a in team.plans()] == [f"plan-wiki-{joined}"]


def test_a_pull_request_has_no_say_in_the_installation(written: Path, tmp_path: Path) -> None:
    """pip runs in the pull request's checkout, where a folder that is called pip must not be taken for it."""
    evil = tmp_path / "checkout/pip/__main__.py"
    evil.parent.mkdir(parents=True)
    evil.write_text("open('was-here', 'w')")
    evil.with_name("__init__.py").write_text("")
    (script,) = [step["run"] for _, step in scripts(written / ".github/actions") if "pip install" in step["run"]]
    environ = {**ENV, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PACKAGE": "--help", "PYTHONPATH": "."}
    ran = subprocess.run(["bash", "-e", "-c", script], cwd=evil.parent.parent, env=environ, capture_output=True, text=True)
    assert "Usage:" in ran.stdout, ran.stderr
    assert not (tmp_path / "checkout/was-here").exists()


# Merges


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_a_merge_applies_exactly_the_reviewed_plan(team: Team, how: str) -> None:
    team.merged("ada@x.org")
    team.hub.merge(team.reviewed("ada@x.org", "grace@x.org"), how)
    team.desk.seed("stranger@x.org")
    run = team.hub.pushed()
    assert run.jobs == {"apply": "success"}, run.output()
    assert team.desk.find("grace@x.org") and "Applied 1 of 1 change" in run.summary
    assert team.commit() == team.hub.main()


def test_two_that_were_merged_while_one_run_was_going_on_are_both_applied(team: Team) -> None:
    team.merged("ada@x.org")
    second = team.hub.open(declare("grace@x.org", file="b"))
    third = team.hub.open(declare("hopper@x.org", file="c"))
    for number in (second, third):
        team.hub.pull_request(number)
    team.hub.merge(second, "squash")
    team.hub.merge(third, "rebase")
    run = team.hub.pushed()
    assert run.jobs == {"apply": "success"}, run.output()
    assert team.desk.find("grace@x.org") and team.desk.find("hopper@x.org")
    assert team.commit() == team.hub.main()


def test_a_stale_plan_writes_nothing_and_its_new_plan_is_applied_by_digest(team: Team) -> None:
    team.merged("ada@x.org, jobTitle: Engineer", "grace@x.org")
    number = team.reviewed("ada@x.org, jobTitle: Admiral", "grace@x.org", "hopper@x.org")
    team.desk.edit("ada@x.org", "title", "Intern")
    team.hub.merge(number)
    before = team.commit()
    run = team.hub.pushed()
    assert run.jobs == {"apply": "failure"} and run.step('reconcile apply "$RUNNER_TEMP/plans').code == 4
    assert not team.desk.find("hopper@x.org") and team.commit() == before
    assert "User/ada@x.org" in run.summary and "the plan is stale" in run.summary
    (body,) = team.comments("stale")
    new = digest(body)
    assert f"digest `{new}`" in body and "Run workflow" in body and "Intern" in body
    assert [c["on"] for c in team.hub.state["comments"] if c["body"] == body] == [number]

    wrong = team.hub.dispatch("wiki", "sha256:" + "0" * 64)
    assert wrong.jobs == {"apply": "failure"} and not team.desk.find("hopper@x.org")
    approved = team.hub.dispatch("wiki", new)
    assert approved.jobs == {"apply": "success"}, approved.output()
    assert team.desk.find("hopper@x.org") and team.desk.find("ada@x.org")[0]["title"] == "Admiral"
    assert team.commit() == team.hub.main()


def test_a_stale_plan_is_tried_again_with_the_next_merge(team: Team) -> None:
    """What could not be applied is not forgotten: the record's commit stays where it was."""
    team.merged("ada@x.org, jobTitle: Engineer")
    number = team.reviewed("ada@x.org, jobTitle: Admiral")
    team.desk.edit("ada@x.org", "title", "Intern")
    team.hub.merge(number)
    assert team.hub.pushed().jobs == {"apply": "failure"}
    team.desk.edit("ada@x.org", "title", "Engineer")
    other = team.hub.open(declare("grace@x.org", file="b"))
    team.hub.pull_request(other)
    team.hub.merge(other)
    run = team.hub.pushed()
    assert run.jobs == {"apply": "success"}, run.output()
    assert team.desk.find("ada@x.org")[0]["title"] == "Admiral" and team.desk.find("grace@x.org")


def test_a_run_again_has_nothing_left_to_do(team: Team) -> None:
    team.merged("ada@x.org")
    run = team.hub.pushed()
    assert run.jobs == {"apply": "success"} and "There is no reviewed plan: nothing was written." in run.summary


def waits(team: Team, run: Run) -> None:
    """Nothing was written, the summary says what waits, and its digest applies it."""
    assert run.jobs == {"apply": "success"}, run.output()
    assert not team.desk.find("grace@x.org") and "they wait" in run.summary
    found = re.search(r"digest `(sha256:[0-9a-f]{64})`", run.summary)
    assert found
    assert team.hub.dispatch("wiki", found[1]).jobs == {"apply": "success"}
    assert team.desk.find("grace@x.org")


def test_a_push_without_a_pull_request_waits_for_approval(team: Team) -> None:
    team.merged("ada@x.org")
    git(team.hub.work, "checkout", "--quiet", "-B", "main", "origin/main")
    declare("ada@x.org", "grace@x.org")(team.hub.work)
    team.hub.commit("pushed by hand")
    team.hub.push()
    waits(team, team.hub.pushed())


@pytest.mark.parametrize("how", ["expired", "made by a fork", "redacted"])
def test_a_plan_that_expired_or_that_a_fork_made_or_that_is_redacted_waits_for_approval(team: Team, how: str) -> None:
    team.merged("ada@x.org")
    team.hub.merge(team.reviewed("ada@x.org", "grace@x.org"))
    artifact = team.plans()[-1]
    artifact["expired"] = how == "expired"
    artifact["workflow_run"]["head_repository_id"] = 2 if how == "made by a fork" else 1
    if how == "redacted":
        file = Path(artifact["file"])
        file.write_text(dumps([redact(plan, "key") for plan in loads(file.read_text())]))
    team.hub.save()
    run = team.hub.pushed()
    assert "pull request 2 has no saved plan" in run.summary
    waits(team, run)


@pytest.mark.parametrize(
    "forged",
    [
        {"event": "push"},
        {"path": ".github/workflows/evil.yml"},
        {"status": "in_progress"},
        {"conclusion": "cancelled"},
        {"head_sha": "a" * 40},
        {"head_repository": {"id": 2}},
        {"head_branch": "other"},
    ],
)
def test_a_plan_that_is_not_of_the_plan_workflow_waits_for_approval(team: Team, forged: dict[str, object]) -> None:
    team.merged("ada@x.org")
    team.hub.merge(team.reviewed("ada@x.org", "grace@x.org"))
    team.plans()[-1]["run"].update(forged)
    team.hub.save()
    run = team.hub.pushed()
    assert "pull request 2 has no saved plan" in run.summary
    waits(team, run)


def test_a_plan_of_a_run_that_failed_is_applied_all_the_same(team: Team) -> None:
    team.merged("ada@x.org")
    team.hub.merge(team.reviewed("ada@x.org", "grace@x.org"))
    team.plans()[-1]["run"]["conclusion"] = "failure"
    team.hub.save()
    assert team.hub.pushed().jobs == {"apply": "success"} and team.desk.find("grace@x.org")


def test_a_pull_request_that_changes_the_workflows_makes_no_plan_that_counts(team: Team) -> None:
    team.merged("ada@x.org")

    def edit(work: Path) -> None:
        declare("ada@x.org", "grace@x.org")(work)
        file = work / ".github/workflows/plan.yml"
        file.write_text(file.read_text() + "# whatever\n")

    number = team.hub.open(edit)
    assert set(team.hub.pull_request(number).jobs.values()) == {"success"}
    team.hub.merge(number)
    run = team.hub.pushed()
    assert "changes .github/workflows/plan.yml" in run.summary
    waits(team, run)


BEFORE, AFTER = "2026-04-30T00:00:00Z", "2026-05-02T00:00:00Z"  # the run that made the plan


@pytest.mark.parametrize(
    ("second", "events", "counts"),
    [
        ({"onto": "evil"}, [], False),
        ({"onto": "main"}, [], True),
        ({"onto": "evil", "branch": "other"}, [], True),
        ({}, [("base_ref_changed", AFTER)], False),
        ({}, [("automatic_base_change_succeeded", AFTER)], False),
        ({}, [("base_ref_changed", BEFORE), ("labeled", AFTER)], True),
    ],
)
def test_a_plan_that_may_be_of_another_bases_workflow_waits_for_approval(
    team: Team, second: dict[str, str], events: list[tuple[str, str]], counts: bool
) -> None:
    """The same commit can be proposed for a branch whose plan.yml makes what it likes, and the artifact has the same name."""
    team.merged("ada@x.org")
    number = team.reviewed("ada@x.org", "grace@x.org")
    pulls = team.hub.state["pulls"]
    pulls[-1]["events"] = [{"event": event, "created_at": at} for event, at in events]
    if second:
        pulls.append({**pulls[-1], "branch": f"branch-{number}", "number": 99, **second})
    team.hub.merge(number)
    run = team.hub.pushed()
    if counts:
        assert run.jobs == {"apply": "success"} and team.desk.find("grace@x.org")
    else:
        assert f"pull request {number} " in run.summary
        waits(team, run)


def test_workflows_that_change_behind_3_000_other_files_are_not_overlooked(team: Team) -> None:
    team.merged("ada@x.org")

    def edit(work: Path) -> None:
        declare("ada@x.org", "grace@x.org")(work)
        (work / "-many").mkdir()
        for name in range(3_000):
            (work / "-many" / str(name)).touch()

    number = team.hub.open(edit)
    team.hub.pull_request(number)
    team.hub.merge(number)
    run = team.hub.pushed()
    assert "more files than GitHub lists" in run.summary
    waits(team, run)


def test_a_dispatch_from_a_branch_runs_nothing(team: Team) -> None:
    run = team.hub.run("apply", "workflow_dispatch", {}, team.hub.main(), "branch", {"app": "wiki", "digest": "x"})
    assert run.jobs == {"apply": "skipped"} and run.steps == []


# The record


def test_a_record_that_was_forced_back_stops_the_next_plan_and_the_night(team: Team) -> None:
    """Runners are new each time: what they know of the record is what the newest merged plan was made with."""
    team.merged("ada@x.org")
    old = git(team.hub.bare, "rev-parse", "refs/reconcile/wiki").strip()
    team.merged("ada@x.org", "grace@x.org")
    # More artifacts than are listed: then the plan's is asked for by its name.
    team.hub.state["artifacts"] += [
        {"name": f"other-{n}", "expired": True, "created_at": "", "workflow_run": {"id": 0}} for n in range(501)
    ]
    team.hub.save()
    run = team.hub.night()
    known = [step for step in run.steps if "github record" in step.what]
    assert [step.job for step in known] == ["cycle", "drift"] and "wiki: no plan" not in run.output()
    assert all("goes on from the one that the plan of pull request 2 was made with" in step.output for step in known)
    team.merged("ada@x.org", "grace@x.org", "eve@x.org")
    newest = git(team.hub.bare, "rev-parse", "refs/reconcile/wiki").strip()
    git(team.hub.bare, "update-ref", "refs/reconcile/wiki", old)
    number = team.opened("ada@x.org", "grace@x.org", "eve@x.org", "bob@x.org")
    for run in (team.hub.night(), team.hub.pull_request(number), team.hub.pushed()):
        steps = [step for step in run.steps if "github record" in step.what]
        for step in steps:
            assert "RecordLostHistory" in step.output and "does not descend" in step.output and step.code == 1
            assert "pull request 3: the plan of wiki was made with" in step.output
        ours = ("reconcile apply --app", "reconcile run", "reconcile plan ")
        assert steps and not any(step.what.startswith(ours) for step in run.steps), run.output()
    git(team.hub.bare, "update-ref", "refs/reconcile/wiki", newest)
    assert team.hub.night().jobs == {"apps": "success", "cycle": "success", "drift": "success"}


def test_a_record_that_somebody_trusts_instead_of_the_lost_one_is_gone_on_from_by_every_runner(team: Team) -> None:
    team.merged("ada@x.org")
    old = git(team.hub.bare, "rev-parse", "refs/reconcile/wiki").strip()
    team.merged("ada@x.org", "grace@x.org")
    team.merged("ada@x.org", "grace@x.org", "eve@x.org")
    git(team.hub.bare, "update-ref", "refs/reconcile/wiki", old)
    refused = next(step for step in team.hub.night().steps if "github record" in step.what).output
    command = re.search(rf"`reconcile (record trust {old} --instead-of [0-9a-f]{{40}} --app wiki)`", refused)
    assert command, refused
    git(team.hub.work, "checkout", "--quiet", "-B", "main", "origin/main")
    trusted = ended(command_server().start(command[1].split(), team.hub.work, ENV))
    assert trusted.code == 0, trusted
    run = team.hub.night()
    steps = [step.output for step in run.steps if "github record" in step.what]
    words = "was accepted by `record trust` instead of the one that the plan of pull request 3 was made with"
    assert len(steps) == 2 and all(words in output for output in steps), run.output()
    assert run.jobs["cycle"] == "success"
    # What was accepted is told once, of that one head: an earlier state is refused again.
    git(team.hub.bare, "update-ref", "refs/reconcile/wiki", f"{old}~1")
    again = next(step for step in team.hub.night().steps if "github record" in step.what)
    assert again.code == 1 and "RecordLostHistory" in again.output


# Nights


def expiring(work: Path, day: str) -> None:
    """The assignment of one of two ends with this day."""
    declare("ada@x.org", "grace@x.org")(work)
    file = work / "desired/apps/wiki/assignments/a.yaml"
    file.write_text(file.read_text().replace("grace@x.org, role: User", f"grace@x.org, role: User, expires: {day}"))


def test_an_assignment_that_expires_over_night_is_disabled_without_anyone(team: Team) -> None:
    today = datetime.now(UTC).date().isoformat()
    number = team.hub.open(lambda work: expiring(work, today))
    team.hub.pull_request(number)
    team.hub.merge(number)
    assert team.hub.pushed().jobs == {"apply": "success"}
    team.hub.days = 1
    run = team.hub.night()
    assert run.jobs == {"apps": "success", "cycle": "success", "drift": "success"}, run.output()
    assert team.desk.find("grace@x.org")[0]["active"] is False and team.desk.find("ada@x.org")[0]["active"] is True
    assert team.hub.state["issues"] == []


def by_hand(team: Team) -> Run:
    return team.hub.run("drift", "workflow_dispatch", {}, team.hub.main(), "main")


def test_where_app_yaml_says_so_drift_is_repaired_at_night_with_a_notice_and_what_is_declared_waits(team: Team) -> None:
    """Who set `drift: repair` has reviewed that; a change that was merged without a plan has nobody's review."""
    team.merged("ada@x.org, jobTitle: Engineer")
    repair = team.hub.work / "desired/apps/wiki/app.yaml"
    team.hub.merge(team.hub.open(lambda work: repair.write_text(repair.read_text() + "provisioning: {drift: repair}\n")))
    team.hub.merge(team.opened("ada@x.org, jobTitle: Engineer", "grace@x.org"))
    team.desk.edit("ada@x.org", "title", "Intern")
    run = team.hub.night()
    assert run.jobs == {"apps": "success", "cycle": "success", "drift": "success"}, run.output()
    assert team.desk.find("ada@x.org")[0]["title"] == "Engineer" and not team.desk.find("grace@x.org")
    said = run.step("reconcile run").output
    assert "::warning title=wiki::somebody else changed it at the service, and it is written over: User/ada@x.org" in said
    assert "::warning title=wiki::declared and not applied: left to their own review: User/grace@x.org" in said
    assert "User/grace@x.org" in team.hub.state["issues"][0]["body"]


def test_a_token_that_is_refused_is_a_quarantine_on_github_too_which_another_night_or_a_person_ends(team: Team) -> None:
    """Its cycles come ever less often, however often the workflow runs; by hand one comes at once."""
    team.merged("ada@x.org")
    team.hub.secrets["reconcile-nightly"] = {"WIKI_TOKEN": "revoked"}
    run = team.hub.night()
    assert run.jobs["cycle"] == "failure"
    assert "::error title=wiki::in quarantine (EncounteredQuarantineException)" in run.step("reconcile run").output
    again = team.hub.night()
    assert again.jobs["cycle"] == "success" and "no cycle: in quarantine" in again.step("reconcile run").output
    team.hub.secrets["reconcile-nightly"] = {"WIKI_TOKEN": TOKEN}
    assert "no cycle: in quarantine" in team.hub.night().step("reconcile run").output
    assert "cycle ended" in by_hand(team).step("reconcile run").output
    team.hub.days = 1
    assert "cycle ended" in team.hub.night().step("reconcile run").output


def test_who_could_not_be_put_out_at_night_is_in_escrow_and_tried_again_in_another(services: str, tmp_path: Path) -> None:
    today = datetime.now(UTC).date().isoformat()
    refuses = [True]
    refused = answer(409, {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "409"})
    with front(lambda call: refused if refuses[0] and call.method == "PATCH" else None, services) as server:
        team = Team(tmp_path, f"{server.url}/{uuid4().hex}/v2")
        number = team.hub.open(lambda work: expiring(work, today))
        team.hub.pull_request(number)
        team.hub.merge(number)
        assert team.hub.pushed().jobs == {"apply": "success"}
        team.hub.days = 1
        run = team.hub.night()
        assert run.jobs["cycle"] == "failure" and "User/grace@x.org failed (Conflict)" in run.step("reconcile run").output
        record = GitStore("wiki", folder=team.hub.work, environ=ENV).load()
        assert record is not None and list(record.service["escrows"]) == ["User/grace@x.org"]
        refuses[0] = False
        assert "in escrow, each until its next try: User/grace@x.org" in by_hand(team).step("reconcile run").output
        team.hub.days = 2
        assert team.hub.night().jobs["cycle"] == "success" and team.desk.find("grace@x.org")[0]["active"] is False


def test_drift_opens_one_issue_that_is_updated_and_closed_when_clean(team: Team) -> None:
    team.merged("ada@x.org, jobTitle: Engineer")
    assert team.hub.night().jobs == {"apps": "success", "cycle": "success", "drift": "success"}
    team.desk.edit("ada@x.org", "title", "Intern")
    run = team.hub.night()
    assert run.jobs["drift"] == "failure" and run.steps[-1].code == 2
    (issue,) = team.hub.state["issues"]
    assert issue["state"] == "open" and "Intern" in issue["body"]
    assert issue["title"] == "wiki is not as it is declared"
    team.desk.edit("ada@x.org", "title", "Admiral")
    team.hub.night()
    (issue,) = team.hub.state["issues"]
    assert "Admiral" in issue["body"]
    adopt = re.search("`(reconcile import --app wiki --only User/ada@x.org)`", issue["body"])
    assert adopt
    ran = ended(command_server().start(adopt[1].split()[1:], team.hub.work, {**ENV, "WIKI_TOKEN": TOKEN}))
    assert ran.code == 0 and "+  - {userPrincipalName: ada@x.org, jobTitle: Admiral}" in git(team.hub.work, "diff")
    assert team.desk.find("ada@x.org")[0]["title"] == "Admiral"
    assert team.hub.dispatch("wiki", digest(issue["body"])).jobs == {"apply": "success"}
    assert team.desk.find("ada@x.org")[0]["title"] == "Engineer"
    assert team.hub.night().jobs["drift"] == "success"
    assert [i["state"] for i in team.hub.state["issues"]] == ["closed"]


def test_an_app_that_takes_its_url_from_the_environment_is_planned_applied_and_looked_at(services: str, tmp_path: Path) -> None:
    """As import writes it: the URL is a variable of the repository, which a pull request cannot change."""
    url = f"{services}/{uuid4().hex}/v2"
    team = Team(tmp_path, url, "${env:WIKI_SCIM_URL}", WIKI_SCIM_URL=url)
    team.merged("ada@x.org")
    assert team.desk.find("ada@x.org")
    assert set(team.hub.night().jobs.values()) == {"success"}


def test_declared_changes_that_nobody_applied_are_in_the_issue(team: Team) -> None:
    team.merged("ada@x.org")
    team.hub.merge(team.opened("ada@x.org", "grace@x.org"))
    run = team.hub.night()
    (issue,) = team.hub.state["issues"]
    assert "Declared, and not applied" in issue["body"] and "User/grace@x.org" in issue["body"]
    assert run.jobs["cycle"] == "success" and not team.desk.find("grace@x.org")


def test_a_tag_that_is_called_as_the_main_branch_writes_nothing(team: Team) -> None:
    """A tag may hold any commit, also one with other workflows; the branch of that name is the twin that goes on."""
    inputs = {"app": "wiki", "digest": "sha256:" + "0" * 64}
    for name in ("apply", "drift"):
        run = team.hub.run(name, "workflow_dispatch", {}, team.hub.main(), "refs/tags/main", inputs)
        assert run.steps == [] and "success" not in run.jobs.values()
        assert team.hub.run(name, "workflow_dispatch", {}, team.hub.main(), "main", inputs).steps


# The files


FOLDERS = ["own", "init", "files"]


@pytest.fixture(params=FOLDERS)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with .github: this project's own, what init writes into an empty repository, and where tokens lie in files."""
    if request.param == "own":
        shutil.copytree(ROOT / ".github", tmp_path / ".github")
        return tmp_path
    if request.param == "files":
        Desk(tmp_path, "").write("apps/wiki/app.yaml", app("https://x.org").replace("env:WIKI_TOKEN", "file:token"))
    git(tmp_path, "init", "--quiet", "--initial-branch=trunk")
    init(tmp_path)
    return tmp_path


def init(folder: Path, *arguments: str) -> str:
    ran = ended(command_server().start(["init", *arguments], folder, ENV))
    assert ran.code == 0, ran.err
    return ran.out


def test_the_workflows_pass_zizmor_and_their_schema(written: Path) -> None:
    programs = Path(sys.executable).parent
    files = map(str, sorted(written.glob(".github/workflows/*.yml")))
    checks = [
        ["zizmor", "--offline", "--quiet", "--strict-collection", "--persona", "auditor", "."],
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files],
        ["check-jsonschema", "--builtin-schema", "vendor.github-actions", ".github/actions/reconcile/action.yml"],
    ]
    for program, *arguments in checks:
        ran = subprocess.run([str(programs / program), *arguments], cwd=written, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_zizmor_knows_the_rule_on_references_to_the_repository_itself(tmp_path: Path) -> None:
    """What the run above is worth: this very workflow with a reference into the checkout is found, at the lowest severity."""
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    file = tmp_path / ".github/workflows/apply.yml"
    file.write_text(file.read_text().replace("uses: $/.github", "uses: ./.github"))
    check = [str(Path(sys.executable).parent / "zizmor"), "--offline", "--quiet", "--persona", "auditor", "."]
    ran = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode and "self-repository" in ran.stdout and "apply.yml" in ran.stdout


def test_where_a_pull_request_runs_the_action_is_the_base_branch_s_and_elsewhere_the_workflow_s_own(written: Path) -> None:
    """`$/` is the commit that the workflow itself comes from: on `pull_request` the merge with the pull request's files."""
    found = {
        (file.stem, step["uses"])
        for file in sorted((written / ".github/workflows").glob("*.yml"))
        for job in yaml.load(file.read_text(), yaml.BaseLoader)["jobs"].values()
        for step in job["steps"]
        if "/.github/actions/" in step.get("uses", "")
    }
    assert found == {
        ("plan", "./trusted/.github/actions/reconcile"),
        ("apply", "$/.github/actions/reconcile"),
        ("drift", "$/.github/actions/reconcile"),
    }


def test_no_script_holds_an_expression_or_any_logic(written: Path) -> None:
    found = [(file.name, step["run"]) for file, step in scripts(written / ".github")]
    assert len(found) > 15
    there = re.compile(r'test ! -s "\$RUNNER_TEMP/[a-z.]+" \|\| ')  # hashFiles() looks into the checkout alone
    found = [(name, there.sub("", script)) for name, script in found]
    lines = {line.partition(" ")[0] for name, script in found for line in script.splitlines()}
    assert lines <= {"reconcile", "python", "cat", "set", "make", "echo", "docker", 'apps="$(reconcile'}
    for name, script in found:
        assert not re.search(r"\$\{\{|&&|\|", script), name


def test_every_action_is_pinned_by_its_commit_with_the_version_beside_it(written: Path) -> None:
    for file in sorted((written / ".github").rglob("*.yml")):
        for line in file.read_text().splitlines():
            if "uses: " in line and "uses: $/" not in line and "uses: ./trusted/" not in line:
                assert re.search(r"uses: actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_the_page_of_a_plan_is_one_file_that_a_click_opens_and_the_plan_itself_is_none(written: Path) -> None:
    jobs = yaml.load((written / ".github/workflows/plan.yml").read_text(), yaml.BaseLoader)["jobs"]
    uploads = [step for step in jobs["plan"]["steps"] if "upload-artifact" in step.get("uses", "")]
    told = [(Path(step["with"]["path"]).suffix, step["with"].get("archive"), "name" in step["with"]) for step in uploads]
    assert told == [(".json", None, True), (".html", "false", False)]
    (comment,) = [step for step in jobs["plan"]["steps"] if "github comment" in step.get("run", "")]
    assert comment["env"]["PAGE"] == "${{ steps.page.outputs.artifact-url }}" and uploads[1]["id"] == "page"


def test_writing_runs_wait_for_each_other_and_only_a_newer_merge_replaces_one_that_waits(written: Path) -> None:
    workflows = {
        name: yaml.load((written / f".github/workflows/{name}.yml").read_text(), yaml.BaseLoader) for name in ("apply", "drift")
    }
    assert {found["concurrency"]["cancel-in-progress"] for found in workflows.values()} == {"false"}
    group = workflows["apply"]["concurrency"]["group"]
    digests: list[dict[str, str]] = [{}, {"digest": "sha256:a"}, {"digest": "sha256:b"}]
    assert len({interpolate(group, {"inputs": inputs}, {}) for inputs in digests}) == 3
    starts = ("reconcile apply ", "reconcile run ")
    commands = [step["run"] for _, step in scripts(written / ".github") if step["run"].startswith(starts)]
    assert len(commands) == 3 and all("--lock-timeout 900" in command for command in commands)


def test_a_job_that_reads_a_secret_names_an_environment_and_no_job_has_more_than_it_needs(written: Path) -> None:
    most = {
        "plan": {"actions": "read", "contents": "read", "pull-requests": "write"},
        "drift": {"contents": "write", "issues": "write"},
        "apply": {"contents": "write", "pull-requests": "write", "actions": "read"},
        "ci": {"contents": "read"},
        "image": {"contents": "read", "packages": "write"},
    }
    for file in (written / ".github/workflows").glob("*.yml"):
        workflow = yaml.load(file.read_text(), yaml.BaseLoader)
        assert workflow["permissions"] == {}
        for job in workflow["jobs"].values():
            assert "secrets." not in str(job) or job["environment"].startswith("reconcile-")
            for what, level in job["permissions"].items():
                assert level in ("read", most[file.stem].get(what))


def test_init_writes_what_validates_and_nothing_of_this_project(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=trunk")
    said = init(tmp_path, "--app", "crm")
    assert "written desired/apps/crm/app.yaml" in said and "written .github/workflows/plan.yml" in said
    assert said.count("schemas") == 1 and "unchanged .gitignore" in init(tmp_path)
    ran = ended(command_server().start(["validate"], tmp_path, ENV))
    assert (ran.code, ran.out) == (0, "2 users, 1 group, 1 app: 0 errors, 0 warnings\n")
    text = "".join(file.read_text() for file in (tmp_path / ".github").rglob("*.yml"))
    assert "WIKI" not in text and "THOUSANDEYES" not in text and text.count("secrets.CRM_SCIM_TOKEN }}") == 7
    assert '\n    # - cron: "*/40 * * * *"' in text, "which reconcile help service names"
    assert "branches: [trunk]" in text and "default: scim-reconciler==" in text and "action_path" not in text
    for file in (tmp_path / "desired").rglob("*.yaml"):
        schema = file.read_text().splitlines()[0].removeprefix("# yaml-language-server: $schema=")
        assert (file.parent / schema).resolve().is_relative_to(tmp_path / "schemas") and (file.parent / schema).is_file()
    assert not (tmp_path / "desired/reconciler.yaml").exists()
    for name, ignored in (
        ("plan.json", 0),
        (".reconcile/crm/record.json", 0),
        ("schemas/plan.schema.json", 1),
        ("desired/a.yaml", 1),
    ):
        asked = subprocess.run(["git", "check-ignore", "-q", name], cwd=tmp_path, check=False)
        assert asked.returncode == ignored, name


def test_init_passes_each_variable_of_a_token_as_a_secret_and_of_a_url_as_a_variable(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "http://127.0.0.1")
    shutil.copytree(tmp_path / "desired/apps/wiki", tmp_path / "desired/apps/crm")
    for name, url in (("wiki", "${env:WIKI_AT_URL:-https://x.org}"), ("crm", "${env:CRM_AT_URL}")):
        desk.write(f"apps/{name}/app.yaml", app(url).replace("WIKI_TOKEN", "ALL_TOKEN").replace("wiki", name))
    init(tmp_path)
    said = desk.reconcile("init").err
    assert "RECONCILE_ALLOWED_ORIGINS is\n    https" in said and "://ORIGIN=ALL_TOKEN,https://x.org=ALL_TOKEN\n" in said
    jobs = {"plan": {"plan"}, "apply": {"apply"}, "drift": {"cycle", "drift"}}
    for name, expected in jobs.items():
        found = yaml.load((tmp_path / f".github/workflows/{name}.yml").read_text(), yaml.BaseLoader)["jobs"]
        given = {key: [job.get("env", {}), *(step.get("env", {}) for step in job["steps"])] for key, job in found.items()}
        for variable in ("WIKI_AT_URL", "CRM_AT_URL"):
            text = f"${{{{ vars.{variable} }}}}"
            assert {key for key, every in given.items() if any(env.get(variable) == text for env in every)} == expected
        assert "secrets.ALL_TOKEN }}" in str(found) and "SCIM_" not in str(found)


@pytest.mark.parametrize(
    ("url", "known"),
    [
        ("https://git.example.com/team/x.git", True),
        ("https://user:secret@git.example.com/x", False),
        ("file:///x", False),
        ("https://x/y #", False),
    ],
)
def test_what_was_installed_from_a_commit_is_installed_from_it_on_a_runner(url: str, known: bool) -> None:
    commit = "0123456789" * 4
    text = json.dumps({"url": url, "vcs_info": {"vcs": "git", "commit_id": commit}})
    release = f"scim-reconciler=={__version__}"
    assert pinned(text) == (f"scim-reconciler @ git+{url}@{commit}" if known else release)
    assert pinned("") == pinned('{"url": "https://x/y", "dir_info": {}}') == release
    assert yaml.safe_load(f"default: {pinned(text)}")["default"] == pinned(text)


def test_init_warns_of_a_version_that_an_index_may_not_have(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "http://127.0.0.1")
    said = desk.reconcile("init").err
    assert "placeholder" not in said, "the URL that stands there is the team's own"
    assert f"Warning: runners will install scim-reconciler=={__version__} from a package index" in said
    assert "`package` in .github/actions/reconcile/action.yml" in said
    assert said.index("Next:") < said.index("Warning"), "what to do comes first"
    assert "Warning" not in desk.reconcile("init").err, "the file was left as it is"


def test_init_names_the_url_that_is_a_placeholder(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "http://127.0.0.1")
    shutil.rmtree(tmp_path / "desired")
    said = desk.reconcile("init", "--app", "crm").err
    assert "in desired/apps/crm/app.yaml replace tenantUrl, which is a placeholder" in said and "CRM_SCIM_TOKEN" in said
    assert "`git push --set-upstream origin BRANCH`, and open a pull request" in said
    assert "RECONCILE_ALLOWED_ORIGINS is\n    https://ORIGIN=CRM_SCIM_TOKEN\n" in said
    assert re.search(r"python[\d.]* -m reconciler.demo generic --port 8101\n", said) and "export CRM_SCIM_TOKEN=secret\n" in said


@pytest.mark.parametrize(("remotes", "record"), [(["origin"], "origin"), (["up", "origin"], "origin"), (["up"], "up")])
def test_init_keeps_the_record_in_git_where_there_is_a_remote(tmp_path: Path, remotes: list[str], record: str) -> None:
    git(tmp_path, "init", "--quiet")
    for name in remotes:
        git(tmp_path, "remote", "add", name, "https://example.com/x")
    init(tmp_path)
    assert f"record: {{backend: git, remote: {record}}}" in (tmp_path / "desired/reconciler.yaml").read_text()


@pytest.mark.parametrize("chosen", ["", "reconciler.yaml", "reconciler.yml", "reconciler.json"])
def test_init_after_an_import_keeps_the_record_in_git_unless_somebody_has_chosen(tmp_path: Path, chosen: str) -> None:
    desk = Desk(tmp_path, "http://127.0.0.1")
    local = '{"record": {"backend": "local"}}\n'
    if chosen:
        desk.write(chosen, local)
    git(tmp_path, "init", "--quiet")
    assert "desired/reconciler.yaml" not in init(tmp_path)
    git(tmp_path, "remote", "add", "origin", "https://example.com/x")
    assert ("written desired/reconciler.yaml" in init(tmp_path)) is not bool(chosen)
    assert [f.name for f in (tmp_path / "desired").glob("reconciler.*")] == [chosen or "reconciler.yaml"]
    settings = load(tmp_path / "desired").declarations.record
    assert (settings.backend, settings.remote) == ("local" if chosen else "git", "origin")


def test_init_says_how_a_record_that_is_there_already_comes_into_git(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "http://127.0.0.1")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "remote", "add", "origin", "https://example.com/x")
    (tmp_path / ".reconcile/wiki.moved-1").mkdir(parents=True)
    (tmp_path / ".reconcile/wiki.moved-1/record.json").write_text("{}")
    assert "migrate" not in desk.reconcile("init").err
    (tmp_path / "desired/reconciler.yaml").unlink()
    (tmp_path / ".reconcile/wiki.moved-1").rename(tmp_path / ".reconcile/wiki")
    said = desk.reconcile("init").err
    assert "`reconcile record migrate --from local` moves it into Git" in said
    assert said.index("record migrate") < said.index("reconcile plan")


def test_init_adds_no_app_to_a_declaration_that_is_there_and_says_how_to(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "http://127.0.0.1")
    ran = desk.reconcile("init", "--app", "crm")
    assert ran.code == 64 and "no app 'crm' was made" in ran.err and "`reconcile import --app crm`" in ran.err
    assert "desired/apps/crm" in ran.err and "Next:" not in ran.err
    assert not (tmp_path / ".github").exists() and not (tmp_path / "schemas").exists()
    assert desk.reconcile("init", "--app", "wiki").code == 0


def with_second_app(desk: Desk) -> str:
    """What init says once another app has come."""
    shutil.copytree(desk.folder / "desired/apps/wiki", desk.folder / "desired/apps/crm")
    desk.write("apps/crm/app.yaml", app("${env:CRM_URL}").replace("WIKI_TOKEN", "CRM_TOKEN").replace("wiki", "crm"))
    ran = desk.reconcile("init")
    return ran.out + ran.err


def test_init_again_says_exactly_what_edited_workflows_lack_of_an_app_that_came_later(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "http://127.0.0.1")
    desk.reconcile("init")
    assert "lacks" not in desk.reconcile("init").err
    files = [tmp_path / f".github/workflows/{name}.yml" for name in ("plan", "apply", "drift")]
    for file in files:
        file.write_text(file.read_text() + "# mine\n")
    before = [file.read_text() for file in files]
    said = with_second_app(desk)
    assert [file.read_text() for file in files] == before, "what somebody edited is theirs"
    for name in ("plan", "apply", "drift"):
        about = said.partition(f"Warning: .github/workflows/{name}.yml lacks")[2].partition("Warning:")[0]
        assert "    CRM_TOKEN: ${{ secrets.CRM_TOKEN }}    (" in about
        assert "    CRM_URL: ${{ vars.CRM_URL }}    (beside each RECONCILE_ALLOWED_ORIGINS)" in about
        assert ("    CRM_TOKEN: ${{ secrets.CRM_TOKEN && 'present' }}    (" in about) is (name != "apply")
        assert "WIKI_TOKEN:" not in about
    assert "RECONCILE_ALLOWED_ORIGINS be https://ORIGIN=CRM_TOKEN,http" in said


def test_many_apps_are_spread_over_matrices_of_which_each_is_small_enough(team: Team) -> None:
    made = dict(workflow_files({IN_TOKEN_S_PLACE: ["WIKI_TOKEN"], URL: []}, "main", "", 2))
    for name in ("plan", "drift"):
        (team.hub.work / f".github/workflows/{name}.yml").write_text(made[f".github/workflows/{name}.yml"])

    def two(work: Path) -> None:
        shutil.copytree(work / "desired/apps/wiki", work / "desired/apps/crm")
        (work / "desired/apps/crm/app.yaml").write_text(
            app(f"{team.desk.url.rsplit(chr(47), 2)[0]}/{uuid4().hex}/v2").replace("wiki", "crm")
        )

    two(team.hub.work)
    team.hub.commit("two")
    team.hub.push()
    remark = team.hub.work / "desired/reconciler.yaml"
    run = team.hub.pull_request(team.hub.open(lambda work: remark.write_text(remark.read_text() + "# words\n")))
    jobs = {"validate", "apps", "left-out", "plan_1", "plan_2"}
    assert run.jobs == dict.fromkeys(jobs, "success"), run.output()
    assert {step.job: step.environ["APP"] for step in run.steps if "APP" in step.environ} == {"plan_1": "crm", "plan_2": "wiki"}
    nightly = team.hub.run("drift", "schedule", {}, team.hub.main(), "main")
    assert set(nightly.jobs) == {"apps", "cycle_1", "cycle_2", "drift_1", "drift_2"}


def test_the_number_of_matrices_is_that_of_the_apps_and_grows_with_them(tmp_path: Path) -> None:
    assert [parts_for(number) for number in (0, 1, 200, 201, 1_000)] == [1, 1, 1, 2, 5]
    (tmp_path / ".github/workflows").mkdir(parents=True)
    variables = {IN_TOKEN_S_PLACE: ["WIKI_TOKEN"], URL: ["WIKI_URL"]}
    file = tmp_path / ".github/workflows/plan.yml"
    file.write_text(dict(workflow_files(variables, "main", "", 2))[".github/workflows/plan.yml"])
    crm = load(Desk(tmp_path, "http://127.0.0.1").folder / "desired").declarations.apps["wiki"]
    ((name, text, more),) = completed(tmp_path / "desired", [crm] * 450)
    assert (name, parts_of(text), more) == (".github/workflows/plan.yml", 3, [])
    assert list(completed(tmp_path / "desired", [crm] * 20)) == [], "there is room for those that were"


def test_init_again_brings_an_app_that_came_later_into_workflows_that_are_as_it_wrote_them(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=trunk")
    desk = Desk(tmp_path, "http://127.0.0.1")
    desk.reconcile("init")
    said = with_second_app(desk)
    assert "lacks" not in said and "RECONCILE_ALLOWED_ORIGINS be https://ORIGIN=CRM_TOKEN,http" in said
    for name in ("plan", "apply", "drift"):
        assert f"edited  .github/workflows/{name}.yml: it passes CRM_TOKEN, CRM_URL now\n" in said
    edited = {file: file.read_text() for file in (tmp_path / ".github").rglob("*.yml")}
    shutil.rmtree(tmp_path / ".github")
    desk.reconcile("init")
    assert {file: file.read_text() for file in (tmp_path / ".github").rglob("*.yml")} == edited, "as if it had always been there"
    assert "edited" not in desk.reconcile("init").out


@pytest.mark.parametrize(
    ("command", "words"),
    [("init", "The app to write"), ("import", "The app to import"), ("plan", "Only this app; may be repeated")],
)
def test_the_help_says_what_app_means_to_a_command(tmp_path: Path, command: str, words: str) -> None:
    text = " ".join(Desk(tmp_path, "http://127.0.0.1").reconcile(command, "--help").out.split())
    assert words in text and ("Only this app" in text) is (command == "plan")


def test_init_never_overwrites_and_leaves_a_declaration_that_is_there(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "http://127.0.0.1")
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / ".github/workflows/plan.yml").write_text("mine")
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    said = init(tmp_path)
    assert "unchanged .github/workflows/plan.yml" in said and "desired" not in said
    assert {file: file.read_bytes() for file in before} == before
    assert not (tmp_path / "desired/apps/example").exists()
    assert "secrets.WIKI_TOKEN }}" in (tmp_path / ".github/workflows/apply.yml").read_text()
    assert "written" not in init(tmp_path) and desk.folder == tmp_path
