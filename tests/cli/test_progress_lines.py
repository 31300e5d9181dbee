"""How far many reads are, in a pipe: a line now and then, with the time that is left."""

from __future__ import annotations

from reconciler.cli.progress_lines import EVERY, Lines
from tests.support.world import Clock


def test_a_line_comes_now_and_then_and_none_at_the_end() -> None:
    clock, said = Clock(), list[str]()
    lines = Lines(1000, "roles", said.append, clock)
    for _ in range(1000):
        clock.now += 0.25
        lines.one()
    assert said[:2] == ["roles: 120 of 1,000 read, about 4 minutes left", "roles: 240 of 1,000 read, about 3 minutes left"]
    assert said[-1] == "roles: 960 of 1,000 read, about 10 seconds left"
    assert len(said) == int(250 / EVERY)


def test_what_is_soon_read_is_not_spoken_of() -> None:
    clock, said = Clock(), list[str]()
    lines = Lines(3, "roles", said.append, clock)
    for _ in range(3):
        clock.now += 1
        lines.one()
    assert said == []
