"""What matching finds, and the objects of one type that it looks at. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from reconciler.plan.live import Live, LiveObject
from reconciler.plan.model import ObjectError
from reconciler.resolve.model import Desired, Resolution

Identities = Mapping[str, tuple[str, str | None]]


@dataclass
class Matching:
    """What belongs together.

    recorded:  today's address -> address in the record, for what is declared and known there
    live:      address -> live object, for what is desired
    how:       address -> the matching attribute that found an object that the record did not know
    addresses: live id -> address, for every account that is ours or will be
    groups:    the same of groups: a service may number both from 1
    failed:    addresses in `errors`, of which nothing can be planned
    refused:   today's address -> the one in the record that is kept, of `failed` whose rename would take another's name
    """

    recorded: dict[str, str] = field(default_factory=dict)
    live: dict[str, LiveObject] = field(default_factory=dict)
    how: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    errors: list[ObjectError] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)

    @cached_property
    def renamed(self) -> dict[str, str]:
        """Address in the record -> today's, where they differ; asked for once everything is matched."""
        return {old: new for new, old in self.recorded.items() if new != old}

    def left_behind(self, ids: Mapping[str, str]) -> dict[str, str]:
        """Account id -> address in the record, of those `ids` by address whose object nobody declares any more."""
        stay = {*self.recorded.values(), *self.refused.values()}
        return {id: old for old, id in ids.items() if old not in stay}

    def add(self, live: dict[str, LiveObject]) -> None:
        """Take in what was found of one kind; that of the first is kept as it is, since there may be 100,000."""
        self.live = {**self.live, **live} if self.live else live

    def without(self, errors: Iterable[ObjectError]) -> Matching:
        """The same with more errors, of objects of which nothing can be planned after all."""
        every = [*self.errors, *errors]
        return replace(self, errors=every, failed=self.failed.union(error.address for error in every))

    def error(self, address: str, code: str, reason: str, remedy: str) -> None:
        self.errors.append(ObjectError(address, code, reason, remedy))
        self.failed.add(address)


class Kind:
    """One object type; `known` is address -> (id of the account, declared id) of its entries in the record.

    `live` are its objects by id; `unknown` is address -> why nobody knows whether that object is there (see Live).
    """

    def __init__(
        self, name: str, resolution: Resolution, desired: Mapping[str, Desired], live: Live, known: Identities, result: Matching
    ) -> None:
        self.name, self.resolution, self.desired, self.result = name, resolution, desired, result
        self.known, self.unknown, self.all = known, live.unknown, live
        self.live = live.of(name + "/")
        self.mapping = resolution.mapping(name + "/")
        self.table = resolution.table(name + "/")

    def asked(self) -> Iterable[str]:
        """The desired addresses that the service was asked for, in their order."""
        return self.all.among(self.desired)
