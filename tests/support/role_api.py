"""A role source in memory: the accounts of a SCIM service, as another API would show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from reconciler.rolesources.model import EVERYWHERE, Catalog, Edit, Grant, Holding, Log, Named, Person, Rights
from reconciler.rolesources.source import PAGES
from reconciler.scim.errors import AuthError, ServiceError
from tests.support.world import SWITCH, World

MAPPINGS = f"""mappings:
  users:
    attributes:
      - {{target: userName, source: userPrincipalName, matchingPrecedence: 1}}
      - {{target: 'emails[type eq "work"].value', source: userPrincipalName}}
      - {{target: active, expression: {SWITCH}}}
      - {{target: displayName, source: displayName}}
  groups: {{enabled: false}}
"""
DECLARED = """roles:
  - value: orgAdmin
    displayName: Organization Admin
    privileged: true
    thousandeyes: {role: Organization Admin, accountGroups: [Production, Staging], loginAccountGroup: Production}
  - value: user
    displayName: User
    thousandeyes: {role: Regular User, accountGroups: all}
"""
ROLES = (
    Named("11", "Organization Admin", True),
    Named("12", "Account Admin"),
    Named("13", "Regular User"),
    Named("90", "NOC Viewer"),
)
PLACES = (Named("1", "Production"), Named("2", "Staging"))
NEW = frozenset({Grant(EVERYWHERE, "13")})  # what everybody gets who is created over SCIM


class MemoryRoles:
    """`accounts` gives the resources of the SCIM side; `held` is by folded userName. `calls` are what was asked, in order.

    `alone` are people whom SCIM does not list. `lacks` are the methods for which the token has no permission, `broken` those
    that fail in another way; `before` and `after` are called at each write.
    """

    name = "ThousandEyes v7"

    def __init__(self, accounts: Callable[[], Iterable[dict[str, Any]]]) -> None:
        self.accounts, self.held = accounts, dict[str, frozenset[Grant]]()
        self.catalog_now = Catalog(ROLES, PLACES)
        self.calls: list[str] = []
        self.alone: list[str] = []
        self.lacks: set[str] = set()
        self.broken: set[str] = set()
        self.log: list[Edit] = []
        self.lacking = ""
        self.before: Callable[[str], None] = lambda person: None
        self.after: Callable[[str], None] = lambda person: None

    def give(self, name: str, *grants: tuple[str, str]) -> None:
        self.held[name] = frozenset(Grant(*grant) for grant in grants)

    def of(self, name: str) -> set[tuple[str, str]]:
        """(role, place) by their names."""
        roles, places = ({item.id: item.name for item in items} for items in self.catalog_now)
        return {(roles[grant.role], places.get(grant.place, "all")) for grant in self.held.get(name, NEW)}

    def asked(self, method: str) -> int:
        return sum(1 for call in self.calls if call.startswith(method))

    # What a driver owes

    def rights(self) -> Rights:
        return Rights("robot@x.org", tuple(sorted(self.lacks)))

    def catalog(self) -> Catalog:
        self._ask("catalog")
        return self.catalog_now

    def people(self) -> list[Person]:
        self._ask("people")
        return [
            Person("u" + item["id"], item["userName"], "2026-05-01T00:00:00Z", "2026-01-01T00:00:00Z") for item in self._all()
        ]

    def read(self, person: str) -> Holding | None:
        name = self._name(person)
        self._ask(f"read {name}")
        return Holding(self.held.get(name, NEW)) if name else None

    def change(self, person: str, gains: frozenset[Grant], losses: frozenset[Grant], home: str = "") -> Holding | None:
        name = self._name(person)
        self._ask(f"change {name}")
        if not name:
            return None
        self.before(name)
        now = (self.held.get(name, NEW) | gains) - losses
        if now != self.held.get(name, NEW):
            self.held[name] = now
            self.calls.append(f"put {name}")
        self.after(name)
        return Holding(self.held.get(name, NEW))

    def edits(self, since: str, pages: int = PAGES) -> Log:
        self._ask("edits")
        return Log(tuple(edit for edit in self.log if edit.at >= since), "robot@x.org", self.lacking, 1)

    def _ask(self, call: str) -> None:
        self.calls.append(call)
        if call.split()[0] in self.lacks:
            raise AuthError("answered 403: missing permission", f"GET /v7/{call}", 403)
        if call.split()[0] in self.broken:
            raise ServiceError("answered 500", f"GET /v7/{call}", 500)

    def _all(self) -> Iterator[dict[str, Any]]:
        yield from (item for item in self.accounts() if "userName" in item)
        yield from ({"id": name, "userName": name} for name in self.alone)

    def _name(self, person: str) -> str:
        return next((item["userName"] for item in self._all() if "u" + item["id"] == person), "")


def lost(request: str) -> ServiceError:
    """A write of which no answer came."""
    return ServiceError("no answer", request)


def source(world: World) -> MemoryRoles:
    """That of a world which has one."""
    assert isinstance(world.role_source, MemoryRoles)
    return world.role_source
