"""What a cycle costs that finds nothing to do: python -m tests.benchmarks.cycle 100000. Each figure is one whole process.

The first one is initial and reads everything; of the others a large app reads the privileged, and those whose turn it is. It ends
with 1 where those take more computing than docs/cost.md promises.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from tests.benchmarks.bench import ROOT, serving
from tests.benchmarks.generate import declare
from tests.benchmarks.measure import Cost, run, verdict
from tests.benchmarks.record import write_record

PROMISED = 2.0  # seconds of computing at 100,000 users
ONE = """
import gc, sys
from contextlib import contextmanager
from pathlib import Path
gc.disable()
from reconciler.cycle.clock import now
from reconciler.cycle.listener import SILENT
from reconciler.cycle.randomness import SystemChance
from reconciler.service.order import Means, Order
from reconciler.service.worker import conducted
@contextmanager
def orderly(): yield lambda: False
held = []
means = Means(SILENT, now, SystemChance(), orderly, held=held.append)
end = conducted(Path(sys.argv[1]), "bench", Order("c", True), means)
print(end.kind, end.result, end.error, dict(end.written), end.counts.drifted, file=sys.stderr)
import os
sys.stderr.flush()
os._exit(end.result != "success")
"""


def broken(costs: list[Cost]) -> list[str]:
    """Promises of docs/cost.md that cycles which found nothing to do have not kept."""
    took = statistics.median(cost.cpu for cost in costs)
    return [f"{took:.2f} s of computing, promised are {PROMISED} s"] if took > PROMISED else []


def main(count: int) -> int:
    with tempfile.TemporaryDirectory() as name, serving(count, "alike") as url:
        folder = Path(name)
        declare(folder / "desired", count)
        write_record(folder / ".reconcile", count)
        (folder / ".gitignore").write_text(".reconcile\ncache\n")
        for words in (["init"], ["add", "."], ["-c", "user.name=b", "-c", "user.email=b@x.org", "commit", "-m", "declared"]):
            subprocess.run(["git", "-C", name, *words], check=True, capture_output=True)
        environ = {
            "BENCH_URL": url,
            "BENCH_TOKEN": "token",
            "RECONCILE_CACHE_DIR": str(folder.parent / f"{folder.name}-cache"),
            "RECONCILE_ALLOWED_ORIGINS": url,
            "PYTHONPATH": str(ROOT),
        }
        costs: list[Cost] = []
        for kind in ("initial, cold", *["incremental, nothing to do"] * 3):
            cost = run([sys.executable, "-c", ONE, str(folder / "desired")], folder, environ)
            with urllib.request.urlopen(f"{url}/asked") as answer:
                asked = answer.read().decode()
            computing = f"{cost.cpu:.2f} s of computing, {cost.wall:.2f} s by the clock, {cost.megabytes:.0f} MB"
            print(f"{kind}: {computing}, {asked} requests")
            costs.append(cost)
    return verdict(broken(costs[1:]))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
