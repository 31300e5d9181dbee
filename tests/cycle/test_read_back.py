"""Whether what a review took away is gone: by ids where anything was renamed, and never by what a service does not show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.cycle.read_reviewed import read_with_reviewed
from reconciler.declare.reviews import Reviewed
from reconciler.plan.access.held import Held, held
from reconciler.plan.access_review.read_back import ReadBack, Verdict, read_back
from reconciler.plan.access_review.share import Row
from reconciler.report.access_review_evidence import obstacles
from reconciler.scim.patch import operations
from tests.cycle.test_access_review_evidence import review_of
from tests.support.world import MAPPINGS, World

PEOPLE = ("userPrincipalName: ada@x.org", "userPrincipalName: eve@x.org, id: p-17")
NET = "displayName: Net, id: g-4, members: [eve@x.org]"


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.users(*PEOPLE)
    world.groups(NET)
    world.assign("user: ada@x.org, role: User", "user: eve@x.org, role: Admin", "group: Net, role: User")
    world.converge()
    return world


def rows_of(world: World, wanted: Callable[[Held], bool]) -> tuple[Reviewed, ...]:
    """What a reviewer decides to remove, as the files say it."""
    found = [Row("wiki", item) for item in held(world.session().planned.context) if wanted(item)]
    return review_of(world.folder, *found).rows


def seen(world: World, rows: tuple[Reviewed, ...]) -> list[ReadBack]:
    world.read = lambda client, resolution, record: read_with_reviewed(client, resolution, record, rows)
    return read_back(world.session().planned.context, rows)


class Without(httpx.BaseTransport):
    """A service that keeps something to itself: `hides` is asked of each answer's path, and changes its data."""

    def __init__(self, inner: httpx.BaseTransport, hides: Callable[[str, dict[str, Any]], int | None]) -> None:
        self.inner, self.hides = inner, hides

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.inner.handle_request(request)
        response.read()
        if request.method != "GET" or response.status_code != 200:
            return response
        data = response.json()
        status = self.hides(request.url.path, data)
        return httpx.Response(status or 200, json={"status": str(status)} if status else data)


def hide(world: World, hides: Callable[[str, dict[str, Any]], int | None]) -> None:
    world.transport.inner = Without(world.transport.inner, hides)


def test_who_was_renamed_without_an_earlier_name_still_has_it(world: World) -> None:
    rows = rows_of(world, lambda item: item.login == "eve@x.org")
    assert [(row.role or row.group, row.value, bool(row.account), bool(row.group_id)) for row in rows] == [
        ("Admin", "admin", True, False), ("Net", "", True, True), ("User", "user", True, False),
    ]  # fmt: skip
    world.users(PEOPLE[0], "userPrincipalName: eva@x.org, id: p-17")
    world.groups("displayName: Crew, id: g-4, members: [eva@x.org]")
    world.write("apps/wiki/roles.yaml", "roles: [{value: admin, displayName: Chief}, {value: user, displayName: User}]\n")
    world.assign("user: ada@x.org, role: User", "user: eva@x.org, role: Chief", "group: Crew, role: User")
    world.converge()
    found = seen(world, rows)
    assert [item.verdict for item in found] == [Verdict.THERE] * 3
    chief, crew, _ = obstacles([], {}, found)
    assert chief.startswith("eve@x.org, who is eva@x.org now, still has Admin, which is Chief now, in wiki on the service, by ")
    assert crew.startswith("eve@x.org, who is eva@x.org now, still has group Net, which is Crew now, in wiki on the service, by ")


def test_a_group_and_an_account_that_a_hand_renamed_on_the_service_are_the_same(world: World) -> None:
    rows = rows_of(world, lambda item: item.login == "eve@x.org" and item.kind == "group")
    net = world.group("Net")
    world.client.patch("Groups", net["id"], operations([("displayName", "Netz")], net))
    world.edit("eve@x.org", "userName", "evelyn")
    world.groups("displayName: Net, id: g-4, members: [ada@x.org]")
    assert [item.verdict for item in seen(world, rows)] == [Verdict.THERE]


def test_a_role_that_no_declaration_knew_is_the_same_once_one_does(world: World) -> None:
    world.edit("eve@x.org", "roles", [{"value": "admin"}, {"value": "user"}, {"value": "Super"}])
    rows = rows_of(world, lambda item: item.what == "Super")
    roles = "roles: [{value: Super, displayName: Chief}, {value: admin, displayName: Admin}, {value: user, displayName: User}]\n"
    world.write("apps/wiki/roles.yaml", roles)
    assert [item.verdict for item in seen(world, rows)] == [Verdict.THERE]


def test_an_account_that_no_list_shows_is_asked_by_its_id(world: World) -> None:
    ghost = world.seed("ghost", roles=[{"value": "admin"}])
    rows = rows_of(world, lambda item: item.login == "ghost")
    answers: list[int | None] = [None]

    def unlisted(path: str, data: dict[str, Any]) -> int | None:
        if "Resources" in data:
            data["Resources"] = [item for item in data["Resources"] if item["id"] != ghost]
            data["totalResults"] = len(data["Resources"])
        return answers[0] if path.endswith(ghost) else None

    hide(world, unlisted)
    assert [item.verdict for item in seen(world, rows)] == [Verdict.THERE]
    answers[0] = 404
    assert [item.verdict for item in seen(world, rows)] == [Verdict.GONE]
    answers[0] = 403
    (found,) = seen(world, rows)
    assert found.verdict is Verdict.UNKNOWN and found.stranger == ghost and found.stands_in_the_way


def test_what_the_record_never_held_is_not_gone_by_the_record(world: World) -> None:
    ghost = world.seed("ghost", roles=[{"value": "admin"}])
    declared = rows_of(world, lambda item: item.what == "Admin" and item.login == "eve@x.org")
    strange = rows_of(world, lambda item: item.login == "ghost")
    world.assign("user: ada@x.org, role: User", "group: Net, role: User")
    world.converge()

    def roleless(path: str, data: dict[str, Any]) -> None:
        for item in data.get("Resources", [data]):
            item.pop("roles", None)

    hide(world, roleless)
    assert [item.verdict for item in seen(world, declared)] == [Verdict.NOT_SHOWN]
    (found,) = seen(world, strange)
    assert found.verdict is Verdict.HIDDEN and found.stands_in_the_way
    (words,) = obstacles([], {}, [found])
    assert "wiki does not show it, and the record never held it" in words and f"--id {ghost}" in words


def test_groups_that_are_not_read_any_more_are_not_gone(world: World) -> None:
    rows = rows_of(world, lambda item: item.kind == "group")
    world.write("apps/wiki/mappings.yaml", MAPPINGS.replace("  groups:\n", "  groups:\n    enabled: false\n"))
    world.groups("displayName: Net, id: g-4, members: []")
    assert [item.verdict for item in seen(world, rows)] == [Verdict.HIDDEN]


def test_who_is_out_has_nothing_whatever_is_shown(world: World) -> None:
    ghost = world.seed("ghost", roles=[{"value": "admin"}])
    rows = rows_of(world, lambda item: item.id == ghost)
    world.edit("ghost", "active", False)
    assert [item.verdict for item in seen(world, rows)] == [Verdict.GONE]


def test_a_row_of_an_earlier_version_is_judged_by_names(world: World) -> None:
    rows = rows_of(world, lambda item: item.login == "eve@x.org" and item.what in ("Admin", "Net"))
    old = tuple(row._replace(account="", value="", group_id="") for row in rows)
    assert [item.verdict for item in seen(world, old)] == [Verdict.THERE] * 2
    world.users(PEOPLE[0], "userPrincipalName: eva@x.org, previously: [eve@x.org], id: p-17")
    world.groups("displayName: Net, id: g-4, members: [eva@x.org]")
    world.assign("user: eva@x.org, role: Admin", "group: Net, role: User")
    world.converge()
    assert [item.verdict for item in seen(world, old)] == [Verdict.THERE] * 2
