"""`make bench`, writes: `reconcile apply` as a whole process against plain loops that send the same requests, side by side.

`python -m tests.benchmarks.writes [NAME]...` runs some of them alone; ROUNDS says how often.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.generate import declare
from tests.benchmarks.measure import Cost, median, ratio, run
from tests.benchmarks.record import write_record

ROOT = Path(__file__).parent.parent.parent
ROUNDS = int(os.environ.get("ROUNDS", "3"))
APPLY = ["-c", "from reconciler.cli.main import main; main()", "apply", "--auto-approve"]
SLOW, AT_ONCE, AT_MOST_ALONE = 0.05, 16, 1
GROUPS = """  groups:
    attributes:
      - {target: displayName, source: displayName, matchingPrecedence: 1}
      - {target: members, source: members}
"""


class Scenario(NamedTuple):
    """`count` objects at `latency` seconds a request, by plain `workers`; `most` is what is promised of their time."""

    what: str
    count: int
    latency: float
    etags: str
    workers: int
    most: float

    @property
    def words(self) -> str:
        at = f"at {self.latency * 1000:.0f} ms a request" if self.latency else "without latency"
        beside = f"of {self.workers} plain workers" if self.workers > 1 else "of a plain loop"
        etags = {"updates": f", {'with' if self.etags == 'yes' else 'without'} ETags"}.get(self.what, "")
        return f"{self.count:,} {self.what} {at}{etags}, {beside}"


SCENARIOS = {
    "slow creates": Scenario("creates", 400, SLOW, "no", AT_ONCE, 1.3),
    "slow updates with ETags": Scenario("updates", 400, SLOW, "yes", AT_ONCE, 1.3),
    "slow updates": Scenario("updates", 400, SLOW, "no", AT_ONCE, 2.3),
    "creates": Scenario("creates", 1500, 0.0, "no", AT_MOST_ALONE, 2.0),
    "updates": Scenario("updates", 1500, 0.0, "no", AT_MOST_ALONE, 2.5),
    "members": Scenario("members", 5000, SLOW, "no", AT_ONCE, 1.2),
}
MEMORY = 100_000  # creates of which the peak memory is measured
MOST_MEMORY = 600  # MB


@contextmanager
def serving(scenario: Scenario) -> Iterator[str]:
    seeded = 0 if scenario.what == "creates" else scenario.count
    name = ["Somebody Else"] if scenario.what == "updates" else []
    command = [sys.executable, "-m", "tests.benchmarks.write_server", str(seeded), str(scenario.latency), scenario.etags, *name]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def company(folder: Path, scenario: Scenario) -> None:
    """The declarations, and the record of those who are there."""
    desired = folder / "desired"
    declare(desired, scenario.count)
    if scenario.what != "creates":
        write_record(folder / ".reconcile", scenario.count)
    if scenario.what == "members":
        mappings = desired / "apps/bench/mappings.yaml"
        mappings.write_text(mappings.read_text().replace("  groups: {enabled: false}\n", GROUPS))
        inside = ", ".join(f"user{number:06}@example.com" for number in range(scenario.count))
        (desired / "directory/groups").mkdir()
        (desired / "directory/groups/a.yaml").write_text(f"groups:\n  - {{displayName: Everybody, members: [{inside}]}}\n")
        with (desired / "apps/bench/assignments.yaml").open("a") as file:
            file.write("  - {group: Everybody, role: User}\n")


def applied(scenario: Scenario) -> Cost:
    with tempfile.TemporaryDirectory(prefix="reconcile-bench-") as temporary, serving(scenario) as url:
        folder = Path(temporary)
        company(folder, scenario)
        environ = {
            "BENCH_URL": url,
            "BENCH_TOKEN": "token",
            "RECONCILE_CACHE_DIR": "",
            "RECONCILE_ALLOWED_ORIGINS": url,
            "PYTHONPATH": str(ROOT),
        }
        return run([sys.executable, *APPLY], folder, environ)


def bare(scenario: Scenario) -> Cost:
    with serving(scenario) as url:
        arguments = [scenario.what, url, str(scenario.count), str(scenario.workers)]
        return run([sys.executable, "-m", "tests.benchmarks.write_yardstick", *arguments], ROOT)


def measured(scenario: Scenario) -> str:
    pairs = [(applied(scenario), bare(scenario)) for _ in range(ROUNDS)]
    ours, theirs = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    by_clock = ratio(ours, theirs)[0]
    seconds = f"{median(ours).wall:.2f} s, the bare requests {median(theirs).wall:.2f} s"
    return f"- {scenario.words}: {by_clock:.2f} (at most {scenario.most:g}); {seconds}"


def memory() -> str:
    cost = applied(Scenario("creates", MEMORY, 0.0, "no", AT_ONCE, 0.0))
    return f"- peak memory of an apply of {MEMORY:,} creates: {cost.megabytes:.0f} MB (at most {MOST_MEMORY}); {cost.wall:.0f} s"


if __name__ == "__main__":
    for name in sys.argv[1:] or [*SCENARIOS, "memory"]:
        print(memory() if name == "memory" else measured(SCENARIOS[name]), flush=True)
