"""The reviewed plans of the pull requests that were merged since a commit: found by artifact, saved in order of the merges."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from reconciler.cycle.listener import Tell
from reconciler.cycle.plan_files import read_plans
from reconciler.cycle.reviewed import known_record
from reconciler.cycle.touched import Touched
from reconciler.declare.wording import plural
from reconciler.github.gh import GitHubError, ask, download
from reconciler.plan.model import Plan
from reconciler.record.store import Store
from reconciler.report.plan_file import PlanFileError

OURS, WORKFLOW = ".github/", ".github/workflows/plan.yml"
MOST_FILES = 3_000  # that GitHub lists of a pull request
REBASED = ("base_ref_changed", "automatic_base_change_succeeded")


class PullRequest(NamedTuple):
    """A merged one: when, its number, the commit at its head, of which the plan was reviewed; the names of its two branches."""

    merged_at: str
    number: int
    head: str
    branch: str  # OWNER:NAME
    base: str


def save_merged(app: str, store: Store, head: str | None, changed: Callable[[str], Touched], folder: Path, tell: Tell) -> None:
    """Save the app's reviewed plans of what was merged since its last apply, up to the commit `head`.

    `changed` answers what may differ since a commit. Says how many there are, and which pull requests have none. Raises
    GitHubError and RecordError.
    """
    record = store.load()
    if head is None:
        raise GitHubError("the declarations are in no commit", "run this in a checkout of the repository")
    if record and record.commit and not changed(record.commit).holds(app):
        tell(f"{app}: nothing that concerns it has changed since {record.commit[:12]}")
        return
    pulls = merged(record.commit if record else "", head, os.environ.get("GITHUB_REF_NAME"), tell)
    without = save(app, pulls, folder, partial(known_record, store), tell)
    since = record.commit[:12] if record and record.commit else "an unknown commit"
    saved = plural(len(pulls) - len(without), "reviewed plan")
    tell(f"{app}: {saved} of {plural(len(pulls), 'pull request')} merged since {since}")
    for pull in without:
        tell(
            f"{app}: pull request {pull.number} has no saved plan of {pull.head[:12]} (it does not touch {app}; or the plan was "
            "made by a fork, by another workflow or a run that did not end, without a token, redacted, or has expired): what "
            f"it declares of {app} waits for approval by digest"
        )


def merged(base: str, head: str, branch: str | None, tell: Tell) -> list[PullRequest]:
    """Pull requests merged after `base` up to `head`, oldest first; only those of `head` where the base is not known.

    GitHub links each commit to the pull request that brought it, whether it was merged, squashed or rebased.
    """
    return sorted({pull for sha in _commits(base, head, tell) for pull in _of_commit(sha, branch)})


def _commits(base: str, head: str, tell: Tell) -> list[str]:
    if not base:
        return [head]
    if base == head:
        return []
    try:
        return [commit["sha"] for page in ask(f"compare/{base}...{head}?per_page=100") for commit in page["commits"]]
    except GitHubError as error:
        if not error.is_not_found:
            raise
        tell(
            f"commit {base[:12]}, which was applied last, is in no history of {head[:12]}: only the latter's pull request is "
            "looked at, and what others declare waits for approval by digest"
        )
        return [head]


def _of_commit(sha: str, branch: str | None) -> Iterator[PullRequest]:
    for page in ask(f"commits/{sha}/pulls?per_page=100"):
        for item in page:
            if item["merged_at"] and branch in (None, item["base"]["ref"]):
                yield pull_of(item)


def pull_of(item: dict[str, Any]) -> PullRequest:
    """As GitHub tells it."""
    return PullRequest(item["merged_at"], item["number"], item["head"]["sha"], item["head"]["label"], item["base"]["ref"])


def save(app: str, pulls: Iterable[PullRequest], folder: Path, check: Callable[[Plan], object], tell: Tell) -> list[PullRequest]:
    """Save each one's plan of the app as NNNN-pull-NUMBER-APP.json; returns those that have none.

    Raises GitHubError, and what `check` raises of a plan.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return [
        item
        for place, item in enumerate(pulls)
        if not _saved(app, item, folder / f"{place:04}-pull-{item.number}-{app}.json", check, tell)
    ]


def _saved(app: str, pull: PullRequest, file: Path, check: Callable[[Plan], object], tell: Tell) -> bool:
    """False where there is no plan that could be applied."""
    with fetched(app, pull, tell) as plan:
        if plan is None:
            return False
        plans = plans_in(plan)
        if any(item.redacted or item.app != app for item in plans):
            return False
        for item in plans:
            check(item)
        shutil.copy(plan, file)
    return True


def name_of(app: str, pull: PullRequest) -> str:
    """What the artifact with the plan is called."""
    return f"plan-{app}-{pull.head}"


@contextmanager
def fetched(app: str, pull: PullRequest, tell: Tell) -> Iterator[Path | None]:
    """The file of the plan on a pull request, for as long as it is looked at; None where there is none that counts."""
    name = name_of(app, pull)
    artifact = _artifact(name, pull)
    if artifact is None or _is_doubtful(pull, tell) or _has_other_base(pull, tell):
        yield None
        return
    with tempfile.TemporaryDirectory() as scratch:
        download(artifact["workflow_run"]["id"], name, Path(scratch))
        yield Path(scratch, "plan.json")


def plans_in(file: Path) -> list[Plan]:
    """The plans of a file; none where something is wrong with it, which whoever applies it says."""
    try:
        return read_plans(file)
    except PlanFileError:
        return []


def _is_doubtful(pull: PullRequest, tell: Tell) -> bool:
    """Whether its plan may be anything; said in words."""
    words = doubt(pull.number)
    if words:
        tell(words)
    return bool(words)


def doubt(number: int) -> str:
    """Why the plan on a pull request does not count, in words: it changes what makes that plan. Empty where it does not.

    GitHub runs a pull request's own workflows. Raises GitHubError.
    """
    files = [item for page in ask(f"pulls/{number}/files?per_page=100") for item in page]
    names = [name for item in files for name in (item["filename"], item.get("previous_filename", "")) if name.startswith(OURS)]
    if not names and len(files) < MOST_FILES:
        return ""
    what = names[0] if names else f"more files than GitHub lists ({MOST_FILES:,})"
    return f"pull request {number} changes {what}, so that the plan on it may be anything"


def _has_other_base(pull: PullRequest, tell: Tell) -> bool:
    """Whether another pull request of the same branch has, or had, another base; said in words.

    GitHub runs the workflow as it is in the merge with the base, and nothing of a run says which base that was.
    """
    pages = ask(f"pulls?state=all&head={quote(pull.branch, safe=':')}&per_page=100")
    others = [
        item
        for page in pages
        for item in page
        if item["number"] != pull.number and item["head"]["label"] == pull.branch and item["base"]["ref"] != pull.base
    ]
    if others:
        tell(
            f"pull request {pull.number} is of the same branch as {others[0]['number']}, which is not for {pull.base}, so that "
            "the plan on it may be of that one's workflow"
        )
    return bool(others)


def _rebased_at(number: int) -> str:
    """When the pull request got another base the last time; empty where it never did. A run before was of that one's workflow."""
    events = (item for page in ask(f"issues/{number}/events?per_page=100") for item in page)
    return max((item["created_at"] for item in events if item["event"] in REBASED), default="")


def _of_the_workflow(run: int, pull: PullRequest, since: str) -> bool:
    """Whether a run is one of the workflow `plan`, of a pull request of the branch, at the head commit, and came to its end.

    How it ended does not matter: a plan that a safeguard blocks, or one with an error for one object, fails its run. One that is
    run again has the workflow and the time of its first run.
    """
    (answer,) = ask(f"actions/runs/{run}")
    return (
        answer["event"] == "pull_request"
        and str(answer["path"]).partition("@")[0] == WORKFLOW
        and answer["head_sha"] == pull.head
        and answer["repository"]["id"] == answer["head_repository"]["id"]
        and answer["head_branch"] == pull.branch.partition(":")[2]
        and answer["created_at"] > since
        and answer["status"] == "completed"
        and answer["conclusion"] in ("success", "failure")
    )


def _artifact(name: str, pull: PullRequest) -> dict[str, Any] | None:
    """The newest one that our workflow made of the head commit in this repository (not in a fork), and that has not expired."""
    artifacts = [
        item
        for page in ask(f"actions/artifacts?name={quote(name)}&per_page=100")
        for item in page["artifacts"]
        if not item["expired"]
        and (run := item["workflow_run"])["head_sha"] == pull.head
        and run["repository_id"] == run["head_repository_id"]
    ]
    since = _rebased_at(pull.number) if artifacts else ""
    newest = sorted(artifacts, key=lambda item: str(item["created_at"]), reverse=True)
    return next((item for item in newest if _of_the_workflow(item["workflow_run"]["id"], pull, since)), None)


def numbers(folder: Path, app: str) -> list[int]:
    """The pull requests whose plans of the app were saved."""
    saved = re.compile(rf"\d+-pull-(\d+)-{re.escape(app)}\.json")
    return sorted({int(match[1]) for file in folder.iterdir() if (match := saved.fullmatch(file.name))})
