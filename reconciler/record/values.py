"""What the record and its journal hold beside entries, as plain JSON values. No I/O."""

from __future__ import annotations

from typing import Any, TypedDict

from reconciler.record.entries import Entry

IN_NO_FORM = "none"


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
    takes:        [address, kind] of each removal that counts once it is done
    intended:     it was written down before the first write of its run: `at` is then, and it may never have been sent
    added, removed: the members that it would put into a group, or take out, by address
    roles:        the keys of the roles that the record had of an account before it
    """

    step: str
    action: str
    at: str
    id: str
    wanted: dict[str, Any]
    declaredId: str
    was: str
    takes: list[list[str]]
    intended: bool
    added: list[str]
    removed: list[str]
    roles: list[str]


class Learned(TypedDict, total=False):
    """What applies have found of a service that neither its profile nor its discovery says.

    rests_on:        digest of the profile and the mappings with which it was found; with others it is found anew
    refusesVersions: it refuses changes that carry the very version that it shows
    keepsVersions:   whether it refuses changes that carry another version than the object's (apply/version_try.py)
    forms:           User/ or Group/ and a target -> the form in which a change of it is taken (scim/attribute_forms.py), where
                     that is not by its path; `none` where in no form
    notAtCreate:     User/ or Group/ and a target that a create must not hold
    """

    rests_on: str
    refusesVersions: bool
    keepsVersions: bool
    forms: dict[str, str]
    notAtCreate: list[str]


class LookedUp(TypedDict, total=False):
    """The names of a role on the service that were looked up last, and what they were then, each as place/role by id."""

    role: str
    accountGroups: str | list[str]
    ids: list[str]


class GivenRole(LookedUp):
    """A role that was given over an API beside SCIM: its value and name, and what it was there, each as place/role by id."""

    value: str
    display: str
    grants: list[str]


class SeenRoles(TypedDict):
    """What one account held there when it was last read: at is UTC; held are place/role by id."""

    at: str
    held: list[str]


class RoleMemory(TypedDict, total=False):
    """What is known of roles that are held over an API beside SCIM.

    given: key of a role -> what it was there when it was last given
    read:  until when the service's log of edits is known, UTC
    owner: whose token it is, as that log names them
    seen:  id of an account, or `beside/` and the id of a person who has none in SCIM -> what was held when it was last read
    """

    given: dict[str, GivenRole]
    seen: dict[str, SeenRoles]
    read: str
    owner: str


class JournalLine(TypedDict, total=False):
    """One line of the journal: a step before its requests, values made for it, or its outcome.

    run:        the record's `runs` when the line was written
    cycle:      the id of the pass that wrote it, as the log has it
    generated:  path -> value that only an apply can make
    takes:      [address, kind] of each removal that counts once the step is done
    outcome:    done, failed, skipped or stale, or moved for an entry that got another address
    entry:      what the record holds after it, null for nothing
    was:        the address at which the record had the object until then
    unanswered: whether the step's write may have reached the service all the same
    settled:    stands alone: all lines above are in the record
    origin:     in a run's first line, what its records of the log say alike; `causes` of most changes, `otherwise` of others by
                address, `declared` the digest of the declarations
    """

    address: str
    at: str
    run: int
    cycle: str
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
    origin: dict[str, Any]
    declared: str
    causes: list[str]
    otherwise: dict[str, list[str]]


class Asked(TypedDict, total=False):
    """What is left of a plan that was applied by its digest.

    only, causes: its selection
    changes:      address -> digest of the change, id of the account that it rests on ("" for none), and a digest of each
                  thing that it would do, where it can be done in part
    """

    only: list[str]
    causes: list[str]
    changes: dict[str, list[str]]
