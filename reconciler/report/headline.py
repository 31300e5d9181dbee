"""A plan in, its first line in words out: who gains access and who loses it, what is renamed, what is overridden. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.plan.change import Action, Change
from reconciler.plan.model import Plan
from reconciler.report.access_counts import Quote, look_renamed, people, some

FINE = ("ok", "off", "approved")


def verdict(plan: Plan) -> str:
    """May it be applied, in a word or two."""
    if any(item.get("status") not in FINE for item in plan.safeguards):
        return "blocked by a safeguard"
    if plan.errors:
        return "errors"
    if plan.changes or plan.kept:
        return "changes to review"
    return "requested, and not done" if plan.outstanding else "no changes"


def headline(plan: Plan, quote: Quote) -> str:
    """What a plan does, in one line; empty where it does nothing, and nothing ends on another day.

    `quote` makes text of a person harmless.
    """
    if not plan.changes and not plan.kept:
        return ", ".join(_ends(plan))
    access = [*people(plan, quote), *_unmanaged(plan)]
    nobody = "nobody else's access changes" if plan.looks_renamed else "nobody's access changes"
    return ", ".join([*look_renamed(plan), *(access or [nobody]), *_objects(plan), *_ends(plan), *_overridden(plan, quote)])


def _unmanaged(plan: Plan) -> Iterator[str]:
    """Who keeps a role or a group that nothing carries any more."""
    if keeping := {item.address for item in plan.kept}:
        yield some(len(keeping), "person keeps access unmanaged", "people keep access unmanaged")


def _ends(plan: Plan) -> Iterator[str]:
    if plan.ends:
        yield some(len(plan.ends), "assignment ends on another day", "assignments end on another day")


def _objects(plan: Plan) -> Iterator[str]:
    """What happens to accounts and groups beside access."""
    told = {address for pair in plan.looks_renamed for address in (pair.address, pair.previous)}
    seen = {row.address for row in plan.access}
    for word, (one, many), changes in (
        ("renamed", ("login", "logins"), _renames(plan.changes, "username")),
        ("deleted", ("account", "accounts"), _done(plan.changes, Action.DELETE, "User/")),
        ("created", ("group", "groups"), _done(plan.changes, Action.CREATE, "Group/")),
        ("renamed", ("group", "groups"), _renames(plan.changes, "displayname")),
        ("deleted", ("group", "groups"), _done(plan.changes, Action.DELETE, "Group/")),
    ):
        if changes := [change for change in changes if change.address not in told]:
            yield some(len(changes), f"{one} {word}", f"{many} {word}")
            seen.update(change.address for change in changes)
    known = {row.address for row in plan.access if row.kind == "identity"} - {
        c.address for c in _renames(plan.changes, "username")
    }
    if known:
        yield some(len(known), "account gets another e-mail or matching value", "accounts get another e-mail or matching value")
    for kind, noun in (("User/", "account"), ("Group/", "group")):
        left = [
            c for c in _done(plan.changes, Action.UPDATE, kind) if c.address not in seen and (c.attributes or kind == "User/")
        ]
        if left:
            yield some(len(left), f"{noun} updated", f"{noun}s updated")


def _renames(changes: Iterable[Change], attribute: str) -> list[Change]:
    """Of users by their login, of groups by their displayName."""
    kind = "User/" if attribute == "username" else "Group/"
    return [
        change
        for change in changes
        if change.address.startswith(kind) and change.action in (Action.UPDATE, Action.ENABLE) and _moves(change, attribute)
    ]


def _moves(change: Change, attribute: str) -> bool:
    return any(a.path.rpartition(":")[2].lower() == attribute and a.before is not None for a in change.attributes)


def _done(changes: Iterable[Change], action: Action, kind: str) -> list[Change]:
    return [change for change in changes if change.action == action and change.address.startswith(kind)]


def _overridden(plan: Plan, quote: Quote) -> Iterator[str]:
    """Each safeguard that an approval lifts, with the reason that somebody gave."""
    lifted = [item for item in plan.safeguards if item.get("status") == "approved"]
    reasons = dict.fromkeys(reason for item in lifted for reason in item.get("reasons", ()))
    if lifted:
        why = ": " + "; ".join(map(quote, reasons)) if reasons else ""
        yield some(len(lifted), "safeguard overridden", "safeguards overridden") + why
