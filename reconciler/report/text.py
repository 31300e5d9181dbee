"""A plan for a terminal, after Terraform's manner. No I/O."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable

from reconciler.plan.model import ACTIONS, AttributeChange, Change, Plan, Skip
from reconciler.report.safe import plain

SIGNS = {"create": "+", "update": "~", "enable": "~", "disable": "-", "delete": "-"}
COLOURS = {"+": "32", "~": "33", "-": "31"}


def render(plan: Plan, colour: Callable[[str, str], str]) -> str:
    """The whole plan; `colour` gets text and an ANSI code."""
    lines = [f"{plain(plan.display_name)} ({plain(plan.base_url)})", ""]
    for change in plan.changes:
        lines += [*_change(change, colour), ""]
    lines += _skipped(plan.skipped)
    lines += [f"Error: {plain(e.address)}: {plain(e.reason)}\n    {plain(e.remedy)}" for e in plan.errors]
    lines += [f"Warning: {plain(text)}" for text in plan.warnings]
    if plan.only or plan.selected_causes:
        lines.append("This is a part of the plan: " + plain(", ".join((*plan.only, *plan.selected_causes))))
    return "\n".join([*lines, "" if lines[-1] else "", last_line(plan)]).replace("\n\n\n", "\n\n") + "\n"


def last_line(plan: Plan) -> str:
    """The one line that says how much would be done."""
    tail = _rest(plan)
    if not plan.changes:
        return f"No changes. {plain(plan.display_name)} matches the declaration.{tail}"
    words = {"create": "to create", "update": "to update", "disable": "to disable", "enable": "to enable",
             "delete": "to delete"}  # fmt: skip
    order = ("create", "update", "disable", "enable", "delete")
    parts = [f"{plan.count(a)} {words[a]}" for a in order if plan.count(a) or a in ("create", "update", "disable")]
    assert set(order) == set(ACTIONS)
    return "Plan: " + ", ".join(parts) + "." + tail


def _rest(plan: Plan) -> str:
    counts = (("adopted", plan.adopted), ("skipped", len(plan.skipped)), ("unmanaged", len(plan.unmanaged)),
              ("errors", len(plan.errors)))  # fmt: skip
    parts = [f"{number} {word}" for word, number in counts if number]
    return " " + ", ".join(parts) + "." if parts else ""


def _change(change: Change, colour: Callable[[str, str], str]) -> list[str]:
    sign = SIGNS[change.action]
    name = f"  ({plain(change.name)})" if change.name and change.name not in change.address else ""
    lines = [colour(f"  {sign} {change.action} {plain(change.address)}", COLOURS[sign]) + name]
    lines += [f"      because: {plain(change.reason)} [{', '.join(change.causes)}]",
              f"      declared: {plain(change.file)}:{change.line}"]  # fmt: skip
    lines += ["      " + attribute_line(a, change.action) for a in change.attributes]
    lines += [colour(f"      + member {plain(m)}", "32") for m in change.add]
    lines += [colour(f"      - member {plain(m)}", "31") for m in change.remove]
    return lines


def attribute_line(attribute: AttributeChange, action: str) -> str:
    before, after = attribute.shown()
    new = f"made by {plain(attribute.generated)}" if attribute.generated else value_text(after)
    if action == "create":
        return f"{plain(attribute.path)}: {new}"
    return f"{plain(attribute.path)}: {value_text(before)} -> {new}"


def value_text(value: object) -> str:
    """A value as JSON, its hidden characters escaped."""
    return plain(json.dumps(value, ensure_ascii=False, sort_keys=True))


def _skipped(skipped: tuple[Skip, ...]) -> list[str]:
    if not skipped:
        return []
    groups: dict[str, list[Skip]] = defaultdict(list)
    for item in skipped:
        groups[item.code].append(item)
    lines = ["Skipped:"]
    for code, items in sorted(groups.items()):
        lines.append(f"  {code} ({len(items)}): {plain(items[0].remedy)}")
        if code == "NotAssigned":  # most of a directory: their number says enough
            continue
        lines += [f"    {plain(i.address)}: {plain(i.reason)}" for i in items[:10]]
        lines += [f"    and {len(items) - 10} more" for _ in (0,) if len(items) > 10]
    return [*lines, ""]
