"""What an apply is given and what it answers. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from reconciler.apply.origin import Origin
from reconciler.plan.apply_inputs import ApplyInputs
from reconciler.plan.change import Change
from reconciler.plan.live import roles_shown
from reconciler.plan.model import Access, Skip
from reconciler.record.model import Record
from reconciler.record.store import RecordError
from reconciler.resolve.model import Resolution
from reconciler.rolesources.source import RoleSource
from reconciler.scim.errors import ServiceError

ENDED = ("done", "ignored", "outstanding")  # of which nothing is told to the service again


Rows = Callable[[Mapping[str, tuple[Collection[str], Collection[str]]]], Mapping[str, tuple[Access, ...]]]


@dataclass(frozen=True)
class Job:
    """The changes to be made, and what is known of the objects that they touch; `occasion` is said in the log.

    `commit` goes into the record where all of them are done: no declared change is left then. None leaves it as it is. `head` is
    the commit that they come from, whatever they leave; empty where their files are in none.
    `removals` say what counts once a change is done: its address -> (address, kind) of each (plan/safeguards/memory.py);
    `everything` are the changes that there would be without a selection; `skipped` is who was left out of scope; `origin` is
    what all records of the log say alike; `roles` is the API beside SCIM that holds them. `rows_of` says of what an earlier run
    did and could not log who gained or lost which roles (keys before and after) by which line; None where no run left anything.
    """

    app: str
    changes: tuple[Change, ...]
    inputs: ApplyInputs
    record: Record
    resolution: Resolution
    occasion: str = "apply"
    commit: str | None = None
    head: str = ""
    removals: Mapping[str, list[tuple[str, str]]] = field(default_factory=dict)
    everything: tuple[Change, ...] = ()
    skipped: tuple[Skip, ...] = ()
    origin: Origin = field(default_factory=Origin)
    roles: RoleSource | None = None
    rows_of: Rows | None = None

    @cached_property
    def shown_roles(self) -> frozenset[str]:
        """The targets that carry roles and that the service showed of anybody before anything was written."""
        return roles_shown(self.resolution.user_mapping, self.inputs.live.users.values())

    def names(self, skip: Skip) -> set[str]:
        """Today's address of who is left out, and the recorded one."""
        return {skip.address, self.inputs.renamed.get(skip.address, skip.address)}

    @cached_property
    def left_out(self) -> dict[str, Skip]:
        """Who is left out, by either address."""
        return {address: skip for skip in self.skipped for address in self.names(skip)}


class Failed(Exception):
    """One object cannot be done: status and words for its outcome, and the HTTP status of the answer, where one is the reason.

    `uncertain`: a write may have been done all the same.
    """

    uncertain = False

    def __init__(self, status: str, message: str, http: int | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.http = status, message, http


class Stale(Failed):
    """The object is not as the plan saw it. Its outcome says what to do."""

    def __init__(self, message: str, remedy: str = "plan again") -> None:
        super().__init__("stale", f"{message}; {remedy}")


class Outcome(NamedTuple):
    """`status` is done, failed, skipped, stale, ignored, or outstanding: told to give or take access, the service did not.

    `http` is the status of the answer that failed it, 0 where none came, None where something else did.
    """

    change: Change
    status: str
    message: str = ""
    http: int | None = None


@dataclass
class Result:
    """`adopted` are the addresses that went into the record without a change; `refused` is the answer that ended the run.

    `said` is what was found of the service on the way, in words.
    `unkept` says why the record could not be written, which ended the run before its next write.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    interrupted: bool = False
    refused: ServiceError | None = None
    adopted: tuple[str, ...] = ()
    unkept: RecordError | None = None
    said: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        """Nothing is left that another apply would do."""
        return not self.interrupted and all(o.status in ENDED for o in self.outcomes)

    @property
    def complete(self) -> bool:
        """Everything that was to be done was done."""
        return not self.interrupted and self.unkept is None and all(o.status in ("done", "ignored") for o in self.outcomes)
