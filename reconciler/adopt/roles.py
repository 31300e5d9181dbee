"""What roles live accounts hold, as app roles and assignments. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.adopt.model import Notes, Row
from reconciler.adopt.roles_beside import Beside, Unnamed
from reconciler.adopt.yaml_edit.remarks import sounds_privileged
from reconciler.adopt.yaml_edit.rows import is_name
from reconciler.declare.model import App, Role
from reconciler.declare.names import DEFAULT_ACCESS, DEFAULT_ACCESS_KEY, fold, user_address
from reconciler.declare.yaml.scalars import can_hold
from reconciler.plan.live import LiveObject
from reconciler.resolve.scope import refusal


def pairs(value: Any) -> list[tuple[str, str]]:
    """(value, display) of each role in a live `roles` attribute, whatever its shape."""
    items = value if isinstance(value, list) else [] if value is None else [value]
    roles = [(item.get("value"), item.get("display")) if isinstance(item, dict) else (item, None) for item in items]
    return [(value, str(display or value)) for value, display in roles if isinstance(value, str) and value]


def _plain(role: Role) -> bool:
    """Whether everybody may be given it without a thought; a name can say otherwise where `privileged` was forgotten."""
    return not (role.privileged or sounds_privileged(role.displayName) or sounds_privileged(role.value))


def _there(role: Role) -> Row:
    """What a role is over an API beside SCIM."""
    if role.grant is None:
        return {}
    groups = "all" if role.grant.groups is None else list(role.grant.groups)
    return {"thousandeyes": {"role": role.grant.role, "accountGroups": groups}}


class Roles:
    """Collects roles and who holds them; `slot` is the mapping that carries them, if any; `declared` are the app's own.

    `beside` is what accounts hold over an API beside SCIM, where that was read.
    """

    def __init__(self, app: App, slot: int | None, declared: Iterable[Role], notes: Notes, beside: Beside | None = None) -> None:
        self.app, self.slot, self.notes, self.beside = app, slot, notes, beside
        self.made: dict[str, Role] = {role.key: role for role in declared if role.grant is None} if beside else {}
        self.declared = list(declared)
        self.by_value: dict[str, Role] = {}
        for role in self.declared:
            self.by_value.setdefault(role.value, role)
        self.added: list[Role] = []
        self.users: list[tuple[str, str]] = []

    def held(self, item: LiveObject) -> tuple[Role, ...]:
        """The app roles of an account, in the order of roles.yaml; ones that are not declared yet are added."""
        if self.beside is not None:
            return self._over(self.beside, item)
        if self.slot is None:
            return ()
        return tuple(role for value, display in pairs(item.values[self.slot]) if (role := self._role(value, display, item)))

    def _over(self, beside: Beside, item: LiveObject) -> tuple[Role, ...]:
        if item.id not in beside.held:
            self.notes.add("its roles are not imported: the API of roles does not list the account", user_address(item.name))
            return ()
        try:
            found = beside.roles_of(item.id, self.made)
        except Unnamed as error:
            self.notes.add(f"its roles are not imported: {error}", user_address(item.name))
            return ()
        known = {role.key: role for role in self.declared}
        new = [role for role in found if isinstance(role, Role) and role not in self.added]
        self.added += new
        return tuple(known[role] if isinstance(role, str) else role for role in found)

    def _role(self, value: str, display: str, item: LiveObject) -> Role | None:
        if value not in self.by_value:
            name = next((n for n in (display, f"{display} ({value})", value) if is_name(n) and not self._taken(n)), None)
            if name is None or not can_hold(value):
                self.notes.add("a role is not imported: its name cannot be declared", user_address(item.name))
                return None
            role = self.by_value[value] = Role(fold(name), value, name)
            self.added.append(role)
        return self.by_value[value]

    def _taken(self, name: str) -> bool:
        return fold(name) == DEFAULT_ACCESS_KEY or any(role.key == fold(name) for role in self.by_value.values())

    def assign(self, name: str, item: LiveObject) -> None:
        """Note whom an account belongs to; without a role it needs an assignment that gives none."""
        roles = [role.displayName for role in self.held(item)]
        if not roles and self.app.provisioning.scope == "all":
            return
        self.users += [(name, role) for role in dict.fromkeys(roles or [self._usual()])]
        if not roles and self._usual() == DEFAULT_ACCESS and self.app.provisioning.defaultAccess == "skip":
            self.notes.add("no role: skipped until provisioning.defaultAccess is provision", user_address(name))

    def _usual(self) -> str:
        """What to assign where the service knows of no role: the plainest one, and nothing where roles are written."""
        if self.slot is not None or self.beside is not None:
            return DEFAULT_ACCESS
        plain = [role for role in self.declared if _plain(role) and refusal(role, "User") is None]
        return next((r.displayName for r in plain if r.key == "user"), plain[0].displayName if plain else DEFAULT_ACCESS)

    def rows(self) -> list[Row]:
        """The rows of roles.yaml that are to be added."""
        return [{"value": role.value, "displayName": role.displayName, **_there(role)} for role in self.added]

    def assignments(self, groups: Iterable[str]) -> list[Row]:
        """Users with their roles; groups with none, so that their members get nothing by it."""
        rows: list[Row] = [{"user": user, "role": role} for user, role in self.users]
        if self.app.provisioning.scope != "all":
            rows += [{"group": name, "role": DEFAULT_ACCESS} for name in groups]
        return rows
