"""`make bench`: what a plan costs, stage by stage, against yardsticks of the same round. Each figure is one whole process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from tests.benchmarks.generate import PER_FILE, declare
from tests.benchmarks.measure import Cost, median, ratio, run, total
from tests.benchmarks.record import write_record
from tests.benchmarks.stages import STAGES

ROOT = Path(__file__).parent.parent.parent
ROUNDS = int(os.environ.get("ROUNDS", "3"))
HELP_ROUNDS = 15
RECONCILE = [sys.executable, "-c", "from reconciler.cli.main import main; main()"]
MINIMAL = "warm, one line changed, --minimal"
Costs = dict[str, list[Cost]]


@contextmanager
def serving(count: int, *more: str) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.benchmarks.serve", str(count), *more]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def git(folder: Path, *arguments: str) -> str:
    named = {f"GIT_{who}_{what}": "bench@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    found = subprocess.run(["git", "-C", str(folder), *arguments], env={**os.environ, **named}, check=True, capture_output=True)
    return found.stdout.decode()


def asked(url: str) -> int:
    """How many requests the service has had since it was last asked."""
    with urlopen(f"{url}/asked") as answer:
        return int(answer.read())


class Size:
    """One size of company: its files, its service, and what was measured of it by name of the scenario."""

    def __init__(self, folder: Path, count: int, url: str) -> None:
        self.folder, self.count, self.url = folder, count, url
        self.costs: Costs = defaultdict(list)
        self.stages: dict[str, dict[str, float]] = {}
        self.requests = 0

    def prepare(self) -> None:
        declare(self.folder / "desired", self.count)
        declare(self.folder / "expressions", self.count, expressions=True)
        for name in ("without", "with"):
            (self.folder / name).mkdir()
        write_record(self.folder / "with/.reconcile", self.count)
        self.prepare_change()

    def prepare_change(self) -> None:
        """The same company in a checkout: applied at its commit, and one line changed since. All has been parsed once."""
        here = self.folder / "minimal"
        declare(here / "desired", self.count)
        git(here, "init", "--quiet")
        git(here, "add", "desired")
        git(here, "commit", "--quiet", "--message", "all")
        write_record(here / ".reconcile", self.count, git(here, "rev-parse", "HEAD").strip())
        self.plan("", "cold", "minimal/desired", "minimal")
        file = here / f"desired/directory/users/part{self.count // PER_FILE // 2:04}.yaml"
        file.write_text(file.read_text().replace("Engineer", "Chief Engineer", 1))
        self.plan("", "warm", "minimal/desired", "minimal", options=("--minimal",))
        del self.costs[""], self.stages[""]

    def round(self) -> None:
        """Every scenario once, so that what else the machine does falls on all of them."""
        self.yardstick("yaml", "yaml", str(self.folder / "desired/directory/users"))
        for record in ("without", "with"):
            for state in ("cold", "warm"):
                self.plan(f"{state}, {record} a record", state, "desired", record)
                self.yardstick(f"pages of {state}, {record} a record", "pages", self.url, str(self.count))
        asked(self.url)
        self.plan(MINIMAL, "warm", "minimal/desired", "minimal", options=("--minimal",))
        self.requests = asked(self.url)
        for state in ("cold", "warm"):
            self.plan(f"{state}, nine attributes", state, "desired", "without", "/expressions")
            self.plan(f"{state}, and ten expressions", state, "expressions", "without", "/expressions")

    def yardstick(self, name: str, *arguments: str) -> None:
        self.costs[name].append(run([sys.executable, "-m", "tests.benchmarks.yardstick", *arguments], ROOT))

    def plan(self, name: str, state: str, declared: str, record: str, path: str = "", options: tuple[str, ...] = ()) -> None:
        cache, out = self.folder / "cache" / declared / record / path.strip("/"), self.folder / "stages.json"
        if state == "cold" and cache.exists():
            for file in cache.iterdir():
                file.unlink() if file.is_file() else None
        environ = {
            "BENCH_URL": self.url + path,
            "BENCH_TOKEN": "token",
            "RECONCILE_CACHE_DIR": str(cache),
            "RECONCILE_ALLOWED_ORIGINS": self.url,
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, "-m", "tests.benchmarks.stages", str(out), "--desired", str(self.folder / declared), *options]
        self.costs[name].append(run(command, self.folder / record, environ))
        self.stages[name] = json.loads(out.read_text())


def measured(count: int) -> Size:
    with tempfile.TemporaryDirectory(prefix="reconcile-bench-") as temporary, serving(count) as url:
        size = Size(Path(temporary), count, url)
        size.prepare()
        for _ in range(ROUNDS):
            size.round()
        return size


def table(size: Size) -> str:
    """Stages of the last round, the whole by its median, ratios round by round: by the clock, and by computing."""
    costs = size.costs
    yaml, names = costs["yaml"], list(STAGES)
    pages = [cost for name, found in costs.items() if name.startswith("pages") for cost in found]
    beside = f"YAML {median(yaml).wall:.2f} s, pages {median(pages).wall:.2f} s"
    lines = [
        f"{size.count:,} users, {ROUNDS} rounds; yardstick: {beside}",
        "",
        f"| | {' | '.join(names)} | whole | of the yardstick | of the pages | MB |",
        "|---" * (len(names) + 5) + "|",
    ]
    for name, stages in size.stages.items():
        reads, whole = costs.get(f"pages of {name}"), median(costs[name])
        ratios = [ratio(costs[name], total(yaml, reads)), ratio(costs[name], reads)] if reads else []
        cells = [f"{stages.get(stage, 0):.2f}" for stage in names]
        shown = [f"{clock:.2f}, {computing:.2f}" for clock, computing in ratios] or ["", ""]
        lines.append(f"| {name} | {' | '.join([*cells, f'{whole.wall:.2f}', *shown])} | {whole.megabytes:.0f} |")
    return "\n".join(lines)


def targets(sizes: list[Size]) -> Iterator[str]:
    """What the project promises, with what was measured."""
    last, first = sizes[-1], sizes[0]
    for record in ("without", "with"):
        for state, beside, most in (("cold", "the yardstick", 1.0), ("warm", "the page reads", 2.0)):
            name = f"{state}, {record} a record"
            pages = last.costs[f"pages of {name}"]
            other = total(last.costs["yaml"], pages) if state == "cold" else pages
            yield said(f"{name}, of {beside}", ratio(last.costs[name], other), most)
            if last is not first:
                yield said(f"{name}, of {first.count:,} users", ratio(last.costs[name], first.costs[name]), 9.0)
    for state in ("cold", "warm"):
        both = last.costs[f"{state}, and ten expressions"], last.costs[f"{state}, nine attributes"]
        yield said(f"{state}, ten expressions more, of the plan without them", ratio(*both), 1.3)
    minimal = median(last.costs[MINIMAL])
    yield f"- {MINIMAL}: {minimal.wall:.2f} s by the clock (at most 1.5), {last.requests} requests (at most 10)"
    peak = max(cost.megabytes for name, found in last.costs.items() if "record" in name for cost in found)
    yield f"- peak memory: {peak:.0f} MB (at most 600)"
    yield said("`reconcile --help`, of `import click`", help_ratio(), 1.5)


def said(what: str, found: tuple[float, float], most: float) -> str:
    return f"- {what}: {found[0]:.2f} by the clock, {found[1]:.2f} by computing (at most {most:g})"


def help_ratio() -> tuple[float, float]:
    pairs = [(run([*RECONCILE, "--help"], ROOT), run([sys.executable, "-c", "import click"], ROOT)) for _ in range(HELP_ROUNDS)]
    return ratio([pair[0] for pair in pairs], [pair[1] for pair in pairs])


if __name__ == "__main__":
    found = []
    for number in [int(argument) for argument in sys.argv[1:]] or [10_000, 100_000]:
        found.append(measured(number))
        print(table(found[-1]), "\n", flush=True)
    print(f"At {found[-1].count:,} users:\n")
    print("\n".join(targets(found)))
