"""A record in Git only grows: one that was rewritten is refused, by what the machine last saw and by what a saved plan knew."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.record.model import Record
from reconciler.record.store import RecordError
from tests.support.gitworld import GitWorld, git

REF = "refs/reconcile/wiki"


@pytest.fixture
def world(tmp_path: Path) -> GitWorld:
    found = GitWorld(tmp_path)
    for number in range(3):
        found.store().save(Record("wiki", runs=number + 1))
    return found


def head(world: GitWorld, back: int = 0) -> str:
    return git(world.bare, "rev-parse", f"{REF}~{back}").strip()


def rewritten(world: GitWorld, how: str) -> None:
    """The ref as somebody who may push could leave it."""
    if how == "back":
        git(world.bare, "update-ref", REF, head(world, 1))
    elif how == "gone":
        git(world.bare, "update-ref", "-d", REF)
    else:
        message = f"x\n\nReplaces: {head(world)}" if how == "claimed" else "x"
        tree = git(world.bare, "rev-parse", f"{REF}~1^{{tree}}").strip()
        git(world.bare, "update-ref", REF, git(world.bare, "commit-tree", tree, "-m", message).strip())


@pytest.mark.parametrize("how", ["back", "gone", "anew", "claimed"])
def test_a_machine_refuses_what_does_not_descend_from_what_it_saw_until_a_person_trusts_it(world: GitWorld, how: str) -> None:
    last = head(world)
    rewritten(world, how)
    now = "none" if how == "gone" else head(world)
    with pytest.raises(RecordError, match=last) as caught:
        world.store().load()
    assert f"reconcile record trust {now} --app wiki" in caught.value.remedy
    assert "revoked" in caught.value.remedy and ("now it is gone" in str(caught.value)) == (how == "gone")
    assert not world.store().trust("a" * 40)
    assert world.store().trust(now)
    found = world.store().load()
    assert (found is None) == (how == "gone")


def test_what_another_machine_adds_is_taken(world: GitWorld) -> None:
    other = world.clone("other")
    for number in range(40):
        world.store(other).save(Record("wiki", runs=10 + number))
    found = world.store().load()
    assert found is not None and found.runs == 49


def test_a_machine_that_saw_nothing_takes_what_is_there(world: GitWorld) -> None:
    rewritten(world, "anew")
    assert world.store(world.clone("new")).load() is not None


def test_a_cut_history_is_explained_to_machines_and_plans_that_knew_it(world: GitWorld) -> None:
    other, known = world.clone("other"), world.store().head()
    world.store().save(Record("wiki", runs=8))
    store = world.store(other)
    store.load()
    world.clock.sleep(100 * 86_400.0)
    store.save(Record("wiki", runs=9))
    at_the_cut = store.head()
    world.store().load()
    assert store.prune(50, world.clock()) > 0
    assert world.store().load() is not None, "this machine knew the head that was cut"
    assert world.store().follows(*at_the_cut)
    assert not world.store().follows(*known), "it is gone"
    assert not world.store().follows(at_the_cut[0], known[1]), "a claim of another content counts for nothing"


def test_a_cut_leaves_everybody_who_looked_within_the_age_able_to_go_on(world: GitWorld) -> None:
    """Also where nothing but the cut itself is younger than the age, and however often it is cut before they look again."""
    pruning = world.store(world.clone("other"))
    pruning.load()
    world.clock.sleep(100 * 86_400.0)
    for _ in range(3):
        pruning.log([{"id": "what prune tells the log"}])
        pruning.prune(50, world.clock())
        world.clock.sleep(86_400.0)
    assert world.store().load() == Record("wiki", runs=3)
    assert len(world.log()) == 4, "what was older is cut"


def test_what_a_plan_knew_is_an_earlier_version_or_not(world: GitWorld) -> None:
    store, known = world.store(), world.store().head()
    store.save(Record("wiki", runs=9))
    assert store.follows(*known) and store.follows(*store.head())
    assert not store.follows("b" * 40, known[1]) and not store.follows("--help", known[1])


def test_the_last_head_is_in_the_machines_cache_alone(world: GitWorld) -> None:
    assert git(world.checkout, "status", "--porcelain") == ""
    assert "seen" not in world.files()
