"""budget: what an apply will send, how long that takes at the service's rate, and what it costs. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from reconciler.declare.settings import Budget
from reconciler.declare.wording import plural
from reconciler.plan.change import Action, Change
from reconciler.plan.cost import estimate
from reconciler.plan.safeguards.facts import Facts
from reconciler.plan.safeguards.model import Safeguard, verdict

NAME = "budget"
HUNDREDTHS = 100


def budget(facts: Facts, limits: Budget) -> Safeguard:
    """Blocks where one of the limits is exceeded. What ends access never waits for it: that passes alone."""
    requests = estimate(facts.written, facts.limits)
    sent = requests.reads + requests.writes
    said = [*_said(limits, sent, requests.seconds)]
    numbers = {"requests": sent}
    if limits.minutes is not None and requests.seconds is not None:
        numbers["minutes"] = ceil(requests.seconds / 60)
    if limits.cost is not None:
        numbers["costInHundredths"] = ceil(sent * limits.cost.perRequest * HUNDREDTHS)
    blocked = any(over for over, _ in said)
    return Safeguard(
        NAME,
        verdict(blocked),
        "; ".join(words for _, words in said),
        numbers,
        "apply a part of it (`--only`), raise the budget, or approve the plan",
        counted=frozenset(change.address for change in facts.written if not _ends_access(change)),
    )


def _said(limits: Budget, sent: int, seconds: int | None) -> Iterator[tuple[bool, str]]:
    """(whether it is exceeded, in words) of each limit that is set."""
    if limits.requests is not None:
        yield sent > limits.requests, f"about {plural(sent, 'request')} of {limits.requests:,} at most"
    if limits.minutes is not None and seconds is None:
        yield False, "how long they take is not known, since the profile has no rate (`rate: {perMinute: N}`)"
    elif limits.minutes is not None and seconds is not None:
        yield (
            seconds > limits.minutes * 60,
            f"about {ceil(seconds / 60):,} min at the service's rate of {limits.minutes:,} at most",
        )
    if limits.cost is not None:
        each, currency, most = limits.cost
        money = f"{sent * each:,.2f} {currency}".rstrip()
        yield sent * each > most, f"about {money} for {plural(sent, 'request')} of {most:,.2f} at most"


def _ends_access(change: Change) -> bool:
    only_out = bool(change.remove) and not (change.add or change.attributes)
    return change.disables or change.action == Action.DELETE or only_out
