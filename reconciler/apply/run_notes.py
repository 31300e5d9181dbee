"""How each object's change went in one run, as the provisioning log tells it: when, by which writes, on what. No I/O."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.apply.log import STATUSES, Went, is_declared
from reconciler.apply.log_shape import Export
from reconciler.apply.model import Job
from reconciler.apply.steps import Step
from reconciler.scim.sender import Heard


class RunNotes:
    """`at` says when each change ended, `uncertain` are those of which something was sent that may have been done."""

    def __init__(self, job: Job) -> None:
        self.at: dict[str, str] = {}
        self.uncertain: set[str] = set()
        self._exports: dict[str, tuple[Export, ...]] = {}
        self._roles = _roles_before(job)

    def add(self, step: Step, status: str, last: Heard, milliseconds: int) -> None:
        """A step that has ended, with the last write that was sent for it."""
        export = Export(step.kind, STATUSES.get(status, "failure"), last.method, last.status, milliseconds)
        self._exports[step.change.address] = (*self._exports.get(step.change.address, ()), export)

    def roles_before(self, address: str) -> list[str]:
        """The keys of the roles that somebody had there when the run began."""
        return list(self._roles.get(address, ()))

    def went(self, address: str, touched: set[str], now: Callable[[], str]) -> Went:
        """`touched` are the addresses of which a part, or all, was done; `now` says when a change ended that has no step."""
        uncertain = address in self.uncertain
        return Went(
            self.at.get(address) or now(),
            address in touched,
            uncertain,
            self._exports.get(address, ()),
            self._roles.get(address, ()),
        )


def _roles_before(job: Job) -> dict[str, tuple[str, ...]]:
    """Address of each change of who is in the record -> the keys of the roles that they have before anything is written."""
    recorded = {change.address: job.inputs.renamed.get(change.address, change.address) for change in job.changes}
    entries = job.record.entries
    return {a: _as_read(job, a, tuple(entries[old].get("roles", ()))) for a, old in recorded.items() if old in entries}


def _as_read(job: Job, address: str, recorded: tuple[str, ...]) -> tuple[str, ...]:
    """Without what somebody took by hand and nothing assigns any more, and with what stays though nothing does."""
    shown, user = job.inputs.shown.get(address), job.resolution.users.get(address)
    if shown is None or not is_declared(job, recorded):  # a role with a new name is none of these
        return recorded
    wanted = {role.key for role in user.roles} if user is not None and address not in job.inputs.revoked else set()
    left = (key for key in job.inputs.left.get(address, ()) if key not in recorded)
    return (*(key for key in recorded if key in wanted or key in shown), *left)
