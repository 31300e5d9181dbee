"""Values that only an apply can make: a change in, its attributes with them out. No I/O; chance is handed in."""

from __future__ import annotations

from typing import Any

from reconciler.apply.model import Job
from reconciler.plan.change import AttributeChange, Change
from reconciler.resolve.expressions.functions import Chance
from reconciler.resolve.mapping import coerce
from reconciler.resolve.resolution import getter


def generated(
    job: Job, change: Change, attributes: tuple[AttributeChange, ...], chance: Chance
) -> tuple[tuple[AttributeChange, ...], dict[str, Any]]:
    """(the attributes, what was made for them by target): a password is in the first alone, since nobody needs it again."""
    made: dict[str, Any] = {}
    shown: dict[str, Any] = {}
    for slot in job.resolution.mapping(change.address).slots:
        if slot.expression is not None and slot.expression.generated:
            made[slot.target] = coerce(slot, slot.expression.generate(getter(job.resolution, change.address), chance))
            if not slot.hidden:
                shown[slot.target] = made[slot.target]
    return tuple([a._replace(after=made[a.path]) if a.generated else a for a in attributes]), shown
