"""`python -m tests.benchmarks.logs [COUNT]`: what asking a log of so many records costs, by default a million.

It ends with 1 where `reconcile logs` takes more than docs/cost.md promises of a million.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from reconciler.apply.log_shape import Export, Facts, Roles, properties, record_of, steps_before
from reconciler.apply.origin import Origin
from reconciler.plan.change import Action, AttributeChange, Cause, Change, Precondition
from reconciler.plan.model import Access
from reconciler.record.log.chain import NOTHING, chained
from reconciler.record.log.files import LogFiles
from tests.benchmarks.generate import declare
from tests.benchmarks.measure import verdict

SAVED = 1_000  # records together
BEGIN = datetime(2025, 6, 1, tzinfo=UTC)
LOGS = ("logs", "--format", "json")
PEOPLE, MARRIED = 50_000, 78  # one of them has another name in the second half of the year
PROMISED = 3.0, 100  # seconds, MB
COMMANDS = (
    (*LOGS, "--user", "user000077@example.com"),
    (*LOGS, "--user", "married@example.com"),
    (*LOGS, "--group", "Team 07"),
    (*LOGS, "--role", "Role 7"),
    (*LOGS, "--status", "failure"),
    (*LOGS, "--action", "delete"),
    (*LOGS, "--cause", "drift"),
    (*LOGS, "--since", "2026-05-25"),
    (*LOGS, "--until", "2025-06-02"),
    (*LOGS, "--by", "nobody"),
    (*LOGS, "--cycle", "cycle-77"),
    (*LOGS, "--user", "user000077@example.com", "--since", "2026-05-01"),
    (*LOGS, "--role", "Role 7", "--action", "delete"),
    ("explain", "user000003@example.com", "--offline"),
    ("access", "--at", "2026-03-01", "--format", "csv"),
)
WORK = """
import os, re, sys
from pathlib import Path
from reconciler.cli.main import main
leave = os._exit
def told(code):
    held = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
    print(sum(os.times()[:2]), held, file=sys.stderr, flush=True)
    leave(code)
os._exit = told
main(sys.argv[1:])
"""


def id_of(person: int) -> str:
    """As a service gives it."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, str(person)))


def record(number: int, count: int) -> dict[str, Any]:
    """A year's change of somebody: an update mostly."""
    at = (BEGIN + timedelta(seconds=number * 365 * 86_400 // count)).strftime("%Y-%m-%dT%H:%M:%SZ")
    person, action = number % PEOPLE, Action.DELETE if number % 997 == 0 else Action.UPDATE
    address = f"User/{'married' if person == MARRIED and number > count // 2 else f'user{person:06}'}@example.com"
    role, team = f"Role {number // 10 % 10}", f"Team {number // 10 % 100:02}"
    row = Access(address, "", True, "role", role, False, team, "desired/apps/wiki/assignments.yaml", 7, None, "NET-1")
    change = Change(
        address, action, "title differs", (Cause.CONFIG,), "desired/directory/users/all.yaml", person, "A Person",
        (AttributeChange("title", "Engineer", f"Engineer {number}"),),
        precondition=Precondition(id_of(person), None, ""), digest=f"sha256:{number:064x}",
    )  # fmt: skip
    origin = Origin(
        f"cycle-{number // SAVED}", at, {"actor": "octocat", "run": str(number // SAVED)}, "sha256:" + 64 * "0", 40 * "a", False,
        "Wiki", "https://wiki.example.com/scim/v2", "generic", (), {}, (row,),
    )  # fmt: skip
    status = "failure" if number % 1_009 == 0 else "success"
    return record_of(
        Facts(
            "wiki", "apply", origin, at, address, action, status, "", id_of(person), name="A Person",
            properties=properties(change.attributes), before=steps_before(change, ()),
            exports=(Export("write", status, "PATCH", 200, 12),), read_back="asWritten",
            roles=Roles([role], [role]), rows=(row,) if number % 10 == 0 else (), causes=("config",),
            place=("desired/directory/users/all.yaml", person), digest=change.digest,
        )
    )  # fmt: skip


def rows(count: int) -> Iterator[list[dict[str, Any]]]:
    last = NOTHING
    for start in range(0, count, SAVED):
        linked, last = chained((record(number, count) for number in range(start, min(start + SAVED, count))), last)
        yield linked


def write(folder: Path, count: int) -> None:
    files = LogFiles(folder)
    for linked in rows(count):
        files.append(linked)


class Asked(NamedTuple):
    """How many lines a command printed, and what it took: seconds by the clock and of computing, MB."""

    lines: int
    wall: float
    cpu: float
    memory: float


def ask(folder: Path, command: tuple[str, ...]) -> Asked:
    # As installed, with its bytecode beside it.
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONDONTWRITEBYTECODE": ""}
    arguments = [sys.executable, "-c", WORK, *command]
    with tempfile.TemporaryFile() as printed:
        began = time.perf_counter()
        ran = subprocess.run(arguments, cwd=folder, env=environ, stdout=printed, stderr=subprocess.PIPE, check=True)
        wall = time.perf_counter() - began
        printed.seek(0)
        cpu, memory = map(float, ran.stderr.split()[-2:])
        return Asked(sum(1 for _ in printed), wall, cpu, memory * 1024 / 1e6)


def broken(said: str, asked: Asked) -> list[str]:
    """Promises of docs/cost.md that a query has not kept."""
    kept = asked.wall < PROMISED[0] and asked.memory < PROMISED[1]
    return [] if kept else [f"logs {said}: {asked.wall:.2f} s and {asked.memory:.0f} MB"]


def main(count: int) -> int:
    failed: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        declare(folder / "desired", 10)
        app = next((folder / "desired/apps").iterdir()).name
        write(folder / f".reconcile/{app}", count)
        (folder / f".reconcile/{app}/journal.jsonl").touch()
        size = sum(file.stat().st_size for file in (folder / f".reconcile/{app}/log").iterdir())
        print(f"{count:,} records, {size / 2**20:,.0f} MiB; promised of logs: under {PROMISED[0]:.0f} s and {PROMISED[1]} MB")
        for command in COMMANDS:
            asked, said = ask(folder, command), " ".join(word for word in command if word not in LOGS)
            failed += broken(said, asked) if command[0] == "logs" else []
            print(
                f"{said:52} {asked.lines:7,} lines  {asked.wall:5.2f} s, {asked.cpu:5.2f} s of computing  {asked.memory:4.0f} MB",
                flush=True,
            )
    return verdict(failed)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
