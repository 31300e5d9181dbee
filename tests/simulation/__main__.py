"""Many seeds, and how often each fault happened: python -m tests.simulation --seeds 20000."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.faults import EVERY
from tests.simulation.laws import Broken
from tests.simulation.run import simulate

os.environ.setdefault("RECONCILE_CACHE_DIR", "")


def one(seed: int) -> tuple[Counter[str], str]:
    """The faults of a seed, and what went wrong."""
    try:
        return simulate(seed), ""
    except Broken as error:
        return Counter(), str(error)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=500, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes side by side")
    parser.add_argument("--story", action="store_true", help="tell what happens, in this one process")
    asked = parser.parse_args()
    if asked.story:
        for seed in range(asked.first, asked.first + asked.seeds):
            simulate(seed, print)
        return 0
    counts, failures, begun = Counter[str](), [], time.monotonic()
    with ProcessPoolExecutor(asked.workers) as pool:
        for found, failure in pool.map(one, range(asked.first, asked.first + asked.seeds), chunksize=20):
            counts += found
            failures += [failure] if failure else []
    for kind in sorted({*EVERY, *counts}):
        print(f"{counts[kind]:8}  {kind}")
    never = [kind for kind in EVERY if not counts[kind]]
    print("\n".join(failures[:20]))
    print(
        f"{asked.seeds} seeds from {asked.first} in {time.monotonic() - begun:.0f} s: {len(failures)} failed"
        + (f"; never happened: {', '.join(never)}" if never else "")
    )
    return 1 if failures or never else 0


if __name__ == "__main__":
    sys.exit(main())
