"""What may be done in the name of a plan that was asked for by its digest: what is left of it, and nothing else."""

from __future__ import annotations

import pytest

from reconciler.record.model import Record
from reconciler.record.unfinished import Unfinished
from tests.support.world import APP, World


def ask(world: World, *only: str) -> str:
    """As an apply does before its first write."""
    plan, record = world.plan(*only), world.store.load() or Record("wiki")
    Unfinished(record).ask(plan.digest, plan.only, plan.selected_causes, plan.changes)
    world.store.save(record)
    return plan.digest


def left(world: World, digest: str, *only: str) -> bool:
    record, plan = world.store.load(), world.plan(*only)
    assert record is not None
    return Unfinished(record).is_rest(digest, plan.only, plan.selected_causes, plan.changes)


@pytest.mark.parametrize("steps", range(1, 8))
def test_whatever_an_apply_has_done_the_rest_is_left(world: World, steps: int) -> None:
    digest, asked = ask(world), list[int]()

    def stopped() -> bool:
        asked.append(1)
        return len(asked) > steps

    world.apply(stopped)
    assert left(world, digest)
    world.converge()
    assert left(world, digest), "nothing is"
    world.edit("ada@x.org", "title", "Chief")
    assert not left(world, digest)


def test_a_deletion_of_somebody_who_has_changed_is_not(world: World) -> None:
    world.write("apps/wiki/app.yaml", APP + "deprovisioning: {removedFromDirectory: delete}\n")
    world.converge()
    world.users("userPrincipalName: grace@x.org, displayName: Grace")
    world.groups("displayName: Net, members: [grace@x.org]")
    digest = ask(world)
    assert left(world, digest)
    world.edit("ada@x.org", "displayName", "Countess")
    assert not left(world, digest)


def test_taking_over_an_account_is_not_the_rest_of_creating_one(world: World) -> None:
    digest = ask(world)
    world.seed("ada@x.org", displayName="Somebody")
    (ada,) = [change for change in world.plan().changes if change.address == "User/ada@x.org"]
    assert ada.adopts and not left(world, digest)


def test_nor_is_it_of_a_saved_plan_that_was_begun(world: World) -> None:
    saved = world.plan()
    record = Record("wiki", world.client.base_url, under_way=[change.digest for change in saved.changes])
    world.store.save(record)
    world.seed("ada@x.org", displayName="Somebody")
    assert "User/ada@x.org" in {moved.address for moved in world.compare(saved).moved}


def test_another_part_is_not(world: World) -> None:
    digest = ask(world)
    assert left(world, digest) and not left(world, digest, "User/nobody@x.org")
    part = ask(world, "User/ada@x.org")
    assert left(world, part, "User/ada@x.org") and not left(world, part)
