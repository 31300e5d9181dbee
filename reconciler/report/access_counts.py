"""Rows of access in, how many people gain and lose out, in words: who gets a privileged role is counted by person. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reconciler.declare.names import group_address, is_group, is_user, name_of
from reconciler.plan.model import Access, Plan

ACCESS = ("role", "group", "account")  # kinds of rows that are access, and not another name
ALONE = " access"  # what is gained or lost, where nothing of it is privileged
NAMED = 3  # privileged roles that are named
Quote = Callable[[str], str]


def people(plan: Plan, quote: Quote) -> Iterator[str]:
    """`2 people gain access, 1 of them a privileged role (Admin)`, `1 loses it`; who exchanges some, or keeps some, is apart.

    Who gains what is privileged counts as gaining, whatever is lost for it; who loses what is, as losing, whatever is kept.
    """
    rows = [row for row in beside_renames(plan) if is_user(row.address) and row.kind in ACCESS]
    gained, lost = [row for row in rows if row.gains], [row for row in rows if not row.gains and not _stays(row)]
    up, down = ({row.address for row in part if row.privileged} for part in (gained, lost))
    gaining, losing = {row.address for row in gained}, {row.address for row in lost}
    both = (gaining & losing) - up - down
    less_than_before = losing - gaining - down - {row.address for row in lost if not row.keeps}
    gain, lose = (gaining - losing) | up, (losing - gaining - less_than_before) | (down - up)
    more = _access([row for row in gained if row.address in gain], "gain", quote) if gain else ""
    less = _access([row for row in lost if row.address in lose], "lose", quote) if lose else ""
    if more.endswith(ALONE) and less.endswith(ALONE):
        less = some(len(lose), "loses it", "lose it")
    yield from filter(None, (more, less))
    for some_of_them, how in ((both, "other"), (less_than_before, "less")):
        if some_of_them:
            yield some(len(some_of_them), f"person has {how} access than before", f"people have {how} access than before")


def _access(rows: list[Access], verb: str, quote: Quote) -> str:
    """What several people gain, or lose: `1 person gains a privileged role (Admin)` where that is all of it."""
    every, raised = {row.address for row in rows}, {row.address for row in rows if row.privileged}
    who = some(len(every), f"person {verb}s", f"people {verb}")
    if not raised:
        return who + ALONE
    what = _privileged([row for row in rows if row.privileged], quote)
    if len(raised) < len(every):
        return f"{who} access, {len(raised):,} of them {what}"
    return f"{who} {what}" if all(row.privileged for row in rows) else f"{who} access and {what}"


def _privileged(rows: list[Access], quote: Quote) -> str:
    """The roles by name; of who has none of them, the groups."""
    by_role = {row.address for row in rows if row.kind == "role"}
    found = {(row.kind, row.what): None for row in rows if row.kind == "role" or row.address not in by_role}
    names = [quote(what) for _, what in found]
    more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    kinds = " or ".join(dict.fromkeys(kind for kind, _ in found))
    noun = f"a privileged {kinds}" if len(names) == 1 else f"privileged {kinds.replace(' or ', 's and ')}s"
    return f"{noun} ({', '.join([*names[:NAMED], *more])})"


def _stays(row: Access) -> bool:
    """Whether the same role remains by something else."""
    return row.kind == "role" and row.keeps.startswith(f"{row.what} ")


def beside_renames(plan: Plan) -> list[Access]:
    """The rows without those that only move from the one name to the other of what looks renamed."""
    old = {item.address: item.previous for item in plan.looks_renamed}
    lost = {_key(row) for row in plan.access if not row.gains}
    pairs = [(_key(row), _under_the_old_name(row, old)) for row in plan.access if row.gains] if old else []
    moved = {key for new, before in pairs if new != before and before in lost for key in (new, before)}
    return [row for row in plan.access if _key(row) not in moved]


def _key(row: Access) -> tuple[str, str, str]:
    return (row.address, row.kind, row.what)


def _under_the_old_name(row: Access, old: dict[str, str]) -> tuple[str, str, str]:
    what = name_of(old.get(group_address(row.what), group_address(row.what))) if row.kind == "group" else row.what
    return (old.get(row.address, row.address), row.kind, what)


def look_renamed(plan: Plan) -> Iterator[str]:
    """Objects that would be kept, were their earlier name declared."""
    groups = sum(1 for item in plan.looks_renamed if is_group(item.address))
    for count, noun in ((len(plan.looks_renamed) - groups, "login"), (groups, "group")):
        if count:
            yield some(count, f"{noun} looks renamed without `previously`", f"{noun}s look renamed without `previously`")


def some(number: int, one: str, many: str) -> str:
    """A number with its noun and verb."""
    return f"{number:,} {one if number == 1 else many}"
