"""The laws of the design, on generated directories against the real service in process."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.budget import examples
from tests.support.laws import converge_as_planned, deal
from tests.support.world import World

NAMES = [f"u{i}@x.org" for i in range(5)]
STATES = st.lists(
    st.tuples(
        st.fixed_dictionaries({n: st.sampled_from(["absent", "off", "Ada", "Ünï \u202e", "a`|<b>"]) for n in NAMES}),
        st.sets(st.sampled_from(NAMES)), st.sets(st.sampled_from(NAMES)),
    ),
    min_size=1, max_size=3,
)  # fmt: skip


def declare(world: World, state: tuple[dict[str, str], set[str], set[str]], random: Random | None = None) -> None:
    """In one file each, or dealt over several in any order by `random`."""
    people, members, assigned = state
    present = [name for name in NAMES if people[name] != "absent"]
    users = [{"userPrincipalName": n, "displayName": people[n], "accountEnabled": people[n] != "off"} for n in present]
    groups = [
        {"displayName": name, "members": [n for n in present if n in inside][:: 1 if random is None else -1]}
        for name, inside in (("Net", members), ("Ops", assigned))
    ]
    assigned_to = [
        *({"group": name, "role": "User"} for name in ("Net", "Ops")),
        *({"user": n, "role": "Admin"} for n in present if n in assigned),
    ]
    deal(world, "directory/users", "users", users, random)
    deal(world, "directory/groups", "groups", groups, random)
    (world.folder / "desired/apps/wiki/assignments.yaml").unlink(missing_ok=True)
    deal(world, "apps/wiki/assignments", "assignments", assigned_to, random)


@settings(max_examples=examples(5), phases=(Phase.explicit, Phase.generate), suppress_health_check=[HealthCheck.too_slow])
@given(STATES, st.sets(st.sampled_from(NAMES)), st.randoms(use_true_random=False))
def test_every_apply_converges_and_touches_only_what_was_planned(
    states: list[tuple[dict[str, str], set[str], set[str]]], existing: set[str], random: Random
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        for name in sorted(existing):
            world.seed(name)
        strange = world.seed("stranger@x.org")
        untouched = {**(world.client.get("Users", strange) or {}), "meta": None}
        for state in states:
            declare(world, state)
            before = world.transport.writes
            plan = world.plan()
            assert world.transport.writes == before
            declare(world, state, random)
            assert world.plan().digest == plan.digest
            converge_as_planned(world)
        live = world.client.get("Users", strange)
        # The service's own counter of versions is not ours to judge: what the account holds is.
        assert live is not None and {**live, "meta": None} == untouched
