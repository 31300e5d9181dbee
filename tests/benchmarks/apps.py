"""`python -m tests.benchmarks.apps`: what many apps of one directory cost. Each figure is one whole process of the same round."""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from tests.benchmarks.bench import RECONCILE, ROOT, ROUNDS, said, serving
from tests.benchmarks.generate_apps import declare_apps, name_of
from tests.benchmarks.measure import Cost, median, ratio, run

MANY, PEOPLE, EACH = 300, 1_000, 200
YARDSTICK = [sys.executable, "-m", "tests.benchmarks.yardstick"]


class World:
    """Folders with one app and with many, a service that has everybody, and what was measured by name."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.costs: dict[str, list[Cost]] = defaultdict(list)
        for count in (1, MANY):
            declare_apps(folder / str(count) / "desired", count, PEOPLE, EACH)

    def reconcile(self, name: str, count: int, *arguments: str, cold: bool = False) -> None:
        cache = self.folder / f"cache-{count}"
        environ = {
            "BENCH_URL": self.url,
            f"{name_of(0).upper()}_TOKEN": "token-0",
            "RECONCILE_CACHE_DIR": "" if cold else str(cache),
            "RECONCILE_ALLOWED_ORIGINS": self.url,
            "PYTHONPATH": str(ROOT),
        }
        self.costs[name].append(run([*RECONCILE, *arguments], self.folder / str(count), environ))

    def yardstick(self, name: str, count: int, *arguments: str) -> None:
        self.costs[name].append(run([*YARDSTICK, *arguments], self.folder / str(count), {"PYTHONPATH": str(ROOT)}))

    def round(self) -> None:
        self.reconcile("plan --app alone", 1, "plan", "--app", name_of(0))
        self.reconcile(f"plan --app among {MANY}", MANY, "plan", "--app", name_of(0))
        self.yardstick("app.yaml of all", MANY, "apps", "desired")
        self.reconcile("apps --format json", MANY, "apps", "--format", "json", cold=True)


def targets(world: World) -> list[str]:
    costs = world.costs
    return [
        said(
            f"`plan --app` among {MANY} apps, of one alone",
            ratio(costs[f"plan --app among {MANY}"], costs["plan --app alone"]),
            1.3,
        ),
        said(
            f"`apps --format json` of {MANY} apps, of PyYAML reading reconciler.yaml and each app.yaml",
            ratio(costs["apps --format json"], costs["app.yaml of all"]),
            1.5,
        ),
    ]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="reconcile-bench-") as temporary, serving(PEOPLE) as url:
        world = World(Path(temporary), url)
        for _ in range(ROUNDS):
            world.round()
        for name, costs in world.costs.items():
            cost = median(costs)
            print(f"{name}: {cost.wall:.3f} s, {cost.cpu:.3f} s of computing, {cost.megabytes:.0f} MB")
        print("\n".join(targets(world)))


if __name__ == "__main__":
    main()
