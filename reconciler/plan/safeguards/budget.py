"""budget: what an apply will send, how long that takes at the service's rate, and what it costs. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from reconciler.declare.settings import Budget
from reconciler.declare.wording import plural
from reconciler.plan.change import Action, Change
from reconciler.plan.cost import estimate, without_a_body
from reconciler.plan.safeguards.facts import Facts
from reconciler.plan.safeguards.model import Safeguard, verdict

NAME = "budget"
HUNDREDTHS, MOST = 100, 10**15  # the latter of hundredths: more says no more


def budget(facts: Facts, limits: Budget) -> Safeguard:
    """Blocks where one of the limits may be exceeded. What ends access never waits for it: that passes alone."""
    requests = estimate(facts.written, facts.limits)
    sent = requests.reads + requests.writes
    most = sent + without_a_body(facts.written)
    said = [*_said(limits, sent, most, requests.seconds)]
    numbers = {"requests": most}
    if limits.minutes is not None and requests.seconds is not None:
        numbers["minutes"] = ceil(requests.seconds / 60)
    if limits.cost is not None:
        numbers["costInHundredths"] = _hundredths(most, limits.cost.perRequest)
    blocked = any(over for over, _ in said)
    return Safeguard(
        NAME,
        verdict(blocked),
        "; ".join(words for _, words in said),
        numbers,
        "apply a part of it (`--only`), raise the budget, or approve the plan",
        counted=frozenset(change.address for change in facts.written if not _ends_access(change)),
    )


def _hundredths(requests: int, each: float) -> int:
    return ceil(min(requests * each * HUNDREDTHS, MOST))


def _said(limits: Budget, sent: int, most: int, seconds: int | None) -> Iterator[tuple[bool, str]]:
    """(whether it is exceeded, in words) of each limit that is set; `most` are sent if no update is answered with a body."""
    requests = f"{plural(sent, 'request')}" + (f", {most:,} where updates are answered without a body," if most > sent else "")
    if limits.requests is not None:
        yield most > limits.requests, f"about {requests} of {limits.requests:,} at most"
    if limits.minutes is not None and seconds is None:
        yield False, "how long they take is not known, since the profile has no rate (`rate: {perMinute: N}`)"
    elif limits.minutes is not None and seconds is not None:
        yield (
            seconds > limits.minutes * 60,
            f"about {ceil(seconds / 60):,} min at the service's rate of {limits.minutes:,} at most",
        )
    if limits.cost is not None:
        each, currency, _ = limits.cost
        money = f"{most * each:,.2f} {currency}".rstrip()
        yield most * each > limits.cost.most, f"about {money} for {requests} of {limits.cost.most:,.2f} at most"


def _ends_access(change: Change) -> bool:
    only_out = bool(change.remove) and not (change.add or change.attributes)
    return change.disables or change.action == Action.DELETE or only_out
