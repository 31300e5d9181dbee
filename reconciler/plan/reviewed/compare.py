"""A reviewed plan against a fresh one: what is still to be done, what is done, what has moved, and who moved it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from reconciler.plan.change import Action, Change
from reconciler.plan.model import Access, Plan
from reconciler.resolve.canonical import canonical, readable


class Moved(NamedTuple):
    """A change that vanished, appeared or differs. `before` and `after` are actions, None where there is no change.

    `by` says who moved: "declaration", "service" or both; `how` says it in words, a line each.
    """

    address: str
    before: str | None
    after: str | None
    by: tuple[str, ...]
    how: tuple[str, ...]


@dataclass
class Comparison:
    """`todo` are changes of the fresh plan that were reviewed as they are; `beyond` were not reviewed at all."""

    todo: list[Change] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    beyond: list[Change] = field(default_factory=list)


def compare(
    reviewed: list[Plan], fresh: Plan, is_done: Callable[[Change], bool], part: Callable[[Plan], Iterable[Change]] | None = None,
    is_begun: Callable[[Change], bool] = lambda change: False,
) -> Comparison:  # fmt: skip
    """Look at each reviewed change (for an address in several plans, the last one's).

    `is_done` tells whether a change that is not planned any more has been done; `part` gives the fresh changes under
    the selection of a reviewed plan; `is_begun` tells whether an apply has begun and not ended a change: its rest is what was
    reviewed (record/unfinished).
    """
    wanted: dict[str, tuple[Change, Change | None, bool]] = {}
    for plan in reviewed:
        current = {change.address: change for change in (part(plan) if part else fresh.changes)}
        wanted.update({c.address: (c, current.get(c.address), same_declaration(plan, fresh)) for c in plan.changes})
    result, stale = Comparison(), set()
    for address, (change, now, declared_alike) in sorted(wanted.items()):
        if now is not None and (now.digest == change.digest or (is_begun(change) and _continues(change, now))):
            result.todo.append(now)
        elif now is None and is_done(change):
            result.done.append(address)
        else:
            result.moved.append(_moved(change, now, declared_alike))
            stale.add(address)
    todo = {change.digest for change in result.todo}
    result.beyond = [change for change in fresh.changes if change.digest not in todo and change.address not in stale]
    return result


def unseen(reviewed: Iterable[Plan], rows: Iterable[Access]) -> list[Moved]:
    """Privileged gains, of the access rows of what would be written, that no reviewed plan named.

    A change's digest says nothing of roles that became privileged since, nor of a file whose access was forged: whoever
    reviewed it has not seen them.
    """
    named = {_gain(row) for plan in reviewed for row in plan.access if row.gains and row.privileged}
    return [
        Moved(
            row.address,
            None,
            None,
            ("declaration",),
            (f"gains the privileged {row.kind} {row.what}, which the reviewed plan does not show",),
        )
        for row in rows
        if row.gains and row.privileged and _gain(row) not in named
    ]


def _gain(row: Access) -> tuple[str, str, str]:
    return row.address, row.kind, row.what


def _continues(old: Change, now: Change) -> bool:
    """Whether a change is what is left of another one, part of which has been done."""
    if old.action not in ("create", "update", "enable") or now.action not in ("update", "enable") or now.adopts > old.adopts:
        return False
    if old.precondition is not None and (now.precondition is None or now.precondition.id != old.precondition.id):
        return False
    wanted = {a.path: a for a in old.attributes}
    return (
        set(now.add) <= set(old.add)
        and set(now.remove) <= set(old.remove)
        and all(a.path in wanted and canonical(wanted[a.path].after) == canonical(a.after) for a in now.attributes)
        and all(old.action == Action.CREATE or canonical(wanted[a.path].before) == canonical(a.before) for a in now.attributes)
    )


def same_declaration(one: Plan, other: Plan) -> bool:
    """Whether two plans are known to have been made from the same files."""
    return bool(one.config.digest) and one.config.digest == other.config.digest


def between(one: Plan | None, other: Plan | None) -> list[Moved]:
    """What differs between two plans of an app; None stands for one that is not there."""
    alike = one is not None and other is not None and same_declaration(one, other)
    return difference(one.changes if one else (), other.changes if other else (), alike)


def difference(one: Iterable[Change], other: Iterable[Change], declared_alike: bool = False) -> list[Moved]:
    """What differs between the changes of two plans, by address; `declared_alike` says that both are of the same files."""
    before, after = {c.address: c for c in one}, {c.address: c for c in other}
    found = []
    for address in sorted(before.keys() | after.keys()):
        old, new = before.get(address), after.get(address)
        if old is None and new is not None:
            by = "service" if declared_alike or new.causes == ("drift",) else "declaration"
            found.append(Moved(address, None, new.action, (by,), (f"is new: {new.reason}",)))
        elif old is not None and (new is None or new.digest != old.digest):
            found.append(_moved(old, new, declared_alike))
    return found


def _moved(old: Change, new: Change | None, declared_alike: bool) -> Moved:
    if new is None and declared_alike:
        return Moved(
            old.address,
            old.action,
            None,
            ("service",),
            (
                f"the {old.action} is no longer needed, although the "
                "declaration is the same: the service or the record has moved, or a date has passed",
            ),
        )
    if new is None:
        return Moved(old.address, old.action, None, ("declaration",), (f"the {old.action} is no longer needed",))
    service, declaration = _service(old, new), _declaration(old, new)
    by = (("declaration",) if declaration or not service else ()) + (("service",) if service else ())
    how = [] if old.action == new.action else [f"was to {old.action}, would now {new.action}: {new.reason}"]
    return Moved(old.address, old.action, new.action, by, (*how, *service, *declaration) or ("it rests on other live values",))


def _service(old: Change, new: Change) -> list[str]:
    """What the service holds now that it did not hold then."""
    was, now = old.precondition, new.precondition
    if (was and (was.id, was.digest)) == (now and (now.id, now.digest)):
        return []
    if was is None or now is None:
        return ["the account has appeared on the service" if was is None else "the account is gone from the service"]
    if was.id != now.id:
        return [f"another account has the name: {now.id}, not {was.id}"]
    before, after = {a.path: a for a in old.attributes}, {a.path: a for a in new.attributes}
    found = [
        f"{path}: the service held {readable(before[path].before)}, now {readable(after[path].before)}"
        for path in sorted(before.keys() & after.keys())
        if canonical(before[path].before) != canonical(after[path].before)
    ]
    found += [f"{path}: the service holds {readable(after[path].before)} now" for path in sorted(after.keys() - before.keys())]
    found += [f"{path}: the service holds what was wanted" for path in sorted(before.keys() - after.keys())]
    return found or ["its live values have changed"]


def _declaration(old: Change, new: Change) -> list[str]:
    """What is wanted now that was not wanted then."""
    before, after = {a.path: a for a in old.attributes}, {a.path: a for a in new.attributes}
    found = [
        f"{path}: the declaration wanted {readable(before[path].after)}, now {readable(after[path].after)}"
        for path in sorted(before.keys() & after.keys())
        if canonical(before[path].after) != canonical(after[path].after) or before[path].generated != after[path].generated
    ]
    if _service(old, new):
        return found
    found += [f"{path}: also wants {readable(after[path].after)}" for path in sorted(after.keys() - before.keys())]
    found += [f"{path}: is no longer to change" for path in sorted(before.keys() - after.keys())]
    for words, was, now in (("added", old.add, new.add), ("removed", old.remove, new.remove)):
        found += [f"{member} is now to be {words}" for member in sorted(set(now) - set(was))]
        found += [f"{member} is no longer to be {words}" for member in sorted(set(was) - set(now))]
    return found
