"""What a service does with users and groups, and what of an app's mappings that leaves: settings of its profile in. Pure.

A mapping that the service would ignore is left out before anything is resolved or compared: it is said, and no diff for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from reconciler.declare.mapping_model import BESIDE, ROLES, AttributeMapping
from reconciler.declare.model import App
from reconciler.declare.place import Problem, Text
from reconciler.declare.warned import Warned
from reconciler.resolve.paths import PathError, parse_path


@dataclass(frozen=True)
class Capabilities:
    """`stored` and `modifiable` are folded names, None where the service keeps and changes all; `service` is its name."""

    service: str = "the service"
    identity: str = "userName"  # or emails: its one e-mail is its userName
    stored: frozenset[str] | None = None
    modifiable: frozenset[str] | None = None
    single: frozenset[str] = frozenset()
    groups: bool = True
    inactive: str = "keeps"  # what `active: false` does: keeps, deletes, ignored
    delete: str = "removes"  # what DELETE does: removes, deactivates
    confirmed: frozenset[str] = frozenset()  # of which the person confirms a new value there, folded
    members: bool | str = True  # whether members are shown: always, never, or `seen` where some group shows them


def is_confirmed(able: Capabilities, target: str) -> bool:
    """Whether a person has to confirm a new value of it there before it holds."""
    return not able.confirmed.isdisjoint(_names_of(target))


class Limited(NamedTuple):
    """An app without what its service would ignore; `fixed` are targets that it takes at creation alone."""

    app: App
    capabilities: Capabilities
    fixed: tuple[str, ...]
    warnings: tuple[Warned, ...]


class Limits(NamedTuple):
    """What a service allows: members in one PATCH, and requests a minute, None where no limit is known.

    `counts` says which requests the limit is for: all or writes. `versions`: whether a write that says which version it changes
    needs no read before it, None where that is tried out; `together` is how many accounts one read shows before they are written
    to.
    """

    members_per_patch: int = 100
    per_minute: int | None = None
    counts: str = "all"
    versions: bool | None = False
    together: int = 1


NO_LIMITS = Limits()


def capabilities(app: App) -> Capabilities:
    """Those of the app's profile (schemas/profile.schema.json)."""
    data = app.settings
    users, deprovision = data.get("users", {}), data.get("deprovision", {})
    return Capabilities(
        str(data.get("description", "the service")),
        users.get("identity", "userName"),
        _names(users.get("stored")),
        _names(users.get("modifiable")),
        _names(users.get("single")) or frozenset(),
        data.get("groups", {}).get("supported", True),
        deprovision.get("inactive", "keeps"),
        deprovision.get("delete", "removes"),
        _names(users.get("confirmed")) or frozenset(),
        data.get("groups", {}).get("membersReadable", True),
    )


def limit(app: App) -> Limited:
    """Mappings that have an effect, those that count at creation alone, and what is to be said of the others."""
    able = capabilities(app)
    kept: list[AttributeMapping] = []
    warnings: list[Warned] = []
    fixed: list[str] = []
    seen: dict[str, Any] = {}
    for item in app.users.attributes:
        why = _ignored(item, able, seen)
        if not why and app.role_api is not None and _names_of(item.target)[0] == ROLES:
            why = f"roles of {able.service} go over {app.role_api.driver}"
        if why:
            words = f"the mapping to {item.target} has no effect: {why} ({item.place.file}:{item.place.line})"
            warnings.append(Warned("MappingIgnored", words))
        elif item.apply == "always" and not _holds(able.modifiable, item.target):
            fixed.append(item.target)
            kept.append(item._replace(apply="create"))
        else:
            kept.append(item)
    groups = app.groups
    if groups.enabled and groups.attributes and not able.groups:
        place = groups.place
        words = f"the groups' mapping has no effect: {able.service} has no groups ({place.file}:{place.line})"
        warnings.append(Warned("MappingIgnored", words))
        groups = replace(groups, enabled=False)
    if app.role_api is not None:
        kept.append(AttributeMapping(ROLES, BESIDE, app.role_api.assertive, target_text=Text(app.role_api.place)))
    elif not _holds(able.stored, "roles") and len(app.roles) > 1:
        words = f"{able.service} does not store roles: what its accounts may do is decided there, not by assignments"
        warnings.append(Warned("RolesNotStored", words))
    users = replace(app.users, attributes=tuple(kept))
    return Limited(replace(app, users=users, groups=groups), able, tuple(fixed), tuple(warnings))


def modifiable_but(app: App, target: str) -> list[str] | None:
    """What a profile would list as modifiable, were it not for one target; None where another one shares its attribute."""
    first = _names_of(target)[0]
    others = {_names_of(item.target)[0]: _spelled(item.target) for item in app.users.attributes if item.target != target}
    return None if first in others else sorted(others.values())


def check_capabilities(app: App) -> Iterator[Problem]:
    """An account cannot be matched by what its service does not keep."""
    able = capabilities(app)
    for item in app.users.attributes:
        if item.matchingPrecedence and not _holds(able.stored, item.target):
            yield Problem(
                item.place,
                "error",
                "not-stored",
                f"{able.service} does not store {item.target}, so no account can be matched by it",
                "give matchingPrecedence to an attribute that it stores, such as userName",
            )


def _ignored(item: AttributeMapping, able: Capabilities, seen: dict[str, Any]) -> str:
    """Why the service would ignore a mapping; empty where it would not."""
    if not _holds(able.stored, item.target):
        return f"{able.service} does not store it"
    name = _names_of(item.target)[0]
    if name == "active" and able.inactive == "ignored":
        return f"{able.service} ignores it"
    if name in able.single and seen.setdefault(name, _filter(item.target)) != _filter(item.target):
        return f"{able.service} keeps one value of {name}, and another mapping gives it"
    return ""


def _filter(target: str) -> Any:
    return parse_path(target).filter


def _holds(known: frozenset[str] | None, target: str) -> bool:
    return known is None or not known.isdisjoint(_names_of(target))


def _names_of(target: str) -> tuple[str, ...]:
    """The names under which a profile may know a target: the attribute's, and its extension's."""
    try:
        path = parse_path(target)
    except PathError:  # reported where the mapping is checked
        return (target.lower(),)
    return (f"{path.urn}:{path.attribute}".lower(), path.urn.lower()) if path.urn else (path.attribute.lower(),)


def _spelled(target: str) -> str:
    """The name by which a profile lists a target."""
    path = parse_path(target)
    return f"{path.urn}:{path.attribute}" if path.urn else path.attribute


def _names(listed: Any) -> frozenset[str] | None:
    return None if listed is None else frozenset(str(name).lower() for name in listed)
