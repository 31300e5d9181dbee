"""Objects that should exist against those that do: creates, updates and enables out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter

from reconciler.declare.names import fold, name_of
from reconciler.plan import membership
from reconciler.plan.before_expiry import before_expiry, manager_of
from reconciler.plan.change import Action, AttributeChange, Cause, Change
from reconciler.plan.context import Context
from reconciler.plan.diff import Alike, causes, differing, initial_attributes, unsure, with_causes
from reconciler.plan.digest import digested
from reconciler.plan.findings import Findings
from reconciler.plan.live import LiveObject
from reconciler.plan.not_taken import not_taken
from reconciler.plan.role_notes import by_whom
from reconciler.plan.warnings import roles_removed
from reconciler.record.entries import Entry, is_active
from reconciler.resolve.model import Desired, DesiredGroup

Attributes = tuple[AttributeChange, ...]
VALUES = attrgetter("values")
NO_MEMBERS: Mapping[str, Cause] = {}
NOBODY = LiveObject("", "", (object(),), None, False)


def plan_desired(context: Context, desired: Mapping[str, Desired]) -> Findings:
    """What it takes to make each desired object what it should be."""
    matched, failed, how = context.matching.live, context.matching.failed, context.matching.how
    asked = context.live.among(desired)
    unlike = _unlike(context) if asked is context.resolution.users else list(asked)
    alike = Alike()
    adopted = len(how.keys() & (asked.keys() - unlike)) if how else 0
    findings = Findings(unchanged=len(asked) - len(unlike) - adopted, adopted=adopted)
    for address in unlike:
        live = matched.get(address)
        if address in context.revoked:
            continue
        if live is not None:
            _update(context, desired[address], live, findings)
        elif address not in failed:
            _create(context, desired[address], findings, alike)
    return findings


def _unlike(context: Context) -> list[str]:
    """The users in scope who are to be looked at one by one: of a large directory nearly everybody is as declared."""
    users, matched = context.resolution.users, context.matching.live
    accounts = [matched.get(address, NOBODY) for address in users]
    values = zip(users, map(VALUES, users.values()), map(VALUES, accounts), strict=True)
    return [address for address, want, have in values if (want is not have and want != have) or address in context.revoked]


def _create(context: Context, item: Desired, findings: Findings, alike: Alike) -> None:
    mapping = context.resolution.mapping(item.address)
    if "create" not in mapping.mapping.targetObjectActions:
        findings.left("ActionNotMapped", "in scope, but the mapping does not create", item.address)
        return
    reason, cause = _why_created(context, item)
    add = tuple(sorted(membership.possible(context, item.members))) if isinstance(item, DesiredGroup) else ()
    attributes = _sure(context, initial_attributes(mapping, item.values, alike))
    findings.changes.append(_change(context, item, Action.CREATE, reason, {cause}, attributes, add=add))


def _why_created(context: Context, item: Desired) -> tuple[str, Cause]:
    """Reason and cause."""
    entry, noun = context.entry(item.address), _noun(item)
    if entry is None:
        return f"in scope, and no {noun} matches", Cause.CONFIG
    if is_active(entry):
        return f"in scope, and its {noun} was deleted on the service", Cause.DRIFT
    return f"in scope again, and its {noun} is gone from the service", Cause.CONFIG


def _noun(item: Desired) -> str:
    return "group" if isinstance(item, DesiredGroup) else "account"


def _update(context: Context, item: Desired, live: LiveObject, findings: Findings) -> None:
    mapping, entry = context.resolution.mapping(item.address), context.entry(item.address)
    have = context.have(item.address, live)
    applied = context.applied(item.address, live)
    attributes = _sure(context, differing(mapping, item.values, have, applied))
    for target in unsure(mapping, item.values, have, applied):
        several = f"several values match {target}, and nothing says which one is meant: mark one as primary there"
        findings.left("SeveralValuesMatch", several, item.address)
    not_taken(context, item, live, applied, findings)
    add, remove = membership.members(context, item, live, entry) if isinstance(item, DesiredGroup) else ((), ())
    if not attributes and not add and not remove:
        adopted = item.address in context.matching.how
        findings.unchanged += not adopted
        findings.adopted += adopted
    elif "update" not in mapping.mapping.targetObjectActions:
        findings.left("ActionNotMapped", "not as declared, but the mapping does not update", item.address)
    else:
        own = causes(attributes, entry, before_expiry(context, item))
        members = membership.causes(context, add, remove, entry)
        why = {*own, *members.values()}
        reason = _reason(context, item, live, attributes, why) + _roles_taken(context, item, live)
        findings.changes.append(
            _change(
                context,
                item,
                Action.ENABLE if _enabling(attributes) else Action.UPDATE,
                reason,
                why,
                with_causes(attributes, own),
                add,
                remove,
                live,
                members,
            )
        )


def _enabling(attributes: Attributes) -> Attributes:
    return tuple(a for a in attributes if a.path == "active" and a.after is True)


def _sure(context: Context, attributes: Attributes) -> Attributes:
    """Without references to those of whom nothing can be planned: whose account that would be is not known."""
    failed = context.matching.failed
    return tuple([a for a in attributes if not (a.reference and a.after in failed)]) if failed else attributes


def _roles_taken(context: Context, item: Desired, live: LiveObject) -> str:
    """What an assertive mapping removes, said beside the reason."""
    columns = zip(context.resolution.mapping(item.address).slots, item.values, live.values, strict=True)
    taken = [value for slot, want, have in columns for value in roles_removed(slot, want, have)]
    return f"; removes {'role' if len(taken) == 1 else 'roles'} {', '.join(taken)}" if taken else ""


def _reason(context: Context, item: Desired, live: LiveObject, attributes: Attributes, why: set[Cause]) -> str:
    """`why` are the causes of the change."""
    old, entry = context.matching.recorded.get(item.address), context.entry(item.address)
    if (target := context.matching.how.get(item.address)) is not None:
        gone = "" if old is None else ", since the one that we had is gone"
        return f"adopts the existing {_noun(item)} {live.name}, matched by {target}{gone}"
    if old is not None and fold(old) != fold(item.address):
        return f"renamed from {name_of(old)}"
    if enabling := _enabling(attributes):
        drift = set(causes(enabling, entry, {})) == {Cause.DRIFT}
        return "disabled on the service since the last apply" if drift else "in scope again"
    if attributes and all(_owed(a, entry) for a in attributes):
        return f"{' and '.join(f'the reference to {a.after}' for a in attributes)} is not there yet"
    unlinked = why == {Cause.CONFIG} and all(a.reference and a.after is None for a in attributes)
    if unlinked and (manager := manager_of(context, item)):
        return f"{manager} is no longer in scope"
    return {
        frozenset({Cause.DRIFT}): _edited(context, live, attributes),
        frozenset({Cause.TIME}): "an assignment expired",
    }.get(frozenset(why), "the declaration changed")


def _edited(context: Context, live: LiveObject, attributes: Attributes) -> str:
    """By whom, where the service's own log says so, and roles are all that was edited."""
    edit = context.live.roles.edits.get(live.id)
    if edit is None or not all(a.apart for a in attributes):
        return "edited on the service since the last apply"
    return by_whom(edit)


def _owed(attribute: AttributeChange, entry: Entry | None) -> bool:
    """A reference that nobody has written yet: its account was not there, or not in the part that was applied."""
    return attribute.reference and attribute.before is None and attribute.path not in (entry or {}).get("wanted", {})


def _change(
    context: Context, item: Desired, action: Action, reason: str, why: set[Cause], attributes: tuple[AttributeChange, ...],
    add: tuple[str, ...] = (), remove: tuple[str, ...] = (), live: LiveObject | None = None,
    members: Mapping[str, Cause] = NO_MEMBERS,
) -> Change:  # fmt: skip
    name = context.resolution.table(item.address).column("displayName")[item.row]
    place = context.place(item.address, item.row)
    return digested(
        Change(
            item.address,
            action,
            reason,
            tuple(sorted(why)),
            place.file,
            place.line,
            str(name or ""),
            attributes,
            add,
            remove,
            context.rests_on(item.address, live) if live is not None else None,
            live is not None and item.address in context.matching.how,
            member_causes=tuple(sorted(members.items())) if len(why) > 1 else (),
        )
    )
