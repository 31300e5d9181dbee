"""A record that somebody accepted instead of what a plan knew: gone on from everywhere, unless it was to be signed and is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cycle.audited import tell_trusted
from reconciler.cycle.reviewed import known_record
from reconciler.plan.model import Plan, RecordHead
from reconciler.record.store import RecordError
from tests.record.test_signed import REF, head, key, needs_ssh, save, use
from tests.support.gitworld import GitWorld, git


@pytest.fixture
def world(tmp_path: Path) -> GitWorld:
    return GitWorld(tmp_path)


def plan_of(world: GitWorld) -> Plan:
    """A plan that was made with the record as it is now."""
    tree = git(world.bare, "rev-parse", f"{REF}^{{tree}}").strip()
    return Plan("wiki", "Wiki", "https://wiki", "generic", record=RecordHead(head(world), tree))


def test_a_plan_goes_on_from_what_was_accepted_instead_of_what_it_knew_and_from_nothing_else(world: GitWorld) -> None:
    for runs in (1, 2):
        save(world, runs, sign=False)
    old = head(world, 2)
    plan = plan_of(world)
    assert known_record(world.store(), plan)
    runner, other = world.clone("runner"), world.clone("other")
    git(world.bare, "update-ref", REF, old)
    with pytest.raises(RecordError) as caught:
        known_record(world.store(runner), plan)
    assert f"`reconcile record trust {old} --instead-of {plan.record.head} --app wiki`" in caught.value.remedy
    store = world.store(other)
    assert store.trust(old)
    tell_trusted(store, old, ["f" * 40])  # of something else
    with pytest.raises(RecordError, match="does not descend"):
        known_record(world.store(runner), plan)
    tell_trusted(store, old, [str(plan.record.head)])
    assert not known_record(world.store(runner), plan)
    save(world_of(world, other), 3, sign=False)
    assert not known_record(world.store(runner), plan), "and from what comes after it"


def test_the_head_that_a_refused_apply_told_is_taken_once_that_has_given_its_lock_back(world: GitWorld) -> None:
    for runs in (1, 2):
        save(world, runs, sign=False)
    plan, older = plan_of(world), head(world, 3)
    git(world.bare, "update-ref", REF, head(world, 2))
    runner = world.store(world.clone("runner"))
    with runner.lock("apply", "2026-08-20T10:00:00Z"), pytest.raises(RecordError) as caught:
        known_record(runner, plan)
    told = caught.value.remedy.split("trust ")[1].split()[0]
    assert told != head(world)
    other = world.store(world.clone("other"))
    assert other.trust(told) and not other.trust(older) and not other.trust("f" * 40) and not other.trust("none")


def world_of(world: GitWorld, checkout: Path) -> GitWorld:
    """The same from another machine."""
    world.checkout = checkout
    return world


@needs_ssh
def test_of_a_signed_record_nobody_can_say_so_without_a_key(world: GitWorld, tmp_path: Path) -> None:
    mine = key(tmp_path)
    use(world, mine, mine)
    for runs in (1, 2):
        save(world, runs)
    old, plan = head(world, 2), plan_of(world)
    runner, stranger = world.clone("runner"), world.clone("stranger")
    git(runner, "config", "gpg.ssh.allowedSignersFile", str(world.checkout / "signers"))
    git(world.bare, "update-ref", REF, old)
    forged = world.store(stranger)
    assert forged.trust(old)
    tell_trusted(forged, old, [str(plan.record.head)])
    with pytest.raises(RecordError) as caught:
        known_record(world.store(runner, sign=True), plan)
    assert caught.value.code == "RecordNotSigned"
