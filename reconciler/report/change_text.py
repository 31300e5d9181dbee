"""Changes as lines of text: one as it stands in a plan or an explanation, many of one cause as a block. No I/O."""

from __future__ import annotations

from reconciler.plan.change import Action, AttributeChange, Change
from reconciler.plan.diff import detail
from reconciler.report import blocks
from reconciler.report.colours import GREEN, RED, YELLOW, Colour
from reconciler.report.safe import plain
from reconciler.resolve.canonical import readable

SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.ENABLE: "~", Action.DISABLE: "-", Action.DELETE: "-"}
COLOURS = {"+": GREEN, "~": YELLOW, "-": RED}


def change_lines(change: Change, colour: Colour) -> list[str]:
    """One change as the plan shows it."""
    sign = SIGNS[change.action]
    lines = [colour(f"  {sign} {change.action} {plain(change.address)}", COLOURS[sign]) + _name(change)]
    lines += [
        f"      because: {plain(change.reason)} [{', '.join(change.causes)}]",
        f"      declared: {plain(change.file)}:{change.line}",
    ]
    lines += ["      " + line for line in _attributes(change)]
    lines += [colour(f"      + {line}", GREEN) for line in members(change, change.add)]
    lines += [colour(f"      - {line}", RED) for line in members(change, change.remove)]
    return lines


def block_lines(block: list[Change], colour: Colour) -> list[str]:
    """Changes of one cause: how many, why, where that is said, two of them, and who the others are."""
    first = block[0]
    if len(block) == 1:
        return change_lines(first, colour)
    sign = SIGNS[first.action]
    declared = blocks.places(blocks.Place(change.file, change.line) for change in block)
    lines = [
        colour(f"  {sign} {first.action} {len(block):,} accounts", COLOURS[sign]),
        f"      because: {plain(blocks.reason(first))} [{', '.join(first.causes)}]",
        *(f"      mapped: {plain(paths)} at {plain(place)}" for place, paths in blocks.mapped(first)),
        f"      declared: {plain(declared)}",
    ]
    for change in block[: blocks.SAMPLES]:
        lines += [f"      {plain(change.address)}" + _name(change), *("          " + line for line in _attributes(change))]
    return [*lines, f"      and {len(block) - blocks.SAMPLES:,} more: `--full` shows each"]


def _attributes(change: Change) -> list[str]:
    return [line for a in change.attributes for line in attribute_lines(a, change.action, _own(change, a.cause))]


def _own(change: Change, cause: str) -> str:
    """The cause of a part of a change, where the parts have several."""
    return f"  [{cause}]" if cause and len(change.causes) > 1 else ""


def members(change: Change, moving: tuple[str, ...]) -> list[str]:
    """A line for each member who comes or goes; of many the first two, and how many more."""
    causes = dict(change.member_causes)
    if len(moving) > blocks.MEMBERS:
        first = ", ".join(map(plain, moving[: blocks.SAMPLES]))
        return [f"{len(moving):,} members: {first} and {len(moving) - blocks.SAMPLES:,} more"]
    return [f"member {plain(member)}" + _own(change, causes.get(member, "")) for member in moving]


def _name(change: Change) -> str:
    return f"  ({plain(change.name)})" if change.name and change.name not in change.address else ""


def attribute_lines(attribute: AttributeChange, action: str, cause: str = "") -> list[str]:
    """One attribute: its old and new value, and its own `cause`; of lists and mappings what comes and goes."""
    before, after = attribute.told()
    path = plain(attribute.path)
    if attribute.generated:
        return [f"{path}: made by {plain(attribute.generated)}"]
    inside = [] if action == Action.CREATE else detail(before, after)
    if inside:
        return [f"{path}:{cause}", *("  " + _difference(*row) for row in inside)]
    return [f"{path}: {value_text(after) if action == Action.CREATE else _both(before, after) + beside(attribute)}{cause}"]


def beside(attribute: AttributeChange) -> str:
    """The values behind the same path that stay, in words."""
    staying = [] if attribute.redacted else attribute.beside
    return f", beside {', '.join(map(value_text, staying))}" if staying else ""


def _both(before: object, after: object) -> str:
    return f"{value_text(before)} -> {value_text(after)}"


def _difference(sign: str, where: str, before: object, after: object) -> str:
    shown = {"+": value_text(after), "-": value_text(before)}.get(sign, _both(before, after))
    return f"{sign} {plain(where)}: {shown}"


def value_text(value: object) -> str:
    """A value as JSON, its hidden characters escaped."""
    return plain(readable(value))
