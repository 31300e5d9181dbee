"""A hundred seeds; `make simulate` runs five hundred, `make simulate SEEDS=20000` more, and any one again."""

from __future__ import annotations

import pytest

from tests.simulation.run import simulate

A_TEST = 20


@pytest.mark.parametrize("first", range(0, 100, A_TEST))
def test_after_any_faults_the_laws_hold_and_live_is_as_declared(first: int) -> None:
    for seed in range(first, first + A_TEST):
        simulate(seed)


def test_a_seed_replays_exactly() -> None:
    stories: list[list[str]] = [[], []]
    for story in stories:
        for seed in range(700, 705):
            simulate(seed, story.append)
    assert stories[0] == stories[1] and len(stories[0]) > 100
