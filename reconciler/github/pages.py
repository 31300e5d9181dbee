"""Where on GitHub a run and its plans are: a plan in, Markdown that says so out. Reads the environment of a runner."""

from __future__ import annotations

import os
import re

from reconciler.plan.model import Plan
from reconciler.report.safe import code


def page_of(artifact: str) -> str:
    """The address of a page that a run of this repository keeps; empty for any other."""
    fits = re.fullmatch(re.escape(_repository()) + r"/actions/runs/\d+/artifacts/\d+", artifact, re.ASCII)
    return artifact if fits and _repository() else ""


def whole_plan(plan: Plan, page: str = "") -> str:
    """Where all of a plan is that had to be cut, in Markdown: on `page`, or on that of the run; off a runner it is made again.

    The workflow `plan` keeps it as an artifact; of another workflow the log has it.
    """
    if page:
        return f"[the plan as a page]({page})"
    run, commit = os.environ.get("GITHUB_RUN_ID", ""), plan.config.commit
    if not (run.isascii() and run.isdigit() and _repository()):
        return code(f"reconcile plan --app {plan.app} --format json")
    page = f"[this run]({_repository()}/actions/runs/{run})"
    if not commit or os.environ.get("GITHUB_EVENT_NAME") not in ("pull_request", "merge_group"):
        return f"the summary and the log of {page}"
    return f"the artifact {code(f'plan-{plan.app}-{commit}')} of {page}, to be read with `reconcile show plan.json --format json`"


def blob(plan: Plan) -> str:
    """The address under which GitHub shows the files of the plan's commit, on a runner; empty elsewhere."""
    commit = plan.config.commit or ""
    return f"{_repository()}/blob/{commit}" if _repository() and re.fullmatch("[0-9a-f]{7,64}", commit) else ""


def actions() -> str:
    """The address of the repository's actions, on a runner; empty elsewhere."""
    return f"{_repository()}/actions" if _repository() else ""


def _repository() -> str:
    where = [os.environ.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY")]
    return "/".join(where) if all(where) else ""
