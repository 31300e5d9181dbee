"""Plans that were applied by their digest: what the record keeps of them until they are done. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.plan.model import Change, Plan
from reconciler.plan.safeguards.approvals import atoms
from reconciler.record.model import Asked, Record

WHOLE = ("disable", "delete")  # done or not done, and never in part


def begin(record: Record, digest: str, plan: Plan) -> None:
    """Keep the plan, before the first write of it; what earlier ones have left is kept, too."""
    unfinished = {known: asked for known, asked in record.asked.items() if asked.get("changes")}
    kept: Asked = {"only": sorted(plan.only), "causes": sorted(plan.selected_causes),
                   "changes": {change.address: _kept(change) for change in plan.changes}}  # fmt: skip
    record.asked = {**unfinished, digest: unfinished.get(digest, kept)}


def _kept(change: Change) -> list[str]:
    rests_on = change.precondition.id if change.precondition is not None else ""
    return [change.digest, rests_on, *(() if change.action in WHOLE else atoms(change))]


def is_rest(record: Record, digest: str, plan: Plan) -> bool:
    """Whether a fresh plan is what is left of the one of this digest: nothing of it where that came to its end."""
    asked = record.asked.get(digest)
    if asked is None or (asked.get("only"), asked.get("causes")) != (sorted(plan.only), sorted(plan.selected_causes)):
        return False
    changes = asked.get("changes", {})
    return all(_is_left(changes.get(change.address, []), change) for change in plan.changes)


def _is_left(kept: list[str], change: Change) -> bool:
    """The same change, on the same live values; or, of one that was done in part, the rest, of the same account."""
    if change.digest in kept[:1]:
        return True
    if change.action not in ("update", "enable") or change.adopts or change.precondition is None:
        return False
    return len(kept) > 1 and kept[1] in ("", change.precondition.id) and set(kept[2:]).issuperset(atoms(change))


def settle(record: Record, everything: Iterable[Change], done: Iterable[Change]) -> None:
    """What is done is left out; `everything` was to be done before."""
    pending = {change.address for change in everything} - {change.address for change in done}
    for asked in record.asked.values():
        asked["changes"] = {address: kept for address, kept in asked.get("changes", {}).items() if address in pending}
