"""`make bench`: what a plan costs at several sizes, stage by stage, against a yardstick measured in the same run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks.generate import declare
from tests.benchmarks.record import write_record

ROOT = Path(__file__).parent.parent.parent


def child(module: str, *arguments: object, **environ: str) -> Any:
    """Run a module of the benchmarks in a fresh process; the JSON that it prints."""
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", *map(str, arguments)]
    found = subprocess.run(command, cwd=ROOT, env={**os.environ, **environ}, stdout=subprocess.PIPE, check=True)
    return json.loads(found.stdout)


@contextmanager
def serving(count: int) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.benchmarks.serve", str(count)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.terminate()


def measure(count: int, folder: Path) -> dict[str, Any]:
    """All scenarios of one size."""
    declare(folder / "desired", count)
    declare(folder / "expressions", count, expressions=True)
    write_record(folder / "with", count)
    found: dict[str, Any] = {}
    with serving(count) as url:
        found["yardstick"] = child("yardstick", folder / "desired", url, count)
        for record in ("without", "with"):
            cache = str(folder / f"cache-{record}")
            for state in ("cold", "warm"):
                found[f"{state}, {record} record"] = child(
                    "stages", folder / "desired", url, folder / record, RECONCILE_CACHE_DIR=cache
                )
        for state in ("cold", "warm"):
            found[f"{state}, ten expressions"] = child(
                "stages", folder / "expressions", f"{url}/expressions", folder / "without",
                RECONCILE_CACHE_DIR=str(folder / "cache-x"),
            )  # fmt: skip
    return found


def table(count: int, found: dict[str, Any]) -> str:
    """One size as a Markdown table."""
    yardstick = found.pop("yardstick")
    whole, pages = sum(yardstick.values()), yardstick["pages"]
    names = list(next(iter(found.values()))["stages"])
    lines = [f"{count:,} users; yardstick: YAML {yardstick['yaml']:.2f} s, pages {pages:.2f} s", "",
             f"| | {' | '.join(names)} | whole | of the yardstick | of the pages | MB |",
             "|---" * (len(names) + 5) + "|"]  # fmt: skip
    for name, run in found.items():
        total = sum(run["stages"].values())
        cells = [f"{run['stages'][stage]:.2f}" for stage in names]
        lines.append(f"| {name} | {' | '.join(cells)} | {total:.2f} | {total / whole:.2f} | {total / pages:.2f} "
                     f"| {run['megabytes']:.0f} |")  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    for size in [int(argument) for argument in sys.argv[1:]] or [10_000, 100_000]:
        with tempfile.TemporaryDirectory(prefix="reconcile-bench-") as temporary:
            print(table(size, measure(size, Path(temporary))), "\n", flush=True)
