"""Whatever changes in a declaration, a plan that reads only what it can touch holds the changes of one that reads everything."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from reconciler.cycle.minimal import minimal_read
from reconciler.cycle.read import read_live
from reconciler.plan.model import Plan
from tests.support.budget import examples
from tests.support.gitworld import git
from tests.support.world import APP, World

NAMES, GROUPS = [f"p{number}@x.org" for number in range(6)], ["G1", "G2", "G3"]
LIMITS = "safeguards: {accidentalDeletions: {count: 100, percent: 100}, groupMembership: {percent: 100}}\n"
RULES = (
    "",
    "deprovisioning: {outOfScope: delete}\n",
    "deprovisioning: {removedFromDirectory: delete, deleteAfter: 2d}\n",
    "deprovisioning: {outOfScope: empty}\n",
    "deprovisioning: {outOfScope: retain}\n",
)
Rows = list[list[str]]  # of users, groups and assignments


def declared(chance: random.Random) -> Rows:
    users = [f"userPrincipalName: {name}{_title(chance)}{_enabled(chance)}{_manager(chance, name)}" for name in NAMES]
    groups = [f"displayName: {name}, members: [{', '.join(_members(chance, name))}]" for name in GROUPS]
    subjects = [f"user: {name}" for name in NAMES] + [f"group: {name}" for name in GROUPS]
    return [users, groups, [_assigned(chance, subject) for subject in subjects if chance.random() < 0.6]]


def _title(chance: random.Random) -> str:
    return chance.choice(["", ", jobTitle: A", ", jobTitle: B"])


def _enabled(chance: random.Random) -> str:
    return ", accountEnabled: false" if chance.random() < 0.1 else ""


def _manager(chance: random.Random, name: str) -> str:
    above = NAMES[: NAMES.index(name)]
    return f", manager: {chance.choice(above)}" if above and chance.random() < 0.4 else ""


def _members(chance: random.Random, group: str) -> list[str]:
    inner = [f"{{group: {other}}}" for other in GROUPS if other > group and chance.random() < 0.2]
    return [name for name in NAMES if chance.random() < 0.3] + inner


def _assigned(chance: random.Random, subject: str) -> str:
    until = chance.choice(["", "", "", ", expires: 2026-06-01", ", expires: 2026-06-03"])
    return f"{subject}, role: {chance.choice(['User', 'Admin'])}{until}"


def mixed(chance: random.Random, old: Rows, new: Rows) -> Rows:
    """Most of the old rows, some of the new."""
    lists = [[a if chance.random() < 0.7 else b for a, b in zip(old[n], new[n], strict=True)] for n in (0, 1)]
    kept = [row for row in old[2] if chance.random() < 0.8] + [row for row in new[2] if chance.random() < 0.2]
    return [*lists, list({tuple(row.split(", ")[:2]): row for row in kept}.values())]


def without(chance: random.Random, rows: Rows) -> Rows:
    """Some people are no longer declared, or under another name."""
    gone = [name for name in NAMES if chance.random() < 0.25]
    named = f", previously: [{gone[0]}]" if gone and chance.random() < 0.5 else ""
    pattern = "|".join(map(re.escape, gone)) or "nobody"
    users = [re.sub(rf", manager: (?:{pattern})", "", row) for row in rows[0]]
    there = [[row for row in listed if not any(name in row for name in gone)] for listed in (users, rows[2])]
    groups = [re.sub(r"(p9@x\.org), (?=.*p9@)", "", re.sub(pattern, "p9@x.org", row)) for row in rows[1]]
    return [[*there[0], f"userPrincipalName: p9@x.org{named}"], groups, there[1]]


class Place(World):
    def __init__(self, folder: Path, rules: str) -> None:
        super().__init__(folder)
        git(folder, "init", "--quiet", "--initial-branch=main")
        self.write("apps/wiki/app.yaml", APP + rules + LIMITS)

    def put(self, rows: Rows, day: int) -> None:
        self.users(*rows[0])
        self.groups(*rows[1])
        self.assign(*rows[2])
        self.today, self.now = f"2026-06-0{day}", f"2026-06-0{day}T00:00:00Z"

    def save(self) -> None:
        git(self.folder, "add", "desired")
        git(self.folder, "commit", "--quiet", "--allow-empty", "-m", "change")
        self.head = git(self.folder, "rev-parse", "HEAD").strip()

    def revoke(self, address: str) -> None:
        record = self.store.load()
        if record is not None:
            record.revoke(address, self.now, "left today")
            self.store.save(record)

    @contextmanager
    def refusing(self, refused: str) -> Iterator[None]:
        """No write of an address with this in it is taken."""
        service = self.transport.inner

        def answer(request: httpx.Request) -> httpx.Response:
            no = bool(refused) and request.method != "GET" and refused in request.url.path
            return httpx.Response(403, json={"detail": "no"}) if no else service.handle_request(request)

        self.transport.inner = httpx.MockTransport(answer)
        try:
            yield
        finally:
            self.transport.inner = service

    def planned(self, read: Callable[..., object]) -> Plan:
        self.read = read  # type: ignore[assignment]
        return self.session().planned.plan


@pytest.mark.parametrize("seed", range(examples(10)))
def test_the_changes_are_those_of_a_full_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.chdir(tmp_path)
    chance = random.Random(seed)
    place, rows = Place(tmp_path, chance.choice(RULES)), declared(chance)
    for day in range(1, 5):
        place.put(without(chance, rows), day)
        full, part = place.planned(read_live), place.planned(minimal_read())
        assert [change.digest for change in part.changes] == [change.digest for change in full.changes]
        assert part.errors == full.errors and (part.part is None) == ("EverythingRead" in {item.code for item in part.warnings})
        place.save()
        if day > 1 and chance.random() < 0.2:
            place.revoke("User/p2@x.org")
        only = chance.choice([(), (), (), ("User/p1@x.org",)]) if day > 1 else ()
        place.read = chance.choice([read_live, minimal_read(only)])
        with place.refusing(chance.choice(["", "", "/Groups/", "/Users/"]) if day > 1 else ""):
            place.apply(only=only)
        rows = mixed(chance, rows, declared(chance))
