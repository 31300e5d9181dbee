"""empty: a service or a declaration that suddenly shows far fewer than the record holds. Pure."""

from __future__ import annotations

from reconciler.plan.safeguards.facts import Facts
from reconciler.plan.safeguards.model import Safeguard, verdict


def empty(facts: Facts) -> Safeguard:
    """Blocks where fewer than half of the record's active accounts are shown by the service, or asked for."""
    context, least = facts.context, facts.settings.accidentalDeletions.minimumExisting
    known = facts.active
    wanted = {old for address, old in context.matching.recorded.items() if address in context.resolution.users}
    ids = facts.record.entries.ids()
    shown = sum(map(context.live.users.__contains__, map(ids.__getitem__, known)))
    asked = sum(map(wanted.__contains__, known))
    counts = 0 < len(known) >= least
    return Safeguard(
        "empty", verdict(counts and 2 * min(shown, asked) < len(known)),
        f"of {len(known)} accounts in the record the service shows {shown}, and the declaration asks for {asked}",
        {"recorded": len(known), "shown": shown, "declared": asked, "minimumExisting": least},
        "restore the declaration, or find out why the service shows so few; if it is meant, approve the plan",
    )  # fmt: skip
