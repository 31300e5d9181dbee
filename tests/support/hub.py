"""A small GitHub on this machine: a bare repository, pull requests, and the workflows run step by step as they are written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.command_server import command_server
from tests.support.expressions import as_text, evaluate, interpolate
from tests.support.gitworld import ENV, git
from tests.support.servers import ROOT

STANDIN = Path(__file__).parent.parent / "standin"
REPOSITORY = "team/identity"


@dataclass
class Step:
    """One step as it was run: its text or action, its whole environment, how it ended, what it printed."""

    job: str
    what: str
    environ: dict[str, str]
    outcome: str
    output: str = ""
    code: int = 0


@dataclass
class Run:
    """A run of a workflow."""

    steps: list[Step] = field(default_factory=list)
    jobs: dict[str, str] = field(default_factory=dict)
    summary: str = ""

    def step(self, words: str) -> Step:
        (found,) = [step for step in self.steps if words in step.what]
        return found

    def output(self) -> str:
        return "\n".join(f"$ {s.what}\n{s.output}" for s in self.steps)


class Hub:
    """`secrets` are by environment; the workflows are those that main has."""

    def __init__(self, folder: Path, desired: Path, secrets: dict[str, dict[str, str]], variables: dict[str, str]) -> None:
        self.folder, self.secrets, self.variables = folder, secrets, variables
        self.bare, self.work, self.count, self.days = folder / "remote.git", folder / "work", 0, 0
        self.state_file, self.installed = folder / "state.json", folder / "installed"
        git(folder, "init", "--bare", "--quiet", "--initial-branch=main", str(self.bare))
        git(self.bare, "config", "uploadpack.allowAnySHA1InWant", "true")
        git(folder, "clone", "--quiet", f"file://{self.bare}", str(self.work))
        shutil.copytree(desired, self.work / "desired")
        self.state: dict[str, Any] = {
            "bare": str(self.bare),
            "pulls": [],
            "comments": [],
            "issues": [],
            "artifacts": [],
            "calls": [],
            "tokens": {},
        }
        self.save()

    def save(self) -> None:
        self.state_file.write_text(json.dumps(self.state))

    def reload(self) -> None:
        self.state = json.loads(self.state_file.read_text())

    # Git

    def commit(self, message: str) -> str:
        git(self.work, "add", "--all")
        git(self.work, "commit", "--quiet", "-m", message)
        return git(self.work, "rev-parse", "HEAD").strip()

    def push(self, branch: str = "main") -> None:
        git(self.work, "push", "--quiet", "--force", "origin", f"HEAD:{branch}")

    def main(self) -> str:
        return git(self.bare, "rev-parse", "main").strip()

    def open(self, edit: Callable[[Path], object], fork: bool = False) -> int:
        """A pull request; `edit` changes the checkout."""
        number = len(self.state["pulls"]) + 1
        git(self.work, "fetch", "--quiet", "origin")
        git(self.work, "checkout", "--quiet", "-B", f"branch-{number}", "origin/main")
        pull = {
            "number": number,
            "merged_at": None,
            "commits": [],
            "head": "",
            "base": self.main(),
            "repo": "stranger/identity" if fork else REPOSITORY,
        }
        self.state["pulls"].append(pull)
        self.again(number, edit)
        return number

    def again(self, number: int, edit: Callable[[Path], object]) -> None:
        """Another commit on a pull request, and GitHub's merge of it with what main is now."""
        git(self.work, "checkout", "--quiet", f"branch-{number}")
        edit(self.work)
        pull = self.state["pulls"][number - 1]
        pull["head"], pull["base"] = self.commit(f"edit of {number}"), self.main()
        self.push(f"branch-{number}")
        self.save()

    def _joined(self, number: int) -> str:
        git(self.work, "fetch", "--quiet", "origin")
        git(self.work, "checkout", "--quiet", "--detach", "origin/main")
        git(self.work, "merge", "--quiet", "--no-ff", "-m", "join", f"branch-{number}")
        git(self.work, "push", "--quiet", "--force", "origin", f"HEAD:refs/pull/{number}/merge")
        return git(self.work, "rev-parse", "HEAD").strip()

    def merge(self, number: int, how: str = "merge") -> None:
        """Merge as GitHub's three buttons do."""
        branch, before = f"branch-{number}", self.main()
        git(self.work, "fetch", "--quiet", "origin")
        if how == "rebase":
            git(self.work, "checkout", "--quiet", branch)
            git(self.work, "rebase", "--quiet", "--force-rebase", "origin/main")
        else:
            git(self.work, "checkout", "--quiet", "-B", "main", "origin/main")
            git(self.work, "merge", "--quiet", *(["--squash"] if how == "squash" else ["--no-ff", "-m", "merge"]), branch)
            if how == "squash":
                self.commit("squashed")
        self.push()
        pull = self.state["pulls"][number - 1]
        pull["commits"] = git(self.bare, "rev-list", f"{before}..main").split()
        pull["merged_at"] = f"2026-06-01T00:00:{sum(1 for p in self.state['pulls'] if p['merged_at']):02}Z"
        self.save()

    # Events

    def pull_request(self, number: int) -> Run:
        pull = self.state["pulls"][number - 1]
        event = {
            "pull_request": {
                "number": number,
                "title": "$(touch pwned)`touch pwned`",
                "base": {"sha": pull["base"], "ref": "main"},
                "head": {"sha": pull["head"], "ref": f"branch-{number}", "repo": {"full_name": pull["repo"]}},
            }
        }
        return self.run(
            "plan",
            "pull_request",
            event,
            self._joined(number),
            f"{number}/merge",
            head=pull["head"],
            fork=pull["repo"] != REPOSITORY,
        )

    def pushed(self) -> Run:
        return self.run("apply", "push", {}, self.main(), "main")

    def dispatch(self, app: str, digest: str) -> Run:
        return self.run("apply", "workflow_dispatch", {}, self.main(), "main", {"app": app, "digest": digest})

    def night(self) -> Run:
        return self.run("drift", "schedule", {}, self.main(), "main")

    def run(
        self,
        name: str,
        event_name: str,
        event: dict[str, Any],
        sha: str,
        ref: str,
        inputs: dict[str, str] | None = None,
        head: str = "",
        fork: bool = False,
    ) -> Run:
        """Run a workflow as it is written at the commit."""
        workflow = yaml.load(git(self.bare, "show", f"{sha}:.github/workflows/{name}.yml"), yaml.BaseLoader)
        assert workflow["permissions"] == {}
        self.count += 1
        event = {**event, "repository": {"default_branch": "main"}}
        whole = ref if ref.startswith("refs/") else f"refs/heads/{ref}"
        github = {
            "event_name": event_name,
            "event": event,
            "sha": sha,
            "ref": whole,
            "ref_name": whole.split("/", 2)[2],
            "repository": REPOSITORY,
            "run_id": str(self.count),
            "server_url": "https://github.com",
        }
        run = Run()
        outputs: dict[str, Any] = {}
        for key, job in workflow["jobs"].items():
            needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            needed = {name: {"result": run.jobs[name], "outputs": outputs.get(name, {})} for name in needs}
            bad = any(value["result"] != "success" for value in needed.values())
            context = {"github": github, "needs": needed, "inputs": inputs or {}, "vars": self.variables}
            if not _holds(job.get("if"), context, bad, self.folder):
                run.jobs[key] = "skipped"
                continue
            matrix = interpolate(job.get("strategy", {}).get("matrix", {}), context, {}).get("include", [{}])
            for values in matrix:
                worker = _Job(self, run, key, job, context | {"matrix": values}, head or sha, fork)
                outputs[key] = worker.go(workflow)
                run.jobs[key] = "failure" if "failure" in (run.jobs.get(key), worker.status) else "success"
        self.reload()
        return run


def _holds(condition: str | None, context: dict[str, Any], failed: bool, workspace: Path) -> bool:
    """GitHub puts success() before a condition that asks for no status."""
    text = (condition or "success()").strip().removeprefix("${{").removesuffix("}}")
    functions = {
        "success": lambda: not failed,
        "failure": lambda: failed,
        "cancelled": lambda: False,
        "always": lambda: True,
        "hashFiles": lambda name: "x" if (workspace / name).exists() else "",
    }
    asked = any(f"{name}()" in text for name in ("success", "failure", "cancelled", "always"))
    return bool(evaluate(text, context, functions)) and (asked or not failed)


class _Job:
    def __init__(self, hub: Hub, run: Run, key: str, job: dict[str, Any], context: dict[str, Any], head: str, fork: bool) -> None:
        self.hub, self.run, self.key, self.job, self.head = hub, run, key, job, head
        self.workspace = hub.folder / f"run-{hub.count}-{key}-{len(run.steps)}"
        self.workspace.mkdir()
        self.temp = self.workspace.with_name(f"{self.workspace.name}-temp")
        self.temp.mkdir()
        self.status = "success"
        token = f"ghs_{hub.count}_{key}_{len(run.steps)}"
        hub.reload()  # what an earlier job has posted stays
        # A fork's token reads only, and a job without an environment has no secret of one.
        hub.state["tokens"][token] = {what: "read" if fork else level for what, level in job["permissions"].items()}
        hub.save()
        secrets = {} if fork else hub.secrets.get(job.get("environment", ""), {})
        github = {**context["github"], "token": token}
        self.context = {**context, "github": github, "secrets": secrets, "steps": {}, "runner": {"temp": str(self.temp)}}

    def go(self, workflow: dict[str, Any]) -> dict[str, Any]:
        environ = {**workflow.get("env", {}), **self.job.get("env", {})}
        for step in self.job["steps"]:
            self.step(step, environ, self.context)
        return {name: interpolate(text, self.context, {}) for name, text in self.job.get("outputs", {}).items()}

    def step(self, step: dict[str, Any], environ: dict[str, Any], context: dict[str, Any]) -> None:
        if not _holds(step.get("if"), context, self.status == "failure", self.workspace):
            return
        uses = step.get("uses", "")
        given = interpolate(step.get("with", {}), context, {})
        if uses.startswith("actions/"):
            assert len(uses.partition("@")[2]) == 40
            outputs = getattr(self, uses.split("@")[0].removeprefix("actions/").replace("-", "_"))(given)
            if "id" in step:
                context["steps"][step["id"]] = {"outputs": outputs}
        elif uses:
            self.composite(uses, given, context)
        else:
            self.command(step, interpolate({**environ, **step.get("env", {})}, context, {}), context)

    def checkout(self, given: dict[str, str]) -> None:
        assert given["persist-credentials"] == "false"
        folder = self.workspace / given.get("path", ".")
        git(self.hub.folder, "init", "--quiet", str(folder))
        git(folder, "remote", "add", "origin", f"file://{self.hub.bare}")
        depth = [] if given.get("fetch-depth") == "0" else ["--depth=1"]
        git(folder, "fetch", "--quiet", *depth, "origin", given.get("ref") or self.context["github"]["sha"])
        git(folder, "checkout", "--quiet", "--detach", "FETCH_HEAD")

    def setup_python(self, given: dict[str, str]) -> None:
        assert given["python-version"]

    def upload_artifact(self, given: dict[str, str]) -> dict[str, str]:
        """Without an archive it is one file, whose name the artifact has (actions/upload-artifact 7.0.0)."""
        number = len(self.hub.state["artifacts"])
        kept = self.hub.folder / f"artifact-{number}"
        shutil.copy(self.workspace / given["path"], kept)
        self.hub.reload()
        run = {"id": self.hub.count, "head_sha": self.head, "repository_id": 1, "head_repository_id": 1}
        self.hub.state["artifacts"].append(
            {
                "name": Path(given["path"]).name if given.get("archive") == "false" else given["name"],
                "expired": False,
                "created_at": f"{number:09}",
                "file": str(kept),
                "workflow_run": run,
                "run": {
                    "event": self.context["github"]["event_name"],
                    "head_sha": self.head,
                    "head_branch": self.context["github"]["event"].get("pull_request", {}).get("head", {}).get("ref"),
                    "created_at": f"2026-05-01T00:00:{number:02}Z",
                    "path": ".github/workflows/plan.yml",
                    "status": "completed",
                    "conclusion": "success",
                    "repository": {"id": 1},
                    "head_repository": {"id": 1},
                },
            }
        )
        self.hub.save()
        return {"artifact-url": f"https://github.com/{REPOSITORY}/actions/runs/{self.hub.count}/artifacts/{number}"}

    def composite(self, uses: str, given: dict[str, Any], context: dict[str, Any]) -> None:
        folder = self.own() / uses[2:] if uses.startswith("$/") else self.workspace / uses
        action = yaml.load((folder / "action.yml").read_text(), yaml.BaseLoader)
        inputs = {name: given.get(name, item.get("default", "")) for name, item in action["inputs"].items()}
        inner = {**context, "inputs": inputs, "github": {**context["github"], "action_path": str(folder)}, "secrets": {}}
        for step in action["runs"]["steps"]:
            self.step(step, {}, inner)

    def own(self) -> Path:
        """The repository at the commit that the workflow itself comes from, where nothing of the job can reach it."""
        folder = self.workspace.parent / f"{self.workspace.name}-own"
        if not folder.exists():
            git(self.hub.folder, "clone", "--quiet", "--no-checkout", f"file://{self.hub.bare}", str(folder))
            git(folder, "checkout", "--quiet", "--detach", self.context["github"]["sha"])
        return folder

    def command(self, step: dict[str, Any], environ: dict[str, Any], context: dict[str, Any]) -> None:
        assert "${{" not in step["run"], "text from elsewhere would be put into a script"
        files = {name: self.workspace.parent / f"{self.workspace.name}-{name}" for name in ("output", "summary")}
        for file in files.values():
            file.write_text("")
        github = context["github"]
        told = self.workspace.parent / f"{self.workspace.name}-event.json"
        told.write_text(json.dumps(github["event"]))
        whole = {name: as_text(value) for name, value in environ.items()}
        whole |= {
            **{name: ENV[name] for name in ENV if name.startswith("GIT_")},
            "HOME": str(self.hub.folder),
            "CI": "true",
            "PATH": f"{STANDIN}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": f"{STANDIN / 'days'}:{ROOT}",
            "RECONCILE_CACHE_DIR": "",
            "DAYS": str(self.hub.days),
            "INSTALLED": str(self.hub.installed),
            "COMMAND_SERVER": command_server().path,
            "GITHUB_EVENT_NAME": github["event_name"],
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": github["run_id"],
            "GITHUB_REF_NAME": github["ref_name"],
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_EVENT_PATH": str(told),
            "GITHUB_SHA": github["sha"],
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_OUTPUT": str(files["output"]),
            "GITHUB_STEP_SUMMARY": str(files["summary"]),
        }
        ran = subprocess.run(["bash", "-e", "-c", step["run"]], cwd=self.workspace, env=whole, capture_output=True, text=True)
        outcome = "failure" if ran.returncode else "success"
        if ran.returncode:
            self.status = "failure"
        pairs = [line.partition("=") for line in files["output"].read_text().splitlines()]
        self.context["steps"][step.get("id", "")] = {"outcome": outcome, "outputs": {k: v for k, _, v in pairs}}
        self.run.steps.append(Step(self.key, step["run"], whole, outcome, ran.stdout + ran.stderr, ran.returncode))
        self.run.summary += files["summary"].read_text()
        assert "Traceback" not in ran.stderr, ran.stderr


def scripts(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every step that is a script, of all workflows and actions in a folder."""
    for file in sorted(folder.rglob("*.yml")):
        found = yaml.load(file.read_text(), yaml.BaseLoader)
        jobs = found.get("jobs") or {"": found["runs"]}
        yield from ((file, step) for job in jobs.values() for step in job["steps"] if "run" in step)
