"""What each declared role is on a service that holds roles over an API of their own: names in, ids and roles held out. Pure.

A role travels by its ids: each item of the attribute holds what it is there as `grants`, place/role by id. Names are for people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from reconciler.declare.model import App, Role, RoleGrant
from reconciler.declare.names import fold
from reconciler.declare.place import Place, Problem
from reconciler.declare.wording import did_you_mean, likely
from reconciler.plan.role_names import named
from reconciler.record.values import GivenRole
from reconciler.resolve.sources import role_items
from reconciler.rolesources.model import EVERYWHERE, Catalog, Grant, Named

Grants = frozenset[Grant]
NOTHING: Grants = frozenset()
Item = dict[str, Any]


class Given(NamedTuple):
    """One role as an item of the attribute, and what it is on the service; `home` is the place to enter at login.

    `was` is what it was when it was last given.
    """

    item: Item
    grants: Grants
    home: str = ""
    privileged: bool = False
    was: Grants = NOTHING


@dataclass(frozen=True)
class RoleTable:
    """`given` is by key of the role: of declared ones, and of those that the record has given and nobody declares any more.

    `declared` are the folded values of all declared roles, also of those that are nothing there; `held` is what anybody holds.
    """

    given: Mapping[str, Given] = field(default_factory=dict)
    catalog: Catalog = Catalog((), ())
    declared: frozenset[str] = frozenset()
    held: Grants = NOTHING

    def items(self, held: Grants, wanted: Collection[str] = ()) -> list[Item] | None:
        """What somebody holds, as the attribute's value: declared roles that are held whole, then whatever else is there.

        A role that another one which is `wanted` (by key) covers is not held beside it, unless it is wanted too.
        """
        whole = {key: given for key, given in self.given.items() if given.grants and given.grants <= held}
        covered = self.of_keys(key for key in wanted if key in whole)
        found = {key: given for key, given in whole.items() if key in wanted or not given.grants <= covered}
        left = sorted(held - self.of_keys(found))
        return [*(given.item for given in found.values()), *map(self._other, left)] or None

    def of_keys(self, keys: Iterable[str]) -> Grants:
        return NOTHING.union(*(self.given[key].grants for key in keys if key in self.given))

    def ours(self, keys: Iterable[str]) -> Grants:
        """What people hold by our doing who were given these roles, also where a role was something else then."""
        return NOTHING.union(*(self.given[key].grants | self.given[key].was for key in keys if key in self.given))

    def with_ids(self, value: Any) -> Any:
        """An attribute's value as it is declared, each role with what it is on the service."""
        if not isinstance(value, list):
            return value
        return [self._items.get(item["value"], item) for item in value]

    def named(self, names: Collection[str]) -> Grants:
        """What roles that no declared one stands for are, by their folded values."""
        return frozenset(grant for name, grant in self._others.items() if name in names) if names else NOTHING

    def home(self, value: Any) -> str:
        """The place that the first of these roles says is to be entered at login."""
        names = named(value)
        return next((given.home for given in self.given.values() if given.home and fold(given.item["value"]) in names), "")

    def touching(self, grants: Grants) -> set[str]:
        """The keys of roles that hold in part with these: in one of their places, or in all although they are for some."""
        return {key for key, given in self.given.items() if any(_overlap(one, own) for one in grants for own in given.grants)}

    def is_privileged(self, grants: Grants) -> bool:
        """Whether a privileged role is among what somebody holds, also in part, or what it was when it was last given."""
        return any(given.privileged and meet(grants, given.grants | given.was) for given in self.given.values())

    def then(self, keys: Iterable[str]) -> Grants:
        """What roles were when they were last given, and are not any more; one that holds everywhere by now still is."""
        known = [self.given[key] for key in keys if key in self.given]
        everywhere = {grant.role for given in known for grant in given.grants if grant.place == EVERYWHERE}
        gone = NOTHING.union(*(given.was - given.grants for given in known))
        return frozenset(grant for grant in gone if grant.role not in everywhere)

    def keys_of(self, names: Collection[str]) -> set[str]:
        """The keys of roles by their folded values."""
        return {key for key, given in self.given.items() if fold(given.item["value"]) in names}

    def memory(self, keys: Collection[str]) -> dict[str, GivenRole]:
        """What the record keeps: every role, of those of which somebody still holds what they were (`keys`) that, too."""
        return {key: self._memory(given, key in keys) for key, given in self.given.items()}

    def _memory(self, given: Given, is_still_held: bool) -> GivenRole:
        item = given.item
        grants = written(given.grants | given.was if is_still_held else given.grants)
        kept = GivenRole(value=item["value"], display=item["display"], grants=grants)
        if "role" in item:
            kept |= {"role": item["role"], "accountGroups": item["accountGroups"], "ids": item["grants"]}
        return kept

    def _other(self, grant: Grant) -> Item:
        """One that no declared role stands for, by the service's own names; by its ids too where these are another's as well."""
        text, ids = self._text(grant), written([grant])
        alone = 1 if grant in self._there else 0
        while self.texts[fold(text)] > alone or fold(text) in self.declared:
            text, alone = f"{text} [{ids[0]}]", 0
        return {"value": text, "display": text, "grants": ids}

    def _text(self, grant: Grant) -> str:
        everywhere = Named(EVERYWHERE, "all account groups")
        place = _called((everywhere, *self.catalog.places), grant.place, "account group")
        return f"{_called(self.catalog.roles, grant.role, 'role')} in {place if grant.place != EVERYWHERE else everywhere.name}"

    @cached_property
    def _items(self) -> dict[str, Item]:
        return {given.item["value"]: given.item for given in self.given.values()}

    @cached_property
    def _there(self) -> Grants:
        """Each role in each place that the service shows."""
        places = [EVERYWHERE, *(place.id for place in self.catalog.places)]
        return frozenset(Grant(place, role.id) for role in self.catalog.roles for place in places)

    @cached_property
    def texts(self) -> Counter[str]:
        """Of how many of these each folded text is the name."""
        return Counter(fold(self._text(grant)) for grant in self._there)

    @cached_property
    def _others(self) -> dict[str, Grant]:
        """Folded value of each role in each place, and of what anybody holds elsewhere -> what it is."""
        return {fold(self._other(grant)["value"]): grant for grant in self._there | self.held}


def _overlap(one: Grant, other: Grant) -> bool:
    return one.role == other.role and (one.place == other.place or EVERYWHERE in (one.place, other.place))


def meet(some: Grants, others: Grants) -> bool:
    """Whether one of some roles is one of the others, in a place that both hold in."""
    return any(_overlap(one, other) for one in some for other in others)


def _called(known: Iterable[Named], id: str, noun: str) -> str:
    names = [item.name for item in known]
    name = next((item.name for item in known if item.id == id), "")
    return name if name and names.count(name) == 1 else f"{name or noun} {id}"


def written(grants: Iterable[Grant]) -> list[str]:
    """As the record keeps them: place, a slash, role."""
    return sorted(f"{grant.place}/{grant.role}" for grant in grants)


def read(texts: Iterable[str]) -> Grants:
    return frozenset(Grant(place, role) for place, _, role in (text.partition("/") for text in texts))


def grants_of(value: Any) -> Grants:
    """What an attribute's value gives or takes, by ids."""
    items = value if isinstance(value, list) else []
    return NOTHING.union(*(read(item.get("grants", ())) for item in items if isinstance(item, dict)))


def role_table(app: App, catalog: Catalog, memory: Mapping[str, GivenRole]) -> tuple[RoleTable, list[Problem]]:
    """The table, and each name that the service does not have, or has twice, at its line."""
    problems: list[Problem] = []
    given: dict[str, Given] = {}
    for role in app.roles.values():
        if role.grant is not None:
            given[role.key] = _given(role, role.grant, catalog, memory, problems)
    values = {fold(role.value) for role in app.roles.values()}
    taken = {fold(item.item["value"]) for item in given.values()}
    for key, was in memory.items():  # of roles that are declared no more, or as nothing there
        if key not in given and fold(was["value"]) not in taken:
            item = {"value": was["value"], "display": was["display"], "grants": was["grants"]}
            given[key] = Given(item, read(was["grants"]), privileged=key in app.roles and app.roles[key].privileged)
    return RoleTable(given, catalog, frozenset(values | {fold(item.item["value"]) for item in given.values()})), problems


def _given(role: Role, grant: RoleGrant, catalog: Catalog, memory: Mapping[str, GivenRole], problems: list[Problem]) -> Given:
    was = {grant.role for grant in read(memory[role.key]["grants"])} if role.key in memory else set()
    found = _Lookup(problems)
    own = found.id("role", catalog.roles, grant.role, grant.place, was)
    named_groups = zip(grant.groups or (), grant.group_places, strict=True)
    groups = [found.id("account group", catalog.places, name, place) for name, place in named_groups]
    places = [EVERYWHERE] if grant.groups is None else groups
    home = found.id("account group", catalog.places, grant.home, grant.home_place) if grant.home else ""
    item, grants = role_items([role])[0], frozenset(Grant(place, own) for place in places)
    found.same(grant.place, item, grants, memory.get(role.key), catalog)
    last = read(memory[role.key]["grants"]) if role.key in memory else NOTHING
    return Given({**item, "grants": written(grants)}, grants, home, role.privileged, last)


class _Lookup(NamedTuple):
    problems: list[Problem]

    def id(self, noun: str, items: tuple[Named, ...], name: str, place: Place, was: Collection[str] = ()) -> str:
        """The id of the one that bears a name, whatever its case; "" where that cannot be said, which is reported.

        `was` is the id that it had when it was last given: under it the service may have another name by now.
        """
        alike = [item for item in items if fold(item.name) == fold(name)]
        exact = [item for item in alike if item.name == name] or alike
        if len(exact) == 1:
            return exact[0].id
        if exact:
            ids = ", ".join(item.id for item in exact)
            self._problem(place, f"{len(exact)} {noun}s are called {name!r} ({ids})", "give each its own name there")
        else:
            renamed = next((item.name for item in items if item.id in was), None)
            near = renamed or likely(name, [item.name for item in items])
            remedy = did_you_mean(near, "create it there, or name one that is there")
            now = f"; the one that was given is called {renamed!r} now" if renamed else ""
            self._problem(place, f"there is no {noun} {name!r} on the service{now}", remedy)
        return ""

    def same(self, place: Place, item: Item, grants: Grants, was: GivenRole | None, catalog: Catalog) -> None:
        """That names which stand for other ids than when they were looked up last, of which the old ones bear others by now."""
        if was is None or (item["role"], item["accountGroups"]) != (was.get("role"), was.get("accountGroups")):
            return
        before = read(was.get("ids", ()))
        gone = [("role", catalog.roles, {g.role for g in before} - {g.role for g in grants})]
        gone += [("account group", catalog.places, {g.place for g in before} - {g.place for g in grants})]
        for noun, known, ids in gone if all(g.role and g.place for g in grants) else ():
            for old in (one for one in known if one.id in ids):
                said = f"another {noun} bears the name by now: the one that was meant is called {old.name!r} ({old.id})"
                self._problem(place, said, f"{did_you_mean(old.name, '')} for the other one give the role another displayName")

    def _problem(self, place: Place, message: str, remedy: str) -> None:
        self.problems.append(Problem(place, "error", "RoleNames", message, remedy))
