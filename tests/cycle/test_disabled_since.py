"""`deleteAfter` counts from when an account is known to be disabled, without a break, whoever did it."""

from __future__ import annotations

import pytest

from tests.support.world import World

ADA = "User/ada@x.org"


@pytest.fixture
def leaving(world: World) -> World:
    """Ada is no longer declared; who leaves is deleted 30 days after."""
    app = world.folder / "desired/apps/wiki/app.yaml"
    app.write_text(app.read_text(encoding="utf-8") + "deprovisioning: {deleteAfter: 30d}\n", encoding="utf-8")
    world.converge()
    world.users("userPrincipalName: grace@x.org, displayName: Grace")
    world.groups("displayName: Net, members: [grace@x.org]")
    return world


def on(world: World, day: str) -> None:
    world.today, world.now = day, f"{day}T08:00:00Z"


def seen(world: World, day: str) -> list[str]:
    """What a cycle would do on a day, which reports what is edited by hand and keeps what it has seen."""
    on(world, day)
    session = world.session()
    assert session.record is not None
    world.store.save(session.record)
    return [str(change.action) for change in session.planned.plan.changes if change.address == ADA]


def test_who_was_enabled_by_hand_meanwhile_begins_anew(leaving: World) -> None:
    leaving.converge()
    leaving.edit("ada@x.org", "active", True)
    assert seen(leaving, "2026-06-11") == ["disable"]
    leaving.edit("ada@x.org", "active", False)
    assert seen(leaving, "2026-06-21") == []
    assert seen(leaving, "2026-07-01") == [] and seen(leaving, "2026-07-20") == []
    assert seen(leaving, "2026-07-21") == ["delete"]


def test_who_had_been_disabled_by_hand_is_deleted_so_long_after_it_was_seen(leaving: World) -> None:
    leaving.edit("ada@x.org", "active", False)
    assert leaving.apply().complete
    assert seen(leaving, "2026-06-05") == []
    assert seen(leaving, "2026-07-04") == []
    assert seen(leaving, "2026-07-05") == ["delete"]
