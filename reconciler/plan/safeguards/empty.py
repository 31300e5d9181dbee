"""empty: a service or a declaration that suddenly shows far fewer than the record holds. Pure."""

from __future__ import annotations

from itertools import compress

from reconciler.declare.wording import plural
from reconciler.plan.safeguards.facts import Facts
from reconciler.plan.safeguards.model import Safeguard, verdict


def empty(facts: Facts) -> Safeguard:
    """Blocks where fewer than half of the record's active accounts are shown by the service, or asked for.

    A service of which a part was read shows what it was asked for: only the declaration can be an accident then.
    """
    context, least = facts.context, facts.settings.accidentalDeletions.minimumExisting
    known, matching = facts.active, context.matching
    # Nearly everybody of a large directory is found under the name in the record: those are shown and asked for.
    others = matching.how.keys() | matching.renamed.values()
    rest = [address for address in known if address not in matching.live or address in others]
    recorded, users, entries = matching.recorded, context.resolution.users, facts.record.entries
    wanted = set(compress(recorded.values(), map(users.__contains__, recorded))) if rest else set()
    read = rest if context.live.part is None else context.live.part.asked.intersection(rest)
    shown = len(known) - sum(entries[address]["id"] not in context.live.users for address in read)
    asked = len(known) - len(set(rest).difference(wanted))
    seen = f"the service shows {shown}" if context.live.part is None else "not all were read"
    counts = 0 < len(known) >= least
    far_fewer = 2 * min(shown, asked) < len(known)
    few = f"; of fewer than {plural(least, 'account')} that blocks nothing" if far_fewer and not counts else ""
    return Safeguard(
        "empty",
        verdict(counts and far_fewer),
        f"of {plural(len(known), 'active account')} in the record {seen}, and the declaration asks for {asked}{few}"
        if known
        else "the record holds no active account yet",
        {"recorded": len(known), "shown": shown, "declared": asked, "minimumExisting": least},
        "restore the declaration, or find out why the service shows so few; if it is intended, approve the plan",
    )
