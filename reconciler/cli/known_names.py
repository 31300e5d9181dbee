"""A slip in the name of a person, role or group must not read as nobody: names that were asked for in, a refusal out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.cli.common import meant
from reconciler.cli.wrong_usage import UnknownName
from reconciler.declare.model import Declarations
from reconciler.declare.names import fold, is_user, name_of
from reconciler.plan.access.held import Held


def refuse_unknown(
    declarations: Declarations, rows: Sequence[Held], people: Iterable[str], roles: Iterable[str], groups: Iterable[str]
) -> None:
    """Names that are neither declared nor held by anybody in these rows. Raises UsageError."""
    had = {kind: [row.what for row in rows if row.kind == kind] for kind in ("role", "group")}
    declared = [role.displayName for app in declarations.apps.values() for role in app.roles.values()]
    users = declarations.users
    logins = [name for row in rows for name in (row.login, name_of(row.address), row.address)] if people else []
    _refuse("user", people, [*users.columns["userPrincipalName"], *logins])
    _refuse("role", roles, [*had["role"], *declared])
    _refuse("group", groups, [*had["group"], *declarations.groups.columns["displayName"]])


def _refuse(kind: str, asked: Iterable[str], names: Iterable[str]) -> None:
    known = {fold(name): name for name in names}
    for name in asked:
        if fold(name) not in known:
            names = sorted(word for word in known.values() if kind != "user" or not is_user(word))
            raise UnknownName(f"no {kind} {name!r}; " + meant(name, names))
