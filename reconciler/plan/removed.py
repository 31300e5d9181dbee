"""Recorded objects out of scope (resolve/scope.py: an expired assignment) or undeclared in, disables and deletes out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from reconciler.declare.names import is_user, kind_of
from reconciler.plan.before_expiry import is_expired
from reconciler.plan.change import Action, AttributeChange, Cause, Change
from reconciler.plan.context import Context
from reconciler.plan.digest import digested
from reconciler.plan.findings import Findings
from reconciler.plan.live import LiveObject
from reconciler.plan.outstanding import ACTIVE, Outstanding, is_in_vain, still_active
from reconciler.plan.removed_groups import FOR_GOOD, remove_group
from reconciler.record.entries import Entry, is_active
from reconciler.record.model import Record
from reconciler.resolve.model import Skipped

# A broken mapping is no reason to take somebody's account away.
KEPT = frozenset({"MatchingAttributeEmpty", "DuplicateSource"})

RETAINED = "no longer in {}, and the account stays active with all that it may do, since {} is `retain`"


def plan_removed(context: Context, kind: str, live: Mapping[str, LiveObject]) -> Findings:
    """What becomes of recorded objects of a kind (`User` or `Group`) that nobody wants any more."""
    findings, recorded = Findings(), context.matching.recorded
    for address, skip in context.unwanted.items():
        if context.today.get(address, address) in context.revoked or kind_of(address) != kind:
            continue
        entry = context.entries[address]
        account = live.get(entry["id"])
        unknown = address in context.live.unknown or not context.live.knows(address)
        if unknown or (skip is not None and skip.code in KEPT):
            continue
        before = len(findings.changes)
        if account is not None:
            remove = _remove_user if kind == "User" else remove_group
            remove(context, address, entry, account, skip, findings)
        if len(findings.changes) == before and (account is not None or recorded.get(address, address) == address):
            findings.released.add(address)
    return findings


def _remove_user(
    context: Context, address: str, entry: Entry, live: LiveObject, skip: Skipped | None, findings: Findings
) -> None:
    rules = context.app.deprovisioning
    reason = f"{skip.code}: {skip.reason}" if skip else "no longer in the directory"
    where, setting = ("scope", "outOfScope") if skip else ("the directory", "removedFromDirectory")
    match rules.outOfScope if skip else rules.removedFromDirectory:
        case "retain" if live.active and not entry.get("retained"):
            findings.keeps("AccountRetained", RETAINED.format(where, setting), address)
        case "delete":
            why = Cause.TIME if is_expired(skip, entry) and is_active(entry) else Cause.CONFIG
            _delete_user(context, address, live, skip, reason, why, findings)
        case "disable" | "empty" if live.active:
            _disable_user(context, address, entry, live, skip, reason, findings)
        case "disable" | "empty":
            due = deletion_due(context, entry)
            if due is not None and due <= context.resolution.today:
                reason = f"disabled on {entry['disabledAt'][:10]}, and deleteAfter is {rules.deleteAfter}"
                _delete_user(context, address, live, skip, reason, Cause.TIME, findings)


def _delete_user(
    context: Context, address: str, live: LiveObject, skip: Skipped | None, reason: str, why: Cause, findings: Findings
) -> None:
    if "delete" not in context.app.users.targetObjectActions:
        findings.left("ActionNotMapped", "retained, since the mapping does not delete", address)
        return
    kept = context.able.delete == "deactivates"
    reason += f"; {context.able.service} keeps the account, disabled" if kept else f"; {FOR_GOOD}"
    findings.changes.append(_removal(context, address, Action.DELETE, reason, why, context.loses(live), live, skip))


def _disable_user(
    context: Context, address: str, entry: Entry, live: LiveObject, skip: Skipped | None, reason: str, findings: Findings
) -> None:
    """As far as the service knows disabled accounts (its profile's deprovision.inactive)."""
    service, why = context.able.service, _why(skip, entry)
    if context.able.inactive == "ignored":
        findings.left("cannot-disable", f"retained, since {service} ignores `active`", address)
    elif "update" not in context.app.users.targetObjectActions:
        findings.left("ActionNotMapped", "retained, since the mapping does not update", address)
    elif not context.disables(context.today.get(address, address)):
        findings.left("cannot-disable", "retained, since no mapping gives `active: false`", address)
    elif context.able.inactive == "deletes":
        _delete_user(context, address, live, skip, f"{reason}; {service} has no disabled accounts", why, findings)
    elif is_in_vain(entry):
        findings.outstanding += still_active(address, entry, live)
    elif _unseen(entry) and _shows_active(context, live):
        findings.outstanding.append(Outstanding(ACTIVE, address))
    elif _unseen(entry):
        findings.left(
            "DisableNotShown",
            f"retained, since {service} does not show what came of `active: false`: say so in the profile, "
            "`deprovision: {inactive: ignored}`",
            address,
        )
    else:
        attributes = (AttributeChange("active", True, False), *context.loses(live))
        findings.changes.append(_removal(context, address, Action.DISABLE, reason, why, attributes, live, skip))


def _unseen(entry: Entry) -> bool:
    """The service was told to disable the account, and shows of none whether it is."""
    return entry.get("wanted", {}).get("active") is False and "active" in entry.get("answered", {})


def _shows_active(context: Context, live: LiveObject) -> bool:
    """Whether the list says it of the account; who is shown without `active` counts as active too."""
    number = context.resolution.user_mapping.active
    return number is not None and live.values[number] is not None


def deletion_due(context: Context, entry: Entry) -> str | None:
    """The day on which a disabled account is deleted (ISO, UTC); None where it never is, or nobody can tell since when."""
    after, disabled = context.app.deprovisioning.deleteAfter, entry.get("disabledAt")
    if after is None or disabled is None:
        return None
    try:
        return (date.fromisoformat(disabled[:10]) + timedelta(days=int(after.removesuffix("d")))).isoformat()
    except (ValueError, OverflowError):  # none that we wrote
        return None


def hear_disabled(context: Context, record: Record) -> None:
    """From when the days until a deletion count, as the service shows those who are to be out, into the record.

    Who is active was enabled by somebody: the days begin anew. Who is inactive, and who knows since when, is so since today.
    """
    rules, today = context.app.deprovisioning, f"{context.resolution.today}T00:00:00Z"
    for address, skip in context.unwanted.items() if rules.deleteAfter is not None else ():
        entry, rule = context.entries[address], rules.outOfScope if skip else rules.removedFromDirectory
        account = context.live.users.get(entry["id"]) if is_user(address) else None
        if account is None or (skip is not None and skip.code in KEPT) or context.today.get(address, address) in context.revoked:
            continue
        now: Entry = {**entry}
        if account.active:
            now.pop("disabledAt", None)
        elif rule in ("disable", "empty") and not is_active(entry):
            now.setdefault("disabledAt", today)
        if now != entry:
            record.keep(address, now)


def _why(skip: Skipped | None, entry: Entry) -> Cause:
    if entry.get("wanted", {}).get("active") is False:
        return Cause.DRIFT
    return Cause.TIME if is_expired(skip, entry) else Cause.CONFIG


def _removal(
    context: Context, address: str, action: Action, reason: str, why: Cause, attributes: tuple[AttributeChange, ...],
    live: LiveObject, skip: Skipped | None,
) -> Change:  # fmt: skip
    place = context.place(address, skip.row) if skip else context.app.removal_place
    name = context.called(address, skip.row if skip else None, live)
    return digested(
        Change(
            address,
            action,
            reason,
            (why,),
            place.file,
            place.line,
            name,
            attributes,
            precondition=context.rests_on(address, live),
        )
    )
