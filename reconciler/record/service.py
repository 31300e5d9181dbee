"""What the record holds of the running service's cycles: the nouns, as plain JSON values. No I/O.

Moments are UTC, YYYY-MM-DDTHH:MM:SSZ. Keys that lack have nothing to say.
"""

from __future__ import annotations

from typing import Any, TypedDict

from reconciler.record.told import Told


class CycleFigures(TypedDict, total=False):
    """The last cycle. `kind`, `result`, `counts` and `written` are as in service/result.py; `error` is the whole app's code.

    `left` is there of one that was told to stop: how many changes it had not begun.

    `declared` is the digest of the declaration's files for which no cycle begins before the next one is due: of those that it
    saw; of one that was stopped, or could not begin, it is empty, so that the next one begins at once. One for some causes
    alone, which left declared changes to their review, keeps it as it was before.
    """

    id: str
    declared: str
    kind: str
    started: str
    ended: str
    result: str
    counts: dict[str, int]
    skipped: dict[str, int]
    written: dict[str, int]
    left: int
    error: str
    message: str
    remedy: str


class Escrow(TypedDict, total=False):
    """A failed object that waits. `since` is its first failure, `tries` how often it failed, `declared` what was declared then.

    `next` is when it is tried again; empty once it is given up. `status` is the HTTP status, where an answer came.
    """

    action: str
    since: str
    tries: int
    next: str
    declared: str
    code: str
    status: int
    message: str
    remedy: str


class Quarantined(TypedDict, total=False):
    """Why cycles are held apart. `next` is empty once the app is off until `restart`; `tries` counts the cycles since."""

    reason: str
    message: str
    since: str
    next: str
    tries: int


class Seen(TypedDict):
    """A commit of the declaration, and when the service first saw it."""

    commit: str
    at: str


class Sighting(Seen, total=False):
    """The same with the commit's own date, and when a cycle was of it last, where the record keeps these."""

    date: str
    last: str


class Watermark(TypedDict, total=False):
    """Up to where everything has been looked at.

    initial:  when the last initial cycle began
    mapped:   digest of what makes the next cycle an initial one when it changes
    declared: digest of the declaration's files when the last whole cycle began; empty where it left something undone
    day:      the date that it was planned for
    """

    initial: str
    mapped: str
    declared: str
    day: str


class WaitedFor(TypedDict, total=False):
    """An approval that would let the held changes through: which safeguard, the plan's digest, where the entry would stand."""

    safeguard: str
    plan: str
    file: str


class ToTell(TypedDict):
    """Who is told of the app, as app.yaml said when it was right last; `target` is as notify/target.py writes it.

    `folder` is that of the declarations, so that a removed app is known from one that is declared elsewhere.
    """

    displayName: str
    profile: str
    on: list[str]
    remindAfter: str | None
    target: dict[str, Any]
    folder: str


class Service(TypedDict, total=False):
    """All of it.

    begun:       when the first cycle began
    interval:    seconds between two cycles, as the last one was told
    clock:       when the last cycle began by the app's clock; there where the last of all was one for a merge
    lastSuccess: when the last cycle ended that went through all that there was to do, whatever became of single objects;
                 not of one whose every write failed
    steadySince: since when every cycle found nothing wrong
    quiet:       how many cycles have ended since the last one that the log has a record of
    escrows:     address -> what failed there
    held:        addresses of changes that a safeguard holds back, with the safeguard
    drift:       address -> what differs there, in a line, and is left so
    notAsTold:   address -> what the service was told there and did not do, in a line: it is not told again
    toTell:      who is told, while app.yaml is wrong or gone; written where somebody is
    toldToAll:   what people of all apps know of files that all apps share; in one app's record alone
    left:        address -> the commit of the last cycle before an outage left something to do there; of everybody it is empty
    sighting:    of the newest commit that a cycle had, whichever machine's; not there where the files were in none
    """

    begun: str
    interval: int
    cycle: CycleFigures
    clock: str
    lastSuccess: str
    steadySince: str
    watermark: Watermark
    quiet: int
    escrows: dict[str, Escrow]
    quarantine: Quarantined
    held: dict[str, str]
    approvals: list[WaitedFor]
    drift: dict[str, str]
    notAsTold: dict[str, str]
    toTell: ToTell
    toldToAll: Told
    left: dict[str, str]
    sighting: Sighting
