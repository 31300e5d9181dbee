"""The order of writing (design.md §5 step 9): revoke first, free a name before it is taken, delete last. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import NamedTuple

from reconciler.plan.model import AttributeChange, Change
from reconciler.plan.name_swaps import unique_values
from reconciler.plan.roles import written


class Step(NamedTuple):
    """One part of a change: `kind` is write, create, members out, members in or delete; `attributes` what it writes."""

    kind: str
    change: Change
    attributes: tuple[AttributeChange, ...] = ()


def steps(changes: Iterable[Change], carrying: Container[str] = ()) -> list[Step]:
    """Every step in order; a change may have several. References to accounts that do not exist yet come after creation.

    `carrying` are the targets that carry roles: an update that takes one is among the revocations.
    """
    found = list(changes)
    new = {change.address for change in found if change.action == "create"}
    updates = sorted((c for c in found if c.action in ("update", "enable")), key=lambda c: not _takes(c, carrying))
    creates = sorted((c for c in found if c.action == "create"), key=lambda c: c.address.startswith("Group/"))
    return [
        *(Step("write", c, c.attributes) for c in found if c.action == "disable"),
        *(Step("members out", c) for c in found if c.remove),
        *(Step("write", c, now) for c in freeing_first(updates) if (now := _without(c, new))),
        *(Step("create", c, tuple(a for a in c.attributes if not a.reference)) for c in creates),
        *(Step("write", c, later) for c in found if (later := _links(c, new))),
        *(Step("members in", c) for c in found if c.add),
        *(Step("delete", c) for c in found if c.action == "delete"),
    ]


def _takes(change: Change, carrying: Container[str]) -> bool:
    """Whether somebody has less access after a change, whatever else it gives."""
    before, after = written(carrying, change)
    return bool(before.keys() - after.keys()) or any(a.path == "active" and a.after is False for a in change.attributes)


def _without(change: Change, new: set[str]) -> tuple[AttributeChange, ...]:
    return tuple(a for a in change.attributes if not (a.reference and a.after in new))


def _links(change: Change, new: set[str]) -> tuple[AttributeChange, ...]:
    """What is written once everybody is there: all references of a create, those to new accounts of an update."""
    if change.action == "create":
        return tuple(a for a in change.attributes if a.reference)
    return tuple(a for a in change.attributes if a.reference and a.after in new)


def freeing_first(updates: list[Change]) -> list[Change]:
    """A change that takes a value which another one frees comes after it."""
    frees = {key: change for change in updates for key in unique_values(change, "before")}
    done: dict[str, Change] = {}
    for change in updates:
        chain = [change]
        while chain:
            waits = [frees[key] for key in unique_values(chain[-1], "after") if key in frees]
            ready = [c for c in waits if c.address not in done and c not in chain]
            if ready:
                chain.append(ready[0])
            else:
                done.setdefault(chain[-1].address, chain.pop())
    return list(done.values())
