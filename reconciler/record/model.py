"""The record's nouns: what was last applied, as plain JSON values. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypedDict

from reconciler.record.entries import Entries, Entry

RECORD_VERSION = 1


class Removal(TypedDict):
    """One user or group that an apply took something from. `at` is UTC; `kind` is disable, delete or roles."""

    at: str
    address: str
    kind: str


class Revocation(TypedDict):
    """A person who must stay out. `at` is UTC."""

    at: str
    reason: str


class Unanswered(TypedDict, total=False):
    """A write that may have reached the service, although nobody heard so: the next read of the service tells.

    step, action: as in an apply's steps and changes; at: when it was sent, UTC; id: of the account, where there was one
    wanted:       path -> value that it would have given (references as addresses)
    declaredId:   of the declared object, where it has one
    was:          the address that the object is recorded under, where it is another one
    """

    step: str
    action: str
    at: str
    id: str
    wanted: dict[str, Any]
    declaredId: str
    was: str


class JournalLine(TypedDict, total=False):
    """One line of the journal: a step before its requests, values made for it, or its outcome.

    run:        the record's `runs` when the line was written
    generated:  path -> value that only an apply can make
    takes:      [address, kind] of each removal that counts once the step is done
    outcome:    done, failed, skipped or stale, or moved for an entry that got another address
    entry:      what the record holds after it, null for nothing
    was:        the address at which the record had the object until then
    unanswered: whether the step's write may have reached the service all the same
    settled:    stands alone: all lines above are in the record
    """

    address: str
    at: str
    run: int
    id: str
    digest: str
    step: str
    action: str
    wanted: dict[str, Any]
    declaredId: str
    takes: list[list[str]]
    generated: dict[str, Any]
    outcome: str
    entry: Entry | None
    was: str
    unanswered: bool
    settled: str


class Asked(TypedDict, total=False):
    """What is left of a plan that was applied by its digest.

    only, causes: its selection
    changes:      address -> digest of the change, id of the account that it rests on ("" for none), and a digest of each
                  thing that it would do, where it can be done in part
    """

    only: list[str]
    causes: list[str]
    changes: dict[str, list[str]]


@dataclass
class Record:
    """Per app: address -> Entry, and the origin that it was made with.

    under_way:  digests of changes that an apply has begun and not ended
    runs:       how many applies have begun; the journal's lines of earlier ones are in here
    unanswered: address -> the write there whose outcome nobody knows
    protected:  addresses that were protected when we last applied
    limits:     the safeguards' limits when we last applied, by name
    breaches:   assignments that lacked then what a policy asks for, by policy and address
    carrying:   targets that carried roles when we last applied
    removals:   those of the last 24 hours, without what an approval let through
    approved:   digest of an approved plan that is not done yet -> a digest of each thing that it would do
    asked:      digest of a plan that was applied by it -> what is left of it
    revoked:    people who must stay out until the declaration agrees, by address
    members_shown: the service has shown who is in a group: one without members has none
    declared:   the names and places in app.yaml and reconciler.yaml when we last applied, as they are written
    skips:      address -> the code with which the provisioning log last said that the object is left out
    commit:     the declaration's commit after whose apply no declared change was left to do; "" where none was known
    """

    app: str
    base_url: str = ""
    entries: Entries = field(default_factory=Entries)
    under_way: list[str] = field(default_factory=list)
    revoked: dict[str, Revocation] = field(default_factory=dict)
    commit: str = ""
    protected: list[str] = field(default_factory=list)
    limits: dict[str, int] = field(default_factory=dict)
    breaches: list[str] = field(default_factory=list)
    carrying: list[str] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)
    approved: dict[str, list[str]] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    runs: int = 0
    unanswered: dict[str, Unanswered] = field(default_factory=dict)
    members_shown: bool = False
    skips: dict[str, str] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.entries, Entries):
            self.entries = Entries(self.entries)
        self.heard: dict[str, Unanswered] = {}  # what was unanswered until this run read the service: it is not kept
