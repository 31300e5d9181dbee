"""Changes as the entries of a `diff` fence, the sign in column 0. No I/O."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.declare.wording import plural
from reconciler.plan.change import Action, AttributeChange, Change
from reconciler.plan.diff import detail
from reconciler.report import blocks
from reconciler.report.change_text import beside, value_text
from reconciler.report.safe import inert

SIGNS = {Action.CREATE: "+", Action.UPDATE: "!", Action.ENABLE: "!", Action.DISABLE: "-", Action.DELETE: "-"}
MEMBERS = 200  # of one group: the others would leave no room for other changes


def difference(change: Change) -> str:
    """One change: what, why and where, then its attributes and members."""
    return _inert([_head(change), _why(change), *_content(change)])


def _inert(lines: list[str]) -> str:
    return "\n".join(map(inert, lines))


def block(changes: list[Change]) -> str:
    """Changes of one cause: how many, why, where that is said, and two of them; the others are folded elsewhere."""
    first = changes[0]
    if len(changes) == 1:
        return _inert([_head(first), _why(first), *_content(first, blocks.SAMPLES)]) if is_folded(first) else difference(first)
    declared = blocks.places(blocks.Place(change.file, change.line) for change in changes)
    samples = [line for change in changes[: blocks.SAMPLES] for line in (f"# {_called(change)}", *_content(change))]
    return _inert(
        [
            f"{SIGNS[first.action]} {first.action} {len(changes):,} accounts",
            f"#   {blocks.reason(first)} [{', '.join(first.causes)}], declared in {declared}",
            *(f"#   {paths} is mapped in {place}" for place, paths in blocks.mapped(first)),
            *samples,
            f"# and {len(changes) - blocks.SAMPLES:,} more, below",
        ]
    )


def is_folded(change: Change) -> bool:
    """Whether it has so many members that two stand for all."""
    return max(len(change.add), len(change.remove)) > blocks.MEMBERS


def _head(change: Change) -> str:
    return f"{SIGNS[change.action]} {change.action} {_called(change)}"


def _called(change: Change) -> str:
    return change.address + (f" ({change.name})" if change.name and change.name not in change.address else "")


def _why(change: Change) -> str:
    return f"#   {change.reason} [{', '.join(change.causes)}], declared in {change.file}:{change.line}"


def _content(change: Change, most: int = MEMBERS) -> list[str]:
    """Its attributes, each with its own cause where there are several, and the first of its members."""
    own = {a.path: a.cause for a in change.attributes} | dict(change.member_causes) if len(change.causes) > 1 else {}
    lines = []
    for attribute in change.attributes:
        first, *rest = _attribute(attribute, change.action)
        lines += [first + _own(own.get(attribute.path, "")), *rest]
    return [*lines, *_members("+", change.add, own, most), *_members("-", change.remove, own, most)]


def _own(cause: str) -> str:
    return f"  [{cause}]" if cause else ""


def _members(sign: str, members: tuple[str, ...], own: Mapping[str, str], most: int) -> list[str]:
    more = [f"{sign}   and {plural(len(members) - most, 'more member')}"] if len(members) > most else []
    return [*(f"{sign}   member {member}" + _own(own.get(member, "")) for member in members[:most]), *more]


def _attribute(attribute: AttributeChange, action: str) -> list[str]:
    before, after = attribute.told()
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
