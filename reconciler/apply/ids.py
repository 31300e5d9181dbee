"""Whose account has which id, while an apply creates more of them. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from reconciler.apply.model import Failed
from reconciler.declare.names import is_group, is_user
from reconciler.plan.change import AttributeChange, Change
from reconciler.plan.context import UNKNOWN_GROUP
from reconciler.plan.live import Members, members_of

Resource = dict[str, Any]
LONGEST_VERSION = 1024  # letters; servers take no header of any length


class Ids:
    """Address -> id. Raises Failed, for the object that needs it, where there is no account."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._ids = dict(known)

    def __contains__(self, address: str) -> bool:
        return address in self._ids

    def learn(self, address: str, id: str) -> None:
        self._ids[address] = id
        names = "addresses" if is_user(address) else "groups"
        if names in self.__dict__:
            self.__dict__[names][id] = address

    def of(self, address: str) -> str:
        if address not in self._ids:
            raise Failed("skipped", f"{address} has no account")
        return self._ids[address]

    def own(self, change: Change) -> str:
        """The id of the account that was planned for, whoever bears the name by now."""
        return change.precondition.id if change.precondition is not None else self.of(change.address)

    def is_in(self, member: str, inside: Members) -> bool:
        """Whether a member is among those that a group shows."""
        groups = is_group(member) or member.startswith(UNKNOWN_GROUP)
        return self.of(member) in (inside.groups if groups else inside.users)

    def wire(self, attribute: AttributeChange) -> Any:
        """A value as it is sent: a reference goes out as the id of the account that it names."""
        if not attribute.reference or attribute.after is None:
            return attribute.after
        if attribute.after not in self._ids:
            raise Failed("skipped", f"{attribute.path} could not be set: {attribute.after} has no account")
        id = self._ids[attribute.after]
        return id if attribute.path.endswith(".value") else {"value": id}

    def live(self, attribute: AttributeChange, planned: Any) -> Any:
        """A planned value of an attribute as it is read from the service: the id of a reference, as far as it is known."""
        return self._ids.get(planned, planned) if attribute.reference else planned

    def planned(self, attribute: AttributeChange, live: Any) -> Any:
        """A value of an attribute read from the service, as plans and the record have it."""
        return self.addresses.get(live, live) if attribute.reference else live

    @cached_property
    def addresses(self) -> dict[str, str]:
        """Id -> address of each account."""
        return {id: address for address, id in self._ids.items() if is_user(address)}

    @cached_property
    def groups(self) -> dict[str, str]:
        """Id -> address of each group."""
        return {id: address for address, id in self._ids.items() if is_group(address)}


def resource_of(address: str) -> str:
    """The resource type's endpoint."""
    return "Users" if is_user(address) else "Groups"


def version_of(resource: Resource) -> str | None:
    """The ETag (RFC 7644 §3.14), where the service has one that If-Match can hold."""
    meta = resource.get("meta")
    version = meta.get("version") if isinstance(meta, dict) else None
    return version if isinstance(version, str) and version.isprintable() and 0 < len(version) <= LONGEST_VERSION else None


def missing(group: Resource, add: list[str], remove: list[str]) -> tuple[list[str], list[str]]:
    """Of the ids to add, which are users', and to remove those that are still to be: a service may take an account that we have
    disabled a moment ago out of its groups. Where the service shows no members it is all of them."""
    have = members_of(group)
    if have is None:
        return add, remove
    users, everybody = set(have.users), {*have.users, *have.groups}
    return [id for id in add if id not in users], [id for id in remove if id in everybody]
