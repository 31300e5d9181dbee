"""Whether an app's record goes on from the one that the newest merged pull request's plan was made with. Asks GitHub.

A runner that is new each time knows nothing itself of what the record was; what was reviewed last does.
"""

from __future__ import annotations

from functools import cached_property

from reconciler.cycle.listener import Tell
from reconciler.cycle.reviewed import known_record
from reconciler.github.gh import ask_once
from reconciler.github.reviewed_plans import PullRequest, fetched, name_of, plans_in, pull_of
from reconciler.plan.model import Plan
from reconciler.record.store import RecordError, Store

MOST = 30  # pull requests that are looked at, the newest first
PAGES, PAGE = 5, 100  # of artifacts that are listed before each is asked for by its name


class Merged:
    """What was merged into the branch `base` last, and of which apps it has plans: asked once, however many apps there are."""

    def __init__(self, base: str) -> None:
        self.base = base

    @cached_property
    def pulls(self) -> list[PullRequest]:
        """The newest first. Raises GitHubError."""
        closed = ask_once(f"pulls?state=closed&base={self.base}&sort=updated&direction=desc&per_page={MOST}")
        return sorted((pull_of(item) for item in closed if item["merged_at"]), reverse=True)

    @cached_property
    def _artifacts(self) -> tuple[frozenset[str], bool]:
        """The names of the newest artifacts, and whether there are no others. Raises GitHubError."""
        names: list[str] = []
        for page in range(1, PAGES + 1):
            found = ask_once(f"actions/artifacts?per_page={PAGE}&page={page}")["artifacts"]
            names += [item["name"] for item in found]
            if len(found) < PAGE:
                return frozenset(names), True
        return frozenset(names), False

    def with_plans(self, app: str) -> list[PullRequest]:
        """The pull requests that may have a plan of the app, the newest first. Raises GitHubError."""
        if not self.pulls:
            return []
        names, are_all = self._artifacts
        return [pull for pull in self.pulls if not are_all or name_of(app, pull) in names]


def check_record(app: str, store: Store, merged: Merged, tell: Tell) -> None:
    """Raises RecordError where the record lost history, and GitHubError."""
    for pull in merged.with_plans(app):
        plan = _plan(app, pull, tell)
        if plan is None or not (plan.record.head or plan.record.hash):
            continue
        try:
            words = "goes on from the one" if known_record(store, plan) else "was accepted by `record trust` instead of the one"
        except RecordError as error:
            raise RecordError(f"pull request {pull.number}: {error.message}", error.remedy, error.code) from None
        tell(f"{app}: the record {words} that the plan of pull request {pull.number} was made with")
        return
    tell(f"{app}: no plan of the newest merged pull requests knows the record: there is nothing to compare it with")


def _plan(app: str, pull: PullRequest, tell: Tell) -> Plan | None:
    with fetched(app, pull, tell) as file:
        return next((plan for plan in plans_in(file) if plan.app == app), None) if file is not None else None
