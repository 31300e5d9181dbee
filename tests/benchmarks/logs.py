"""`python -m tests.benchmarks.logs [COUNT]`: what asking a log of so many records costs, by default a million."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from reconciler.apply.log_shape import Export, Facts, properties, record_of, steps_before
from reconciler.apply.origin import Origin
from reconciler.plan.change import Action, AttributeChange, Cause, Change, Precondition
from reconciler.plan.model import Access
from reconciler.record.lines import dump_lines
from reconciler.record.log.chain import NOTHING, chained
from tests.benchmarks.generate import declare

SAVED = 1_000  # records together
BEGIN = datetime(2025, 6, 1, tzinfo=UTC)
LOGS = ("logs", "--format", "json")
COMMANDS = (
    (*LOGS, "--user", "user000077@example.com"),
    (*LOGS, "--status", "failure"),
    (*LOGS, "--action", "delete"),
    (*LOGS, "--since", "2026-05-25"),
    (*LOGS, "--by", "nobody"),
    ("explain", "user000003@example.com", "--offline"),
    ("access", "--at", "2026-03-01", "--format", "csv"),
)
WORK = """
import resource, sys
from reconciler.cli.main import run
code = run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
sys.exit(code)
"""


def record(number: int, count: int) -> dict[str, Any]:
    """A year's change of somebody: an update mostly."""
    at = (BEGIN + timedelta(seconds=number * 365 * 86_400 // count)).strftime("%Y-%m-%dT%H:%M:%SZ")
    address, action = f"User/user{number % 50_000:06}@example.com", Action.DELETE if number % 997 == 0 else Action.UPDATE
    row = Access(address, "", True, "role", "Engineer", False, "Networks", "desired/apps/wiki/assignments.yaml", 7, None, "NET-1")
    change = Change(
        address, action, "title differs", (Cause.CONFIG,), "desired/directory/users/all.yaml", number % 50_000, "A Person",
        (AttributeChange("title", "Engineer", f"Engineer {number}"),),
        precondition=Precondition(f"id-{number % 50_000}", None, ""), digest=f"sha256:{number:064x}",
    )  # fmt: skip
    origin = Origin(
        f"cycle-{number // SAVED}", at, {"actor": "octocat", "run": str(number // SAVED)}, "sha256:" + 64 * "0", 40 * "a", False,
        "Wiki", "https://wiki.example.com/scim/v2", "generic", (), {}, (row,),
    )  # fmt: skip
    status = "failure" if number % 1_009 == 0 else "success"
    return record_of(
        Facts(
            "wiki", "apply", origin, at, address, action, status, "", f"id-{number % 50_000}", name="A Person",
            properties=properties(change.attributes), before=steps_before(change, ()),
            exports=(Export("write", status, "PATCH", 200, 12),), read_back="asWritten",
            roles=(["Engineer"], ["Engineer"]), rows=(row,) if number % 10 == 0 else (), causes=("config",),
            place=("desired/directory/users/all.yaml", number % 50_000), digest=change.digest,
        )
    )  # fmt: skip


def rows(count: int) -> Iterator[list[dict[str, Any]]]:
    last = NOTHING
    for start in range(0, count, SAVED):
        linked, last = chained((record(number, count) for number in range(start, min(start + SAVED, count))), last)
        yield linked


def write(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    for linked in rows(count):
        with (folder / f"{linked[0]['activityDateTime'][:7]}.jsonl").open("ab") as file:
            file.write(dump_lines(linked))


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        declare(folder / "desired", 10)
        write(folder / ".reconcile/wiki/log", count)
        app = next((folder / "desired/apps").iterdir()).name
        if app != "wiki":
            (folder / ".reconcile/wiki").rename(folder / f".reconcile/{app}")
        (folder / f".reconcile/{app}/journal.jsonl").touch()
        size = sum(file.stat().st_size for file in (folder / f".reconcile/{app}/log").iterdir())
        print(f"{count:,} records, {size / 2**20:,.0f} MiB")
        for command in COMMANDS:
            began = time.perf_counter()
            ran = subprocess.run(
                [sys.executable, "-c", WORK, *command],
                cwd=folder, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}, capture_output=True, check=True,
            )  # fmt: skip
            seconds, memory = time.perf_counter() - began, ran.stderr.split()[-1].decode()
            asked = " ".join(word for word in command if word not in LOGS)
            print(f"{asked:42} {len(ran.stdout.splitlines()):8,} lines  {seconds:5.2f} s  {memory} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
