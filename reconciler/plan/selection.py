"""A part of a plan: some addresses, some causes; each change narrowed to what was asked for. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from reconciler.declare.names import fold, is_user
from reconciler.declare.warned import Warned
from reconciler.plan import membership
from reconciler.plan.change import Action, Change
from reconciler.plan.context import Context
from reconciler.plan.digest import digested
from reconciler.plan.model import PartRead


@dataclass(frozen=True)
class Selection:
    """What was asked for: some addresses, some causes; empty is everything."""

    only: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()

    @property
    def chosen(self) -> frozenset[str]:
        """The folded addresses; empty where every object counts."""
        return frozenset(fold(address) for address in self.only)

    def names(self, address: str) -> bool:
        """Whether an object is part of it."""
        return not self.only or fold(address) in self.chosen

    def has_cause(self, change: Change) -> bool:
        """A change counts where each of its causes was asked for."""
        return not self.causes or set(change.causes) <= set(self.causes)


def select(context: Context, everything: Iterable[Change], selection: Selection) -> tuple[tuple[Change, ...], list[Warned]]:
    """The changes of a selection, and what is left out of them in words.

    A selected user takes along his own membership of groups, and nothing else of those groups. What would need an
    account that is neither there nor created in the same part is left out: a member of a new group, a manager.
    """
    if not selection.only and not selection.causes:
        return tuple(everything), []
    notes: list[Warned] = []
    chosen = selection.chosen
    found = [part for change in everything if (part := _selected(context, change, chosen, notes)) is not None]
    found = [change for change in found if selection.has_cause(change)]
    return possible(context, found, notes), notes


def possible(context: Context, changes: Collection[Change], notes: list[Warned]) -> tuple[Change, ...]:
    """Without what would need an account that is neither there nor created by one of them; `notes` hears of that."""
    there = context.matching.live.keys() | {change.address for change in changes if change.action == Action.CREATE}
    if context.live.part is not None:
        there |= {address for address in context.matching.recorded if context.as_recorded(address)}
    return tuple(part for change in changes if (part := _possible(change, there, notes)) is not None)


def part_read(context: Context) -> PartRead | None:
    """How much of the service was asked for; None where everything was read."""
    part = context.live.part
    if part is None:
        return None
    today = {context.today.get(address, address) for address in part.asked}
    users = sum(map(is_user, today))
    return PartRead(part.since, users, len(today) - users)


def narrowed(context: Context, change: Change, chosen: frozenset[str]) -> Change | None:
    """The change itself where its object was chosen (folded addresses), else a group's membership of chosen users alone."""
    if not chosen or fold(change.address) in chosen:
        return change
    add = tuple(member for member in change.add if fold(member) in chosen)
    remove = tuple(member for member in change.remove if fold(member) in chosen)
    if not add and not remove:
        return None
    why = membership.causes(context, add, remove, context.entry(change.address))
    return digested(
        replace(
            change,
            attributes=(),
            add=add,
            remove=remove,
            causes=tuple(sorted(set(why.values()))),
            member_causes=tuple(sorted(why.items())) if len(set(why.values())) > 1 else (),
            reason=f"the membership of {', '.join((*add, *remove))} alone",
        )
    )


def _selected(context: Context, change: Change, chosen: frozenset[str], notes: list[Warned]) -> Change | None:
    """A group that is yet to be created or renamed takes no single member in."""
    part = narrowed(context, change, chosen)
    if part is None or part is change:
        return part
    who = ", ".join((*part.add, *part.remove))
    if change.action == Action.CREATE:
        notes.append(_left_out(f"{who}: membership of {change.address}", "the group is yet to be created"))
        return None
    if context.matching.recorded.get(change.address, change.address) != change.address:
        notes.append(_left_out(f"{who}: membership of {change.address}", "the group is yet to be renamed"))
        return None
    return part


def _possible(change: Change, there: Iterable[str], notes: list[Warned]) -> Change | None:
    """Without what would refer to an account that is not there; None where nothing is left to do."""
    absent = [member for member in change.add if member not in there]
    links = [a for a in change.attributes if a.reference and a.after is not None and a.after not in there]
    if not absent and not links:
        return change
    notes += [_left_out(f"{change.address}: {member}", "that account is yet to be created") for member in absent]
    notes += [_left_out(f"{change.address}: {a.path}", f"{a.after} is yet to be created") for a in links]
    left = replace(
        change,
        add=tuple(m for m in change.add if m not in absent),
        attributes=tuple(a for a in change.attributes if a not in links),
    )
    empty = change.action != Action.CREATE and not (left.add or left.remove or left.attributes)
    return None if empty else digested(left)


def _left_out(what: str, why: str) -> Warned:
    return Warned("LeftOut", f"{what} is left out, since {why}")
