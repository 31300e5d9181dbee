"""The reviewed plans of the pull requests that were merged since a commit: found by artifact, saved in order of the merges."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from reconciler.cli.gh import GitHubError, ask, download
from reconciler.cli.saved import read_plans
from reconciler.cli.saying import say
from reconciler.plan.model import Plan
from reconciler.report.jsonform import PlanFileError


class PullRequest(NamedTuple):
    """A merged one: when, its number, the commit at its head, of which the plan was reviewed."""

    merged_at: str
    number: int
    head: str


def merged(base: str, head: str, branch: str | None) -> list[PullRequest]:
    """Pull requests merged after `base` up to `head`, oldest first; only those of `head` where the base is not known.

    GitHub links each commit to the pull request that brought it, whether it was merged, squashed or rebased.
    """
    found = {item for sha in _commits(base, head) for item in _of_commit(sha, branch)}
    return sorted(found)


def _commits(base: str, head: str) -> list[str]:
    if not base:
        return [head]
    if base == head:
        return []
    try:
        return [commit["sha"] for page in ask(f"compare/{base}...{head}?per_page=100") for commit in page["commits"]]
    except GitHubError as error:
        if not error.is_not_found:
            raise
        say(f"commit {base[:12]}, which was applied last, is in no history of {head[:12]}: only the latter's pull request is "
            "looked at, and what others declare waits for approval by digest")  # fmt: skip
        return [head]


def _of_commit(sha: str, branch: str | None) -> Iterator[PullRequest]:
    for page in ask(f"commits/{sha}/pulls?per_page=100"):
        for item in page:
            if item["merged_at"] and branch in (None, item["base"]["ref"]):
                yield PullRequest(item["merged_at"], item["number"], item["head"]["sha"])


def save(
    app: str, pulls: Iterable[PullRequest], folder: Path, check: Callable[[Plan], None]
) -> list[PullRequest]:
    """Save each one's plan of the app as NNNN-pull-NUMBER-APP.json; returns those that have none.

    Raises GitHubError, and what `check` raises of a plan.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return [item for place, item in enumerate(pulls)
            if not _saved(app, item, folder / f"{place:04}-pull-{item.number}-{app}.json", check)]  # fmt: skip


def _saved(app: str, pull: PullRequest, file: Path, check: Callable[[Plan], None]) -> bool:
    """False where there is no plan that could be applied."""
    name = f"plan-{app}-{pull.head}"
    found = _artifact(name, pull.head)
    if found is None:
        return False
    with tempfile.TemporaryDirectory() as scratch:
        download(found["workflow_run"]["id"], name, Path(scratch))
        plan = Path(scratch, "plan.json")
        plans = _whole(plan)
        if any(item.redacted for item in plans):
            return False
        for item in plans:
            check(item)
        shutil.copy(plan, file)
    return True


def _whole(file: Path) -> list[Plan]:
    try:
        return read_plans(file)
    except PlanFileError:  # kept, so that the apply says what is wrong with it
        return []


def _artifact(name: str, head: str) -> dict[str, Any] | None:
    """The newest one that a run of this repository (not of a fork) made at the head commit, and that has not expired."""
    found = [
        item
        for page in ask(f"actions/artifacts?name={name}&per_page=100")
        for item in page["artifacts"]
        if not item["expired"] and (run := item["workflow_run"])["head_sha"] == head
        and run["repository_id"] == run["head_repository_id"]
    ]  # fmt: skip
    return max(found, key=lambda item: str(item["created_at"]), default=None)


def numbers(folder: Path, app: str) -> list[int]:
    """The pull requests whose plans of the app were saved."""
    return sorted({int(file.name.split("-")[2]) for file in folder.glob(f"*-pull-*-{app}.json")})
