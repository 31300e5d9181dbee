"""What planning one app rests on, gathered once: declaration, live, record and what belongs together. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from reconciler.declare.model import App
from reconciler.declare.names import STRANGER, fold, row_key, user_address
from reconciler.declare.place import Place
from reconciler.plan.change import AttributeChange, Change, Precondition
from reconciler.plan.diff import in_address_space
from reconciler.plan.digest import managed_digest, ours_among
from reconciler.plan.earlier import NOTHING, Before, Earlier
from reconciler.plan.live import Live, LiveObject, Members, roles_shown
from reconciler.plan.matching.model import Matching
from reconciler.plan.model import ObjectError
from reconciler.plan.role_table import grants_of
from reconciler.plan.roles_beside import is_beside, loss, ours, staying
from reconciler.record.entries import Entries, Entry, renamed_references
from reconciler.record.model import Record
from reconciler.record.values import Revocation
from reconciler.resolve.capabilities import Capabilities
from reconciler.resolve.model import Resolution, Skipped
from reconciler.resolve.scope import roles_given
from reconciler.resolve.sources import UserSource

UNKNOWN = "#"  # before the id of a live member whom no declaration or record knows
PRIVILEGED = "privileged."  # before the folded `value` of a role in the record's limits
UNKNOWN_GROUP = "#Group/"  # before that of a group inside a group


@dataclass(frozen=True)
class Context:
    """`entries` are the record's, and so are `revoked`, by today's address: address -> {at, reason}, and `carried`, the targets
    that carried roles when last applied, and `unmapped`, those of which it was told then that nothing carries them any more.
    `earlier` is what the app's files said then, `were_privileged` are the roles that were so, by folded `value`. `limits`
    are those of the safeguards then, by name.

    Nothing is decided yet while `pending` and `released` are empty, see `decided`: `pending` is address -> change of every one
    that there would be without a selection, `released` are recorded addresses that are out of scope and with which nothing is
    left to be done.
    """

    app: App
    resolution: Resolution
    live: Live
    entries: Entries
    matching: Matching
    revoked: Mapping[str, Revocation] = field(default_factory=dict)
    carried: frozenset[str] = frozenset()
    unmapped: frozenset[str] = frozenset()
    earlier: Earlier = NOTHING
    were_privileged: Mapping[str, Before] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    pending: Mapping[str, Change] = field(default_factory=dict)
    released: frozenset[str] = frozenset()

    def decided(self, changes: Iterable[Change], released: Iterable[str], errors: Iterable[ObjectError]) -> Context:
        """The same once everything is planned; `errors` are of those of whom nothing can be planned after all."""
        return replace(
            self,
            matching=self.matching.without(errors),
            pending={change.address: change for change in changes},
            released=frozenset(released),
        )

    @cached_property
    def unwanted(self) -> dict[str, Skipped | None]:
        """Addresses in the record that no object in scope has, each with why that is where it is still declared."""
        recorded, skipped = self.matching.recorded, self.resolution.skipped
        left_out = {recorded[address]: skip for address, skip in skipped.items() if address in recorded}
        wanted = set(recorded.values()).difference(left_out).union(self.matching.refused.values())
        return {address: left_out.get(address) for address in sorted(self.entries.keys() - wanted)}

    @property
    def able(self) -> Capabilities:
        """What the service does."""
        return self.resolution.limited.capabilities

    @cached_property
    def today(self) -> dict[str, str]:
        """Address in the record -> the one that the same object bears today, of those that differ."""
        return {old: new for new, old in self.matching.recorded.items() if old != new}

    @cached_property
    def carrying(self) -> frozenset[str]:
        """The targets that carry roles, today or when last applied; none where the service is told of no role."""
        return self.carried.union(slot.target for slot in self.resolution.user_mapping.slots if slot.carries_roles)

    @cached_property
    def shown_roles(self) -> frozenset[str]:
        """The targets that carry roles and that the service shows of anybody."""
        return roles_shown(self.resolution.user_mapping, self.live.users.values())

    @cached_property
    def privileged(self) -> frozenset[str]:
        """Keys of the roles that are privileged, or were before: the change that hides it is judged by what was.

        On an API beside SCIM also those that are by now what a privileged one was when it was last given.
        """
        roles, table = self.app.roles.values(), self.live.roles.table
        own = {role.key for role in roles if role.privileged or fold(role.value) in self.were_privileged}
        return frozenset(own | (table.touching(table.then(own)) & self.app.roles.keys()))

    @cached_property
    def privileged_then(self) -> frozenset[str]:
        """Folded names on the service of what privileged roles were when they were last given, and are not any more."""
        table = self.live.roles.table
        return frozenset(fold(item["value"]) for item in table.items(table.then(self.privileged)) or ())

    @cached_property
    def giving(self) -> dict[str, set[str]]:
        """Folded group name -> the keys of the roles that the group gives."""
        return roles_given(self.app, self.resolution.today)

    def entry(self, address: str) -> Entry | None:
        """The record's entry of a declared object, under whatever name it was recorded; others are named as of today."""
        old = self.matching.recorded.get(address)
        if old is None:
            return None
        entry, references = self.entries[old], self.resolution.user_mapping.references
        return renamed_references(entry, references, self.today) if self.today else entry

    def known(self, address: str) -> Entry | None:
        """The record's entry of an object, declared or not, by today's name or by the recorded one."""
        return self.entry(address) or self.entries.get(address)

    def as_recorded(self, address: str) -> bool:
        """Whether the record alone speaks of an object: it is in there, and the service was not asked for it."""
        return not self.live.knows(address) and self.known(address) is not None

    def shown_address(self, member: str) -> str:
        """The address by which a plan shows a member; of an account that is nobody's, its name on the service."""
        account = self.account(member) if member.startswith((UNKNOWN, STRANGER)) else None
        return user_address(account.name) if account is not None else member

    def account(self, address: str) -> LiveObject | None:
        """A user's live account, in scope or not; that of `#id` has nobody's address."""
        if address.startswith(UNKNOWN_GROUP):
            return None
        if address.startswith(UNKNOWN):
            return self.live.users.get(address.removeprefix(UNKNOWN))
        entry = self.known(address)
        return self.matching.live.get(address) or (self.live.users.get(entry["id"]) if entry is not None else None)

    def applied(self, address: str, live: LiveObject) -> Entry | None:
        """The record's entry of this very account: one that has taken the place of another has been told nothing yet."""
        entry = self.entry(address)
        return entry if entry is not None and entry["id"] == live.id else None

    def rests_on(self, address: str, live: LiveObject) -> Precondition:
        """What must still hold of a live object when its change is applied."""
        mapping = self.resolution.mapping(address)
        ours = ours_among(Members(live.members or (), live.inside), self.matching.addresses, self.matching.groups)
        return Precondition(live.id, live.version, managed_digest(mapping, live.values, ours))

    def disables(self, address: str) -> bool:
        """Whether the mapping gives `active: false` for a user who is out of scope."""
        source = self._out_of_scope(address)
        return self.resolution.user_mapping.disables(source) if source else self.resolution.user_mapping.disables()

    def disables_switched_off(self, address: str) -> bool:
        """The same, at the latest once the user's `accountEnabled` is false."""
        source = self._out_of_scope(address)
        if source is None:
            return self.resolution.user_mapping.disables()
        return self.resolution.user_mapping.disables(lambda name: [False] if name == "accountEnabled" else source(name))

    def have(self, address: str, live: LiveObject) -> tuple[Any, ...]:
        """What is compared with what is wanted: live values, references as addresses, without roles that are not ours."""
        mapping = self.resolution.mapping(address)
        values = in_address_space(mapping, live.values, self.matching.addresses)
        if not is_beside(mapping):
            return values
        user = self.resolution.users.get(address)
        return ours(mapping, self.live, values, user.values[-1] if user is not None else None, self.known(address))

    def stay(self, address: str, live: LiveObject) -> set[str]:
        """Keys of the roles over an API beside SCIM that stay on an account, also in part, although nothing here gave them."""
        if not is_beside(self.resolution.user_mapping):
            return set()
        user = self.resolution.users.get(address)
        want = user.values[-1] if user is not None else None
        left = staying(self.resolution.user_mapping, self.live, live, want, self.known(address))
        table = self.live.roles.table
        return {key for item in left for key in table.keys_of([fold(item["value"])]) | table.touching(grants_of([item]))}

    def loses(self, live: LiveObject) -> tuple[AttributeChange, ...]:
        """The roles over an API beside SCIM that somebody who leaves loses before the account goes."""
        return loss(self.resolution.user_mapping, self.live, live)

    def _out_of_scope(self, address: str) -> UserSource | None:
        """The source attributes of a declared user who has no role."""
        row = self.resolution.declarations.users.index.get(row_key(address))
        return None if row is None else UserSource(self.resolution.declarations, [row], [()])

    def called(self, address: str, row: int | None, live: LiveObject | None) -> str:
        """The display name of an object: as declared, else as the service shows it; empty where neither says one."""
        declared = self.resolution.table(address).column("displayName")[row] if row is not None else None
        return str(declared or (self._live_name(address, live) if live is not None else "") or "")

    def _live_name(self, address: str, live: LiveObject) -> Any:
        columns = zip(self.resolution.mapping(address).slots, live.values, strict=True)
        return next((value for slot, value in columns if slot.target.lower() == "displayname" and not slot.redacts), None)

    def place(self, address: str, row: int) -> Place:
        table = self.resolution.table(address)
        return Place(table.files[row], table.lines[row])


def gather(
    app: App, resolution: Resolution, live: Live, record: Record | None, matching: Matching, earlier: Earlier = NOTHING
) -> Context:
    """What planning rests on, before anything is decided."""
    if record is None:
        return Context(app, resolution, live, Entries(), matching, earlier=earlier, were_privileged=earlier.privileged)
    return Context(
        app,
        resolution,
        live,
        record.entries,
        matching,
        _revoked(record, matching),
        frozenset(record.carrying),
        frozenset(record.unmapped),
        earlier,
        {**_recorded_as_privileged(record), **earlier.privileged},
        record.limits,
    )


def _recorded_as_privileged(record: Record) -> dict[str, Before]:
    return {name.removeprefix(PRIVILEGED): Before() for name in record.limits if name.startswith(PRIVILEGED)}


def _revoked(record: Record, matching: Matching) -> dict[str, Revocation]:
    """By today's address: a rename lets nobody in again."""
    if not record.revoked:
        return {}
    today = {fold(old): old for old in record.entries}
    today |= {fold(old): address for address, old in matching.recorded.items()}
    return {today.get(fold(address), address): revocation for address, revocation in record.revoked.items()}
