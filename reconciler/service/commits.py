"""The commit that a cycle's declaration comes from: which, of when, and whether the record knows a newer one. Asks git."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from reconciler.cycle.commit import revision
from reconciler.cycle.earlier_commit import COMMIT
from reconciler.record.here import ask
from reconciler.record.moments import FORM
from reconciler.record.service import Service, Sighting
from reconciler.service.clocks import OVERDUE_AFTER, between
from reconciler.service.commit_age import first_sight


def commit_of(folder: str) -> str:
    """The commit that a folder's files come from; empty outside of a repository, or where files differ."""
    commit, dirty = revision(folder)
    return "" if commit is None or dirty else commit


def date_of(commit: str) -> str:
    """The committer date, UTC; empty where it is none that a calendar has."""
    return (_dates("--max-count=1", commit) or [""])[0]


def date_after(before: str, commit: str) -> str:
    """The date of the oldest commit of main that came after one before, up to `commit`; of that one where git cannot tell."""
    return (_dates_after(before, commit) or [date_of(commit)])[0]


def _dates_after(before: str, commit: str) -> list[str] | None:
    """Those of the commits in between, oldest first, `commit` with them unless it came no later; None where git cannot tell."""
    return _dates("--first-parent", "--reverse", f"{before}..{commit}") if COMMIT.fullmatch(before) else None


def _dates(*revisions: str) -> list[str] | None:
    said = ask("rev-list", "--timestamp", *revisions)
    return None if said is None else [_date(line.partition(" ")[0]) for line in said.splitlines()]


def _date(said: str) -> str:
    try:
        return datetime.fromtimestamp(int(said), UTC).strftime(FORM)
    except (ValueError, OverflowError, OSError):
        return ""


class InHistory(NamedTuple):
    """The commit that a cycle is of, None where its files are in none; the newest that any cycle has been of, this one with
    them; and whether that is a newer one, which has not come to this machine yet.
    """

    own: Sighting | None = None
    newest: Sighting | None = None
    is_behind: bool = False


def in_history(commit: str, now: str, service: Service, pulled: Sighting | None = None) -> InHistory:
    """Of a cycle of `commit` that begins `now`, on the record's service's part; `pulled` came from the remote last.

    Once no cycle was of the newest commit for three intervals, whoever had it is gone, or it was taken back: this one counts.
    """
    newest = service.get("sighting")
    own = first_sight(commit, now, newest, pulled)
    if own is None:
        return InHistory(newest=newest)
    if newest is None or commit == newest["commit"]:
        date = newest.get("date") if newest is not None else None
        return InHistory(own, Sighting(**own, date=date or date_of(commit), last=now))
    later = _dates_after(newest["commit"], commit)
    date = later[-1] if later else date_of(commit)
    is_lasting = abs(between(newest.get("last", newest["at"]), now)) <= OVERDUE_AFTER * service.get("interval", 0)
    # By history where the other one is here; else it has not come yet, unless by its date it was before (a shallow clone).
    is_before = later == [] or later is None and date <= newest.get("date", "")
    if is_lasting and is_before:
        return InHistory(own, newest, is_behind=True)
    return InHistory(own, Sighting(**own, date=date, last=now))
