"""Where on GitHub a run and its plans are: a plan in, Markdown that says so out. Reads the environment of a runner."""

from __future__ import annotations

import os

from reconciler.plan.model import Plan
from reconciler.report.safe import code


def whole_plan(plan: Plan) -> str:
    """Where all of a plan is that had to be cut, in Markdown: the workflow `plan` keeps it; else it is made again."""
    run, commit = os.environ.get("GITHUB_RUN_ID", ""), plan.config.commit
    if not (run.isdigit() and commit and os.environ.get("GITHUB_EVENT_NAME") in ("pull_request", "merge_group")):
        return code(f"reconcile plan --app {plan.app} --format json")
    where = "/".join(os.environ.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY"))
    return (
        f"the artifact {code(f'plan-{plan.app}-{commit}')} of [this run]({where}/actions/runs/{run}), to be read with "
        "`reconcile show plan.json --format json`"
    )


def actions() -> str:
    """The address of the repository's actions, on a runner; empty elsewhere."""
    where = [os.environ.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY")]
    return "/".join([*where, "actions"]) if all(where) else ""
