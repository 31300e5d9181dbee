"""A running service on two machines, which take turns on one record in Git: cycles on a virtual clock, with all that goes wrong.

What a seed lets go wrong on the wire and with the disk is as in the simulation (tests/simulation/faults.py). A kill is one: the
cycle is a process of its own then, and ends itself by SIGKILL at a chosen step.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, NoReturn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import httpx
import pytest

from reconciler.cycle import base_commit, clock, commit
from reconciler.cycle import write as writing
from reconciler.cycle.declarations import checked
from reconciler.cycle.listener import SILENT
from reconciler.cycle.session import Session, read_and_plan
from reconciler.declare.model import App
from reconciler.notify.outbox import Outbox
from reconciler.record.git.pending import Pending
from reconciler.record.git.store import GitStore
from reconciler.record.model import Record
from reconciler.record.store import RecordError
from reconciler.report.event.model import Event
from reconciler.report.event.words import named
from reconciler.scim import client
from reconciler.service.ends import Busy, End
from reconciler.service.failures import RECORD
from reconciler.service.order import Means, Order, Postponed
from reconciler.service.result import CycleResult
from reconciler.service.worker import conducted
from tests.simulation.faults import DISK, EDIT, HOSTILE, WIRE, Fate
from tests.simulation.laws import check_honest, check_laws, expect
from tests.simulation.run import FOLDER, GUID, Luck, Simulation
from tests.support.gitworld import GitWorld, git
from tests.support.world import MAPPINGS, ROLES

TOKEN = "turns"
STEPS = 30  # a cycle that is killed is so before its so manieth step at the latest
ALL = "failure, blocked, quarantine, recovery, drift, approvalNeeded"
APP = """app: wiki
profile: {{base: generic, discovery: {discovery}, paging: {{count: 3}}, groups: {{membersPerPatch: 2}}}}
adminCredentials: {{tenantUrl: "{url}", secretToken: "${{env:TURNS_TOKEN}}"}}
provisioning: {{drift: repair}}
notification: {{email: [ops@example.com], on: [{all}]}}
deprovisioning: {{removedFromDirectory: {removed}}}
"""


class Fates(Fate):
    """As the seed has it, for many cycles; in a process that is to be killed, `steps` are those that are left to it."""

    steps: int | None = None
    last_words = -1

    def bring(self, hostile: bool) -> None:
        """A few kinds of fault for the next cycle."""
        self.calm, self.storm = False, 0
        mean = self.random.sample(HOSTILE, self.random.randint(1, 3)) if hostile and self.random.random() < 0.3 else []
        common = [kind for kind in (*WIRE, *DISK, EDIT) if kind not in HOSTILE]
        kinds = {*self.random.sample(common, self.random.randint(0, 4)), *mean}
        self.rates = {kind: self.random.choice((0.02, 0.1, 0.3)) for kind in sorted(kinds)}

    def die(self, kind: str) -> None:
        if self.steps is None:
            return
        self.steps -= 1
        if self.steps < 0:
            os.write(self.last_words, kind.encode())
            os.kill(os.getpid(), signal.SIGKILL)


class Remote(GitStore):
    """A record in Git of a process that may die, on a machine whose disk may be full."""

    def __init__(self, run: Turns) -> None:
        now = lambda: run.time  # noqa: E731
        seconds = lambda: run.time.timestamp()  # noqa: E731
        super().__init__("wiki", declared=Path("desired"), clock=now, sleep=run.wait, elapsed=seconds)
        self.fate = run.fate

    def journal(self, *lines: dict[str, Any]) -> None:
        self.fate.die("kill before journal")
        self._full()
        torn = self.fate.strikes("disk full torn")
        if torn or self.fate.steps == 0:
            self._torn()
        self.fate.die("kill in journal")
        if torn:
            raise RecordError("the disk is full", "make room")
        super().journal(*lines)
        self.fate.die("kill after journal")

    def _torn(self) -> None:
        """A part of a line."""
        held = self.owner.held
        with open(Pending(self.ref.folder, held.id if held else "unlocked").journal_file, "ab") as file:
            file.write(b'{"address": "Us')

    def _full(self) -> None:
        if self.fate.strikes("disk full before"):
            raise RecordError("the disk is full", "make room")

    def save(self, record: Record, adopted: int = 0) -> None:
        self.fate.die("kill before save")
        self._full()
        super().save(record, adopted)
        self.fate.die("kill after save")

    def clear_journal(self) -> None:
        self.fate.die("kill before clear")
        super().clear_journal()
        self.fate.die("kill after clear")

    def _release(self) -> None:
        self.fate.die("kill in save")
        super()._release()


class Turns(Simulation):
    """`machines` are checkouts of one repository; `outboxes` where the messages of each wait; `killed` counts by where."""

    def __init__(self, seed: int, folder: Path, patch: pytest.MonkeyPatch, hostile: bool, tell: Callable[[str], None]) -> None:
        self.url = ""
        super().__init__(seed, folder, tell)
        self.fate = self.wire.fate = Fates(Random(seed))
        self.hostile, self.patch, self.cycles = hostile, patch, 0
        self.served: list[str] = []
        self.world = GitWorld(folder / "git")
        self.world.clock.now = self.time
        self.machines = [self.world.checkout, self.world.clone("other")]
        self.behind = set(self.machines)  # those that lack what was merged last
        self.author = self.world.clone("author")
        self.ends: dict[str, int] = {}
        self.fallen = set[Path]()  # machines of killed cycles that nothing has followed yet
        self.cut: dict[str, Path] = {}  # killed cycles, and where
        self.found: list[Event] = []
        self.told_by: dict[str, Path] = {}  # id of a message -> the machine whose outbox it was in

    def serve(self, url: str) -> None:
        """The service is at `url` from now on, for whichever process."""
        self.url, self.wire.inner = url, httpx.HTTPTransport()
        removed, discovery = self.random.choice(("disable", "delete")), self.random.choice(("true", "false"))
        self.app = APP.format(url=f"{url}/v2", all=ALL, removed=removed, discovery=discovery)
        self.patch.setenv("TURNS_TOKEN", TOKEN)
        self.patch.setattr(clock, "datetime", _Clock(self))
        self.patch.setattr(writing, "store_of", lambda app, declarations: Remote(self))
        self.patch.setattr(client, "ScimClient", self._client(client.ScimClient))
        self.write("reconciler.yaml", "record: {backend: git, remote: origin}\n")
        self.write("apps/wiki/roles.yaml", ROLES)
        self.write("apps/wiki/mappings.yaml", MAPPINGS.replace("  groups:\n", GUID + "  groups:\n"))
        self.write("apps/wiki/app.yaml", self.app)
        self.declare()

    def _client(self, real: type[client.ScimClient]) -> Callable[..., client.ScimClient]:
        def made(*arguments: Any, **named: Any) -> client.ScimClient:
            named["shown"] = named.get("shown") or ""
            seconds = lambda: self.time.timestamp()  # noqa: E731
            return real(*arguments, transport=_Kept(self.wire), workers=1, sleep=self.wait, clock=seconds, timer=seconds, **named)

        return made

    def start(self) -> None:
        """There is no process that lives on from cycle to cycle."""

    # What is declared

    def write(self, path: str, text: str) -> None:
        file = self.author / "desired" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def declare(self) -> None:
        """As the directory is now, merged."""
        for path, text in self.directory.files().items():
            self.write(path, text)
        self.merge()

    def merge(self) -> None:
        git(self.author, "add", "desired")
        git(self.author, "commit", "--quiet", "--allow-empty", "-m", "declared")
        git(self.author, "push", "--quiet", "origin", "HEAD:main")
        self.behind = set(self.machines)

    def enter(self, machine: Path) -> None:
        if machine in self.behind:
            git(machine, "pull", "--quiet", "--ff-only", "origin", "main")
            self.behind.remove(machine)
        self.patch.chdir(machine)
        commit._revision.cache_clear()
        base_commit._answer.cache_clear()

    # Cycles

    def turn(self, machine: Path, minutes: float = 40.0, steps: int | None = None) -> End | None:
        """The next cycle, on this machine; None where it was one that a kill may have ended."""
        self.time += timedelta(minutes=minutes)
        self.cycles += 1
        self.enter(machine)
        end = self._one() if steps is None else self._forked(machine, steps)
        self.tell(f"{self.now()} {machine.name}: {_words(end)}")
        if isinstance(end, CycleResult):
            self.lost = self.lost or bool(self.fallen - {machine})
            self.fallen.clear()
        self.hear()
        return end

    def _one(self) -> End:
        means = Means(SILENT, self.now, Luck(self.random, lambda: self.time), lambda: nullcontext(lambda: False))
        return conducted(Path("desired"), "wiki", Order(f"c{self.cycles}"), means)

    def _forked(self, machine: Path, steps: int) -> None:
        """The cycle in a process of its own, which ends after so many steps."""
        ours, theirs = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the threads that serve are not needed over there
            child = os.fork()
        if not child:
            self._mortal(steps, theirs)
        os.close(theirs)
        with open(ours, "rb") as words:
            kind = words.read().decode()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        expect(status in (0, -signal.SIGKILL), f"a process ended with {status}: {kind}")
        if kind:
            self.fallen.add(machine)
            self.cut[f"c{self.cycles}"] = machine
            self.fate.counts[kind] += 1
        self.tell(f"killed: {kind}" if kind else "not killed")

    def _mortal(self, steps: int, words: int) -> NoReturn:
        """In a process that is to be killed. What the service in the parent is told counts there, an edit here would not."""
        self.fate.steps, self.fate.last_words = steps, words
        self.fate.rates = {kind: rate for kind, rate in self.fate.rates.items() if kind not in (EDIT, *HOSTILE)}
        self.wire.inner = httpx.HTTPTransport()
        try:
            self._one()
        except BaseException:
            os.write(words, traceback.format_exc().encode())
            os._exit(1)
        os._exit(0)

    def round(self) -> None:
        """Something is declared, or changed by another administrator, or neither; then a cycle in which things go wrong."""
        if self.random.random() < 0.4:
            self.tell(f"declared: {self.directory.change()}")
            self.declare()
        self.fate.bring(self.hostile)
        steps = self.random.randrange(STEPS) if self.random.random() < 0.2 else None
        self.tell(f"armed: {self.fate.rates}")
        end = self.turn(self.random.choice(self.machines), steps=steps)
        self.fate.calm, self.fate.storm = True, 0
        self.ends[_words(end).partition(" ")[0]] = self.ends.get(_words(end).partition(" ")[0], 0) + 1

    def settle(self) -> None:
        """In calm, days later: all is as declared, whoever looks, and nobody writes anything."""
        for _ in range(6):
            end = self.turn(self.random.choice(self.machines), minutes=25 * 60)
            if isinstance(end, CycleResult) and end.approvals_needed:
                self._approve(end)
            elif isinstance(end, CycleResult) and end.result == "success":
                break
        expect(isinstance(end, CycleResult), f"no cycle came: {end}")
        # What the service took and does not show, a lie or another one's edit right after it, is not told again: plans say so.
        plan = self.session().planned.plan
        doubtful = bool(self.wire.left or plan.outstanding or plan.ignored or plan.left)
        (check_honest if doubtful else check_laws)(self)
        if not doubtful:
            expect(end.result == "success", f"in calm a cycle is no success: {end}")  # type: ignore[union-attr]
        before = len(self.served)
        for machine in (*self.machines, *self.machines):
            again = self.turn(machine)
            expect(isinstance(again, CycleResult) and not again.written, f"something is written again: {again}")
        expect(len(self.served) == before, f"written again: {self.served[before:]}")
        expect(doubtful or not self.open, f"all is well, and nobody was told that these are over: {self.open}")

    def _approve(self, end: CycleResult) -> None:
        rows = [
            f'  - {{plan: "{item.digest}", safeguard: {item.safeguard}, reason: it is so, expires: {self.time.year + 1}-12-31}}\n'
            for item in end.approvals_needed
        ]
        self.write("apps/wiki/approvals.yaml", "approvals:\n" + "".join(rows))
        self.merge()

    # What is told

    @property
    def open(self) -> set[str]:
        """What people know of as being wrong. Raises Broken where they are told of a cause twice.

        A record that cannot be kept is told by each machine: nothing else tells one what the other has said. Nor does anything
        tell it what a killed cycle of the other had said before the record could say so.
        """
        known = dict[tuple[str, str], str]()
        for event in self.found:
            over = event.ended if event.phase == "ended" else [named(event.kind, event.before)] * (event.phase == "changed")
            known = {key: cycle for key, cycle in known.items() if key[0] not in over}
            if event.phase != "ended":
                key = named(event.kind, event.reason), str(self.told_by[event.id]) if event.reason in RECORD else ""
                unheard = self.cut.get(known.get(key, "")) not in (None, self.told_by[event.id])
                expect(key not in known or unheard, f"{key[0]} is told twice: by {known.get(key)} and {event.cycle}")
                known[key] = event.cycle
        return {cause for cause, _ in known}

    def hear(self) -> None:
        """The messages of both machines: each id once, in the order of time."""
        ids = {event.id for event in self.found}
        told = [(m.event, by) for by in self.machines for m in Outbox(by / ".git/reconcile/wiki/outbox").messages()]
        for event, machine in sorted(told, key=lambda one: one[0].at):
            if event.id not in ids:
                self.found.append(event)
                self.told_by[event.id] = machine
                ids.add(event.id)
        _ = self.open

    # What the laws ask

    def session(self) -> Session:
        declarations, _ = checked(Path("desired"))
        app: App = declarations.apps["wiki"]
        with read_and_plan(app, declarations, SILENT, store=Remote(self)) as found:
            return found

    def _heard(self, environ: dict[str, Any], status: str, answer: bytes) -> None:
        """The service was told something, by whichever process."""
        self.served.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        if environ["REQUEST_METHOD"] == "POST" and status.startswith("201"):
            self.made.add(json.loads(answer)["id"])

    def seen(self, request: httpx.Request, response: httpx.Response) -> None:
        """What the service hears is heard there."""


class _Kept(httpx.BaseTransport):
    """A wire that outlives the clients that use it."""

    def __init__(self, wire: httpx.BaseTransport) -> None:
        self.wire = wire

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self.wire.handle_request(request)


class _Clock:
    """Stands where datetime stood."""

    def __init__(self, run: Turns) -> None:
        self._run = run

    def now(self, zone: object) -> datetime:
        return self._run.time


def _words(end: End | None) -> str:
    match end:
        case CycleResult():
            what = end.error or [f"{f.address} {f.code}" for f in end.failures] or [b.safeguard for b in end.blocked]
            return f"{end.result} {end.kind} {dict(end.written)} {what}"
        case Postponed() | Busy():
            return f"{type(end).__name__} {end.why}"
    return "killed" if end is None else str(end)


class _Silent(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def turns(
    seed: int, patch: pytest.MonkeyPatch, hostile: bool = False, tell: Callable[[str], None] = lambda line: None
) -> Iterator[Turns]:
    """Two machines, and a service that every process reaches."""
    with tempfile.TemporaryDirectory(dir=FOLDER, prefix="turns-") as folder:
        run = Turns(seed, Path(folder), patch, hostile, tell)
        inner = run.wire.inner.app  # type: ignore[attr-defined]

        def heard(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
            said: list[Any] = []
            sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(sent)
            answer = b"".join(inner(environ, lambda status, headers, *more: said.extend((status, headers))))
            if environ["REQUEST_METHOD"] != "GET":
                run.tell(f"  {environ['REQUEST_METHOD']} {environ['PATH_INFO']} {sent.decode()[:200]} -> {said[0]}")
                run._heard(environ, said[0], answer)
            start_response(*said)
            return [answer]

        server = WSGIServer(("127.0.0.1", 0), _Silent)
        server.set_app(heard)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            run.serve(f"http://127.0.0.1:{server.server_port}")
            yield run
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            patch.chdir("/")
            sys.stdout.flush()
