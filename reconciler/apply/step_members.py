"""Members of one group in and out as requests, and into the record."""

from __future__ import annotations

from functools import partial

from reconciler.apply.members import MembersForm, write_members
from reconciler.apply.model import Failed
from reconciler.apply.shared import OneStep, Resource, Shared
from reconciler.declare.names import is_group
from reconciler.plan.change import Action, Change
from reconciler.plan.live import Members, members_of
from reconciler.record.entry_changes import change_members
from reconciler.scim.errors import ServiceError


def move_members(shared: Shared, step: OneStep, change: Change, add: list[str], remove: list[str]) -> None:
    """Members who have no account, since it failed, are left for the next run. Raises Failed or ServiceError."""
    known = [m for m in add if m in shared.ids]
    id = shared.ids.own(change)
    live: Resource = {} if change.action == Action.CREATE else shared.fresh(change)
    form = MembersForm(
        shared.quirks.form_of(change, "members"),
        partial(shared.quirks.found_form, change, "members"),
        partial(lose_nobody, shared, change),
    )
    moves = shared.inside.moves(change, known, remove)
    try:
        write_members(shared.client, id, live, moves, form)
    except ServiceError as error:
        step.uncertain = error.uncertain or sum(map(len, moves)) > shared.client.profile.groups.membersPerPatch
        raise
    entry = shared.changes.entry(change, id)
    change_members(entry, known, remove)
    undone, note = shared.inside.look(id, entry, known, remove)
    if undone and (alone := shared.alone()) is not None:
        with alone as went_well:
            undone, note = _again(shared, change, form, known, remove)
            if not undone:
                went_well()
    _say(shared, change, undone, note)
    for member in remove:
        if member in shared.job.record.entries:
            shared.recorded.give_roles(member, shared.job.record.entries[member])
            step.beside.add(member)
    if lacking := sorted(set(add) - set(known)):
        shared.changes.touched.update([change.address] if known or remove else [])
        raise Failed("skipped", f"{', '.join(lacking)} could not be added: there is no account")


def _again(shared: Shared, change: Change, form: MembersForm, add: list[str], remove: list[str]) -> tuple[list[str], str]:
    """Of members that a service has lost beside other changes, those who are still missing or still inside, once more."""
    id = shared.ids.own(change)
    live = shared.client.get("Groups", id) or {}
    inside = members_of(live) or Members(())
    into = [member for member in add if not shared.ids.is_in(member, inside)]
    out = [member for member in remove if shared.ids.is_in(member, inside)]
    write_members(shared.client, id, live, shared.inside.moves(change, into, out), form)
    entry = shared.changes.entry(change, id)
    change_members(entry, add, remove)
    return shared.inside.look(id, entry, add, remove)


def _say(shared: Shared, change: Change, undone: list[str], note: str) -> None:
    outstanding, address = shared.recorded.outstanding, change.address
    if undone:
        before = [outstanding[address]] if address in outstanding else []
        outstanding[address] = "; ".join([*before, f"the service answered, and {' and '.join(undone)}"])
    elif note:
        shared.recorded.notes[address] = note


def lose_nobody(shared: Shared, change: Change, group: Resource) -> None:
    """Raises Failed where a PUT of a group as it is shown would lose members; nothing where it is an account's."""
    if is_group(change.address):
        touched = shared.changes.touched
        # Who has been put out by now: a service may take them out of their groups.
        gone = {c.address for c in shared.job.changes if c.address in touched and (c.disables or c.action == Action.DELETE)}
        shared.inside.refuse_loss(change, group, gone)
