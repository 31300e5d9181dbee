"""Whether an app's record goes on from the one that the newest merged pull request's plan was made with. Asks GitHub.

A runner that is new each time knows nothing itself of what the record was; what was reviewed last does.
"""

from __future__ import annotations

from reconciler.cycle.listener import Tell
from reconciler.cycle.reviewed import known_record
from reconciler.github.gh import ask_once
from reconciler.github.reviewed_plans import PullRequest, fetched, plans_in, pull_of
from reconciler.plan.model import Plan
from reconciler.record.store import RecordError, Store

MOST = 30  # pull requests that are looked at, the newest first


def check_record(app: str, store: Store, base: str, tell: Tell) -> None:
    """Raises RecordError where the record lost history, and GitHubError. `base` is the branch into which changes are merged."""
    for pull in _newest(base):
        plan = _plan(app, pull, tell)
        if plan is None or not (plan.record.head or plan.record.hash):
            continue
        try:
            known_record(store, plan)
        except RecordError as error:
            remedy = (
                f"restore it; if it is right as it is, delete the artifact plan-{app}-{pull.head} of pull request {pull.number}: "
                "then the plan before that one counts"
            )
            raise RecordError(error.message, remedy, error.code) from None
        tell(f"{app}: the record goes on from the one that the plan of pull request {pull.number} was made with")
        return
    tell(f"{app}: no plan of the newest merged pull requests knows the record: there is nothing to compare it with")


def _newest(base: str) -> list[PullRequest]:
    """Those that were merged, the newest first."""
    closed = ask_once(f"pulls?state=closed&base={base}&sort=updated&direction=desc&per_page={MOST}")
    return sorted((pull_of(item) for item in closed if item["merged_at"]), reverse=True)


def _plan(app: str, pull: PullRequest, tell: Tell) -> Plan | None:
    with fetched(app, pull, tell) as file:
        return next((plan for plan in plans_in(file) if plan.app == app), None) if file is not None else None
