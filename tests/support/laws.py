"""What the generated laws share: declarations dealt over files in any order, and what an apply may change on a service."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from reconciler.plan.change import Change
from reconciler.plan.model import Plan
from reconciler.scim.patch import merge
from tests.support.world import World

OWN = frozenset({"meta", "schemas"})  # the service's, and what follows from the attributes
Objects = dict[str, dict[str, Any]]
"""Id -> resource."""


def deal(world: World, place: str, key: str, rows: list[dict[str, Any]], random: Random | None) -> None:
    """The rows of a list in a folder of files: in one as they come, or shuffled over several."""
    for file in (world.folder / "desired" / place).glob("*.yaml"):
        file.unlink()
    rows = list(rows)
    if random is not None:
        random.shuffle(rows)
    files = random.sample("abcd", random.randint(1, 3)) if random is not None else ["a"]
    for number, name in enumerate(files):
        world.write(f"{place}/{name}.yaml", json.dumps({key: rows[number :: len(files)]}))


def converge_as_planned(world: World, derived: tuple[str, ...] = ()) -> None:
    """Apply everything: the next plan is empty, and nothing differs on the service but what this one names.

    `derived` are attributes that the service itself derives from others.
    """
    plan, before = world.plan(), world.everything()
    world.converge()
    assert_as_planned(plan, before, world.everything(), derived)


def assert_as_planned(plan: Plan, before: Objects, after: Objects, derived: tuple[str, ...] = ()) -> None:
    """`before` and `after` hold all users and groups."""
    ids = {address(item): id for found in (before, after) for id, item in found.items()}
    by_id = {change.precondition.id if change.precondition else ids[change.address]: change for change in plan.changes}
    for id in before.keys() | after.keys():
        change = by_id.get(id)
        if id not in after:
            assert change is not None and (change.action == "delete" or change.disables), f"{before[id]} is gone"
            continue
        assert id in before or (change is not None and change.action == "create"), f"{after[id]} was not planned"
        was, now = (rest(found.get(id, {"id": id}), change, derived) for found in (before, after))
        assert now == was, f"{change or 'no change'} of {id} was planned"
        have, had = (members(found.get(id, {})) for found in (after, before))
        add, remove = (change.add, change.remove) if change is not None else ((), ())
        gone = {other for other in had if other not in after}
        assert have - gone == (had | {ids[name] for name in add}) - {ids[name] for name in remove} - gone, after[id]


def address(resource: dict[str, Any]) -> str:
    """What a declaration calls it, where names are mapped as they are."""
    return f"User/{resource['userName']}" if "userName" in resource else f"Group/{resource['displayName']}"


def members(resource: dict[str, Any]) -> set[str]:
    return {member["value"] for member in resource.get("members") or ()}


def rest(resource: dict[str, Any], change: Change | None, derived: tuple[str, ...]) -> Any:
    """A resource without what a change names or the service derives, in one order."""
    paths = [a.path for a in change.attributes] if change is not None else []
    if change is not None and change.action == "delete":
        paths.append("active")  # some services keep the account and make it inactive
    left = merge(resource, [(path, None) for path in paths])
    return ordered({name: value for name, value in left.items() if name not in OWN | {"members", *derived}})


def ordered(value: Any) -> Any:
    """Lists in one order; nothing where nothing is left."""
    if isinstance(value, dict):
        return {name: found for name, item in sorted(value.items()) if (found := ordered(item)) not in (None, {}, [])}
    if isinstance(value, list):
        return sorted((ordered(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return value
