"""What there is to know of one declared object before anything is judged: sources, assignments, values. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reconciler.declare.model import App, Assignment, Declarations
from reconciler.declare.names import DEFAULT_ACCESS, DEFAULT_ACCESS_KEY, is_user, row_key
from reconciler.declare.place import Place
from reconciler.plan.change import REDACTED
from reconciler.plan.context import Context
from reconciler.plan.explain.model import Grant
from reconciler.resolve.derive import Derived, derive
from reconciler.resolve.expressions.functions import Chance
from reconciler.resolve.expressions.language import IGNORE
from reconciler.resolve.filters import Get
from reconciler.resolve.mapping import CompiledMapping
from reconciler.resolve.one_object import chains, held, sources
from reconciler.resolve.scope import member_type, refusal
from reconciler.resolve.sources import GroupSource, UserSource


@dataclass(frozen=True)
class Subject:
    """A declared user or group, looked at in one app."""

    context: Context
    address: str
    chance: Chance

    @property
    def app(self) -> App:
        return self.context.app

    @property
    def declarations(self) -> Declarations:
        return self.context.resolution.declarations

    @property
    def is_user(self) -> bool:
        return is_user(self.address)

    @property
    def key(self) -> str:
        """The folded name."""
        return row_key(self.address)

    @property
    def row(self) -> int:
        return self.context.resolution.table(self.address).index[self.key]

    @property
    def place(self) -> Place:
        return self.context.place(self.address, self.row)

    @property
    def mapping(self) -> CompiledMapping:
        return self.context.resolution.mapping(self.address)

    @property
    def enabled(self) -> bool:
        """Whether the account is enabled in the directory; a group always is."""
        return not self.is_user or self.declarations.users.column("accountEnabled")[self.row] is not False

    @cached_property
    def assignments(self) -> list[Assignment]:
        """Those that reach it."""
        if not self.is_user:
            return [item for item in self.app.assignments if item.group == self.key]
        return held(self.app, self.key, self.through)

    @cached_property
    def through(self) -> dict[str, tuple[str, ...]]:
        """The groups that hold a user, by way of which others."""
        return chains(self.declarations.groups, self.key, self.app.provisioning.nestedGroups)

    @cached_property
    def get(self) -> Get:
        """Its source attributes as the mapping reads them."""
        return sources(self.app, self.context.resolution, self.address)

    @property
    def get_for_filters(self) -> Get:
        """Its source attributes as scoping filters read them, before it is known who is in scope."""
        declarations = self.declarations
        source = UserSource(declarations, [self.row], [()]) if self.is_user else GroupSource(declarations, [self.row])
        return lambda name: source(name)[0]

    @cached_property
    def mappings(self) -> list[Derived]:
        return derive(self.mapping, self.get, self.chance)

    @cached_property
    def matching_values(self) -> list[tuple[int, Any]]:
        """(slot, value) of each matching attribute in order of precedence; the value is None where there is none."""
        values = self.mapping.values(lambda name: [self.get(name)], 1)[0]
        return [(i, None if values[i] is IGNORE else values[i]) for i in self.mapping.matching]

    def shown(self, slot: int, value: Any) -> Any:
        """A slot's value as any output may show it."""
        return value and REDACTED if self.mapping.slots[slot].redacts else value

    def grants(self) -> list[Grant]:
        """Every assignment that reaches it, and whether it counts."""
        return [self._grant(item) for item in self.assignments]

    def _grant(self, item: Assignment) -> Grant:
        role = self.app.roles.get(item.role)
        reason = self._unusable(item)
        groups = self.declarations.groups
        way = self.through.get(item.group, ()) if self.is_user and item.group is not None and item.user is None else ()
        through = tuple((str(groups[key].row["displayName"]), Place(groups[key].file, groups[key].line)) for key in way)
        return Grant(
            role.displayName if role else DEFAULT_ACCESS,
            role.value if role else "",
            reason is None,
            reason or "",
            item.expires,
            Place(item.file, item.line),
            through,
            item.reason or "",
        )

    def _unusable(self, item: Assignment) -> str | None:
        """Why an assignment gives a user nothing (or does not put a group in scope), or None."""
        if item.expires is not None and item.expires < self.context.resolution.today:
            return f"expired on {item.expires}"
        return unusable_role(self.app, item) if self.is_user else None

    @cached_property
    def hidden(self) -> frozenset[str]:
        """Source attributes that stand under Redact() somewhere in the app's mapping: no output shows them."""
        found = [slot.expression.sources for slot in self.mapping.slots if slot.expression and slot.expression.redacts]
        return frozenset(name for names in found for name in names)


def unusable_role(app: App, item: Assignment) -> str | None:
    """Why the role of an assignment entitles nobody, or None."""
    if item.role == DEFAULT_ACCESS_KEY:
        return None if app.provisioning.defaultAccess == "provision" else f"{DEFAULT_ACCESS} is not provisioned"
    role = app.roles.get(item.role)
    member = member_type(item)
    why = refusal(role, member) if role is not None else "disabled"
    if why is None:
        return None
    return "the role is disabled" if why == "disabled" else f"the role is not open to a {member.lower()}"
