"""One group of the record that is no longer in scope, or no longer declared: a delete, members out, or why it stays. Pure."""

from __future__ import annotations

from reconciler.declare.names import is_user
from reconciler.declare.settings import Deprovisioning
from reconciler.plan.before_expiry import is_expired
from reconciler.plan.change import Action, Cause, Change
from reconciler.plan.context import UNKNOWN, Context
from reconciler.plan.digest import digested
from reconciler.plan.findings import Findings
from reconciler.plan.live import LiveObject
from reconciler.plan.membership import known_members, recorded_members, stayed
from reconciler.plan.outstanding import MEMBER, Outstanding
from reconciler.plan.warnings import listed
from reconciler.record.entries import Entry
from reconciler.resolve.model import Skipped

FOR_GOOD = "this cannot be undone"


def remove_group(
    context: Context, address: str, entry: Entry, live: LiveObject, skip: Skipped | None, findings: Findings
) -> None:
    """As deprovisioning says; an assignment that expires ends what it gave, and deletes no group."""
    match _setting(context.app.deprovisioning, skip):
        case "retain":
            if inside := _still_inside(context, live, entry, skip):
                findings.left("GroupRetained", f"retained, as deprovisioning says{inside}", address)
        case "empty":
            _empty(context, address, entry, live, skip, findings)
        case _ if skip is not None and skip.code == "AssignmentExpired":
            findings.left("GroupRetained", f"retained, since {skip.reason}{_still_inside(context, live, entry, skip)}", address)
        case _ if "delete" not in context.app.groups.targetObjectActions:
            why = f"retained, since the mapping does not delete{_still_inside(context, live, entry, skip)}"
            findings.left("ActionNotMapped", why, address)
        case _ if not entry.get("created"):
            why = f"retained, since it was not created by reconcile{_still_inside(context, live, entry, skip)}"
            findings.left("GroupRetained", why, address)
        case _:
            cause = Cause.TIME if is_expired(skip, entry) else Cause.CONFIG
            reason = f"{_reason(skip)}; {FOR_GOOD}"
            findings.changes.append(_change(context, address, Action.DELETE, reason, {cause}, (), live, skip))


def _setting(rules: Deprovisioning, skip: Skipped | None) -> str:
    return rules.outOfScope if skip else rules.removedFromDirectory


def _reason(skip: Skipped | None) -> str:
    return skip.reason if skip else "no longer in the directory"


def _empty(context: Context, address: str, entry: Entry, live: LiveObject, skip: Skipped | None, findings: Findings) -> None:
    """Takes out whom we know; who did not leave when told to is told of, and not told to again."""
    inside = {member for member in known_members(context, live, entry) if is_user(member)}
    kept = stayed(context, entry) & inside
    findings.outstanding += [Outstanding(MEMBER, address, member) for member in sorted(kept)]
    leaving = inside - kept
    if not leaving:
        return
    if "update" not in context.app.groups.targetObjectActions:
        why = f"retained with its members, since the mapping does not update: {listed(leaving)}"
        findings.left("ActionNotMapped", why, address)
    elif not any(mapping.target == "members" for mapping in context.app.groups.attributes):
        why = f"retained with its members, since no mapping carries `members`: {listed(leaving)}"
        findings.left("MembersNotMapped", why, address)
    else:
        before, due = recorded_members(context, entry), Cause.TIME if is_expired(skip, entry) else Cause.CONFIG
        causes = {due if member in before else Cause.DRIFT for member in leaving}
        reason = f"{_reason(skip)}; its members leave it, and the group stays"
        findings.changes.append(_change(context, address, Action.UPDATE, reason, causes, tuple(sorted(leaving)), live, skip))


def _still_inside(context: Context, live: LiveObject, entry: Entry, skip: Skipped | None) -> str:
    """Who has what the group gives all the same, and what ends that: accounts that are active, and not to be disabled."""
    inside = known_members(context, live, entry)
    staying = [context.shown_address(member) for member in inside if keeps(context, member)]
    if not staying:
        return ""
    key = "outOfScope" if skip else "removedFromDirectory"
    return f"; still in it: {listed(staying)}; to take out whom we know, set `{key}: empty` under deprovisioning in app.yaml"


def keeps(context: Context, member: str) -> bool:
    """Whether a member's account is active and stays so, by what is declared today."""
    account = context.account(member)
    ours = member.startswith(UNKNOWN) or member in context.resolution.users
    return account is not None and account.active and ours and member not in context.revoked


def _change(
    context: Context, address: str, action: Action, reason: str, why: set[Cause], leaving: tuple[str, ...], live: LiveObject,
    skip: Skipped | None,
) -> Change:  # fmt: skip
    rule = context.app.removal_place if action == Action.UPDATE else context.app.place  # a group goes because we created it
    place = context.place(address, skip.row) if skip else rule
    return digested(
        Change(
            address,
            action,
            reason,
            tuple(sorted(why)),
            place.file,
            place.line,
            context.called(address, skip.row if skip else None, live),
            remove=leaving,
            precondition=context.rests_on(address, live),
        )
    )
