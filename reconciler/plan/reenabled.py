"""Accounts that a plan enables although nobody here disabled them: changes in, cautions out. Pure.

Somebody may have disabled such an account on the service on purpose, after an incident for instance, or a revocation may have
been forgotten with the record. What a declaration ended and brings back has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.plan.change import Action, Change
from reconciler.plan.context import Context
from reconciler.plan.model import Caution
from reconciler.plan.warnings import NAMED
from reconciler.record.entries import Entry

BY_HAND, NOT_RECORDED = "DisabledByHand", "InactiveWithoutRecord"


def reenabled(context: Context, changes: Iterable[Change]) -> Iterator[Caution]:
    """One a person, of the first few; the number of the others is said once."""
    found = [caution for change in changes if change.action == Action.ENABLE and (caution := _caution(context, change))]
    yield from found[:NAMED]
    if (more := len(found) - NAMED) > 0:
        yield Caution(
            found[NAMED].code,
            f"{more} more {'account' if more == 1 else 'accounts'} that nobody disabled here "
            f"{'is' if more == 1 else 'are'} enabled again: see the changes",
        )


def _caution(context: Context, change: Change) -> Caution | None:
    who = change.address + (f" ({change.name})" if change.name else "")
    entry = _entry(context, change)
    if entry is None:
        words = (
            f"{who} is inactive on the service, and the record does not say why: somebody may have revoked it; make sure of that "
            "before it is enabled"
        )
        return Caution(NOT_RECORDED, words, change.file, change.line)
    if entry.get("wanted", {}).get("active") is False:
        return None
    words = (
        f"{who} was disabled on the service by hand, and is enabled again: that may have been an incident; to keep it disabled, "
        "set `accountEnabled: false` or remove the assignment"
    )
    return Caution(BY_HAND, words, change.file, change.line)


def _entry(context: Context, change: Change) -> Entry | None:
    """What the record says of this very account."""
    live = context.live.users.get(change.account)
    return context.applied(change.address, live) if live is not None else None
