"""What a cycle finds that lasts until somebody does something: a plan and the record's part in, drift and failures out. Pure.

What was known of those whom nobody asked for in this cycle is known still.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from reconciler.plan.change import Cause, Change
from reconciler.plan.outstanding import cautions
from reconciler.plan.planner import Planned
from reconciler.record.service import Service
from reconciler.service.choice import Choice
from reconciler.service.failures import not_as_told as failure_of
from reconciler.service.failures import still_not_as_told
from reconciler.service.result import Drifted, Failure


def drift(
    planned: Planned, service: Service, choice: Choice, repaired: Container[str], ahead: Container[str]
) -> tuple[Drifted, ...]:
    """What somebody changed at the service, and this cycle has not put right, but for what the next one does as it is."""
    before = service.get("drift", {})
    found = (item for item in choice.drift if item.address not in repaired and item.address not in ahead)
    return (*found, *(Drifted(address, before[address]) for address in _not_asked(planned, before)))


def ahead(choice: Choice, held: Iterable[Change], failing: Iterable[Failure]) -> frozenset[str]:
    """Addresses of what a cycle that was cut off leaves to the next one: nothing holds it back, nothing is wrong with it."""
    kept = {change.address for change in held} | {failure.address for failure in failing}
    return frozenset(change.address for change in choice.write) - kept if choice.repairs else frozenset()


def repaired(choice: Choice, done: Container[str]) -> tuple[Drifted, ...]:
    """What somebody changed at the service, and this cycle has written over; `done` are addresses of what it wrote."""
    return tuple(item for item in choice.drift if choice.repairs and item.address in done)


def unreviewed(planned: Planned, choice: Choice) -> tuple[str, ...]:
    """Addresses of declared changes that a cycle for some causes leaves to their own review."""
    if not planned.plan.selected_causes:
        return ()
    mine = {change.address for change in (*planned.plan.changes, *choice.write)}
    return tuple(change.address for change in planned.everything if Cause.CONFIG in change.causes and change.address not in mine)


def not_as_told(planned: Planned, service: Service, failing: Iterable[Failure]) -> Iterator[Failure]:
    """What earlier cycles told the service and it has not done, but of those that fail anew."""
    known, before = {failure.address for failure in failing}, service.get("notAsTold", {})
    for address, items in groupby(sorted(planned.findings.outstanding), attrgetter("address")):
        if address not in known:
            yield failure_of(address, next(cautions(planned.context, items)))
    yield from (still_not_as_told(address, before[address]) for address in _not_asked(planned, before) if address not in known)


def _not_asked(planned: Planned, addresses: Iterable[str]) -> Iterator[str]:
    return (address for address in addresses if not planned.context.live.knows(address))
