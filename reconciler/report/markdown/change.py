"""Changes as the entries of a `diff` fence, the sign in column 0. No I/O."""

from __future__ import annotations

from reconciler.plan.diff import detail
from reconciler.plan.model import Action, AttributeChange, Change
from reconciler.report.safe import inert
from reconciler.report.text import beside, value_text

SIGNS = {Action.CREATE: "+", Action.UPDATE: "!", Action.ENABLE: "!", Action.DISABLE: "-", Action.DELETE: "-"}
MEMBERS = 200  # of one group: the others would leave no room for other changes


def difference(change: Change) -> str:
    """One change: what, why and where, then its attributes and members."""
    name = f" ({change.name})" if change.name and change.name not in change.address else ""
    lines = [
        f"{SIGNS[change.action]} {change.action} {change.address}{name}",
        f"#   {change.reason} [{', '.join(change.causes)}], declared in {change.file}:{change.line}",
        *(line for attribute in change.attributes for line in _attribute(attribute, change.action)),
        *_members("+", change.add),
        *_members("-", change.remove),
    ]
    return "\n".join(map(inert, lines))


def _members(sign: str, members: tuple[str, ...]) -> list[str]:
    more = [f"{sign}   and {len(members) - MEMBERS:,} more members"] if len(members) > MEMBERS else []
    return [*(f"{sign}   member {member}" for member in members[:MEMBERS]), *more]


def _attribute(attribute: AttributeChange, action: str) -> list[str]:
    before, after = attribute.shown()
    path = attribute.path
    if attribute.generated:
        return [f"+   {path}: made by {attribute.generated}"]
    if action == Action.CREATE:
        return [f"+   {path}: {value_text(after)}"]
    inside = detail(before, after)
    if not inside:
        removed, added = _both(f"  {path}", before, after)
        return [removed, added + beside(attribute)]
    return [f"    {path}:", *(line for row in inside for line in _part(*row))]


def _part(sign: str, where: str, before: object, after: object) -> list[str]:
    """A line for what comes, one for what goes, both for what changes."""
    lines = _both(f"    {where}", before, after)
    return [line for line in lines if sign not in "+-" or line[0] == sign]


def _both(label: str, before: object, after: object) -> list[str]:
    return [f"- {label}: {value_text(before)}", f"+ {label}: {value_text(after)}"]
