"""What app.yaml and reconciler.yaml set, apart from what has a place of its own: the nouns, with their defaults. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Provisioning:
    """`interval` and `fullRefresh` are times as they are declared: `40m`.

    `minimalOver` is the number of objects in the record above which `plan --minimal-if-large` reads what changed, None for never.
    """

    mode: str = "automatic"
    status: str = "on"
    scope: str = "assigned"
    defaultAccess: str = "skip"
    nestedGroups: str = "expand"
    interval: str = "40m"
    fullRefresh: str = "24h"
    minimalOver: int | None = None
    drift: str = "report"  # or "repair": what `run` does


@dataclass(frozen=True)
class Deprovisioning:
    outOfScope: str = "disable"
    removedFromDirectory: str = "disable"
    deleteAfter: str | None = None


@dataclass(frozen=True)
class AccidentalDeletions:
    """Most users (and, apart from them, groups) that may go within 24 hours; the percentage counts from `minimumExisting`."""

    count: int = 10
    percent: int = 20
    minimumExisting: int = 10


@dataclass(frozen=True)
class GroupMembership:
    """Most known members, in percent, that may leave one group at once."""

    percent: int = 50
    minimumExisting: int = 10


@dataclass(frozen=True)
class Identity:
    """Most accounts that may get another login, or another value by which they are matched, within 24 hours."""

    count: int = 10
    percent: int = 20
    minimumExisting: int = 10


class Cost(NamedTuple):
    """What one request costs, in a currency, and the most that an apply may cost."""

    perRequest: float
    currency: str
    most: float


class Budget(NamedTuple):
    """The most requests of one apply, the most minutes that they may take at the service's rate, and their cost."""

    requests: int | None = None
    minutes: int | None = None
    cost: Cost | None = None


class Lockout(NamedTuple):
    """`role` is a folded displayName, `minimumActive` how many must hold it after any plan."""

    role: str
    minimumActive: int


APP = "<app>"  # stands for an app's name in a ref
REF = f"refs/reconcile/{APP}"
PLACES = re.compile("refs/(heads/([A-Za-z0-9][A-Za-z0-9_-]*/)*)?reconcile/<app>")  # of refs, as the schema says


@dataclass(frozen=True)
class RecordSettings:
    """Where the record lies: `remote` for git, `path` for local; `folder` is that of reconciler.yaml, inside the repository.

    `sign` is whether each commit of a record in Git is signed, by whom the file `allowedSigners` lists, which is named from the
    top of the checkout, or with a certificate of one of `allowedIdentities`, each a name and an issuer; `unsignedUntil` is the
    last day (UTC, YYYY-MM-DD) on which one without any signature is gone on from.
    `ref` is where it lies on the remote, with APP for the app's name; `logRetention` is for how many days `record prune` keeps
    the log and the history, None for ever.
    """

    backend: str = "local"  # or "git"
    remote: str = "origin"
    path: str | None = None
    folder: str = "."
    sign: bool = False
    ref: str = REF
    logRetention: int | None = None
    allowedSigners: str = ""
    unsignedUntil: str = ""
    allowedIdentities: tuple[tuple[str, str], ...] = ()


def record_settings(said: Mapping[str, Any], folder: str) -> RecordSettings:
    """What `record:` of a reconciler.yaml in `folder` says, with the defaults."""
    path = said.get("path")
    backend, remote = str(said.get("backend", "local")), str(said.get("remote", "origin"))
    kept = re.fullmatch("([0-9]{1,5})d", str(said.get("logRetention")))
    ref, days = str(said.get("ref", REF)), int(kept[1]) if kept else None
    signers, until = str(said.get("allowedSigners") or ""), str(said.get("unsignedUntil") or "")
    named = tuple((str(row["identity"]), str(row.get("issuer", ""))) for row in said.get("allowedIdentities") or ())
    signed = said.get("sign") is True
    return RecordSettings(backend, remote, path and str(path), folder, signed, ref, days, signers, until, named)


@dataclass(frozen=True)
class Webhook:
    """Where events are posted. `url` and `secrets` are unresolved references; each event is signed with every secret."""

    url: str
    secrets: tuple[str, ...] = ()
    format: str = "standard"  # or "slack", "teams"


TOLD = ("failure", "blocked", "quarantine", "recovery", "drift", "approvalNeeded")
TOLD_BY_DEFAULT = ("failure", "blocked", "quarantine", "recovery")


@dataclass(frozen=True)
class Notification:
    """Who is told of what: `on` are kinds of TOLD; `remindAfter` such as 24h, None where nobody is reminded."""

    email: tuple[str, ...] = ()
    on: tuple[str, ...] = TOLD_BY_DEFAULT
    webhook: Webhook | None = None
    remindAfter: str | None = None
