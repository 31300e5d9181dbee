"""What must still be true of an object when it is written to: the live one against what the change rests on. Pure."""

from __future__ import annotations

from typing import Any

from reconciler.apply.ids import Ids, version_of
from reconciler.apply.model import Stale
from reconciler.declare.names import is_group
from reconciler.plan.change import Action, Change
from reconciler.plan.digest import managed_digest, ours_among
from reconciler.plan.live import Members, members_of
from reconciler.resolve.canonical import canonical
from reconciler.resolve.mapping import CompiledMapping
from reconciler.resolve.several import Several

Resource = dict[str, Any]


def values_unchanged(change: Change, live: Resource, mapping: CompiledMapping, ids: Ids) -> None:
    """An update rests on the values that it replaces. Raises Failed where the service has another one."""
    values = mapping.one(live)
    if change.action == Action.DISABLE:  # whose account counted as active where the service shows nothing
        values["active"] = str(live.get("active", True)).lower() == "true"
    for attribute in change.attributes:
        if not attribute.apart and not _is_as_planned(values.get(attribute.path), ids.live(attribute, attribute.before)):
            raise Stale(f"{attribute.path} has been changed on the service since it was planned")


def _is_as_planned(have: Any, before: Any) -> bool:
    """Of several values all are looked at, in whatever order the service shows them."""
    if isinstance(have, Several) and isinstance(before, list):
        return sorted(map(canonical, have)) == sorted(map(canonical, before))
    return canonical(have) == canonical(before)


def unchanged(change: Change, live: Resource, mapping: CompiledMapping, ids: Ids) -> None:
    """A deletion rests on all that we manage. Raises Failed where that is not as the plan saw it."""
    rests_on = change.precondition
    assert rests_on is not None
    members = members_of(live) if is_group(change.address) else None
    ours = ours_among(members or Members(), ids.addresses, ids.groups)
    managed = managed_digest(mapping, mapping.project([live])[0], ours)
    if managed != rests_on.digest and (rests_on.version is None or version_of(live) != rests_on.version):
        raise Stale("it has been changed on the service since it was planned")
