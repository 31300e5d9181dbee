"""The laws of the design, on generated directories against the real service in process."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.world import World

NAMES = [f"u{i}@x.org" for i in range(5)]
STATES = st.lists(
    st.tuples(
        st.fixed_dictionaries({n: st.sampled_from(["absent", "off", "Ada", "Ünï \\u202e", "a`|<b>"]) for n in NAMES}),
        st.sets(st.sampled_from(NAMES)), st.sets(st.sampled_from(NAMES)),
    ),
    min_size=1, max_size=3,
)  # fmt: skip


def declare(world: World, state: tuple[dict[str, str], set[str], set[str]], backwards: bool = False) -> None:
    people, members, assigned = state
    present = [name for name in NAMES if people[name] != "absent"]
    rows = [
        f'userPrincipalName: {n}, displayName: "{people[n]}", accountEnabled: {str(people[n] != "off").lower()}'
        for n in present
    ]
    order = -1 if backwards else 1
    inside = [name for name in present if name in members][::order]
    world.users(*rows[::order])
    world.groups(f"displayName: Net, members: [{', '.join(inside)}]")
    world.assign("group: Net, role: User", *(f"user: {n}, role: Admin" for n in present if n in assigned))


@settings(max_examples=5, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=[HealthCheck.too_slow])
@given(STATES, st.sets(st.sampled_from(NAMES)))
def test_every_apply_converges_and_touches_only_what_was_planned(
    states: list[tuple[dict[str, str], set[str], set[str]]], existing: set[str]
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
            declare(world, state, backwards=True)
            assert world.plan().digest == plan.digest
            world.converge()
        live = world.client.get("Users", strange)
        # The service's own counter of versions is not ours to judge: what the account holds is.
        assert live is not None and {**live, "meta": None} == untouched
