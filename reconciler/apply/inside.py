"""Who is in a group after a write: what was told in, who stayed and who is not shown out, into the record. Reads the service.

Whatever a write was answered, the group itself is read: a service may answer and do nothing, show nobody, or only some. Who is
not shown is not known to be out, and so is told to go by the record.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from reconciler.apply.ids import Ids, Resource
from reconciler.apply.members import Moves
from reconciler.apply.model import Job
from reconciler.apply.whole_group import refuse_loss
from reconciler.plan.change import Change
from reconciler.plan.context import UNKNOWN, UNKNOWN_GROUP
from reconciler.plan.live import LiveObject, Members, members_of
from reconciler.plan.warnings import listed
from reconciler.record.entries import Entry
from reconciler.record.entry_changes import keep_members, miss_members
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import ServiceError

UNKNOWN_WHO = (
    "the group shows nobody, so whether they are inside is not known: if the service never shows members, say so in the profile, "
    "`groups: {membersReadable: false}`"
)


class Inside:
    """`ids` knows who has which account, as the apply goes on."""

    def __init__(self, job: Job, client: ScimClient, ids: Ids) -> None:
        self.job, self.client, self.ids = job, client, ids
        self.looked = False  # whether the service shows members

    def look(self, id: str, entry: Entry, add: list[str], remove: list[str]) -> tuple[list[str], str]:
        """(what was not done, what is not known) of those who were to come into a group and to leave it, by address."""
        if add:
            self._look_for_members(id)
        readable = self.client.profile.groups.membersReadable
        group = self.client.get("Groups", id) if readable and (add or remove) else None
        inside = members_of(group) if group is not None else None
        shown = self._addresses(inside) if inside is not None else set()
        shows = bool(shown) or readable is True or self.job.record.members_shown
        stayed = {member for member in remove if inside is not None and self.ids.is_in(member, inside)}
        absent = set(add) - shown if group is not None and (shows or inside is not None) else set()
        keep_members(entry, remove, stayed)
        miss_members(entry, {*remove, *shown}, entry["members"] if absent and not shown else absent)
        left = [f"did not take out {listed(stayed)}"] if stayed else []
        left += [f"does not show {listed(absent)} inside"] if absent and shows else []
        return left, UNKNOWN_WHO if absent and not shows else ""

    def moves(self, change: Change, add: list[str], remove: list[str]) -> Moves:
        """Addresses as ids of accounts: those who leave, apart from those who were never shown inside."""
        unseen, out = self.unseen(change), [self.ids.of(member) for member in remove]
        shown = [id for id in out if id not in unseen]
        return Moves([self.ids.of(member) for member in add], shown, [id for id in out if id in unseen])

    def refuse_loss(self, change: Change, group: Resource, gone: Collection[str]) -> None:
        """Raises Failed where a PUT of the group as it is shown would lose members; `gone` have been put out in this run."""
        base, planned = self.job.inputs.baselines.get(change.address, {}), self.job.inputs.live.groups.get(self.ids.own(change))
        known = {*base.get("members", ()), *(self._addresses(planned) if planned is not None else ())}
        inside = {self.ids.of(m): m for m in known.difference(gone, change.add, change.remove) if m in self.ids}
        refuse_loss(group, self.client.profile.groups.membersReadable, inside, self.unseen(change))

    def _addresses(self, inside: Members | LiveObject) -> set[str]:
        """Who is in there, by address."""
        users, groups = (inside.members or (), inside.inside) if isinstance(inside, LiveObject) else (inside.users, inside.groups)
        people = {self.ids.addresses.get(id, UNKNOWN + id) for id in users}
        return people | {self.ids.groups.get(id, UNKNOWN_GROUP + id) for id in groups}

    def unseen(self, change: Change) -> dict[str, str]:
        """Id -> address of those who were put into a group, and have not been shown there."""
        members = self.job.inputs.baselines.get(change.address, {}).get("unseen", ())
        return {self.ids.of(member): member for member in members if member in self.ids}

    def _look_for_members(self, id: str) -> None:
        """A service that lists who is in some group does so of every group: one that it lists without members has none."""
        if self.looked or self.client.profile.groups.membersReadable != "seen":
            return
        self.looked = True
        with suppress(ServiceError):
            groups = self.client.first("Groups")
            if any(group.get("members") for group in groups):
                self.job.record.show_members()
            elif any(group["id"] == id for group in groups):
                self.job.record.show_no_members()
