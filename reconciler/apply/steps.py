"""Changes in, the steps that they are written in out: revoke first, free a name before it is taken, delete last. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable
from enum import StrEnum
from typing import NamedTuple

from reconciler.declare.names import is_group, is_user
from reconciler.plan.change import Action, AttributeChange, Change
from reconciler.plan.name_swaps import unique_values
from reconciler.plan.role_names import going, named
from reconciler.plan.roles import written


class StepKind(StrEnum):
    """What one step of a change does, by the name that journal and log have for it."""

    WRITE = "write"
    CREATE = "create"
    MEMBERS_OUT = "members out"
    MEMBERS_IN = "members in"
    DELETE = "delete"
    ROLES_OUT = "roles out"
    ROLES_IN = "roles in"


class Step(NamedTuple):
    """One part of a change; `attributes` is what it writes."""

    kind: StepKind
    change: Change
    attributes: tuple[AttributeChange, ...] = ()


def phases(changes: Iterable[Change], carrying: Container[str] = ()) -> list[list[Step]]:
    """Steps that may go side by side, a list for each time that the others must have ended; an object has one in each at most.

    A change may have several. References to accounts that do not exist yet come after creation. `carrying` are the targets that
    carry roles: an update that takes one is among the revocations.
    """
    todo = list(changes)
    new = {change.address for change in todo if change.action == Action.CREATE}
    taking, others = _updates(todo, carrying)
    creates = [Step(StepKind.CREATE, c, tuple(a for a in _own(c) if not a.reference)) for c in todo if c.action == Action.CREATE]
    beside = [Step(StepKind.ROLES_OUT, c, own) for c in todo if (own := tuple(a for a in c.attributes if a.apart))]
    ordered = [
        [step for step in beside if takes_roles(step)],
        [Step(StepKind.WRITE, c, _own(c)) for c in todo if c.action == Action.DISABLE],
        [Step(StepKind.MEMBERS_OUT, c) for c in todo if c.remove],
        [Step(StepKind.WRITE, c, now) for c in taking if (now := _without(c, new))],
        [Step(StepKind.WRITE, c, now) for c in others if (now := _without(c, new))],
        [step for step in creates if is_user(step.change.address)],
        [step for step in creates if is_group(step.change.address)],
        [Step(StepKind.WRITE, c, later) for c in todo if (later := _links(c, new))],
        [step._replace(kind=StepKind.ROLES_IN) for step in beside if not takes_roles(step)],
        [Step(StepKind.MEMBERS_IN, c) for c in todo if c.add],
        [Step(StepKind.DELETE, c) for c in todo if c.action == Action.DELETE],
    ]
    return [phase for phase in ordered if phase]


def _own(change: Change) -> tuple[AttributeChange, ...]:
    """What SCIM writes of it."""
    return tuple(attribute for attribute in change.attributes if not attribute.apart)


def takes_roles(step: Step) -> bool:
    """Whether somebody has a role less after a write of roles, whatever else it gives: one request does both."""
    return any(named(going(a.before, a.after)).keys() - named(a.after).keys() for a in step.attributes)


def _updates(changes: Iterable[Change], carrying: Container[str]) -> tuple[list[Change], list[Change]]:
    """Those that take access, with whatever must come before them, and the others; each in an order that frees names first."""
    updates = [change for change in changes if change.action in (Action.UPDATE, Action.ENABLE)]
    takes = {change.address: _takes(change, carrying) for change in updates}
    ordered = freeing_first(sorted(updates, key=lambda change: not takes[change.address]))
    last = max((number for number, change in enumerate(ordered, 1) if takes[change.address]), default=0)
    return ordered[:last], ordered[last:]


def _takes(change: Change, carrying: Container[str]) -> bool:
    """Whether somebody has less access after a change, whatever else it gives."""
    before, after = written(carrying, change)
    return bool(before.keys() - after.keys()) or any(a.path == "active" and a.after is False for a in change.attributes)


def _without(change: Change, new: set[str]) -> tuple[AttributeChange, ...]:
    return tuple(a for a in _own(change) if not (a.reference and a.after in new))


def _links(change: Change, new: set[str]) -> tuple[AttributeChange, ...]:
    """What is written once everybody is there: all references of a create, those to new accounts of an update."""
    if change.action == Action.CREATE:
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
