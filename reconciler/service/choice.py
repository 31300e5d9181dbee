"""What of a plan a cycle writes: without drift that is only reported, and without what waits in escrow. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.declare.wording import plural
from reconciler.plan.change import Action, Cause, Change
from reconciler.plan.digest import digested
from reconciler.plan.planner import Planned
from reconciler.plan.selection import possible
from reconciler.record.service import Escrow
from reconciler.resolve.canonical import readable, sha256
from reconciler.resolve.expressions.language import IGNORE
from reconciler.resolve.model import Resolution
from reconciler.service.escrow import waits
from reconciler.service.result import Drifted

IN_PARTS = (Action.UPDATE, Action.ENABLE)
MOST_SHOWN = 5
LEFT_OUT = "left out"  # which is no JSON, so no value reads like it


@dataclass(frozen=True)
class Choice:
    """`write` is what the cycle writes, `drift` what somebody changed at the service, which it writes over where it `repairs`;
    `waiting` are addresses in escrow.
    """

    write: tuple[Change, ...]
    drift: tuple[Drifted, ...]
    waiting: tuple[str, ...]
    repairs: bool


def choose(planned: Planned, repairs: bool, escrows: Mapping[str, Escrow], now: str) -> Choice:
    """Of the changes of a plan; `repairs` says whether drift is written over."""
    changes = planned.plan.changes
    drift = tuple(Drifted(change.address, line) for change in planned.everything if (line := drift_line(change)))
    kept = changes if repairs else tuple(part for change in changes if (part := without_drift(change)) is not None)
    resolution = planned.context.resolution
    waiting = frozenset(c.address for c in kept if c.address in escrows and _waits(c.address, escrows, resolution, now))
    todo = tuple(change for change in kept if change.address not in waiting)
    if todo and len(todo) < len(changes):
        todo = possible(planned.context, todo, [])
    return Choice(changes if todo == changes else todo, drift, tuple(sorted(waiting)), repairs)


def retried(planned: Planned, choice: Choice, escrows: Mapping[str, Escrow], now: str) -> Choice:
    """The same with what a plan for some causes leaves out, and somebody has tried to write as it is declared today: it is due.

    Nobody has to review that first. It is in no plan's digest, so it is written only where no safeguard blocks.
    """
    mine, resolution = {change.address for change in planned.plan.changes}, planned.context.resolution
    due = tuple(
        change
        for change in planned.everything
        if (escrow := escrows.get(change.address)) is not None
        and change.address not in mine
        and escrow.get("declared") == (declared := declared_digest(resolution, change.address))
        and not waits(escrow, declared, now)
    )
    kept = due if choice.repairs else tuple(part for change in due if (part := without_drift(change)) is not None)
    return replace(choice, write=possible(planned.context, (*choice.write, *kept), [])) if kept else choice


def _waits(address: str, escrows: Mapping[str, Escrow], resolution: Resolution, now: str) -> bool:
    return waits(escrows[address], declared_digest(resolution, address), now)


def declared_digest(resolution: Resolution, address: str) -> str:
    """Of what is declared of one object today: its values and members, or why it is left out."""
    if (user := resolution.users.get(address)) is not None:
        return sha256([_plain(user.values), sorted(role.value for role in user.roles)])
    if (group := resolution.groups.get(address)) is not None:
        return sha256([_plain(group.values), sorted(group.members)])
    skip = resolution.skipped.get(address)
    return sha256(skip.code if skip is not None else "gone")


def _plain(values: Iterable[object]) -> list[str]:
    """As text, also of what is left out because only an apply makes it."""
    return [LEFT_OUT if value is IGNORE else readable(value) for value in values]


def without_drift(change: Change) -> Change | None:
    """The change without its part that the service's own doing caused; None where nothing is left."""
    if Cause.DRIFT not in change.causes:
        return change
    if set(change.causes) == {Cause.DRIFT}:
        return None
    if change.action not in IN_PARTS:
        return change
    causes = dict(change.member_causes)
    left = replace(
        change,
        causes=tuple(cause for cause in change.causes if cause != Cause.DRIFT),
        attributes=tuple(a for a in change.attributes if a.cause != Cause.DRIFT),
        add=tuple(member for member in change.add if causes.get(member) != Cause.DRIFT),
        remove=tuple(member for member in change.remove if causes.get(member) != Cause.DRIFT),
    )
    return digested(left) if left.attributes or left.add or left.remove else None


def drift_line(change: Change) -> str:
    """What somebody changed at the service, in a line; empty where nobody did."""
    if Cause.DRIFT not in change.causes:
        return ""
    if change.action == Action.CREATE:
        return "it was deleted there"
    alone, causes = len(change.causes) == 1, dict(change.member_causes)
    own = Cause.DRIFT if alone else ""
    differ = [a for a in change.attributes if (a.cause or own) == Cause.DRIFT]
    lacking, strange = ([m for m in who if causes.get(m, own) == Cause.DRIFT] for who in (change.add, change.remove))
    words = [
        f"{a.path} is {readable(before)}, not {readable(after)}" for a in differ[:MOST_SHOWN] for before, after in [a.shown()]
    ]
    words += [f"and {plural(len(differ) - MOST_SHOWN, 'attribute')} more"] if len(differ) > MOST_SHOWN else []
    words += [f"without {_some(lacking)}"] if lacking else []
    words += [f"with {_some(strange)}"] if strange else []
    return "; ".join(words) or change.reason


def _some(members: list[str]) -> str:
    more = f" and {len(members) - MOST_SHOWN} more" if len(members) > MOST_SHOWN else ""
    return ", ".join(members[:MOST_SHOWN]) + more
