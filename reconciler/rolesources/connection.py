"""test-connection of a role source: what its token may do, the names that it sees, and its log; each step in words."""

from __future__ import annotations

from typing import NamedTuple

from reconciler.declare.wording import plural
from reconciler.rolesources.model import Catalog, Named, Rights
from reconciler.rolesources.source import RoleSource
from reconciler.scim.connection import Step
from reconciler.scim.errors import ServiceError


class Tested(NamedTuple):
    """`catalog` is None where it could not be read; `within` are the places in which alone roles may be written."""

    steps: list[Step]
    catalog: Catalog | None
    within: tuple[Named, ...] = ()


LACKING, UNKNOWN = "InsufficientRights", "RoleEditsUnknown"


def run_test(source: RoleSource, since: str) -> Tested:
    """The steps that were taken; `since` is the time (UTC, ISO 8601, Z) from which the log is tried."""
    try:
        rights = source.rights()
    except ServiceError as error:
        return Tested([_failed(source, "token", error)], None)
    steps = [*_permissions(source, rights)]
    if rights.reading:
        return Tested(steps, None)
    try:
        catalog = source.catalog()
    except ServiceError as error:
        return Tested([*steps, _failed(source, "names", error)], None)
    found = f"{plural(len(catalog.roles), 'role')} and {plural(len(catalog.places), 'account group')} seen"
    return Tested([*steps, Step(f"{source.name}, names", True, found), _log(source, since)], catalog, rights.within)


def _permissions(source: RoleSource, rights: Rights) -> list[Step]:
    """Whether roles may be read, and whether they may be written, and where."""
    steps = []
    alone = f", in {' and '.join(place.name for place in rights.within)} alone" if rights.within else ""
    for what, lacking, where in (("reading roles", rights.reading, ""), ("writing roles", rights.writing, alone)):
        name = f"{source.name}, {what}"
        if lacking:
            said = f"the token lacks the permission {' and '.join(lacking)}"
            remedy = f"give {rights.owner or 'its owner'} a role that holds it, or name another token (roles.token in app.yaml)"
            steps.append(Step(name, False, said, remedy, code=LACKING))
        else:
            steps.append(Step(name, True, f"the token of {rights.owner} may{where}"))
    return [*steps, *_managing(source, rights)]


def _managing(source: RoleSource, rights: Rights) -> list[Step]:
    """Whether a write of roles needs it is documented nowhere, so nothing is called impossible without it."""
    if rights.writing or not rights.managing:
        return []
    lacks = " and ".join(rights.managing)
    said = f"the token lacks the permission {lacks}: the service may refuse it to give a role by which others are managed"
    return [Step(f"{source.name}, roles that manage others", False, said, needed=False, code=LACKING)]


def _log(source: RoleSource, since: str) -> Step:
    """Nothing depends on it: without it nobody knows who edited roles."""
    try:
        lacking = source.edits(since).lacking
    except ServiceError as error:
        return Step(
            f"{source.name}, activity log",
            False,
            f"{error.message} (a plan cannot say who edited roles)",
            needed=False,
            code=UNKNOWN,
        )
    if lacking:
        said = f"others' edits of roles are not known, or not all of them: {lacking}"
        remedy = "give the token's owner a role that holds it"
        return Step(f"{source.name}, activity log", False, said, remedy, needed=False, code=UNKNOWN)
    return Step(f"{source.name}, activity log", True, "can be read", needed=False)


def _failed(source: RoleSource, what: str, error: ServiceError) -> Step:
    return Step(f"{source.name}, {what}", False, f"{error.request}: {error.message}", error.remedy, code=error.code)
