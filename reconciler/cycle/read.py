"""A client in, the whole of its service out: users and groups side by side, what it says of itself, and whom its lists leave out.

Reads the service.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from operator import attrgetter, itemgetter

from reconciler.cycle.not_listed import with_not_listed
from reconciler.plan.live import Live, LiveObject, Wanted, project_groups, project_users, with_members
from reconciler.record.model import Record
from reconciler.resolve.model import Resolution
from reconciler.resolve.several import Several
from reconciler.scim.answers import shallow
from reconciler.scim.client import Resource, ScimClient
from reconciler.scim.discovery import read_schemas, refine, schema_warnings

NESTED = frozenset({list, dict, Several})
VALUES = attrgetter("values")
Project = Callable[[list[Resource]], list[LiveObject]]


def read_live(client: ScimClient, resolution: Resolution, record: Record | None) -> Live:
    """Users, and groups where they are mapped and the service has some. Raises ServiceError."""
    refine(client)
    mapped = resolution.limited.app.groups
    pool = ThreadPoolExecutor(3)
    try:
        wanted = Wanted(resolution.user_mapping, [user.values for user in resolution.users.values()])
        users = pool.submit(client.read_all, "Users", _shallow(partial(project_users, resolution.user_mapping, wanted=wanted)))
        groups = (
            pool.submit(client.read_all, "Groups", _shallow(partial(project_groups, resolution.group_mapping)))
            if mapped.enabled
            else None
        )
        schemas = pool.submit(read_schemas, client)
        accounts = users.result()
        people = dict(zip(map(itemgetter(0), accounts), accounts, strict=True))
        shown = (
            with_members(groups.result(), client.profile.groups.membersReadable, record is not None and record.members_shown)
            if groups
            else []
        )
        notes = list(schema_warnings(schemas.result(), "Users", resolution.user_mapping))
        notes += schema_warnings(schemas.result(), "Groups", resolution.group_mapping) if groups else ()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # after an error or an interrupt nobody waits for the others
    live = Live(people, {item.id: item for item in shown}, client.counts["reads"], tuple(notes))
    return with_not_listed(client, resolution, record, live, groups is not None)


def _shallow(project: Project) -> Project:
    """Of what is kept of a page the values that hold others are looked at: pages hold much that is not."""

    def projected(page: list[Resource]) -> list[LiveObject]:
        objects = project(page)
        if not NESTED.isdisjoint(map(type, chain.from_iterable(map(VALUES, objects)))):
            shallow([value for item in objects for value in item.values if type(value) in NESTED])
        return objects

    return projected
