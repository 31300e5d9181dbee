"""The record's nouns: what was last applied, as plain JSON values. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypedDict

RECORD_VERSION = 1


class Entry(TypedDict, total=False):
    """What we last applied at one address.

    wanted:   path -> value that we wanted (references as addresses)
    answered: path -> value that the service then answered, only where it differs from wanted
    members:  groups only: the addresses that we wanted in it
    roles:    the keys of the roles that were last applied: those that a user holds, those that a group gives
    retained: the account is out of scope, and nothing is left to be done with it
    """

    id: str
    wanted: dict[str, Any]
    answered: dict[str, Any]
    members: list[str]
    roles: list[str]
    retained: bool
    declaredId: str
    created: bool
    disabledAt: str


class Removal(TypedDict):
    """One user or group that an apply took something from. `at` is UTC; `kind` is disable, delete or roles."""

    at: str
    address: str
    kind: str


@dataclass
class Record:
    """Per app: address -> Entry, plus the origin that it was made with and the plan under way.

    protected: addresses that were protected when we last applied
    removals:  those of the last 24 hours, without what an approval let through
    approved:  digest of an approved plan that is not done yet -> a digest of each thing that it would do
    revoked:   people who must stay out until the declaration agrees: address -> {at, reason}
    commit:    the declaration's commit after whose apply no declared change was left to do; "" where none was known
    """

    app: str
    base_url: str = ""
    entries: dict[str, Entry] = field(default_factory=dict)
    under_way: list[str] = field(default_factory=list)
    revoked: dict[str, dict[str, str]] = field(default_factory=dict)
    commit: str = ""
    protected: list[str] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)
    approved: dict[str, list[str]] = field(default_factory=dict)
