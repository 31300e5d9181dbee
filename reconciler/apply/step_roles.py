"""Roles that an API beside SCIM holds, as requests: found, given and taken, read back, and into the record.

A driver reads right before it writes: what others have given meanwhile stays.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.apply.answers import undone_roles
from reconciler.apply.model import Failed
from reconciler.apply.shared import OneStep, Shared
from reconciler.declare.mapping_model import ROLES
from reconciler.declare.names import fold
from reconciler.plan.change import Action, AttributeChange, Change
from reconciler.plan.role_names import named
from reconciler.plan.role_table import NOTHING, Grants, grants_of, written
from reconciler.record.entry_changes import tell
from reconciler.rolesources.model import Holding
from reconciler.rolesources.source import RoleSource
from reconciler.scim.errors import ServiceError
from reconciler.scim.sender import AGAIN, ATTEMPTS

LEAVING = (Action.DISABLE, Action.DELETE)
NOBODY = "the API of roles does not list the account: see whether the person has to confirm it there, then apply again"


def write_roles(shared: Shared, step: OneStep, change: Change, attribute: AttributeChange) -> None:
    """Raises Failed or ServiceError; who leaves goes on to be disabled or deleted, whatever came of the roles.

    Who leaves, or was revoked, loses all that is held right before the write, whoever gave it, and whether it has a name or not.
    """
    try:
        _write(shared, step, change, attribute)
    except (ServiceError, Failed) as error:
        if change.action not in LEAVING:
            raise
        step.uncertain = False  # the next plan reads what is held
        left = ", ".join(sorted(named(attribute.before).values()))
        shared.recorded.outstanding[change.address] = f"the roles could not be taken, {left}: {error}"


def _write(shared: Shared, step: OneStep, change: Change, attribute: AttributeChange) -> None:
    source, table = shared.job.roles, shared.job.inputs.live.roles.table
    stays, had = grants_of(attribute.after), grants_of(attribute.before)
    if source is None:
        raise Failed("failed", "nobody knows the roles of the service; plan again")
    if change.precondition is not None and len(change.attributes) > 1 and change.address not in shared.changes.touched:
        shared.fresh(change)  # what is changed beside the roles is as planned
    person = _person(shared, source, change)
    all_of_it = _takes_all(shared, change)
    gains, losses = stays - had, (_held(source, person) if all_of_it else had) - stays
    shared.role_writes.add(change.address)
    with step.writing():
        holding = _told(shared, source, person, gains, losses, table.home(attribute.after))
    if holding is None:
        raise Failed("stale", "the person is gone from the service since it was planned; plan again")
    kept = holding.grants & losses if not all_of_it else holding.grants - stays
    _record(shared, change, attribute, holding, kept, gains - holding.grants)


def _takes_all(shared: Shared, change: Change) -> bool:
    """Of who leaves; and what every new account is given there, where what nothing here gives is to go."""
    api = shared.job.resolution.limited.app.role_api
    new = change.action == Action.CREATE and api is not None and api.assertive
    return new or change.action in LEAVING or change.address in shared.job.inputs.revoked


def _held(source: RoleSource, person: str) -> Grants:
    holding = source.read(person)
    return holding.grants if holding is not None else NOTHING


def _told(shared: Shared, source: RoleSource, person: str, gains: Grants, losses: Grants, home: str) -> Holding | None:
    """Told again after a lost answer, and after one of a busy service: each time it is read first what is held."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return source.change(person, gains, losses, home)
        except ServiceError as error:
            if attempt == ATTEMPTS or not (error.uncertain or error.status in AGAIN):
                raise
            shared.client.sender.rest(error, attempt)
    raise AssertionError("the last attempt returns or raises")


def _person(shared: Shared, source: RoleSource, change: Change) -> str:
    """The id of the person there: of an account that is new, by the e-mail address that it was made with. Raises Failed."""
    id = shared.ids.own(change)
    known = shared.job.inputs.live.roles.people.get(id)
    if known is not None:
        return known.id
    for fresh in (False, True):
        people = shared.people(source, fresh)
        found = next((people[name] for name in _names(change) if name in people), None)
        if found is not None:
            return found
    raise Failed("failed", NOBODY)


def _names(change: Change) -> Iterator[str]:
    """By which a new person may be known, e-mail addresses first."""
    for kind in ("emails", "username"):
        for item in change.attributes:
            if item.path.lower().startswith(kind) and isinstance(item.after, str):
                yield fold(item.after)


def _record(
    shared: Shared, change: Change, attribute: AttributeChange, holding: Holding, kept: Grants, lacking: Grants
) -> None:  # fmt: skip
    id, recorded = shared.ids.own(change), shared.recorded
    table, user = shared.job.inputs.live.roles.table, shared.job.resolution.users.get(change.address)
    shared.job.record.see_roles(id, {"at": recorded.now(), "held": written(holding.grants)})
    entry = shared.changes.entry(change, id)
    shown = table.items(holding.grants, [role.key for role in user.roles if role.grant is not None] if user is not None else ())
    tell(entry, {ROLES: attribute.after}, {ROLES: shown} if kept or lacking else {})
    recorded.give_roles(change.address, entry)
    if kept or lacking:
        words = undone_roles(*(sorted(named(table.items(grants)).values()) for grants in (kept, lacking)))
        recorded.outstanding[change.address] = f"the service answered, and {words}"
