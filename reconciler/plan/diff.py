"""Which attributes of one object differ, and by whose doing: desired, live and record in, changes out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.declare.names import fold
from reconciler.plan.change import AttributeChange, Cause
from reconciler.record.entries import Entry
from reconciler.resolve.canonical import canonical, key_of
from reconciler.resolve.expressions.language import IGNORE
from reconciler.resolve.mapping import CompiledMapping, Slot
from reconciler.resolve.several import Several, key_value

Addresses = Mapping[str, str]
UNSAID = object()
MOST_ALIKE = 1000  # values of one attribute; of one that has more, such as the name, most have their own


def in_address_space(mapping: CompiledMapping, values: tuple[Any, ...], addresses: Addresses) -> tuple[Any, ...]:
    """Live values with each reference as the address of the account that it points to, where we know it."""
    if not mapping.references:
        return values
    return tuple(
        [
            addresses.get(value, value) if slot.reference and isinstance(value, str) else value
            for slot, value in zip(mapping.slots, values, strict=True)
        ]
    )


def same(slot: Slot, want: Any, have: Any) -> bool:
    """Whether a live value is what we want, after case, order and the service's own defaults."""
    if isinstance(have, Several):
        return all(value is None for value in have) if want is None else any(same(slot, want, value) for value in have)
    if want == have:
        return True
    if slot.fold_case:
        want, have = _folded(want), _folded(have)
        if want == have:
            return True
    if isinstance(want, list):
        return _same_set(slot, want, have if isinstance(have, list) else [])
    return False


def unsaid(slot: Slot, want: Any, have: Any) -> bool:
    """An account that says nothing of `active` is active, unless we know better: some services never say it."""
    return slot.target == "active" and want is True and have is None


def _folded(value: Any) -> Any:
    """A value in which no text has a case any more."""
    if isinstance(value, list):
        return [_folded(item) for item in value]
    if isinstance(value, dict):
        return {name: _folded(item) for name, item in value.items()}
    return fold(value) if isinstance(value, str) else value


def _same_set(slot: Slot, want: list[Any], have: list[Any]) -> bool:
    wanted = {key_of(item): item for item in want}
    held = {key_of(item): item for item in have}
    if not slot.add_only and wanted.keys() != held.keys():
        return False
    return all(key in held and _covers(held[key], item) for key, item in wanted.items())


def _covers(have: Any, want: Any) -> bool:
    """A sub-attribute that we want false or null may be absent from the answer."""
    if not (isinstance(want, dict) and isinstance(have, dict)):
        return bool(want == have)
    return all(have.get(name) == value or (not value and not have.get(name)) for name, value in want.items())


class Alike:
    """What many creates set alike, such as a department, made once for all of them: of a hundred thousand that is 50 MB."""

    def __init__(self) -> None:
        self._known: dict[str, dict[Any, AttributeChange]] = {}

    def attribute(self, slot: Slot, after: Any) -> AttributeChange:
        known = self._known.setdefault(slot.target, {})
        if type(after) not in (str, bool) or (after not in known and len(known) == MOST_ALIKE):
            return attribute(slot, None, after)
        return known.get(after) or known.setdefault(after, attribute(slot, None, after))


def initial_attributes(mapping: CompiledMapping, values: tuple[Any, ...], alike: Alike) -> tuple[AttributeChange, ...]:
    """Every attribute of a create, defaults filled in."""
    found = []
    for slot, value in zip(mapping.slots, values, strict=True):
        if slot.expression is not None and slot.expression.generated:
            found.append(attribute(slot, None, None)._replace(generated=slot.expression.text))
            continue
        if value is None or (value is IGNORE and slot.mapping.kind == "none"):
            value = slot.mapping.default
        if value is not None and value is not IGNORE:
            found.append(alike.attribute(slot, value))
    return tuple(found)


def attribute(slot: Slot, before: Any, after: Any) -> AttributeChange:
    """The change of one slot's value; where a mapping only adds, what is there already stays."""
    if slot.add_only and isinstance(before, list) and isinstance(after, list):
        known = {key_of(item) for item in after}
        after = after + [item for item in before if key_of(item) not in known]
    place = slot.mapping.place
    return AttributeChange(slot.target, before, after, slot.reference, None, slot.redacts, "", place.file, place.line, slot.apart)


def differing(
    mapping: CompiledMapping, want: tuple[Any, ...], have: tuple[Any, ...], entry: Entry | None
) -> tuple[AttributeChange, ...]:
    """The managed attributes that an update must write."""
    if want == have:
        return ()
    return tuple(
        attribute(mapping.slots[i], before, want[i])
        for i in mapping.compared
        if want[i] is not IGNORE
        and _must_write(mapping.slots[i], want[i], have[i], entry)
        and (before := meant_first(mapping.slots[i], have[i], entry)) is not UNSAID
    )


def unsure(mapping: CompiledMapping, want: tuple[Any, ...], have: tuple[Any, ...], entry: Entry | None) -> list[str]:
    """The targets of which several values are there, and nothing says which of them is to be written."""
    return [
        mapping.slots[i].target
        for i in mapping.compared
        if isinstance(have[i], Several)
        and want[i] is not IGNORE
        and _must_write(mapping.slots[i], want[i], have[i], entry)
        and meant_first(mapping.slots[i], have[i], entry) is UNSAID
    ]


def meant_first(slot: Slot, have: Any, entry: Entry | None) -> Any:
    """Of several live values the one that is to be written first, then the others; any other value as it is.

    It is the one that we have written or been answered, else that of the primary element, else the only one that there is.
    UNSAID where that cannot be said: the object is left as it is then.
    """
    if not isinstance(have, Several):
        return have
    told = [values.get(slot.target) for values in ((entry or {}).get("wanted", {}), (entry or {}).get("answered", {}))]
    known = [value for value in have if key_value(slot.path, value) is not None]
    ours = [value for value in known if any(last is not None and same(slot, last, value) for last in told)]
    primary = known[:1] if have.primary and known[:1] == have[:1] else []
    first = ours[:1] or primary or (known if len(known) == 1 else [])
    return [*first, *(value for value in have if value is not first[0])] if first else UNSAID


def _must_write(slot: Slot, want: Any, have: Any, entry: Entry | None) -> bool:
    if same(slot, want, have):
        return False
    wanted = (entry or {}).get("wanted", {})
    if unsaid(slot, want, have) and slot.target not in wanted:
        return False
    if slot.mapping.ignoreDrift and (entry is None or same(slot, want, wanted.get(slot.target))):
        return False
    if _stands(slot, want, have, entry):
        return False
    if want is None and (slot.add_only or slot.assertive):
        return slot.assertive
    if want is None:
        # A default is what a null source gives a new account: it was never the source's value.
        was_ours = wanted.get(slot.target) not in (None, slot.mapping.default)
        return was_ours and slot.mapping.onNull == "clear"
    return True


def _stands(slot: Slot, want: Any, have: Any, entry: Entry | None) -> bool:
    """Whether we wanted the same when we last applied, and the service shows what it then answered."""
    answered = (entry or {}).get("answered", {})
    if slot.target not in answered or answered[slot.target] != have:
        return False
    return same(slot, want, (entry or {}).get("wanted", {}).get(slot.target))


def ignored(mapping: CompiledMapping, want: tuple[Any, ...], have: tuple[Any, ...], entry: Entry | None) -> list[int]:
    """The slots of which the service was told what we want, and answered something else that it still shows."""
    if not (entry or {}).get("answered"):
        return []
    return [i for i in mapping.compared if _is_ignored(mapping.slots[i], want[i], have[i], entry)]


def _is_ignored(slot: Slot, want: Any, have: Any, entry: Entry | None) -> bool:
    if want is IGNORE or slot.mapping.ignoreDrift or slot.hidden or (want is None and not _clears(slot)):
        return False
    return not same(slot, want, have) and not unsaid(slot, want, have) and _stands(slot, want, have, entry)


def _clears(slot: Slot) -> bool:
    """Whether a null takes away what is there: it may be kept on purpose, as is what came of the default of a new account."""
    return slot.assertive or (slot.mapping.onNull == "clear" and slot.mapping.default is None and not slot.add_only)


def causes(changes: tuple[AttributeChange, ...], entry: Entry | None, before_expiry: Mapping[str, Any]) -> list[Cause]:
    """Why each attribute differs: `drift` where we wanted the same when we last applied, else `config`.

    `time` is the cause where we wanted what an expired assignment would still give (`before_expiry`, by path).
    """
    if entry is None:
        return [Cause.CONFIG] * len(changes)
    wanted = entry.get("wanted", {})
    return [_cause(wanted.get(change.path), change, before_expiry) for change in changes]


def with_causes(changes: tuple[AttributeChange, ...], why: list[Cause]) -> tuple[AttributeChange, ...]:
    """Each attribute with its own cause."""
    return tuple(change._replace(cause=cause) for change, cause in zip(changes, why, strict=True))


def _cause(last: Any, change: AttributeChange, before_expiry: Mapping[str, Any]) -> Cause:
    if canonical(last) == canonical(change.after):
        return Cause.DRIFT
    if change.path in before_expiry and canonical(last) == canonical(before_expiry[change.path]):
        return Cause.TIME
    return Cause.CONFIG


def detail(before: Any, after: Any) -> list[tuple[str, str, Any, Any]]:
    """(sign, where, before, after) a difference, sorted; sign is +, - or ~. Empty where a value is no list or mapping.

    A list is compared as a set keyed by `value`, else by `type`: a revoke and a grant are two differences, not an edit.
    """
    if not any(isinstance(value, (list, dict)) for value in (before, after)):
        return []
    if any(isinstance(value, (str, bool, int)) for value in (before, after)):
        return []
    from deepdiff import DeepDiff

    found = DeepDiff(_keyed(before), _keyed(after), view="tree", threshold_to_diff_deeper=0)
    rows = []
    for kind, sign in (
        ("dictionary_item_added", "+"),
        ("dictionary_item_removed", "-"),
        ("values_changed", "~"),
        ("type_changes", "~"),
    ):
        for item in found.get(kind, ()):
            where = ".".join(str(step) for step in item.path(output_format="list"))
            rows.append((sign, where, None if sign == "+" else item.t1, None if sign == "-" else item.t2))
    return sorted(rows, key=lambda row: (row[1], row[0]))


def _keyed(value: Any) -> Any:
    if isinstance(value, list):
        return {key_of(item): item for item in value}
    return {} if value is None else value
