"""An app whose cycles fail as a whole, and when it is tried again: what a cycle came to in, its quarantine out. Pure."""

from __future__ import annotations

from typing import NamedTuple

from reconciler.declare.wording import plural
from reconciler.plan.safeguards.deletions import NAME as DELETIONS
from reconciler.record.service import Quarantined
from reconciler.service.clocks import UNITS, between, later
from reconciler.service.result import AppError, Block

# As Graph's synchronizationQuarantine calls them.
REFUSED = "EncounteredQuarantineException"
TOO_MANY_DELETES = "TooManyDeletes"
PROPORTION = "EncounteredEscrowProportionThreshold"
BASE = "EncounteredBaseEscrowThreshold"
TOTAL = "EncounteredTotalEscrowThreshold"
REASONS = (REFUSED, TOO_MANY_DELETES, PROPORTION, BASE, TOTAL)

AT_ONCE = frozenset({"Unauthorized", "ServiceIncompatible"})  # codes of errors of a whole app
FAILURES, PERCENT, MOST, MOST_IN_ALL = 5_000, 40, 40_000, 60_000
FEWEST = 3  # failures of a small app
DAY, OFF_AFTER = UNITS["d"], 28 * UNITS["d"]
MOST_DOUBLINGS = 20


class Tally(NamedTuple):
    """Of one cycle: objects that failed or wait for their retry, objects that were tried, and all in scope.

    `references` are failures to link objects that are there, which are among neither: they count for the greatest limit alone.
    """

    failed: int
    tried: int
    in_scope: int
    references: int = 0


def reason_for(error: AppError | None, blocked: tuple[Block, ...], tally: Tally) -> tuple[str, str] | None:
    """The reason and its words; None where the cycle may go on as usual."""
    if error is not None and error.code in AT_ONCE:
        return REFUSED, error.message
    for block in blocked:
        if block.safeguard == DELETIONS:
            return TOO_MANY_DELETES, block.message
    return _by_proportion(tally)


def _by_proportion(tally: Tally) -> tuple[str, str] | None:
    """The documented numbers; for an app too small ever to reach them the same share of itself."""
    words = f"{tally.failed:,} of {plural(tally.tried, 'object')} {'fails' if tally.failed == 1 else 'fail'}"
    if (all_failed := tally.failed + tally.references) > MOST_IN_ALL:
        return TOTAL, f"{all_failed:,} of {plural(tally.tried + tally.references, 'object')} fail"
    if tally.failed > MOST:
        return BASE, words
    least = min(FAILURES, max(FEWEST, tally.in_scope * PERCENT // 100))
    if tally.failed >= least and tally.failed * 100 > tally.tried * PERCENT:
        return PROPORTION, words
    return None


def judged(
    before: Quarantined | None, why: tuple[str, str] | None, succeeded: bool, now: str, interval: int
) -> Quarantined | None:
    """The quarantine after a cycle that ended now. It ends with one that has no reason for it, unless that came to nothing."""
    if why is None:
        return None if before is None or succeeded else _again(before, before["reason"], before.get("message", ""), now, interval)
    if before is None:
        return {"reason": why[0], "message": why[1], "since": now, "next": later(now, min(2 * interval, DAY)), "tries": 1}
    return _again(before, *why, now, interval)


def _again(before: Quarantined, reason: str, message: str, now: str, interval: int) -> Quarantined:
    """Twice as long each time, up to a day; after four weeks the app is off."""
    tries, since = before.get("tries", 0) + 1, min(before.get("since", now), now)
    pause = max(interval, min(interval * 2 ** min(tries, MOST_DOUBLINGS), DAY))
    over = between(since, now) >= OFF_AFTER
    return {"reason": reason, "message": message, "since": since, "next": "" if over else later(now, pause), "tries": tries}
