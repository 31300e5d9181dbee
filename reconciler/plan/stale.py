"""A reviewed plan against a fresh one: what is still to be done, what is done, what has moved. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.plan.model import Change, Plan


@dataclass
class Comparison:
    """`todo` are changes of the fresh plan; `moved` says what is stale and why, one line each."""

    todo: list[Change] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    beyond: list[Change] = field(default_factory=list)


def compare(reviewed: list[Plan], fresh: Plan, matches: set[str]) -> Comparison:
    """Look at each reviewed change (for an address in several plans, the last one's).

    `matches` are the addresses whose live account is as the declaration wants it.
    """
    wanted = {change.address: change for plan in reviewed for change in plan.changes}
    current = {change.address: change for change in fresh.changes}
    result = Comparison()
    for address, change in sorted(wanted.items()):
        now = current.get(address)
        if now is not None and now.digest == change.digest:
            result.todo.append(now)
        elif now is None and (change.action in ("disable", "delete")) != (address in matches):
            # A removal is done when nobody wants the account any more, anything else when live is as wanted.
            result.done.append(address)
        else:
            result.moved.append(_how(change, now))
    result.beyond = [change for address, change in sorted(current.items()) if address not in wanted]
    return result


def _how(old: Change, now: Change | None) -> str:
    if now is None:
        return f"{old.address}: the {old.action} is no longer called for"
    if now.action != old.action:
        return f"{old.address}: reviewed as {old.action}, now {now.action} ({now.reason})"
    before = {a.path: a for a in old.attributes}
    after = {a.path: a for a in now.attributes}
    who = "the service" if any(after[p].before != before[p].before for p in before.keys() & after.keys()) else None
    paths = sorted(p for p in before.keys() | after.keys() if before.get(p) != after.get(p))
    declared = any(after[p].after != before[p].after for p in before.keys() & after.keys()) or before.keys() != after.keys()
    moved = " and ".join(x for x in (who, "the declaration" if declared and not who else None) if x) or "the service"
    return f"{old.address}: {moved} moved" + (f" ({', '.join(paths)})" if paths else "")
