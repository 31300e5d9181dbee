"""One seed from beginning to end: a directory, a service, faults, edits, kills; then calm, and the laws of the design."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import orjson
from scim2_server.memory import InMemoryStorage

from reconciler.apply.model import Result
from reconciler.cycle.session import Session, plan_with
from reconciler.cycle.write import Request, write
from reconciler.declare.load import load
from reconciler.plan.change import Change
from reconciler.plan.live import Live, project_groups, project_users, with_members
from reconciler.plan.model import Plan
from reconciler.plan.reviewed.compare import compare
from reconciler.plan.safeguards.guard import guard
from reconciler.record.model import Record
from reconciler.record.open import recovered
from reconciler.record.store import RecordError
from reconciler.record.unfinished import Unfinished
from reconciler.resolve.check import check
from reconciler.resolve.model import Resolution
from reconciler.resolve.resolution import resolve
from reconciler.scim.client import ScimClient
from reconciler.scim.errors import ServiceError
from reconciler.scim.profile import PROFILES, Groups, Paging
from tests.simulation.faults import Disk, Fate, Killed, Wire
from tests.simulation.interleaved import MOST, interleaved
from tests.simulation.laws import Broken, check_honest, check_laws, expect
from tests.simulation.people import Directory
from tests.support.scim_service import application
from tests.support.world import APP, MAPPINGS, ROLES

URL = "http://127.0.0.1/v2"
GUID = "      - {target: nickName, expression: 'Guid()', apply: create}\n"
PROFILE = replace(PROFILES["generic"], paging=Paging(3), groups=Groups(membersPerPatch=2))
FOLDER = Path("/dev/shm") if Path("/dev/shm").is_dir() else None  # where syncing costs nothing


def simulate(seed: int, tell: Callable[[str], None] = lambda line: None) -> Counter[str]:
    """Run one seed; returns how often each fault happened. Raises Broken, which names the seed; `tell` hears the story."""
    with tempfile.TemporaryDirectory(dir=FOLDER, prefix="simulation-") as folder:
        run = Simulation(seed, Path(folder), tell)
        try:
            run.play()
        except Exception as error:
            raise Broken(
                f"seed {seed}: {type(error).__name__}: {error}\n"
                f"    replay: python -m tests.simulation --first {seed} --seeds 1 --story"
            ) from error
    return run.fate.counts


class Storage(InMemoryStorage):
    """Ids are the seed's, since a service lists by them."""

    def __init__(self, luck: random.Random, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.luck = luck

    def generate_id(self, resource_type: Any, resource: Any) -> str:
        return f"{self.luck.getrandbits(64):016x}"


class Luck:
    """Values that an apply makes, from the seed."""

    def __init__(self, luck: random.Random, clock: Callable[[], datetime]) -> None:
        self.luck, self.clock = luck, clock

    @property
    def now(self) -> datetime:
        return self.clock()

    def below(self, limit: int) -> int:
        return self.luck.randrange(limit)


class Simulation:
    """`made` are the ids of accounts and groups that our requests created; `edits` counts what the other one did.

    `lost`: what a killed process had written down was lost with its machine: who created an account nobody can tell then.
    """

    lost = False

    def __init__(self, seed: int, folder: Path, tell: Callable[[str], None]) -> None:
        self.random, self.folder, self.tell = random.Random(seed), folder, tell
        random.seed(seed)  # the client's jitter
        self.time = datetime(2026, 6, 1, tzinfo=UTC)
        self.fate = Fate(self.random)
        self.directory = Directory(self.random)
        storage = Storage(self.random, lambda: self.time)
        inner = httpx.WSGITransport(app=application(storage))
        self.admin = ScimClient(URL, "secret", PROFILE, transport=inner, workers=1, sleep=self.wait)
        self.wire = Wire(inner, self.fate, self.wait, self.edit, self.seen)
        self.wire.empty = self.random.random() < 0.5
        self.made: set[str] = set()
        self.switched_off: set[str] = set()  # by the other one, who may be first
        self.hidden: set[str] = set()  # by another name: nobody finds an account again of whose creation he has not heard
        self.allowed: set[str] = set()
        self.out: set[str] = set()
        self.edits = 0
        self.files: dict[str, str] = {}
        self.app = APP + f"deprovisioning: {{removedFromDirectory: {self.random.choice(('disable', 'delete'))}}}\n"
        self.strangers = [self.seed(f"stranger{n}@x.org") for n in range(self.random.randint(0, 3))]
        for person in self.directory.people:
            if self.random.random() < 0.3:
                self.seed(person.name)
        for team in self.directory.teams:
            if self.random.random() < 0.3:
                schemas = ["urn:ietf:params:scim:schemas:core:2.0:Group"]
                self.admin.create("Groups", {"schemas": schemas, "displayName": team.name})
        self.known = {id: self.account(id) for id in self.strangers}
        self.wire.strangers = tuple(self.strangers)
        self.start()

    def wait(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def now(self) -> str:
        return self.time.strftime("%Y-%m-%dT%H:%M:%SZ")

    def start(self) -> None:
        """A new process."""
        self.fate.dead = False
        self.client = ScimClient(
            URL,
            "secret",
            PROFILE,
            transport=self.wire,
            workers=1,
            sleep=self.wait,
            clock=lambda: self.time.timestamp(),
            timer=lambda: self.time.timestamp(),
        )
        self.store = Disk(self.folder / "record", self.fate)

    # The story

    def play(self) -> None:
        for _ in range(self.random.randint(1, 3)):
            for _ in range(self.random.randint(0, 3)):
                self.tell(f"declared: {self.directory.change()}")
            if self.random.random() < 0.4:
                self.edit()
            self.round()
        self.fate.calm, self.fate.storm = True, 0
        self.tell("calm")
        self.start()
        result = self.cycle()
        left = [f"{o.change.address} {o.status}: {o.message}" for o in result.outcomes if o.status not in ("done", "ignored")]
        expect(result.complete, f"the last apply was not complete: {left}")
        if self.wire.left:
            check_honest(self)
        else:
            self.settled()

    def settled(self) -> None:
        """The laws hold, and another apply changes nothing."""
        check_laws(self)
        before = vars(self.store.load())
        self.cycle()
        after = vars(self.store.load())
        after["members_shown"] = before["members_shown"]  # which only a run that reads what another wrote can know
        moved = {name: (value, after[name]) for name, value in before.items() if value != after[name]}
        expect(not moved, f"the next apply changed the record: {moved}")

    def round(self) -> None:
        """Some attempts at one declaration, with or without a saved plan, while things go wrong."""
        saved = self.random.random() < 0.5 and self.session().planned.plan
        before = self.moves
        self.fate.arm()
        self.tell(f"armed: {self.fate.rates}, {'saved' if saved else 'planned'}")
        for _ in range(self.random.randint(1, 4)):
            try:
                result = self.cycle(saved or None, before)
                self.tell(f"ended: {[(o.change.address, o.status, o.message) for o in result.outcomes] if result else 'stale'}")
                if result is None or result.complete:
                    break
            except Killed as death:
                self.tell(f"killed: {death}")
                self.start()
            except (ServiceError, RecordError) as error:
                self.tell(f"error: {error}")
        self.fate.calm, self.fate.storm = True, 0

    def edit(self) -> None:
        """Another administrator does something."""
        from tests.simulation.edits import edit

        self.tell(f"edited: {edit(self)}")
        self.edits += 1

    # What the commands do

    def _resolution(self) -> tuple[Any, Resolution]:
        files = {
            **self.directory.files(),
            "apps/wiki/app.yaml": self.app,
            "apps/wiki/roles.yaml": ROLES,
            "apps/wiki/mappings.yaml": MAPPINGS.replace("  groups:\n", GUID + "  groups:\n"),
        }
        if files != self.files:
            self.files, self.resolved = files, self._loaded(files)
        return self.resolved

    def _loaded(self, files: dict[str, str]) -> tuple[Any, Resolution]:
        for path, text in files.items():
            file = self.folder / "desired" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        loaded = load(self.folder / "desired")
        expect([*loaded.errors, *check(loaded.declarations)] == [], f"the declarations are wrong: {loaded.errors}")
        app = loaded.declarations.apps["wiki"]
        return app, resolve(app, loaded.declarations, "2026-06-01")

    def session(self) -> Session:
        """As the commands plan, but that one thing is read after the other: the seed tells in which order."""
        edits, before = self.edits, self.wire_writes
        app, resolution = self._resolution()
        record = recovered(self.store)
        users = self.client.read_all("Users", partial(project_users, resolution.user_mapping))
        groups = self.client.read_all("Groups", partial(project_groups, resolution.group_mapping))
        shown = record is not None and record.members_shown
        groups = with_members(groups, self.client.profile.groups.membersReadable, shown)
        live = Live({item.id: item for item in users}, {item.id: item for item in groups})
        planned = plan_with(live, resolution, self.client, record)
        expect(self.wire_writes == before, "a plan has written")
        self._sane(planned.plan, edits == self.edits)
        return Session(self.client, self.store, record, planned, guard(planned, record, self.now()))

    def _sane(self, plan: Plan, quiet: bool) -> None:
        """Whatever the reads were like, nobody in scope is put out, and nobody who is there is created."""
        scope, teams = self.directory.in_scope(), self.directory.wanted_teams()
        ids = [change.precondition.id for change in plan.changes if change.precondition is not None]
        expect(len({change.address for change in plan.changes}) == len(plan.changes), "two changes have one address")
        expect(len(set(ids)) == len(ids), "two changes are of one object")
        for change in plan.changes:
            kind, _, name = change.address.partition("/")
            if change.action in ("disable", "delete"):
                expect(name not in (scope if kind == "User" else teams), f"{change.action} of {change.address}, who is in scope")
            elif change.action == "create" and quiet:
                expect(not self.admin.find(*_by_name(kind), name), f"{change.address} is there, and would be created")

    @property
    def moves(self) -> int:
        """How often the service changed, or said that it had, without us."""
        return self.edits + self.wire.lies

    def cycle(self, saved: Plan | None = None, moves: int = 0) -> Result | None:
        """An apply; None where the saved plan is stale."""
        with self.store.lock("reconcile apply", self.now()):
            found = self.session()
            changes = found.planned.plan.changes
            if saved is not None:
                is_begun = Unfinished(found.record or Record("wiki", URL)).is_begun
                compared = compare([saved], found.planned.plan, found.planned.is_done, is_begun=is_begun)
                if compared.moved:
                    expect(self.moves > moves, f"the saved plan is stale, but nobody has edited anything: {compared.moved}")
                    return None
                changes = tuple(compared.todo)
            self._allow(changes)
            found = found.guard(changes, self.now(), [saved] if saved else ())
            chance = Luck(self.random, lambda: self.time)
            try:
                with interleaved(self.random, self.random.randint(1, MOST)):
                    return write(found, changes, Request(), self.now, chance, lambda outcome: None, lambda: False)
            finally:
                self.allowed = set()

    # The laws

    wire_writes = 0

    def _allow(self, changes: tuple[Change, ...]) -> None:
        there = {c.precondition.id for c in changes if c.precondition}
        self.allowed = there | {c.address for c in changes if c.action == "create"}
        self.out = {c.precondition.id for c in changes if c.action in ("disable", "delete") and c.precondition}

    def seen(self, request: httpx.Request, response: httpx.Response) -> None:
        """Nothing is written that the plan did not hold; unmanaged accounts are never touched."""
        self.wire_writes += 1
        path = request.url.path.split("/")
        kind, id = path[2], path[3] if len(path) > 3 else ""
        data = orjson.loads(request.content) if request.content else {}
        self.tell(f"  {request.method} {kind}/{id} {request.content.decode()[:200]} -> {response.status_code}")
        self.fate.counts[f"{response.status_code} by the service"] += response.status_code == 412
        if request.method == "POST":
            name = f"{kind[:-1]}/{data.get('userName') or data.get('displayName')}"
            expect(name in self.allowed, f"POST of {name}, which was not planned")
            if response.status_code == 201:
                self.made.add(response.json()["id"])
                self.allowed.add(response.json()["id"])
            return
        expect(id in self.allowed, f"{request.method} of {kind}/{id}, which was not planned")
        off = any(op.get("path") == "active" and op.get("value") is False for op in data.get("Operations", []))
        expect(id in self.out or not (off or request.method == "DELETE"), f"{id} was put out, which was not planned")

    # The service, past all faults

    def seed(self, name: str) -> str:
        schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"]
        return str(self.admin.create("Users", {"schemas": schemas, "userName": name, "active": True})["id"])

    def account(self, id: str) -> dict[str, Any]:
        found = self.admin.get("Users", id) or {}
        return {key: value for key, value in found.items() if key not in ("meta", "groups")}


def _by_name(kind: str) -> tuple[str, str]:
    return ("Users", "userName") if kind == "User" else ("Groups", "displayName")
