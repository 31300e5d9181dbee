"""`python -m tests.benchmarks.runner [APPS] [EVERY]`: a pull request that touches N apps, by a stand-in for GitHub's runner.

It does what the workflow `plan` does: lists each part of the apps, and plans one app a job, each a process of its own, a few at a
time. With EVERY, only each so-many-th job of a matrix is run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reconciler.github.shards import parts_for
from tests.benchmarks.apps import EACH, PEOPLE
from tests.benchmarks.bench import RECONCILE, ROOT, serving
from tests.benchmarks.generate_apps import declare_apps, name_of
from tests.benchmarks.measure import Cost, median, run

AT_A_TIME = 4


class Runner:
    """A checkout with so many apps, and a service that has everybody."""

    def __init__(self, folder: Path, url: str, apps: int) -> None:
        self.folder, self.parts = folder, parts_for(apps)
        declare_apps(folder / "desired", apps, PEOPLE, EACH)
        tokens = {f"{name_of(number).upper()}_TOKEN": f"token-{number}" for number in range(apps)}
        # A runner is new each time: it has no parsed files of an earlier run.
        own = {"BENCH_URL": url, "RECONCILE_ALLOWED_ORIGINS": url, "RECONCILE_CACHE_DIR": "", "PYTHONPATH": str(ROOT)}
        self.environ = {**tokens, **own}
        for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "base"]):
            subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@x.org", *command], cwd=folder, check=True)
        (folder / "desired/reconciler.yaml").write_text("record: {backend: local, path: .reconcile}\n")

    def matrices(self) -> Iterator[tuple[list[str], float]]:
        """(the apps of a part, the seconds that it took to list them)."""
        for part in range(1, self.parts + 1):
            words = ["apps", "--with-token", "--changed-since", "HEAD", "--format", "json", "--shard", f"{part}/{self.parts}"]
            start, environ = time.perf_counter(), {**os.environ, **self.environ}
            ran = subprocess.run([*RECONCILE, *words], cwd=self.folder, env=environ, capture_output=True, check=True)
            yield [row["app"] for row in json.loads(ran.stdout)], time.perf_counter() - start

    def job(self, app: str) -> Cost:
        return run([*RECONCILE, "plan", "--app", app], self.folder, self.environ)


def main(apps: int, every: int) -> None:
    with tempfile.TemporaryDirectory(prefix="reconcile-bench-") as temporary, serving(PEOPLE) as url:
        runner = Runner(Path(temporary), url, apps)
        found = list(runner.matrices())
        assert sum(len(names) for names, _ in found) == apps and max(len(names) for names, _ in found) <= 256
        names = [name for names, _ in found for name in names][::every]
        start = time.perf_counter()
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            costs = list(pool.map(runner.job, names))
        wall, one = time.perf_counter() - start, median(costs)
        print(f"{apps:,} apps in {len(found)} matrices, listed in {', '.join(f'{seconds:.2f} s' for _, seconds in found)}")
        print(f"{len(costs):,} jobs, {AT_A_TIME} at a time: {wall:.0f} s, {sum(cost.cpu for cost in costs):.0f} s of computing")
        print(f"one job: {one.wall:.2f} s, {one.cpu:.2f} s of computing, at most {max(c.megabytes for c in costs):.0f} MB")


if __name__ == "__main__":
    chosen = [int(text) for text in sys.argv[1:]]
    main(*[*chosen, *(1_000, 1)[len(chosen) :]])
