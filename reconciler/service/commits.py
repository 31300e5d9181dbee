"""The commit that a cycle's declaration comes from: which, of when, and whether the record knows a newer one. Asks git."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from reconciler.cycle.commit import revision
from reconciler.cycle.earlier_commit import is_known
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
    try:
        said = int(ask("show", "--no-patch", "--format=%ct", commit) or "")
        return datetime.fromtimestamp(said, UTC).strftime(FORM)
    except (ValueError, OverflowError, OSError):
        return ""


def first_after(before: str, commit: str) -> str:
    """The oldest commit of main that came after one before, up to `commit`; that one itself where git cannot tell."""
    if not is_known(before):
        return commit
    found = ask("rev-list", "--first-parent", "--reverse", f"{before}..{commit}") or ""
    return next(iter(found.split()), commit)


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
    is_lasting = abs(between(newest.get("last", newest["at"]), now)) <= OVERDUE_AFTER * service.get("interval", 0)
    if is_lasting and _is_before(commit, newest):
        return InHistory(own, newest, is_behind=True)
    return InHistory(own, Sighting(**own, date=date_of(commit), last=now))


def _is_before(commit: str, other: Sighting) -> bool:
    """By history where the other one is here; else it has not come yet, unless by its date it was before (a shallow clone)."""
    if is_known(other["commit"]):
        return ask("merge-base", "--is-ancestor", commit, other["commit"]) is not None
    return date_of(commit) <= other.get("date", "")
