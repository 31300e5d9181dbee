"""Cycles without end on two machines that share one record in Git, with every fault of the simulation and kills in between.

Two hundred of a service that fails in every way and also lies now and then, and fewer of one that only fails, of which all laws
hold at any time; THOROUGH=1 has a thousand of each.
"""

from __future__ import annotations

import gc
import tracemalloc
from functools import _lru_cache_wrapper

import pytest

from reconciler.cycle import earlier_commit
from tests.simulation.turns import Turns, turns
from tests.support.budget import THOROUGH

MANY, FEWER = (1000, 1000) if THOROUGH else (200, 24)
BETWEEN = 8  # rounds from one calm to the next
WATCHED = 25  # the last cycles, over which memory is counted: that makes them slow
FLAT = 64 * 1024  # bytes: what one more record of these takes is far more than a twenty-fifth of it


def rounds(run: Turns, cycles: int) -> None:
    """Until there were so many cycles, with calms in between and at the end."""
    number = 0
    while run.cycles < cycles:
        run.round()
        number += 1
        if number % BETWEEN == 0:
            run.settle()
    run.settle()
    ids = [event.id for event in run.found]
    assert len(ids) == len(set(ids))


def test_two_hundred_cycles_hold_the_laws_and_tell_each_cause_once_and_memory_is_flat(monkeypatch: pytest.MonkeyPatch) -> None:
    with turns(11, monkeypatch, hostile=True) as run:
        rounds(run, MANY - WATCHED)
        _held()
        rounds(run, MANY)
        grown = _held()
        tracemalloc.stop()
    assert grown < FLAT, f"{grown} bytes of the last {WATCHED} cycles are kept"


def test_of_a_service_that_never_lies_all_laws_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    with turns(11, monkeypatch) as run:
        rounds(run, FEWER)


def _held() -> int:
    """Bytes that the program has asked for since the first call and still holds; not what the service in this process has.

    Nor what it has looked up once, such as the files of commits, which ends with the process that each cycle of `run` has.
    """
    gc.unfreeze()  # a cycle freezes what there is, since its process ends with it
    for item in gc.get_objects():
        if isinstance(item, _lru_cache_wrapper) and (item.__module__ or "").startswith("reconciler"):
            item.cache_clear()
    earlier_commit._trees.clear()
    gc.collect()
    if not tracemalloc.is_tracing():
        tracemalloc.start()
        return 0
    ours = tracemalloc.Filter(True, "*/reconciler/*")
    return sum(item.size for item in tracemalloc.take_snapshot().filter_traces([ours]).statistics("filename"))
