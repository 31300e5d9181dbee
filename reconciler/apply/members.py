"""Who goes into a group and who leaves it, as requests: PATCH in chunks, or the group whole where a service has no PATCH."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from reconciler.apply.ids import missing, version_of
from reconciler.apply.model import Stale
from reconciler.apply.precondition_failed import conditionally
from reconciler.scim.attribute_forms import PUT, is_of_form
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import LostAnswer, PatchUnsupported, ServiceError
from reconciler.scim.identity import of_asked
from reconciler.scim.patch import PATH, VALUE, member_operations, members_added, members_replaced, merge
from reconciler.scim.sender import ATTEMPTS

Resource = dict[str, Any]
FORMS = (PATH, VALUE, PUT)
NOT_INSIDE = (400, 404)  # what some answer of a member who is not in the group (noTarget)


class Moves(NamedTuple):
    """Ids of accounts that come into a group, that leave it, and that leave it though they were never shown inside."""

    into: list[str]
    out: list[str]
    unseen: list[str]


class MembersForm(NamedTuple):
    """The form in which the service takes members, as far as it is known: path, value or put (scim/attribute_forms.py).

    `found` hears of another one that it takes, and why not the one before; `check` raises Failed for a group that loses members
    where its whole list is written.
    """

    known: str
    found: Callable[[str, ServiceError], None]
    check: Callable[[Resource], None]


def write_members(client: ScimClient, id: str, live: Resource, moves: Moves, form: MembersForm) -> None:
    """`live` is the group as it was read. Raises Failed or ServiceError."""
    refusal: ServiceError | None = None
    for name in FORMS[FORMS.index(form.known) :]:
        try:
            _send(client, id, live, moves, form, name)
        except PatchUnsupported:
            _replace(client, id, moves, form.check)
            return
        except ServiceError as error:
            whole = name != PATH or moves.out or moves.unseen
            if name == PUT or not is_of_form(error, name) or (whole and not _shows_members(client, live)):
                raise refusal or error from None
            refusal = refusal or error
        else:
            if refusal is not None:
                form.found(name, refusal)
            return


def _send(client: ScimClient, id: str, live: Resource, moves: Moves, form: MembersForm, name: str) -> None:
    """In one form."""
    if name == PATH:
        _patch(client, id, live, moves)
        _out_unseen(client, id, moves.unseen)
    elif name == VALUE:
        _without_path(client, id, moves, form.check)
    else:
        _replace(client, id, moves, form.check)


def _without_path(client: ScimClient, id: str, moves: Moves, check: Callable[[Resource], None]) -> None:
    """RFC 7644 §3.5.2.1: an add in the group itself. A remove needs a path, so the list without them replaces it (§3.5.2.3)."""
    profile = client.profile
    if not (moves.out or moves.unseen):
        for operation in members_added(moves.into, profile.groups.membersPerPatch, profile.patch):
            _of(id, client.patch("Groups", id, operation))
        return
    live = _read(client, id)
    check(live)
    send = partial(client.patch, "Groups", id, members_replaced(_after(live, moves), profile.patch))
    _of(id, conditionally(client, version_of(live), send, partial(_version, client, id)))


def _shows_members(client: ScimClient, group: Resource) -> bool:
    """Whether all that a PUT must hold is known."""
    return client.profile.groups.membersReadable is True or bool(group.get("members"))


def _out_unseen(client: ScimClient, id: str, ids: list[str]) -> None:
    """They may be inside all the same, and are told to go each alone: one who is not is no reason to keep the others in."""
    for chunk in member_operations([], ids, 1, client.profile.patch):
        try:
            _of(id, client.patch("Groups", id, chunk))
        except ServiceError as error:
            if error.status not in NOT_INSIDE:
                raise


def _patch(client: ScimClient, id: str, live: Resource, moves: Moves, attempt: int = 1) -> None:
    version, profile = version_of(live), client.profile
    send = partial(client.patch, "Groups", id)
    # The empty list of a service that shows no members says nothing of who is in there.
    into, out = missing(live, moves.into, moves.out) if profile.groups.membersReadable else (moves.into, moves.out)
    try:
        for chunk in member_operations(into, out, profile.groups.membersPerPatch, profile.patch):
            _of(id, conditionally(client, version, partial(send, chunk), partial(_version, client, id)))
            version = None  # it was ours that changed it; what follows adds and removes by value, whatever else is in there
    except LostAnswer as error:
        if attempt == ATTEMPTS:
            raise
        client.sender.rest(error, attempt)
        _patch(client, id, client.get("Groups", id) or {}, moves, attempt + 1)


def _replace(client: ScimClient, id: str, moves: Moves, check: Callable[[Resource], None]) -> None:
    """Not where the service does not show who is in the group, since a PUT must hold them."""
    live = _read(client, id)
    check(live)
    send = partial(client.replace, "Groups", id, merge(live, [("members", _after(live, moves))]))
    _of(id, conditionally(client, version_of(live), send, partial(_version, client, id)))


def _read(client: ScimClient, id: str) -> Resource:
    live = client.get("Groups", id)
    if live is None:
        raise Stale("it is gone from the service since it was planned")
    return live


def _after(group: Resource, moves: Moves) -> list[Resource]:
    """Who is in the group once these have come and gone."""
    have, out = group.get("members") or [], {*moves.out, *moves.unseen}
    new = set(moves.into) - {member["value"] for member in have}
    return [m for m in have if m["value"] not in out] + [{"value": i} for i in sorted(new)]


def _version(client: ScimClient, id: str) -> str | None:
    return version_of(client.get("Groups", id) or {})


def _of(id: str, answer: Resource | None) -> None:
    """An answer must be about this group, or about none. Raises AnotherAccount."""
    if answer is not None and "id" in answer:
        of_asked(answer, id, f"/Groups/{id}")
