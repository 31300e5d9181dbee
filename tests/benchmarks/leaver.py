"""How long a leaver who is merged stays in: python -m tests.benchmarks.leaver 100000. Whole processes, on a real checkout.

What a cycle takes from its start to its end, with the read back of the account, is measured; when `run --pull` looks at the
remote is drawn: each merge falls anywhere between two looks. It ends with 1 where docs/cost.md promises less.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.bench import ROOT, git
from tests.benchmarks.cycle import ONE
from tests.benchmarks.generate import declare
from tests.benchmarks.measure import Cost, run, verdict
from tests.benchmarks.record import write_record

POLL, PROMISED = 60.0, 300.0  # seconds between two looks; seconds at the 99th percentile
CYCLES, DRAWS = 5, 10_000


@contextmanager
def serving(count: int) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.benchmarks.write_server", str(count), "0", "yes"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.terminate()


def broken(p99: float) -> list[str]:
    """Promises of docs/cost.md that were not kept; seconds at the 99th percentile."""
    return [f"a leaver is out after {p99:.0f} s, promised are {PROMISED:.0f} s"] if p99 > PROMISED else []


def main(count: int) -> int:
    with tempfile.TemporaryDirectory() as name, serving(count) as url:
        folder = Path(name)
        declare(folder / "desired", count)
        write_record(folder / ".reconcile", count)
        (folder / ".gitignore").write_text(".reconcile\ncache\n")
        git(folder, "init", "--quiet")
        environ = {
            "BENCH_URL": url,
            "BENCH_TOKEN": "token",
            "RECONCILE_CACHE_DIR": str(folder / "cache"),
            "RECONCILE_ALLOWED_ORIGINS": url,
            "PYTHONPATH": str(ROOT),
        }
        took = [_left(folder, number, environ) for number in range(CYCLES + 1)]
    initial, costs = took[0], took[1:]
    print(f"the first cycle, which is initial: {initial.wall:.1f} s by the clock")
    print(f"a leaver's: {statistics.median(c.wall for c in costs):.1f} s, at most {max(c.wall for c in costs):.1f} s")
    luck, walls = random.Random(1), [cost.wall for cost in costs]
    out = [luck.uniform(0, POLL) + luck.choice(walls) for _ in range(DRAWS)]
    marks = statistics.quantiles(out, n=100)
    print(f"from the merge to the read back: median {marks[49]:.0f} s, p99 {marks[98]:.0f} s (promised: {PROMISED:.0f} s)")
    return verdict(broken(marks[98]))


def _left(folder: Path, number: int, environ: dict[str, str]) -> Cost:
    """One more leaves, is merged, and is out."""
    file = folder / "desired/apps/bench/assignments.yaml"
    file.write_text(file.read_text().replace(f"  - {{user: user{number:06}@example.com, role: User}}\n", ""))
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "somebody leaves")
    return run([sys.executable, "-c", ONE, str(folder / "desired")], folder, environ)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
