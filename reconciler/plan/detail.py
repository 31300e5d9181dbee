"""What changed inside one value: items that come and go, and sub-attributes that differ. Pure."""

from __future__ import annotations

from typing import Any

from reconciler.plan.diff import key_of


def detail(before: Any, after: Any) -> list[tuple[str, str, Any, Any]]:
    """(sign, where, before, after) a difference, sorted; sign is +, - or ~. Empty where a value is no list or mapping.

    A list is compared as a set keyed by `value`, else by `type`: a revoke and a grant are two differences, not an edit.
    """
    if not any(isinstance(value, (list, dict)) for value in (before, after)):
        return []
    from deepdiff import DeepDiff

    found = DeepDiff(_keyed(before), _keyed(after), view="tree", threshold_to_diff_deeper=0)
    rows = []
    for kind, sign in (("dictionary_item_added", "+"), ("dictionary_item_removed", "-"), ("values_changed", "~"),
                       ("type_changes", "~")):  # fmt: skip
        for item in found.get(kind, ()):
            where = ".".join(str(step) for step in item.path(output_format="list"))
            rows.append((sign, where, None if sign == "+" else item.t1, None if sign == "-" else item.t2))
    return sorted(rows, key=lambda row: (row[1], row[0]))


def _keyed(value: Any) -> Any:
    if isinstance(value, list):
        return {key_of(item): item for item in value}
    return {} if value is None else value
