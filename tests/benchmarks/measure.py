"""A command as a whole process: from its start to its end, with what the system counted of it."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple


class Cost(NamedTuple):
    """Seconds by the clock, seconds of computing (user and system), the most memory at once in MB."""

    wall: float
    cpu: float
    megabytes: float


def run(command: list[str], folder: Path, environ: Mapping[str, str] | None = None) -> Cost:
    """One run. Raises where the command fails."""
    start = time.perf_counter()
    # As installed, with its bytecode beside it.
    found = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", **(environ or {})}
    with subprocess.Popen(command, cwd=folder, env=found, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def verdict(broken: Iterable[str]) -> int:
    """The exit code, once each promise that was not kept is said."""
    told = list(broken)
    for words in told:
        print(f"not kept: {words}")
    return 1 if told else 0


def median(costs: Iterable[Cost]) -> Cost:
    """Each figure's own median."""
    return Cost(*map(statistics.median, zip(*costs, strict=True)))


def ratio(costs: list[Cost], others: list[Cost]) -> tuple[float, float]:
    """(by the clock, by computing): the median over the rounds of one run to the other of the same round."""
    pairs = list(zip(costs, others, strict=True))
    return statistics.median(a.wall / b.wall for a, b in pairs), statistics.median(a.cpu / b.cpu for a, b in pairs)


def total(costs: list[Cost], others: list[Cost]) -> list[Cost]:
    """Round by round, one after the other."""
    return [Cost(a.wall + b.wall, a.cpu + b.cpu, max(a.megabytes, b.megabytes)) for a, b in zip(costs, others, strict=True)]
