"""A planned app in, where the records of its write come from out: who began it, of what. Reads the environment."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.apply.origin import Origin, named
from reconciler.cycle.session import Session
from reconciler.record.lease import user

GITHUB = {
    "actor": "GITHUB_ACTOR",
    "repository": "GITHUB_REPOSITORY",
    "workflow": "GITHUB_WORKFLOW",
    "event": "GITHUB_EVENT_NAME",
    "run": "GITHUB_RUN_ID",
    "attempt": "GITHUB_RUN_ATTEMPT",
}


def origin_of(session: Session, started: str, pulls: Mapping[str, int], cycle: str) -> Origin:
    """`started` is UTC; `pulls` are digest of a change -> the number of the pull request in which it was reviewed.

    `cycle` is the id of the pass, empty where it has none yet.
    """
    plan, record = session.planned.plan, session.record
    runs = record.runs if record is not None else 0
    return Origin(
        cycle or named(plan.app, started, runs, plan.digest),
        started,
        starter(os.environ),
        plan.digest,
        plan.config.commit,
        plan.config.dirty,
        session.app.displayName,
        session.client.shown_url,
        plan.profile,
        tuple(_approvals(session)),
        pulls,
        plan.access,
        session.planned.context.resolution.declarations.default_domain or "",
    )


def starter(environ: Mapping[str, str]) -> dict[str, str]:
    """Who began this process: GitHub's actor with the run and its attempt, else the user and the host."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return {name: environ[variable] for name, variable in GITHUB.items() if environ.get(variable)}
    return {"user": user(), "host": socket.gethostname()}


def _approvals(session: Session) -> Iterator[dict[str, Any]]:
    for name, item in session.guarded.lifting:
        place = {"file": item.place.file, "line": item.place.line}
        yield {"safeguard": name, "plan": item.plan, "reason": item.reason, **place}
