"""Cycles without end on two machines that share one record in Git, with every fault of the simulation and kills in between.

THOROUGH=1 has two hundred of each kind: of a service that fails in every way, and of one that also lies.
"""

from __future__ import annotations

import gc
import tracemalloc
from functools import _lru_cache_wrapper

import pytest

from tests.simulation.turns import turns
from tests.support.budget import THOROUGH

CYCLES = 200 if THOROUGH else 8
BETWEEN = 8  # cycles from one calm to the next
FLAT = 256 * 1024  # bytes: what one more record of these takes is far more than a hundredth of it


@pytest.mark.parametrize("hostile", [False, True], ids=["honest", "hostile"])
def test_the_laws_hold_one_message_a_cause_and_memory_is_flat(hostile: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    with turns(11, monkeypatch, hostile) as run:
        for number in range(1, CYCLES + 1):
            run.round()
            if number == CYCLES // 4:
                before = _held()
            if number % BETWEEN == 0:
                run.settle()
        grown = _held() - before
        tracemalloc.stop()
        ids = [event.id for event in run.found]
    assert len(ids) == len(set(ids))
    assert grown < FLAT, f"{grown} bytes are kept after {CYCLES} cycles"


def _held() -> int:
    """Bytes that the program has asked for since the first call and still holds; not what the service in this process has.

    Nor what it has looked up once, such as the files of commits, which ends with the process that each cycle of `run` has.
    """
    gc.unfreeze()  # a cycle freezes what there is, since its process ends with it
    for item in gc.get_objects():
        if isinstance(item, _lru_cache_wrapper) and (item.__module__ or "").startswith("reconciler"):
            item.cache_clear()
    gc.collect()
    if not tracemalloc.is_tracing():
        tracemalloc.start()
        return 0
    ours = tracemalloc.Filter(True, "*/reconciler/*")
    return sum(item.size for item in tracemalloc.take_snapshot().filter_traces([ours]).statistics("filename"))
