"""What the service's own log tells of roles since they were last read: who edited whose, and what nobody knows. Reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from reconciler.declare.names import fold
from reconciler.record.moments import moved
from reconciler.record.values import RoleMemory
from reconciler.rolesources.model import Edit, Log, Person
from reconciler.rolesources.source import RoleSource
from reconciler.scim.errors import AuthError, ServiceError

AROUND = 60  # seconds by which the clocks of two machines may differ


class Heard(NamedTuple):
    """`edits` are by key of a person, the last of each; `silent` is why the log could not be read, `owner` whose token it is."""

    edits: Mapping[str, Edit]
    log: Log
    owner: str
    silent: str = ""


def hear(source: RoleSource, memory: RoleMemory, people: Mapping[str, Person]) -> Heard:
    """Nothing is asked where roles were never read."""
    since, owner = memory.get("read"), memory.get("owner", "")
    if not since:
        return Heard({}, Log(), owner)
    try:
        log = source.edits(moved(since, -AROUND))
    except AuthError:
        return Heard({}, Log(), owner, f"the token may not read the activity log of {source.name}")
    except ServiceError as error:
        return Heard({}, Log(), owner, f"the activity log of {source.name} could not be read ({error})")
    owner = log.owner or owner
    # Of one second what others did counts as the last: a log's times are no finer.
    last = {fold(edit.email): edit for edit in sorted(log.edits, key=lambda edit: (edit.at, edit.by != owner))}
    found = {id: last[fold(person.email)] for id, person in people.items() if fold(person.email) in last}
    return Heard({id: edit for id, edit in found.items() if _is_news(memory, id, edit, owner)}, log, owner)


def _is_news(memory: RoleMemory, id: str, edit: Edit, owner: str) -> bool:
    """Whether somebody else may have edited an account since it was last read; two clocks differ a little."""
    seen = memory.get("seen", {}).get(id)
    if seen is None or edit.at > moved(seen["at"], AROUND):
        return True
    return edit.at > moved(seen["at"], -AROUND) and edit.by != owner
