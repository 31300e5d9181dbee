"""A planned change in, the declared row under which nothing would have to change out: drift imported. Pure."""

from __future__ import annotations

import copy
from typing import Any

from reconciler.adopt.invert import ROLE_FUNCTIONS, fits_source, gives, put
from reconciler.adopt.model import ImportRefused, Row
from reconciler.declare.names import fold, is_user, name_of, row_key
from reconciler.declare.source_attributes import COMPUTED, DEFAULT_DOMAIN
from reconciler.plan.change import Action, AttributeChange, Change
from reconciler.plan.context import UNKNOWN
from reconciler.resolve.mapping import CompiledMapping, Slot
from reconciler.resolve.sources import EXTENSION

MISSING = {
    "create": ("it has no account on the service", "to accept that, take its assignment or its declaration away"),
    "delete": ("it is not in scope, and its account is still there", "to keep the account, assign it or declare it again"),
}


def taken_over(mapping: CompiledMapping, change: Change, row: Row, key: str, skip_code: str | None) -> Row:
    """The row with the live values of a change. Raises ImportRefused with everything that no row can say.

    `key` names the object; `skip_code` is why it is out of scope, where it is.
    """
    if change.action in MISSING:
        raise ImportRefused(f"{change.address}: {MISSING[change.action][0]}", MISSING[change.action][1])
    if change.action == Action.DISABLE and skip_code != "AccountDisabled":
        raise ImportRefused(
            f"{change.address} is active on the service, and out of scope here ({skip_code or 'not declared'})",
            "to keep it active, assign it or declare it again",
        )
    fresh = copy.deepcopy(row)
    slots = {slot.target: slot for slot in mapping.slots}
    refused = [reason for a in change.attributes if (reason := _attribute(slots[a.path], a, fresh, key))]
    refused += [reason for member in change.add if (reason := _leave(fresh, member))]
    refused += [f"{member} is in it, whom nobody has declared" for member in change.remove if member.startswith(UNKNOWN)]
    for member in change.remove:
        fresh.setdefault("members", []).append(name_of(member) if is_user(member) else {"group": name_of(member)})
    if refused:
        raise ImportRefused(
            f"{change.address} cannot be imported:\n    " + "\n    ".join(refused),
            "change mappings.yaml or the rows by hand, or let an apply write the declared values",
        )
    return fresh


def _attribute(slot: Slot, change: AttributeChange, row: Row, key: str) -> str | None:
    """Give the row what makes the live value; the reason why it cannot, else."""
    if slot.mapping.kind == "constant":
        return f"{slot.target} is the constant {slot.mapping.value!r} in {slot.mapping.place}"
    if slot.expression is not None:
        return _expression(slot, change, row, key)
    source = str(slot.mapping.value)
    if source == key:
        return f"{slot.target} is {change.before!r} on the service: a rename, to be declared with `previously: [{row[key]}]`"
    value = change.replaced
    if slot.reference and value is not None:
        if not str(value).startswith("User/"):
            return f"{slot.target} points to an account that nobody has declared"
        value = str(value).removeprefix("User/")
    if value is not None and not fits_source(source, value, key):
        return f"{slot.target} is {value!r} on the service, which {source} cannot hold"
    _set(row, source, value)
    return None


def _expression(slot: Slot, change: AttributeChange, row: Row, key: str) -> str | None:
    assert slot.expression is not None
    if slot.target == "active" and set(slot.expression.sources) <= {"IsSoftDeleted"}:
        _set(row, "accountEnabled", None if change.before is True else False)
        return None
    if slot.expression.functions & ROLE_FUNCTIONS:
        return f"{slot.target} comes from assignments: give or take the role in assignments.yaml"
    for source in slot.expression.sources:
        if source in (*COMPUTED, DEFAULT_DOMAIN) or not fits_source(source, change.before, key) or source == key:
            continue
        trial = copy.deepcopy(row)
        put(trial, source, change.before)
        if gives(slot, change.before, trial):
            put(row, source, change.before)
            return None
    return f"{slot.target} comes from the expression {slot.expression.text} in {slot.mapping.place}, which cannot be inverted"


def _set(row: Row, source: str, value: Any) -> None:
    """Give the row a value, or take it out."""
    if value is not None:
        put(row, source, value)
    elif source.startswith(EXTENSION):
        row["extensionAttributes"].pop(source.removeprefix(EXTENSION), None)
        if not row["extensionAttributes"]:
            del row["extensionAttributes"]
    else:
        row.pop(source, None)


def _leave(row: Row, member: str) -> str | None:
    """Take a declared member out of a group whose live group lacks it."""
    name = row_key(member)
    members = row.get("members") or []
    kept = [item for item in members if not (isinstance(item, str) and fold(item) == name)]
    if len(kept) == len(members):
        return f"{member} is a member through a nested group: take it out there"
    row["members"] = kept
    return None
