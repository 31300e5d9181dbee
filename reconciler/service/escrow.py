"""Objects whose write failed, and when each is tried again: outcomes and a moment in, escrows out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.record.service import Escrow
from reconciler.service.clocks import UNITS, is_ahead, later
from reconciler.service.result import Failure

Escrows = dict[str, Escrow]
HOUR, DAY = UNITS["h"], UNITS["d"]
LAST = 28 * DAY
# Seconds after the first failure: 6 h, 12 h and 24 h, then every day up to 28 days.
DELAYS = (6 * HOUR, 12 * HOUR, *range(DAY, LAST + 1, DAY))


def retry(since: str, now: str) -> str:
    """The next try of what first failed at `since` and failed again now; empty where there is none any more."""
    return next((moment for delay in DELAYS if (moment := later(since, delay)) > now), "")


def failed(before: Escrow | None, failure: Failure, declared: str, now: str) -> Escrow:
    """The escrow of an object that failed now; `declared` is the digest of what is declared of it."""
    again = before if before is not None and before.get("declared") == declared else None
    since = min(again.get("since", now), now) if again is not None else now
    escrow: Escrow = {
        "action": failure.action,
        "since": since,
        "tries": (again.get("tries", 0) if again is not None else 0) + 1,
        "next": retry(since, now),
        "declared": declared,
        "code": failure.code,
        "message": failure.message,
        "remedy": failure.remedy,
    }
    return escrow if failure.status is None else {**escrow, "status": failure.status}


def waits(escrow: Escrow, declared: str, now: str) -> bool:
    """Whether an object is left alone for now; one whose declaration has changed is not."""
    due = escrow.get("next", "")
    return escrow.get("declared") == declared and (not due or (now < due and not is_ahead(due, DAY, now)))


def given_up(escrows: Mapping[str, Escrow]) -> tuple[str, ...]:
    """Addresses of those that are tried no more: until `restart`, or until their declaration changes."""
    return tuple(sorted(address for address, escrow in escrows.items() if not escrow.get("next")))


def released(escrows: Mapping[str, Escrow], now: str) -> Escrows:
    """All of them due at once, as after `restart --scope escrows`: given 28 days anew."""
    return {address: {**escrow, "since": now, "next": now} for address, escrow in escrows.items()}


def due_again(escrows: Mapping[str, Escrow], now: str) -> Escrows:
    """All of them due at once, and given up when they would have been anyway."""
    return {address: {**escrow, "next": now} for address, escrow in escrows.items()}


def after(before: Mapping[str, Escrow], pending: Iterable[str], new: Mapping[str, Escrow]) -> Escrows:
    """What is left: of the earlier ones those that are still to be done (`pending`), and those that failed now."""
    todo = set(pending)
    return {**{address: escrow for address, escrow in before.items() if address in todo}, **new}
