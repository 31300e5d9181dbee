"""Digests say what would be done and on what it rests: the same everywhere, and other whenever that is another thing."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.plan.change import AttributeChange, Change, Precondition
from reconciler.plan.digest import change_digest, plan_digest
from tests.support.budget import examples
from tests.support.world import World

CHANGE = Change(
    "User/ada@x.org", "update", "why", ("config",), "a.yaml", 2, "Ada", (AttributeChange("title", "a", "b"),), ("User/x",),
    ("User/y",), Precondition("1", 'W/"1"', "sha256:0"), False, "",
)  # fmt: skip
SAME = [
    {"reason": "other words"}, {"causes": ("drift",)}, {"file": "b.yaml"}, {"line": 9}, {"name": "Lovelace"}, {"adopts": True},
    {"precondition": Precondition("1", 'W/"2"', "sha256:0")},
]  # fmt: skip
OTHER = [
    {"address": "User/grace@x.org"}, {"action": "enable"}, {"attributes": ()}, {"add": ()}, {"remove": ()},
    {"precondition": None},
    {"attributes": (AttributeChange("title", "a", "c"),)}, {"attributes": (AttributeChange("title", "z", "b"),)},
    {"attributes": (AttributeChange("title", "a", None, generated="Guid()"),)}, {"add": ("User/x", "User/z")},
    {"precondition": Precondition("2", 'W/"1"', "sha256:0")}, {"precondition": Precondition("1", 'W/"1"', "sha256:1")},
]  # fmt: skip
GOLDEN = ["sha256:449b7a5d8924", "sha256:395c56ae6c59", "sha256:3a23f6fa2c91"]
ORDERED = "sha256:89211eeec9da100c0475d71f5a62153824e2df4423f48b8a44618f25e0db0a9f"


@pytest.mark.parametrize("moved", SAME, ids=lambda moved: "-".join(moved))
def test_prose_places_causes_and_etags_are_not_in_a_digest(moved: dict[str, object]) -> None:
    assert change_digest(replace(CHANGE, **moved)) == change_digest(CHANGE)  # type: ignore[arg-type]


@pytest.mark.parametrize("moved", OTHER, ids=repr)
def test_what_would_be_done_and_what_it_rests_on_are(moved: dict[str, object]) -> None:
    assert change_digest(replace(CHANGE, **moved)) != change_digest(CHANGE)  # type: ignore[arg-type]


def test_a_plan_s_digest_holds_app_url_selection_and_changes() -> None:
    base = ("wiki", "https://x", (), (), [CHANGE])
    others = [
        ("app", "https://x", (), (), [CHANGE]),
        ("wiki", "https://y", (), (), [CHANGE]),
        ("wiki", "https://x", ("User/a",), (), [CHANGE]),
        ("wiki", "https://x", (), ("drift",), [CHANGE]),
        ("wiki", "https://x", (), (), []),
        ("wiki", "https://x", (), (), [replace(CHANGE, digest="d")]),
    ]
    assert len({plan_digest(*arguments) for arguments in (base, *others)}) == len(others) + 1  # type: ignore[arg-type]


def test_a_digest_is_the_same_on_every_machine_and_python(world: World) -> None:
    assert world.plan().digest.startswith("sha256:") and [c.digest[:19] for c in world.plan().changes] == GOLDEN


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Adak"])
def test_a_digest_knows_no_time_zone(world: World, monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    here = world.plan().digest
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    there = world.plan().digest
    monkeypatch.undo()
    time.tzset()
    assert there == here


@settings(max_examples=examples(10))
@given(order=st.permutations(range(6)), cut=st.integers(0, 6))
def test_a_digest_knows_no_order_of_rows_and_files(tmp_path_factory: pytest.TempPathFactory, order: list[int], cut: int) -> None:
    world = World(tmp_path_factory.mktemp("world"))
    rows = [f"  - {{userPrincipalName: u{i}@x.org, manager: u0@x.org}}\n" for i in order]
    for name, part in (("b", rows[:cut]), ("a", rows[cut:])):
        world.write(f"directory/users/{name}.yaml", "users:\n" + "".join(part) if part else "users: []\n")
    world.groups(f"displayName: Net, members: [{', '.join(f'u{i}@x.org' for i in order)}]")
    world.assign("group: Net, role: User")
    assert world.plan().digest == ORDERED
