"""What a kind of service can and cannot do: a profile's settings in, a Profile out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from math import ceil
from typing import Any, TypeVar

from reconciler.declare import profiles
from reconciler.declare.model import App
from reconciler.resolve.capabilities import Limits

T = TypeVar("T")
AT_ONCE = 50  # ids in one filter: a URL has some 8,000 letters at most
CONCURRENCY = 16  # requests under way at once, where a profile says nothing else


@dataclass(frozen=True)
class Paging:
    """`count` is asked for, `most` never exceeded; `cursor` (RFC 9865) is announced, always or never."""

    count: int = 200
    most: int = 1000
    cursor: str = "announced"

    def requests(self, objects: int) -> int:
        """How many a list of so many objects takes at most, with the one that shows that there are no more."""
        return ceil(objects / min(self.count, self.most)) + 1


@dataclass(frozen=True)
class Filter:
    """`attributes` is None where any can be filtered on."""

    operators: tuple[str, ...] = ("eq", "and")
    attributes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Patch:
    """`valueFilters`: whether paths such as `emails[type eq "work"].value` are understood."""

    supported: bool = True
    dialect: str = "rfc"  # entra, entra-aadoptscim
    valueFilters: bool = True


@dataclass(frozen=True)
class Etag:
    """`supported`: whether If-Match is sent with the version that the service shows (RFC 7644 §3.14).

    `announced`: whether the service says so itself (RFC 7643 §5). `enforced`: whether it refuses a change with another version,
    so that a version is as good as a read; None where nobody knows.
    """

    supported: bool = True
    announced: bool = False
    enforced: bool | None = None

    def announces(self) -> bool:
        """Whether versions are sent, to a service that says that it has them."""
        return self.supported and self.announced


@dataclass(frozen=True)
class Groups:
    supported: bool = True
    membersPerPatch: int = 100
    membersReadable: bool | str = True  # or "seen"


@dataclass(frozen=True)
class Rate:
    """Requests in any minute, at most `burst` of them at once; `counts` is all or writes, `headers` are the service's own."""

    perMinute: float
    burst: int = 1
    counts: str = "all"
    retryAfter: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Profile:
    """What schemas/profile.schema.json describes; `rate` is None where no limit is known.

    `concurrency` is how many requests may be under way at once.

    `users` and `deprovision` matter to the plan alone: see resolve.capabilities.
    """

    name: str
    discovery: bool = True
    paging: Paging = Paging()
    filter: Filter = Filter()
    patch: Patch = Patch()
    etag: Etag = Etag()
    groups: Groups = Groups()
    rate: Rate | None = None
    concurrency: int = CONCURRENCY
    headers: Mapping[str, str] = field(default_factory=dict)

    def limits(self) -> Limits:
        """What matters to the number of requests that a plan foresees."""
        members, versions = self.groups.membersPerPatch, self.etag.announces() and self.patch.supported and self.etag.enforced
        together = AT_ONCE if self.combines_ids() else 1
        if self.rate is None:
            return Limits(members, versions=versions, together=together)
        return Limits(members, int(self.rate.perMinute), self.rate.counts, versions, together)

    def requests_by_id(self, objects: int) -> int:
        """How many it takes to ask for so many objects that are there."""
        return ceil(objects / AT_ONCE) if self.combines_ids() else objects

    def combines_ids(self) -> bool:
        """Whether the service takes one filter of many ids."""
        return "or" in self.filter.operators and self.filters_on("id")

    def filters_on(self, path: str) -> bool:
        """Whether the service can filter on an attribute."""
        known = self.filter.attributes
        named = known is None or path.lower() in {name.lower() for name in known}
        return named and "eq" in self.filter.operators


def profile_of(app: App) -> Profile:
    """The profile of an app, with what app.yaml says differently."""
    return make_profile(app.profile, app.settings)


def make_profile(name: str, data: Mapping[str, Any]) -> Profile:
    """From settings as `declare.profiles.settings` gives them."""
    return Profile(
        name,
        data["discovery"],
        _part(Paging, data["paging"]),
        _part(Filter, data["filter"]),
        _part(Patch, data["patch"]),
        _part(Etag, data.get("etag", {})),
        _part(Groups, data["groups"]),
        _part(Rate, data["rate"]) if "perMinute" in data.get("rate", ()) else None,
        data.get("rate", {}).get("concurrency", CONCURRENCY),
        data.get("headers", {}),
    )


def _part(kind: type[T], data: Mapping[str, Any]) -> T:
    known = {item.name for item in fields(kind)}  # type: ignore[arg-type]
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in data.items() if key in known})


@cache
def _packaged(name: str) -> Profile:
    return make_profile(name, profiles.settings(name))


class _Packaged(Mapping[str, Profile]):
    """The profiles of the package by name, read when they are asked for."""

    def __getitem__(self, name: str) -> Profile:
        return _packaged(name)

    def __iter__(self) -> Iterator[str]:
        return iter(profiles.names())

    def __len__(self) -> int:
        return len(profiles.names())


PROFILES: Mapping[str, Profile] = _Packaged()
