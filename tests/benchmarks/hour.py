"""`run` for an hour of real time, a cycle a minute, while somebody edits: python -m tests.benchmarks.hour 60 10000.

Minutes and people; the service is the demo's simulator. Each edit is of somebody else, at a random moment. At the end the
service holds each of them, and the log one write an edit: it ends with 1 where that is not so.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from reconciler.scim.client import ScimClient
from reconciler.scim.profile import PROFILES
from tests.benchmarks.bench import RECONCILE, ROOT
from tests.benchmarks.generate import PER_FILE, declare
from tests.benchmarks.measure import verdict

EVERY = 5.0  # seconds from one edit to the next, on average
FIRST = 1800.0  # seconds that the first cycle may take, which creates everybody
LAST = 150.0  # seconds for the last edits to arrive
TOKEN = "token"
LEAVES, RETITLED, JOINS = "leaves", "is retitled", "joins"
ACTIONS = {LEAVES: "disable", RETITLED: "update", JOINS: "create"}


class Edit(NamedTuple):
    """What became of somebody, and when it was declared."""

    address: str
    what: str
    at: datetime


class Company:
    """Declarations that somebody edits: one file an edit, replaced as a whole."""

    def __init__(self, folder: Path, count: int) -> None:
        self.desired, self.luck = folder / "desired", random.Random(1)
        declare(self.desired, count)
        app = self.desired / "apps/bench/app.yaml"
        app.write_text(app.read_text() + "safeguards: {accidentalDeletions: {count: 100000}}\n")
        joiners = "".join(f"  - {{userPrincipalName: {_joiner(number)}, displayName: Joiner}}\n" for number in range(count))
        (self.desired / "directory/users/joiners.yaml").write_text("users:\n" + joiners)
        self.assignments = self.desired / "apps/bench/assignments.yaml"
        self.untouched = list(range(count))
        self.luck.shuffle(self.untouched)
        self.count = count

    def edit(self) -> Edit:
        what = self.luck.choice((LEAVES, RETITLED, RETITLED, JOINS))
        number = self.untouched.pop()
        name = f"user{number:06}@example.com"
        if what == JOINS:
            name = _joiner(number)
            _replace(self.assignments, self.assignments.read_text() + f"  - {{user: {name}, role: User}}\n")
        elif what == LEAVES:
            _replace(self.assignments, self.assignments.read_text().replace(f"  - {{user: {name}, role: User}}\n", ""))
        else:
            file = self.desired / f"directory/users/part{number // PER_FILE:04}.yaml"
            before, mark, rest = file.read_text().partition(f'userPrincipalName: "{name}"')
            _replace(file, before + mark + rest.replace("Engineer", "Chief Engineer", 1))
        return Edit(f"User/{name}", what, datetime.now(UTC))


def _joiner(number: int) -> str:
    return f"joiner{number:06}@example.com"


def _replace(file: Path, text: str) -> None:
    waiting = file.with_suffix(".tmp")
    waiting.write_text(text)
    os.replace(waiting, file)


@contextmanager
def simulator() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "reconciler.demo", "generic", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "SCIM_TOKEN": TOKEN}) as process:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            time.sleep(0.1)
        try:
            yield f"http://127.0.0.1:{port}/v2"
        finally:
            process.terminate()


class Arrived(NamedTuple):
    """Addresses of edits: those that are not in the log, and those that are there more than once."""

    missing: list[str]
    doubled: list[str]


def broken(code: int, arrived: Arrived, wrong: list[str]) -> list[str]:
    """What was promised and is not so."""
    return [
        *([f"`run` ended with {code}"] if code else []),
        *([f"{len(arrived.missing)} edits did not arrive"] if arrived.missing else []),
        *([f"{len(arrived.doubled)} edits were written twice"] if arrived.doubled else []),
        *([f"{len(wrong)} accounts are not as declared"] if wrong else []),
    ]


def main(minutes: float, count: int) -> int:
    with tempfile.TemporaryDirectory() as name, simulator() as url:
        folder = Path(name)
        company, said = Company(folder, count), folder / "said.jsonl"
        environ = {**os.environ, "BENCH_URL": url, "BENCH_TOKEN": TOKEN, "RECONCILE_CACHE_DIR": str(folder / "cache")}
        command = [*RECONCILE, "run", "--interval", "1m", "--log-format", "json"]
        environ["PYTHONPATH"] = str(ROOT)
        with open(said, "wb") as out, subprocess.Popen(command, cwd=folder, env=environ, stdout=out) as process:
            _wait_for_first(said)
            sizes = [_megabytes(process.pid)]
            edits = list(_edits(company, minutes * 60, process.pid, sizes))
            time.sleep(LAST)
            process.send_signal(signal.SIGTERM)
            code = process.wait(60)
        logged = subprocess.run(
            [*RECONCILE, "logs", "--format", "json"], cwd=folder, env=environ, capture_output=True, check=True
        )
        arrived = _tell(
            count, edits, [line for line in map(json.loads, logged.stdout.splitlines()) if "sourceIdentity" in line], said, sizes
        )
        wrong = list(_wrong(url, company, edits))
        print(f"ended with {code}; not as declared at the service: {len(wrong)} {wrong[:5]}")
    return verdict(broken(code, arrived, wrong))


def _wait_for_first(said: Path) -> None:
    until = time.monotonic() + FIRST
    while not any(event["event"] == "cycleEnded" for event in _events(said)):
        assert time.monotonic() < until, "the first cycle does not end"
        time.sleep(1.0)


def _events(said: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said.read_text().split("\n")[:-1]]


def _edits(company: Company, seconds: float, pid: int, sizes: list[float]) -> Iterator[Edit]:
    until = time.monotonic() + seconds
    while time.monotonic() < until and company.untouched:
        time.sleep(company.luck.expovariate(1 / EVERY))
        yield company.edit()
        sizes.append(_megabytes(pid))


def _megabytes(pid: int) -> float:
    """What a process holds."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _tell(count: int, edits: list[Edit], log: list[dict[str, Any]], said: Path, sizes: list[float]) -> Arrived:
    written: dict[str, list[dict[str, Any]]] = {}
    for line in log:
        written.setdefault(line["sourceIdentity"]["displayName"], []).append(line)
    late, doubled, missing = [], [], []
    for edit in edits:
        found = [
            line for line in written.get(edit.address, ()) if line["provisioningAction"] == ACTIONS[edit.what]
            and line["provisioningStatusInfo"]["status"] == "success"
        ]  # fmt: skip
        missing += [] if found else [edit.address]
        doubled += [edit.address] if len(found) > 1 else []
        late += [(_at(line["activityDateTime"]) - edit.at) / timedelta(seconds=1) for line in found[:1]]
    first = sum(len(lines) for address, lines in written.items()) - sum(len(written.get(edit.address, ())) for edit in edits)
    kinds = Counter(edit.what for edit in edits)
    print(f"{count} people, {len(edits)} edits: {', '.join(f'{number} {what}' for what, number in kinds.items())}")
    print(f"not arrived: {len(missing)} {missing[:5]}; written twice: {len(doubled)} {doubled[:5]}")
    more = [a for a, lines in written.items() if len(lines) > 1 + (a in {edit.address for edit in edits})]
    print(f"written more often than declared, of everybody: {len(more)} {more[:5]}; records of others: {first}")
    if late:
        marks = statistics.quantiles(late, n=100)
        print(f"from an edit to its write: median {statistics.median(late):.0f} s, p99 {marks[98]:.0f} s, most {max(late):.0f} s")
    ends = [event for event in _events(said) if event["event"] == "cycleEnded"]
    print(f"{len(ends)} cycles: {dict(Counter(event.get('result', '') for event in ends))}")
    print(
        f"`run` itself holds {sizes[0]:.0f} MB after the first cycle, {max(sizes):.0f} MB at most, {sizes[-1]:.0f} MB at the end"
    )
    return Arrived(missing, doubled)


def _at(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


def _wrong(url: str, company: Company, edits: list[Edit]) -> Iterator[str]:
    """Accounts that are not as they are declared, by whatever the log says."""
    became = {edit.address.removeprefix("User/"): edit.what for edit in edits}
    with ScimClient(url, TOKEN, PROFILES["generic"]) as client:
        accounts = client.read_all("Users", lambda page: page)
    names = Counter(account["userName"] for account in accounts)
    yield from (f"{name} is there {number} times" for name, number in names.items() if number > 1)
    joined = [name for name, what in became.items() if what == JOINS]
    yield from (f"{name} has no account" for name in joined if name not in names)
    if len(names) != company.count + len(joined):
        yield f"{len(names)} accounts"
    for account in accounts:
        what = became.get(account["userName"], "")
        if account["active"] == (what == LEAVES):
            yield f"{account['userName']} {what}, and active is {account['active']}"
        if (what == RETITLED) != str(account.get("title", "")).startswith("Chief"):
            yield f"{account['userName']} {what}, and has the title {account.get('title')}"


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0, int(sys.argv[2]) if len(sys.argv) > 2 else 10_000))
