"""Live accounts and groups in, the rows that declare them out: every mapping run backwards and checked forwards. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.adopt.invert import role_slot, sources_of, wanted
from reconciler.adopt.model import Adopted, Known, Notes, Row
from reconciler.adopt.roles import Roles
from reconciler.adopt.roles_beside import Beside
from reconciler.declare.model import App, Role
from reconciler.declare.names import fold
from reconciler.plan.diff import same, unsaid
from reconciler.plan.live import Live, LiveObject
from reconciler.resolve.expressions.language import IGNORE
from reconciler.resolve.mapping import CompiledMapping
from reconciler.resolve.sources import assignments as role_sources

UNMATCHED = "left out: no source attribute was found that gives the matching attribute"


def adopt(
    app: App, users: CompiledMapping, groups: CompiledMapping, live: Live, known: Known, notes: Notes, roles: Sequence[Role],
    beside: Beside | None = None,
) -> Adopted:  # fmt: skip
    """Rows of everything live; what cannot be declared is in `notes`. `roles` are those that the app declares of its own."""
    adopted = Adopted()
    held = Roles(app, role_slot(users), roles, notes, beside)
    _Users(users, known, notes, held, adopted).run(sorted(live.users.values()))
    if app.groups.enabled:
        _Groups(groups, known, notes, adopted).run(sorted(live.groups.values()))
    adopted.roles = held.rows()
    adopted.assignments = held.assignments(adopted.group_names.values())
    return adopted


class _Kind:
    """What users and groups have in common."""

    kind, key = "", ""

    def __init__(self, mapping: CompiledMapping, known: Known, notes: Notes, adopted: Adopted) -> None:
        self.mapping, self.known, self.notes, self.adopted = mapping, known, notes, adopted
        self.taken: dict[str, list[LiveObject]] = {}

    def note(self, item: LiveObject, reason: str) -> None:
        self.notes.add(reason, f"{self.kind}/{item.name or item.id}")

    def rows(self, items: Iterable[LiveObject]) -> list[tuple[LiveObject, Row]]:
        """A row for each object that can be named, and that has its name to itself."""
        named = []
        for item in items:
            row, left = sources_of(self.mapping, item.values, self.key, item.name)
            if row.get(self.key) is None:
                self.note(item, f"left out: its name cannot be a {self.key}")
                continue
            for target, reason in left:
                self.note(item, f"{target} is not imported: {reason}")
            named.append((item, row))
            self.taken.setdefault(fold(row[self.key]), []).append(item)
        for item, row in named:
            if len(self.taken[fold(row[self.key])]) > 1:
                self.note(item, f"left out: several have this {self.key}")
        alone = [(item, row) for item, row in named if len(self.taken[fold(row[self.key])]) == 1]
        return self._own_ids(alone)

    def _own_ids(self, named: list[tuple[LiveObject, Row]]) -> list[tuple[LiveObject, Row]]:
        seen: set[str] = set()
        for item, row in named:
            if "id" in row and (row["id"] in seen or len(row["id"]) > 1000):
                self.note(item, "its id is not imported: another has it")
                del row["id"]
            seen.add(row.get("id", ""))
        return named

    def checked(self, named: list[tuple[LiveObject, Row]], given: Mapping[str, Sequence[Any]]) -> list[tuple[LiveObject, Row]]:
        """Those whose row would match their own object; attributes that would change are noted."""
        kept = []
        for (item, row), want in zip(named, wanted(self.mapping, [row for _, row in named], given), strict=True):
            if not self._matches(want, item.values):
                self.note(item, UNMATCHED)
                continue
            kept.append((item, row))
            for i in self.mapping.updates if item.active else ():
                slot = self.mapping.slots[i]
                if want[i] is IGNORE or slot.reference or unsaid(slot, want[i], item.values[i]):
                    continue
                if not same(slot, want[i], item.values[i]):
                    self.note(item, f"{slot.target} is not imported: {_why(slot.mapping.kind)}")
        return kept

    def _matches(self, want: tuple[Any, ...], have: tuple[Any, ...]) -> bool:
        for i in self.mapping.matching:
            if want[i] is not None and want[i] is not IGNORE:
                return have[i] is not None and fold(str(want[i])) == fold(str(have[i]))
        return False

    def renamed(self, item: LiveObject, row: Row) -> None:
        """The record knows the object by another name: a rename, and never a delete and a create."""
        old = self.known.recorded.get(item.id)
        if old is None or fold(old) == fold(row[self.key]):
            return
        if fold(old) in self.taken:
            self.note(item, f"is recorded as {old}, a name that another object has now: add `previously` and ids by hand")
        else:
            row["previously"] = [old]


def _why(kind: str) -> str:
    return {"expression": "its expression cannot be inverted", "constant": "its mapping is a constant"}.get(
        kind, "another mapping gives the same source another value"
    )


class _Users(_Kind):
    kind, key = "User", "userPrincipalName"

    def __init__(self, mapping: CompiledMapping, known: Known, notes: Notes, roles: Roles, adopted: Adopted) -> None:
        super().__init__(mapping, known, notes, adopted)
        self.roles = roles
        self.manager = next((i for i, slot in enumerate(mapping.slots) if slot.reference), None)

    def run(self, items: Sequence[LiveObject]) -> None:
        named = self.rows(items)
        for item, row in named:
            if not item.active:
                row["accountEnabled"] = False
        held = [self.roles.held(item) for item, _ in named]
        kept = self.checked(named, {"appRoleAssignments": [role_sources(roles) for roles in held]})
        for item, row in kept:
            declared = self.known.users.get(fold(row[self.key])) or self.known.user_ids.get(row.get("id", ""))
            name = self.adopted.names[item.id] = declared or row[self.key]
            if declared is None:
                self.renamed(item, row)
                self.adopted.users.append(row)
            if item.active:
                self.roles.assign(name, item)
        for item, row in kept:
            self._link(item, row)

    def _link(self, item: LiveObject, row: Row) -> None:
        boss = item.values[self.manager] if self.manager is not None else None
        if boss is None:
            return
        if boss in self.adopted.names:
            row["manager"] = self.adopted.names[boss]
        else:
            self.note(item, "its manager is not imported: that account is not imported either")


class _Groups(_Kind):
    kind, key = "Group", "displayName"

    def run(self, items: Sequence[LiveObject]) -> None:
        groups = {item.id for item in items}
        for item in items if not any(item.members for item in items) else ():
            self.note(item, "the service shows no members of any group: what it has stays as it is")
        for item, row in self.checked(self.rows(items), {}):
            declared = self.known.groups.get(fold(row[self.key])) or self.known.group_ids.get(row.get("id", ""))
            self.adopted.group_names[item.id] = declared or row[self.key]
            if declared is None:
                self.renamed(item, row)
                row["members"] = self._members(item, groups)
                self.adopted.groups.append(row)

    def _members(self, item: LiveObject, groups: set[str]) -> list[str]:
        names = {self.adopted.names[id] for id in item.members or () if id in self.adopted.names}
        if item.inside or any(id in groups and id not in self.adopted.names for id in item.members or ()):
            self.note(item, "groups inside it are not imported: members are compared as users")
        return sorted(names, key=lambda name: (fold(name), name))
