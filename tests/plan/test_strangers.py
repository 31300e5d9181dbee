"""Active accounts that nobody manages are named where they hold what is privileged or managed, and count where they are live."""

from __future__ import annotations

from pathlib import Path

from tests.plan.test_policies import ENOUGH, rule
from tests.plan.test_safeguards import Town
from tests.support.world import World

ADMIN = [{"value": "admin", "display": "Admin"}]


def test_who_holds_a_privileged_role_and_is_nobodys_is_named(world: World) -> None:
    world.converge()
    world.seed("stranger@x.org")
    world.edit("stranger@x.org", "roles", ADMIN)
    (said,) = [text for text in world.plan().warnings if "(privileged)" in text]
    assert said.startswith("an active account holds Admin (privileged) on the service, and nobody manages it: stranger@x.org")


def test_strangers_count_as_holders(tmp_path: Path) -> None:
    found = Town(tmp_path, 2, "lockout: {role: Admin, minimumActive: 1}")
    rule(found, ENOUGH)
    found.seed("stranger@x.org")
    assert found.blocking() == ["lockout"] and any("0 hold Admin" in text for text in found.plan().standing)
    found.edit("stranger@x.org", "roles", ADMIN)
    assert found.blocking() == [] and not any("0 hold Admin" in text for text in found.plan().standing)
