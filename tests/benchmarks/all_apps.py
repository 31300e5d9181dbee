"""`python -m tests.benchmarks.all_apps [APPS [SECONDS]]`: one plan of all apps of a directory, against the bare page reads.

Each request takes so many seconds, 0.05 where nothing is said: what waits for a service is what many apps cost.

The same number of workers reads the pages, each page on its own; both are whole processes of the same round.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.benchmarks.apps import YARDSTICK
from tests.benchmarks.bench import RECONCILE, ROOT, ROUNDS, git, said, serving
from tests.benchmarks.generate_apps import declare_apps, name_of
from tests.benchmarks.measure import Cost, median, ratio, run

PEOPLE = 1_000
MOST, MOST_MEMORY = 1.2, 1000  # times the bare reads; MB


def planned(folder: Path, url: str, apps: int) -> Cost:
    environ = {
        "BENCH_URL": url,
        "RECONCILE_CACHE_DIR": str(folder / "cache"),
        "RECONCILE_ALLOWED_ORIGINS": url,
        "PYTHONPATH": str(ROOT),
        **{f"{name_of(number).upper()}_TOKEN": f"token-{number}" for number in range(apps)},
    }
    return run([*RECONCILE, "plan"], folder / "checkout", environ)


def main(apps: int, latency: float) -> None:
    with tempfile.TemporaryDirectory(prefix="reconcile-bench-") as temporary, serving(PEOPLE, str(latency)) as url:
        folder = Path(temporary)
        declare_apps(folder / "checkout/desired", apps, PEOPLE, PEOPLE)
        git(folder / "checkout", "init", "--quiet")
        git(folder / "checkout", "add", "desired")
        git(folder / "checkout", "commit", "--quiet", "--message", "all")
        pairs = [
            (planned(folder, url, apps), run([*YARDSTICK, "many", url, str(PEOPLE), str(apps)], ROOT)) for _ in range(ROUNDS)
        ]
    ours, bare = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    beside = f"{median(ours).wall:.1f} s, the bare reads {median(bare).wall:.1f} s"
    print(f"{apps:,} apps with {PEOPLE:,} accounts each, {1000 * latency:.0f} ms a request: {beside}")
    print(said("a plan of all apps, of the bare reads", ratio(ours, bare), MOST))
    print(f"- peak memory: {median(ours).megabytes:.0f} MB (at most {MOST_MEMORY})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000, float(sys.argv[2]) if len(sys.argv) > 2 else 0.05)
