"""A plan in, its first line in words out: who gains access and who loses it, what is renamed, what is overridden. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from reconciler.declare.names import is_user
from reconciler.plan.model import Access, Action, Change, Plan

FINE = ("ok", "off", "approved")
ACCESS = ("role", "group", "account")  # kinds of rows that are access, and not another name
Quote = Callable[[str], str]


def verdict(plan: Plan) -> str:
    """May it be applied, in a word or two."""
    if any(item.get("status") not in FINE for item in plan.safeguards):
        return "blocked by a safeguard"
    if plan.errors:
        return "errors"
    if plan.changes or plan.kept:
        return "changes to review"
    return "told, and not done" if plan.outstanding else "no changes"


def headline(plan: Plan, quote: Quote) -> str:
    """What a plan does, in one line; empty where it does nothing, and nothing ends on another day.

    `quote` makes text of a person harmless.
    """
    if not plan.changes and not plan.kept:
        return ", ".join(_ends(plan))
    access = [*_people(plan.access), *_privileged(plan.access), *_unmanaged(plan)] or ["nobody's access changes"]
    return ", ".join([*access, *_objects(plan), *_ends(plan), *_overridden(plan, quote)])


def _unmanaged(plan: Plan) -> Iterator[str]:
    """Who keeps a role or a group that nothing carries any more."""
    if people := {item.address for item in plan.kept}:
        yield _some(len(people), "person keeps access unmanaged", "people keep access unmanaged")


def _ends(plan: Plan) -> Iterator[str]:
    if plan.ends:
        yield _some(len(plan.ends), "assignment ends on another day", "assignments end on another day")


def _people(rows: Iterable[Access]) -> Iterator[str]:
    """`2 people gain access, 1 loses it`; who gains one thing and loses another is counted apart."""
    people = [row for row in rows if is_user(row.address) and row.kind in ACCESS]
    gaining = {row.address for row in people if row.gains}
    losing = {row.address for row in people if not row.gains and not _stays(row)}
    gain, lose, both = len(gaining - losing), len(losing - gaining), len(gaining & losing)
    if gain:
        yield _some(gain, "person gains access", "people gain access")
    if lose:
        yield _some(lose, "loses it", "lose it") if gain else _some(lose, "person loses access", "people lose access")
    if both:
        yield _some(both, "person has other access than before", "people have other access than before")


def _stays(row: Access) -> bool:
    """Whether the same role remains by something else."""
    return row.kind == "role" and row.keeps.startswith(f"{row.what} ")


def _privileged(rows: Iterable[Access]) -> Iterator[str]:
    """Roles, and groups, that are privileged: what moves goes from somebody to somebody."""
    found: dict[tuple[str, str], set[bool]] = {}
    for row in rows:
        if row.privileged:
            found.setdefault((row.kind, row.what), set()).add(row.gains)
    for kind in ("role", "group"):
        ways = [gains for (what, _), gains in found.items() if what == kind]
        for way, one, many in (
            ({True, False}, "moves", "move"),
            ({True}, "is given", "are given"),
            ({False}, "is taken away", "are taken away"),
        ):
            if count := ways.count(way):
                yield _some(count, f"privileged {kind} {one}", f"privileged {kind}s {many}")


def _objects(plan: Plan) -> Iterator[str]:
    """What happens to accounts and groups beside access."""
    seen = {row.address for row in plan.access}
    for word, (one, many), changes in (
        ("renamed", ("login", "logins"), _renames(plan.changes, "username")),
        ("deleted", ("account", "accounts"), _done(plan.changes, Action.DELETE, "User/")),
        ("created", ("group", "groups"), _done(plan.changes, Action.CREATE, "Group/")),
        ("renamed", ("group", "groups"), _renames(plan.changes, "displayname")),
        ("deleted", ("group", "groups"), _done(plan.changes, Action.DELETE, "Group/")),
    ):
        if changes:
            yield _some(len(changes), f"{one} {word}", f"{many} {word}")
            seen.update(change.address for change in changes)
    known = {row.address for row in plan.access if row.kind == "identity"} - {
        c.address for c in _renames(plan.changes, "username")
    }
    if known:
        yield _some(len(known), "account gets another e-mail or matching value", "accounts get another e-mail or matching value")
    for kind, noun in (("User/", "account"), ("Group/", "group")):
        left = [
            c for c in _done(plan.changes, Action.UPDATE, kind) if c.address not in seen and (c.attributes or kind == "User/")
        ]
        if left:
            yield _some(len(left), f"{noun} updated", f"{noun}s updated")


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
        yield _some(len(lifted), "safeguard overridden", "safeguards overridden") + why


def _some(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
