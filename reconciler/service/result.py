"""What one cycle of one app came to: what notifications, metrics, the record and `status` are told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from reconciler.notify.message import Delivery
from reconciler.notify.outbox import Telling

Kind = Literal["initial", "incremental"]
Ended = Literal["success", "partial", "failed", "blocked", "off"]


@dataclass(frozen=True)
class Counts:
    """Users and groups together, as they are after the cycle.

    skipped:   code of provisioning (`NotAssigned`, `OutOfScopingFilter`, ...) -> number of users left out for it
    provisioned: those in scope that are in the record, but for accounts that have still to be enabled
    escrowed:  objects that wait for their retry; failed: those that failed in this cycle, also where a stop came before a retry
    drifted:   objects that somebody changed at the service, and that are left so
    """

    in_scope: int = 0
    provisioned: int = 0
    failed: int = 0
    escrowed: int = 0
    unmanaged: int = 0
    drifted: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """One object that could not be done. `status` is the HTTP status of the answer, where one came; `code` is one of `CODES`.

    `message` holds text of the service: it is data wherever it is shown. `in_plan` is the code that the object has among the
    plan's errors, empty where it was planned.
    """

    address: str
    action: str
    code: str
    status: int | None
    message: str
    remedy: str
    in_plan: str = ""


@dataclass(frozen=True)
class AppError:
    """Why an app could not be planned or written at all: `code` is one of `CODES`, `status` as for a Failure."""

    code: str
    status: int | None
    message: str
    remedy: str


@dataclass(frozen=True)
class Block:
    """A safeguard that holds changes back, and the digest of the plan that would have to be approved."""

    safeguard: str
    message: str
    digest: str


@dataclass(frozen=True)
class Drifted:
    """An object that differs from what the service answered when it was written; `line` says in one line what differs."""

    address: str
    line: str


@dataclass(frozen=True)
class Approval:
    """An approval that the app waits for: the safeguard, the digest that it would carry, and the file in which it would stand."""

    safeguard: str
    digest: str
    file: str


@dataclass(frozen=True)
class Quarantine:
    """An app whose cycles are held apart, as it stands after the cycle.

    reason:  one of `REASONS`; message says it in words, with text of the service as data
    since:   when it began, UTC; next_attempt: when its next cycle begins, None once it is off until `restart`
    """

    reason: str
    message: str
    since: str
    next_attempt: str | None


class Unkept(NamedTuple):
    """What was told of a cycle from memory, since no outbox could hold it: what became of each try; and, where no record could
    hold either that it was told, what people know: for as long as this process lives it remembers that.
    """

    telling: Telling | None
    tried: tuple[Delivery, ...]


class Since(NamedTuple):
    """From when on counts how long a leaver stayed in, UTC; `doubt` says why that is not the commit's date."""

    at: str = ""
    doubt: str = ""


class Standing(NamedTuple):
    """How an app stands by its record, for metrics: texts are from closed sets, moments UTC, and empty where there is none.

    phase:         kind of the last cycle; health: in one word, as `status` says it
    interval:      seconds between two cycles; 0 of an app that is off, which has none
    begun:         when its first cycle began
    escrowed_since: when the oldest escrow first failed
    quarantine:    its reason; safeguards are those that hold changes back
    """

    app: str
    profile: str
    phase: str
    health: str = "off"
    interval: int = 0
    last_success: str = ""
    escrowed_since: str = ""
    quarantine: str = ""
    safeguards: tuple[str, ...] = ()
    begun: str = ""


@dataclass(frozen=True)
class CycleResult:
    """One cycle. Moments are UTC in ISO form; `cycle_id` stands in each line of the log and in each event.

    written:     action (create, update, enable, disable, delete) -> number of objects written
    error:       of the whole app; None where it was planned, whatever became of its objects
    blocked:     empty where no safeguard blocks; held are the addresses of all changes that are held back then
    rate_wait:   seconds that the service made us wait
    commit:      the declaration's commit; "" where its files are in none
    is_behind:   another machine's cycle had a newer one: it says nothing new of what is declared
    read_back:   when the service was asked again for those whom the declaration put out, UTC; "" where there were none
    since:       from when on that counts
    objects:     User or Group -> state (a name of Counts; of skipped the sum) -> number; empty where nothing was planned
    writes:      (User or Group, action, done or failed or skipped) -> number of objects
    requests:    (method, HTTP status, 0 where no answer came) -> number
    in_part:     whether only those were looked at whom something called for
    outbox:      the folder in which messages about the app wait; "" where its record was not opened
    interrupted: it was told to stop before its end: the next one does the rest
    standing:    how the app stands by its record after the cycle; None where none was opened
    interval:    seconds between two cycles, where no record was opened that says so
    unkept:      what people are told although no outbox can hold it
    left:        changes that it had not begun then
    escrowed:    addresses in escrow after it; given_up are those of them that are tried no more
    repaired:    of drift what it has written over
    repairs:     whether app.yaml has drift written over: what is left of it then was held back, or failed
    unreviewed:  addresses of declared changes that it left to their own review, being for some causes alone
    is_of_checkout: its error lies in files that all apps share, and is told once for all of them
    is_told_to_all: a record holds that people know of such an error, which lasts as far as they know
    is_of_new:   the declaration is another than that of the cycle before, or everything was looked at again
    outboxes:    folders beside `outbox` in which messages wait
    """

    app: str
    profile: str
    cycle_id: str
    kind: Kind
    started: str
    ended: str
    result: Ended
    error: AppError | None = None
    counts: Counts = field(default_factory=Counts)
    written: Mapping[str, int] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    blocked: tuple[Block, ...] = ()
    held: tuple[str, ...] = ()
    drift: tuple[Drifted, ...] = ()
    repaired: tuple[Drifted, ...] = ()
    repairs: bool = False
    approvals_needed: tuple[Approval, ...] = ()
    quarantine: Quarantine | None = None
    rate_wait: float = 0.0
    commit: str = ""
    is_behind: bool = False
    read_back: str = ""
    since: Since = Since()
    objects: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    writes: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    requests: Mapping[tuple[str, int], int] = field(default_factory=dict)
    in_part: bool = False
    outbox: str = ""
    interrupted: bool = False
    left: int = 0
    unreviewed: tuple[str, ...] = ()
    escrowed: tuple[str, ...] = ()
    given_up: tuple[str, ...] = ()
    is_of_checkout: bool = False
    is_told_to_all: bool = False
    is_of_new: bool = False
    outboxes: tuple[str, ...] = ()
    standing: Standing | None = None
    interval: int = 0
    unkept: Unkept | None = None
