"""A service as for any plan, and the accounts and groups that a review asks about by their ids: no list need show them.

Reads the service.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from reconciler.cycle.read import read_live
from reconciler.declare.names import STRANGER, group_address
from reconciler.declare.reviews import Reviewed
from reconciler.plan.context import UNKNOWN
from reconciler.plan.live import Live, project_groups, project_users, with_members
from reconciler.record.model import Record
from reconciler.resolve.model import Resolution
from reconciler.scim.client import Resource, ScimClient
from reconciler.scim.errors import ServiceError
from reconciler.scim.lookup import Answered, by_ids, side_by_side


def read_with_reviewed(client: ScimClient, resolution: Resolution, record: Record | None, rows: Collection[Reviewed]) -> Live:
    """Whoever could not be asked for is unknown, as `User/#ID` or `Group/#ID`. Raises ServiceError where nothing is answered."""
    live = read_live(client, resolution, record)
    accounts = {row.account: row.login or row.user for row in rows if row.account and row.account not in live.users}
    groups = {row.group_id: row.group for row in rows if row.group_id and row.group_id not in live.groups}
    if not resolution.limited.app.groups.enabled:
        groups = {}
    users, no_user = _asked(client, "Users", "userName", accounts)
    others, no_group = _asked(client, "Groups", "displayName", groups)
    people = {item.id: item for item in project_users(resolution.user_mapping, users)}
    shown = with_members(
        project_groups(resolution.group_mapping, others),
        client.profile.groups.membersReadable,
        record is not None and record.members_shown,
    )
    unknown = {STRANGER + id: why for id, why in no_user.items()}
    unknown |= {group_address(UNKNOWN + id): why for id, why in no_group.items()}
    return replace(
        live,
        users={**live.users, **people},
        groups={**live.groups, **{item.id: item for item in shown}},
        unknown={**live.unknown, **unknown},
        reads=client.counts["reads"],
    )


def _asked(client: ScimClient, resource: str, target: str, names: Mapping[str, str]) -> tuple[list[Resource], dict[str, str]]:
    """Of id -> name what is there, by id and else by a filter of the name; and why of an id nobody knows it.

    Some services answer 404 by the id of an account that is there.
    """
    if not names:
        return [], {}
    answers: dict[str, Answered] = by_ids(client, resource, list(names))
    doubted = [id for id, answer in answers.items() if not isinstance(answer, dict) and client.profile.filters_on(target)]
    found = side_by_side(client, doubted, lambda id: client.filtered(resource, target, names[id])[0])
    listed = [item for shown in found.values() if not isinstance(shown, ServiceError) for item in shown if item["id"] in names]
    there = {item["id"]: item for item in (*listed, *(answer for answer in answers.values() if isinstance(answer, dict)))}
    unknown = {id: str(answer) for id, answer in answers.items() if isinstance(answer, ServiceError) and id not in there}
    return list(there.values()), unknown
