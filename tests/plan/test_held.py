"""Who has what on a service: what the service shows, what gives it, and accounts that are nobody's."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from reconciler.cycle.had import past_in
from reconciler.declare.load import load
from reconciler.plan.access.held import Held, Source, by_record, dated, held, picked
from reconciler.record.open import recovered
from reconciler.report.held import COLUMNS, as_csv, as_json, as_table
from reconciler.report.html import access as page
from reconciler.resolve.resolution import resolve
from tests.report.test_markdown import HOSTILE
from tests.support.world import APP, World

ADMIN = [{"value": "admin"}]


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.users(
        "userPrincipalName: ada@x.org, displayName: Ada",
        "userPrincipalName: bob@x.org, displayName: Bob",
        "userPrincipalName: eve@x.org, displayName: Eve",
    )
    world.groups("displayName: Team, members: [bob@x.org]")
    world.assign(
        "user: ada@x.org, role: Admin, expires: 2027-01-31, reason: NET-1",
        "group: Team, role: User",
        "user: eve@x.org, role: User",
    )
    world.converge()
    return world


def rows(world: World) -> list[tuple[str, str, str, str]]:
    return [(row.login, row.what, str(row.source), row.through) for row in held(world.session().planned.context)]


def test_a_role_names_the_assignment_that_gives_it_until_when_and_why(world: World) -> None:
    (ada,) = picked(held(world.session().planned.context), frozenset({"ada@x.org"}), frozenset(), frozenset())
    assert (ada.what, ada.privileged, ada.until, ada.reason, ada.shown) == ("Admin", True, "2027-01-31", "NET-1", True)
    assert ada.file.endswith("assignments.yaml") and ada.line == 2


def test_a_group_gives_a_role_and_is_had_itself(world: World) -> None:
    assert [row for row in rows(world) if row[0] == "bob@x.org"] == [
        ("bob@x.org", "Team", "declared", ""),
        ("bob@x.org", "User", "declared", "Team"),
    ]


def test_what_was_given_by_hand_is_told_apart_and_what_nobody_manages_stands_first(world: World) -> None:
    world.edit("eve@x.org", "roles", [{"value": "user"}, {"value": "admin"}, {"value": "auditor"}])
    stranger = world.seed("stranger@x.org")
    world.edit("stranger@x.org", "roles", ADMIN)
    team = world.group("Team")
    world.bare.patch("Groups", team["id"], [{"op": "add", "path": "members", "value": [{"value": stranger}]}])
    found = rows(world)
    assert found[:2] == [
        ("stranger@x.org", "Admin", "unmanaged", ""),
        ("stranger@x.org", "Team", "unmanaged", ""),
    ]
    assert [row for row in found if row[0] == "eve@x.org"] == [
        ("eve@x.org", "Admin", "by hand", ""),
        ("eve@x.org", "auditor", "by hand", ""),
        ("eve@x.org", "User", "declared", ""),
    ]


def test_what_a_revoked_person_has_again_was_given_by_hand_whatever_is_declared(world: World) -> None:
    record = recovered(world.store)
    assert record is not None
    record.revoke("User/bob@x.org", world.now, "INC-9")
    world.store.save(record)
    assert {source for login, _, source, _ in rows(world) if login == "bob@x.org"} == {"declared"}, "until it is written"
    world.apply(only=("User/bob@x.org",))
    world.edit("bob@x.org", "active", True)
    world.edit("bob@x.org", "roles", [{"value": "user"}])
    found = [row for row in held(world.session().planned.context) if row.login == "bob@x.org"]
    assert {(row.what, row.source, row.file) for row in found} >= {("User", Source.BY_HAND, "")}
    assert all(row.source is Source.BY_HAND for row in found)


def test_who_is_disabled_has_nothing(world: World) -> None:
    world.edit("ada@x.org", "active", False)
    assert "ada@x.org" not in {row[0] for row in rows(world)}


def test_roles_that_a_service_never_shows_are_those_of_the_record(tmp_path: Path) -> None:
    world = World(tmp_path, "thousandeyes")
    world.users("userPrincipalName: ada@x.org")
    world.assign("user: ada@x.org, role: Admin")
    world.apply()
    assert [(row.what, row.shown) for row in held(world.session().planned.context)] == [("Admin", False)]


def test_the_record_alone_says_what_was_applied(world: World) -> None:
    now = [row._replace(shown=False) for row in held(world.session().planned.context)]
    world.edit("eve@x.org", "roles", ADMIN)
    loaded = load(world.folder / "desired").declarations
    record = recovered(world.store)
    assert record is not None
    assert list(by_record(loaded.apps["wiki"], resolve(loaded.apps["wiki"], loaded, world.today), record)) == now


def test_since_when_and_when_it_was_last_seen_is_what_the_log_says(world: World) -> None:
    world.now = "2026-07-01T00:00:00Z"
    world.assign("user: ada@x.org, role: Admin", "group: Team, role: User", "user: eve@x.org, role: Admin")
    world.converge()
    world.edit("bob@x.org", "roles", [{"value": "user"}, {"value": "auditor"}])
    declarations, today = load(world.folder / "desired").declarations, "2026-08-01T00:00:00Z"
    app = declarations.apps["wiki"]
    past = past_in(app, declarations, world.store, recovered(world.store))

    def told(rows: Iterable[Held]) -> list[tuple[str, str, str, str]]:
        return [(row.login, row.what, row.since[:7], row.confirmed[:7]) for row in dated(rows, past, today)]

    assert told(held(world.session().planned.context)) == [
        ("ada@x.org", "Admin", "2026-06", "2026-08"),
        ("bob@x.org", "Team", "2026-06", "2026-08"),
        ("bob@x.org", "auditor", "", "2026-08"),  # a hand gave it, whenever
        ("bob@x.org", "User", "2026-06", "2026-08"),
        ("eve@x.org", "Admin", "2026-07", "2026-08"),
    ]
    assert [row[2:] for row in told(row._replace(shown=False) for row in held(world.session().planned.context))] == [
        ("2026-06", "2026-06"),
        ("2026-06", "2026-06"),
        ("", ""),
        ("2026-06", "2026-06"),
        ("2026-07", "2026-07"),
    ]


def test_one_picks_by_person_role_and_group(world: World) -> None:
    everything = held(world.session().planned.context)
    none = frozenset[str]()
    assert {row.login for row in picked(everything, none, frozenset({"user"}), none)} == {"bob@x.org", "eve@x.org"}
    assert {row.login for row in picked(everything, none, none, frozenset({"team"}))} == {"bob@x.org"}
    assert {row.what for row in picked(everything, frozenset({"user/bob@x.org"}), none, none)} == {"Team", "User"}
    assert picked(everything, none, frozenset({"team"}), none) == []


# As it is told

ROW = Held(
    "User/ada@x.org", "ada@x.org", "Ada", "role", "Admin", True, Source.DECLARED, "Team", "a.yaml", 3, "2027-01-31", "NET-1",
    since="2026-06-01T08:00:00Z", confirmed="2026-07-01T08:00:00Z",
)  # fmt: skip


def test_a_table_says_who_what_and_why() -> None:
    assert as_table({"Wiki": [ROW]}) == (
        "Wiki: 1 person has access, 1 of them something privileged\n"
        "  ada@x.org  Admin (privileged)  a.yaml:3 through group Team, since 2026-06-01, until 2027-01-31, reason: NET-1\n"
    )
    assert "by the record, not seen on the service, last seen 2026-07-01\n" in as_table({"Wiki": [ROW._replace(shown=False)]})


def test_json_and_csv_have_the_same_columns() -> None:
    (first,) = json.loads(as_json({"wiki": [ROW]}))
    heading, cells = csv.reader(io.StringIO(as_csv({"wiki": [ROW]})))
    assert tuple(heading) == COLUMNS == tuple(first)
    assert dict(zip(heading, cells, strict=True)) | {"privileged": True, "shown": True, "approvals": []} == first


@pytest.mark.parametrize("name", ['=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", "\t=1", *HOSTILE.values()])
def test_no_name_is_computed_by_a_spreadsheet_or_is_markup(name: str) -> None:
    row = ROW._replace(login=name, name=name, what=name, reason=name)
    (_, cells) = csv.reader(io.StringIO(as_csv({name: [row]})))
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
    assert "<script>alert" not in page.render({name: [row]}, "now")


def test_an_account_that_is_there_since_scope_is_all_names_the_person_s_line(world: World) -> None:
    world.write("apps/wiki/app.yaml", APP + "provisioning: {scope: all}\n")
    world.assign("group: Team, role: User")
    world.converge()
    (eve,) = picked(held(world.session().planned.context), frozenset({"eve@x.org"}), frozenset(), frozenset())
    assert (eve.kind, eve.source, eve.line, eve.through) == ("account", Source.DECLARED, 4, "") and eve.file.endswith(
        "users/a.yaml"
    )
    assert "users/a.yaml:4 (provisioning.scope is all)" in as_table({"Wiki": [eve]})
    assert "users/a.yaml:4 (provisioning.scope is all)" in page.render({"Wiki": [eve]}, "")
