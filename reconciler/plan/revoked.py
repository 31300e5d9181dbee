"""People who were revoked by hand: kept out, whatever the declaration says, until it agrees. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.declare.names import STRANGER, fold, name_of, row_key
from reconciler.declare.warned import Warned
from reconciler.plan.change import Action, AttributeChange, Cause, Change
from reconciler.plan.context import Context
from reconciler.plan.diff import attribute
from reconciler.plan.digest import digested
from reconciler.plan.findings import Findings
from reconciler.plan.live import LiveObject
from reconciler.plan.outstanding import ROLE, Outstanding, is_in_vain, is_kept, still_active, taken_and_there
from reconciler.plan.unmanaged import Directory
from reconciler.resolve.mapping import Slot


def plan_revoked(context: Context) -> Findings:
    """What takes each revoked person out: the account disabled, its roles gone. Groups follow by membership."""
    findings = Findings()
    for address, revocation in sorted(context.revoked.items()):
        live, when = context.account(address), f"revoked on {revocation['at'][:10]}: {revocation['reason']}"
        if live is not None:
            findings.outstanding += _stayed(context, address, live)
        if live is not None and (attributes := _out(context, address, live)):
            deletes = context.able.inactive == "deletes"
            gone = f"; {context.able.service} deletes the account, which cannot be undone" if deletes else ""
            findings.changes.append(_change(context, address, live, attributes, when + gone))
        if live is not None and live.active and not context.disables_switched_off(address):
            words = f"{address} was {when}, but no mapping gives `active: false`: disable it on the service"
            findings.warnings.append(Warned("cannot-disable", words, address))
        if (user := context.resolution.users.get(address)) is not None and address not in context.matching.refused:
            place = context.place(address, user.row)
            words = (
                f"{address} was {when}, and is still declared: set `accountEnabled: false` at "
                f"{place.file}:{place.line}, or remove the assignments"
            )
            findings.warnings.append(Warned("RevokedAndDeclared", words, address))
            findings.kept_out += 1
    return findings


def accounts_of(context: Context, address: str) -> list[LiveObject]:
    """What a person has on the service: the account that we manage, and those that are nobody's but bear the person's name."""
    owners, live, own = context.matching.addresses, context.live.users, fold(address)
    ours = [account for account in (context.account(address),) if account is not None]
    ours += [account for id, account in live.items() if id in owners and fold(owners[id]) == own]
    others = [account for id, account in live.items() if id not in owners]
    theirs = Directory(context.app, context.resolution).named(others, name_of(own))
    return list({account.id: account for account in (*ours, *theirs)}.values())


def _out(context: Context, address: str, live: LiveObject) -> tuple[AttributeChange, ...]:
    """What is told to the service, once: see `_stayed`."""
    entry = context.known(address)
    roles = [attribute(slot, value, None) for slot, value in _roles(context, live) if not is_kept(entry, slot.target, value)]
    disables = live.active and context.disables_switched_off(address) and not is_in_vain(entry or {})
    return (*([AttributeChange("active", True, False)] if disables else []), *roles)


def _stayed(context: Context, address: str, live: LiveObject) -> Iterator[Outstanding]:
    entry = context.known(address)
    yield from still_active(address, entry, live)
    for slot, value in _roles(context, live):
        if is_kept(entry, slot.target, value):
            yield Outstanding(ROLE, address, slot.target, ", ".join(taken_and_there(value, None, value)))


def _roles(context: Context, live: LiveObject) -> list[tuple[Slot, Any]]:
    slots = context.resolution.user_mapping.slots
    return [(slot, value) for slot, value in zip(slots, live.values, strict=True) if slot.gives_roles and value]


def _change(context: Context, address: str, live: LiveObject, attributes: tuple[AttributeChange, ...], reason: str) -> Change:
    row = context.resolution.declarations.users.index.get(row_key(address))
    place = context.place(address, row) if row is not None else context.app.place
    name = live.name if address.startswith(STRANGER) else context.called(address, row, live)
    action = Action.DISABLE if attributes[0].path == "active" else Action.UPDATE
    return digested(
        Change(
            address,
            action,
            reason,
            (Cause.CONFIG,),
            place.file,
            place.line,
            name,
            attributes,
            precondition=context.rests_on(address, live),
        )
    )
