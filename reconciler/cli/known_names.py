"""A slip in the name of a person, role or group must not read as nobody: names that were asked for in, a refusal out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from reconciler.cli.common import meant
from reconciler.cli.wrong_usage import UnknownName
from reconciler.declare.model import Declarations
from reconciler.declare.names import fold, is_user, name_of

if TYPE_CHECKING:
    from reconciler.plan.access.had import Past
    from reconciler.plan.access.held import Held
    from reconciler.record.model import Record
    from reconciler.record.store import Store
    from reconciler.report.log_watch import Sought

Names = Mapping[str, Iterable[str]]  # of users, roles and groups, by `user`, `role` and `group`


def _declared(declarations: Declarations, kind: str) -> list[str]:
    """The names of a kind that are declared."""
    match kind:
        case "user":
            return declarations.users.column("userPrincipalName")
        case "group":
            return declarations.groups.column("displayName")
        case _:
            return [role.displayName for app in declarations.apps.values() for role in app.roles.values()]


def refuse_unknown(declarations: Declarations, rows: Sequence[Held], asked: Names, people: Iterable[str] = ()) -> None:
    """Names that are neither declared, nor one of these people's, nor held by anybody in these rows. Raises UsageError."""
    logins = [name for row in rows for name in (row.login, name_of(row.address), row.address)] if asked["user"] else []
    logins += [word for name in people for word in (name, name_of(name)) if word] if asked["user"] else []
    had = {"user": logins, **{kind: [row.what for row in rows if row.kind == kind] for kind in ("role", "group")}}
    _refuse(asked, had, declarations)


def refuse_never_seen(declarations: Declarations, pasts: Iterable[Past], asked: Names) -> None:
    """The same of names that are neither declared nor in the record nor, at whatever time, in the log. Raises UsageError."""
    seen: dict[str, list[str]] = {"user": [], "role": [], "group": []}
    for past in pasts:
        seen["role"] += past.told.spelled.values()
        for kind, names in (("user", past.told.names), ("group", past.told.groups)):
            addresses = [address for called in names.called.values() for _, address in called]
            seen[kind] += [*addresses, *map(name_of, addresses)]
    _refuse(asked, seen, declarations)


def not_declared(declarations: Declarations, asked: Mapping[str, str | None]) -> list[Sought]:
    """Of names by their kind those that the log has to know."""
    from reconciler.report.log_watch import Sought

    said = [(kind, name) for kind, name in asked.items() if name is not None]
    return [Sought(kind, name) for kind, name in said if fold(name) not in set(map(fold, _declared(declarations, kind)))]


def refuse_sought(declarations: Declarations, stores: Collection[Store], sought: Iterable[Sought]) -> None:
    """Names that logs were walked for and do not have, nor the records. Raises UsageError, RecordError."""
    recorded = _recorded(store.load() for store in stores)
    for item in sought:
        if item.seen:
            continue
        for block in (block for store in stores for block in store.log_blocks()):
            item.read(block)
        names = {item.kind: [*recorded[item.kind], *item.names.values()]}
        _refuse({item.kind: [item.name]}, names, declarations)


def _recorded(records: Iterable[Record | None]) -> dict[str, list[str]]:
    recorded: dict[str, list[str]] = {"user": [], "role": [], "group": []}
    for record in records:
        for address, entry in record.entries.items() if record is not None else ():
            recorded["user" if is_user(address) else "group"].append(name_of(address))
            recorded["role"] += entry.get("roles", ())
    return recorded


def _refuse(asked: Names, seen: Names, declarations: Declarations) -> None:
    for kind, names in asked.items():
        known = {fold(name): name for name in (*_declared(declarations, kind), *seen[kind])} if names else {}
        for name in names:
            if fold(name.removeprefix("User/") if kind == "user" else name) not in known:
                called = sorted(word for word in known.values() if kind != "user" or not is_user(word))
                raise UnknownName(f"no {kind} {name!r}\n    " + meant(name, called))
