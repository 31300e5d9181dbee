"""One person on a service, by id, by filter, and where neither shows anybody by the lists: a client in, a Live out.

Reads the service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from reconciler.cycle.read import read_live
from reconciler.declare.names import fold, name_of
from reconciler.declare.warned import Warned
from reconciler.plan.context import Context, gather
from reconciler.plan.live import Live, project_groups, project_users, with_members
from reconciler.plan.matching.match import match
from reconciler.plan.not_listed import matching_values, matching_values_told
from reconciler.plan.revoked import accounts_of
from reconciler.record.entries import Entries
from reconciler.record.model import Record
from reconciler.resolve.model import Resolution
from reconciler.scim.answers import shallow
from reconciler.scim.client import Resource, ScimClient
from reconciler.scim.discovery import refine
from reconciler.scim.errors import NoConnection, ServiceError
from reconciler.scim.lookup import by_ids


def read_with_person(client: ScimClient, resolution: Resolution, record: Record | None, address: str) -> Live:
    """The accounts of one person: by the recorded id, by filter, and only where neither shows one by the lists.

    So nothing hangs on paging. Everybody else is unknown then, but for those who count for the safeguard `lockout`. Raises
    ServiceError where nothing is answered.
    """
    refine(client)
    person = _Person(client, resolution, record, address)
    alone = person.alone()
    if person.is_there(alone):
        return alone
    try:
        live = read_live(client, resolution, record)
    except ServiceError as error:
        if error.status == 401 or error.too_long or isinstance(error, NoConnection):
            raise
        words = f"the lists cannot be read ({error}), so the service was asked by id and by filter about {address} alone"
        return replace(alone, notes=(Warned("ListsUnreadable", words),))
    return person.beside(live, alone)


class _Person:
    """`old` is the address in the record of the person whose address today is `address`."""

    def __init__(self, client: ScimClient, resolution: Resolution, record: Record | None, address: str) -> None:
        self.client, self.resolution, self.record, self.address = client, resolution, record, address
        self.context = self._with(Live())  # who is who by the record alone
        folded = {fold(known): known for known in self.context.entries}
        self.old = self.context.matching.recorded.get(address) or folded.get(fold(address), address)

    def is_there(self, live: Live) -> bool:
        """Whether an account of the person has been shown."""
        return bool(accounts_of(self._with(live), self.address))

    def beside(self, live: Live, alone: Live) -> Live:
        """What the lists showed, and who answered by id or filter: lists may leave somebody out."""
        return replace(live, users={**alone.users, **live.users}, reads=self.client.counts["reads"])

    def alone(self) -> Live:
        """The person's accounts and groups, and those who hold the role that `lockout` counts."""
        ids = {known: self.context.entries[known]["id"] for known in self._to_ask()}
        answers = by_ids(self.client, "Users", list(ids.values()))
        accounts = self._by_filter_if_it_answers()
        found = [*(answer for answer in answers.values() if isinstance(answer, dict)), *accounts]
        users = {item.id: item for item in project_users(self.resolution.user_mapping, found)}
        groups, inside = self._groups()
        shown = with_members(project_groups(self.resolution.group_mapping, inside), self._readable, False)
        read = {known for known, id in ids.items() if not isinstance(answers[id], ServiceError) or id in users} | groups.keys()
        if self.old in read or accounts:
            read |= {self.old, self.address}
        unanswered = {known: f"it could not be asked for: {answers[id]}" for known, id in ids.items() if known not in read}
        return Live(
            users,
            {item.id: item for item in shown},
            self.client.counts["reads"],
            (),
            {**dict.fromkeys(self._others(read), f"the service was asked about {self.address} alone"), **unanswered},
            frozenset(item.id for item in shown),
        )

    @property
    def _readable(self) -> bool | str:
        return self.client.profile.groups.membersReadable

    def _to_ask(self) -> list[str]:
        """Recorded addresses: the person's, and those of the holders that `lockout` counts."""
        rule, entries = self.resolution.limited.app.safeguards.lockout, self.context.entries
        holders = [a for a in entries.active() if rule is not None and rule.role in entries[a].get("roles", ())]
        return [known for known in dict.fromkeys([self.old, *holders]) if known in entries]

    def _groups(self) -> tuple[Mapping[str, str], list[Resource]]:
        """Address -> id of the recorded groups that are there; and groups: those that the list shows, if it can be read, and
        those that the person is in by the record.
        """
        entries = self.context.entries
        if not self.resolution.limited.app.groups.enabled:
            return {}, []
        known = {address: entries[address]["id"] for address in entries.groups()}
        listed = self._listed_groups()
        ids = [id for a, id in known.items() if id not in listed and self.old in entries[a].get("members", ())]
        asked = {id: answer for id, answer in by_ids(self.client, "Groups", ids).items() if isinstance(answer, dict)}
        shown = {**listed, **asked}
        return {address: id for address, id in known.items() if id in shown}, list(shown.values())

    def _listed_groups(self) -> dict[str, Resource]:
        try:
            return {item["id"]: item for item in self.client.read_all("Groups", shallow)}
        except ServiceError:
            return {}

    def _by_filter_if_it_answers(self) -> list[Resource]:
        try:
            return self._by_filter()
        except ServiceError:
            return []

    def _by_filter(self) -> list[Resource]:
        """The accounts that bear what the person is matched by, as declared, as recorded, or the name itself."""
        context, user = self.context, self.resolution.users.get(self.address)
        asked = matching_values(context.resolution.user_mapping, user.values) if user is not None else []
        asked += matching_values_told(context, self.old) if self.old in context.entries else []
        asked += [("userName", name_of(self.address))]
        profile = self.client.profile
        shown = [
            item
            for target, value in dict.fromkeys(asked)
            if profile.filters_on(target)
            for item in self.client.filtered("Users", target, value)[0]
        ]
        return list({item["id"]: item for item in shown}.values())

    def _others(self, read: Iterable[str]) -> list[str]:
        """Everybody and every group of whom nobody knows whether they are there, by the record's address or today's."""
        recorded = self.context.matching.recorded
        declared = [a for a in (*self.resolution.users, *self.resolution.groups, self.address) if a not in recorded]
        return sorted({*self.context.entries, *declared} - set(read))

    def _with(self, live: Live) -> Context:
        """Who is who by the record and what has been read."""
        entries = self.record.entries if self.record is not None else Entries()
        matching = match(self.resolution, live, entries)
        return gather(self.resolution.limited.app, self.resolution, live, self.record, matching)
