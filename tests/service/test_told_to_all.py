"""What is told once whichever machine finds it, beside an app's own causes: errors in files of all apps, and removed apps."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from reconciler.cycle.listener import SILENT
from reconciler.cycle.randomness import SystemChance
from reconciler.notify.message import Message
from reconciler.notify.outbox import Outbox
from reconciler.record.local import LocalStore
from reconciler.record.service import Sighting
from reconciler.service.clocks import later
from reconciler.service.commits import InHistory, date_of, in_history
from reconciler.service.ends import Behind, End, Removed
from reconciler.service.order import Means, Order
from reconciler.service.result import CycleResult
from reconciler.service.worker import conducted
from tests.simulation.turns import Turns, turns
from tests.support.gitworld import git
from tests.support.rounds import Rounds

TELLS = "notification: {email: [ops@example.com]}\n"
ODD = "groups: [{displayName: Odd, members: [nobody@x.org]}]\n"
OF_ZOO = "policies: [{name: few, remedy: ask, apps: [zoo], holders: {role: Nobody, maximum: 2}}]\n"


class Pair:
    """Two apps that tell one address, each in processes that live for one cycle."""

    def __init__(self, service: Rounds, patch: pytest.MonkeyPatch) -> None:
        self.service, self.numbers = service, 0
        service.app(TELLS)
        service.zoo(service.url)
        for name in ("ZOO_URL", "ZOO_TOKEN"):
            patch.setenv(name, service.environ[name])

    def cycle(self, app: str) -> End:
        self.service.later(minutes=40)
        self.numbers += 1
        means = Means(SILENT, self.service.now, SystemChance(), self.service._orderly)
        return conducted(Path("desired"), app, Order(f"{app}{self.numbers}", True), means)

    def commands(self) -> tuple[str, ...]:
        """Of the last message."""
        return self._messages()[-1].event.commands

    def told(self) -> list[tuple[str, str, str, str]]:
        """(phase, name, reason, address) of all messages."""
        return [
            (m.event.phase, m.event.display_name, m.event.reason, *m.target.email)  # type: ignore[misc]
            for m in self._messages()
        ]

    def _messages(self) -> list[Message]:
        folder = self.service.folder / ".reconcile"
        found = [m for app in ("wiki", "zoo") for m in Outbox(folder / app / "outbox").messages()]
        return sorted(found, key=lambda message: message.created)


@pytest.fixture
def pair(service: Rounds, monkeypatch: pytest.MonkeyPatch) -> Pair:
    return Pair(service, monkeypatch)


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Turns]:
    with turns(3, monkeypatch) as run:
        yield run


def test_two_machines_on_one_record_tell_once_that_files_of_all_apps_are_wrong_and_once_that_they_are_right(
    machines: Turns,
) -> None:
    first, second = machines.machines
    machines.fate.calm = True
    machines.turn(first)
    machines.write("directory/groups/odd.yaml", ODD)
    machines.merge()
    before = len(machines.found)
    assert [machines.turn(machine).is_of_checkout for machine in (second, first, second)] == [True] * 3  # type: ignore[union-attr]
    assert [(event.phase, event.reason) for event in machines.found[before:]] == [("began", "InvalidDeclaration")]
    (machines.author / "desired/directory/groups/odd.yaml").unlink()
    machines.merge()
    for machine in (first, second, first):
        machines.turn(machine)
    began, ended = machines.found[before:]
    assert (ended.phase, ended.thread) == ("ended", (began.id,)) and not machines.open


def told_since(machines: Turns, before: int) -> list[str]:
    return [event.phase for event in machines.found[before:]]


NEVER = "2000-01-01T00:00:00Z"
FILES = [
    ("directory/groups/odd.yaml", ODD, None),
    ("apps/wiki/assignments.yaml", "assignments: [{group: Nett, role: User}]\n", "assignments"),
    ("reconciler.yaml", "record: {backend: git, remote: origin, path: kept}\n", "record: {backend: git, remote: origin}\n"),
]


@pytest.mark.parametrize(("file", "wrong", "right"), FILES)
def test_a_machine_on_an_older_commit_neither_ends_what_a_newer_one_began_nor_begins_what_that_ended(
    machines: Turns, file: str, wrong: str, right: str | None
) -> None:
    newer, older = machines.machines
    machines.fate.calm = True
    right = (machines.author / "desired" / file).read_text() if right == "assignments" else right
    machines.turn(newer)
    machines.turn(older)
    machines.write(file, wrong)
    machines.merge()
    machines.behind.remove(older)
    before = len(machines.found)
    machines.turn(newer)
    assert told_since(machines, before) == ["began"]
    assert isinstance(machines.turn(older), CycleResult)
    machines.turn(newer)
    assert told_since(machines, before) == ["began"], "the older one has not seen what is wrong"
    machines.behind.add(older)
    machines.turn(older)
    machines.write(file, right) if right else (machines.author / "desired" / file).unlink()
    machines.merge()
    machines.behind.remove(older)
    for machine in (newer, older, newer):
        machines.turn(machine)
    assert told_since(machines, before) == ["began", "ended"], "the older one has not seen that it is right"
    machines.behind.add(older)
    machines.turn(older)
    assert told_since(machines, before) == ["began", "ended"] and not machines.open


def test_who_follows_main_and_lacks_a_commit_that_another_machine_had_writes_nothing_of_the_older_one(machines: Turns) -> None:
    """Whoever left by it would be let in again."""
    newer, older = machines.machines
    machines.fate.calm = True
    machines.turn(newer)
    machines.turn(older)
    machines.write("directory/groups/new.yaml", "groups: [{displayName: New, members: []}]\n")
    machines.merge()
    machines.behind.remove(older)
    machines.turn(newer)
    machines.enter(older)
    means = Means(SILENT, machines.now, SystemChance(), lambda: nullcontext(lambda: False))
    mine = git(older, "rev-parse", "HEAD").strip()
    order = Order("c", True, merged=mine, asks_first=True)
    assert conducted(Path("desired"), "wiki", order, means) == Behind("wiki")
    assert isinstance(conducted(Path("desired"), "wiki", order._replace(asks_first=False), means), CycleResult)


def test_settings_that_were_never_right_are_left_to_each_machine(machines: Turns) -> None:
    machines.fate.calm = True
    machines.write("reconciler.yaml", "record: {backend: git, path: kept}\n")
    git(machines.author, "commit", "--quiet", "--amend", "-a", "-m", "declared")
    git(machines.author, "push", "--quiet", "--force", "origin", "HEAD:main")
    end = machines.turn(machines.machines[0])
    assert isinstance(end, CycleResult) and (end.is_of_checkout, end.is_told_to_all, end.outboxes) == (True, False, ())
    assert not machines.found


def test_a_commit_that_is_not_here_is_newer_but_where_this_one_is_of_a_later_day(machines: Turns) -> None:
    """A history of one commit, or one that somebody has rewritten."""
    machines.turn(machines.machines[0])
    mine, at = git(machines.machines[0], "rev-parse", "HEAD").strip(), machines.now()
    date, unknown = date_of(mine), "0" * 40
    for other, is_behind in ((date, True), (later(date, -1), False)):
        found = in_history(mine, at, {"interval": 60, "sighting": Sighting(commit=unknown, at=at, date=other, last=at)})
        assert found.is_behind is is_behind and found.newest is not None
        assert found.newest["commit"] == (unknown if is_behind else mine)
    assert in_history("", at, {}) == InHistory()
    same = in_history(mine, at, {"sighting": Sighting(commit=mine, at=NEVER)})
    assert not same.is_behind and same.newest == {"commit": mine, "at": NEVER, "date": date, "last": at}


def test_once_no_cycle_was_of_the_newest_commit_for_three_intervals_the_older_one_counts(machines: Turns) -> None:
    """The machine that had it may be gone, and main put back: nobody is left without word for longer."""
    newer, older = machines.machines
    machines.fate.calm = True
    machines.turn(newer)
    machines.turn(older)
    machines.write("directory/groups/odd.yaml", ODD)
    machines.merge()
    machines.behind.remove(older)
    before = len(machines.found)
    machines.turn(newer)
    for said in (["began"], ["began"], ["began"], ["began", "ended"]):
        machines.turn(older)
        assert told_since(machines, before) == said


def test_processes_of_one_cycle_tell_all_apps_people_once_in_one_message(pair: Pair) -> None:
    both = ("wiki", "zoo", "zoo", "wiki")
    for app in both:
        assert isinstance(pair.cycle(app), CycleResult)
    odd = pair.service.write("directory/groups/odd.yaml", ODD)
    results = [pair.cycle(app) for app in ("zoo", "wiki", *both)]
    assert all(isinstance(end, CycleResult) and end.is_of_checkout and end.is_told_to_all for end in results)
    assert pair.told() == [("began", "2 apps", "InvalidDeclaration", "ops@example.com")]
    assert pair.commands() == ("reconcile validate", "reconcile status")
    odd.unlink()
    for app in both:
        pair.cycle(app)
    assert [phase for phase, *_ in pair.told()] == ["began", "ended"]


def test_an_error_in_a_policy_of_another_app_is_not_over_where_an_app_does_not_see_it(pair: Pair) -> None:
    for app in ("wiki", "zoo"):
        pair.cycle(app)
    policy = pair.service.write("policies/a.yaml", OF_ZOO)
    ends = [pair.cycle(app) for app in ("zoo", "wiki", "zoo", "wiki")]
    assert [end.is_of_checkout for end in ends if isinstance(end, CycleResult)] == [True, False, True, False]
    assert [phase for phase, *_ in pair.told()] == ["began"]
    policy.unlink()
    pair.cycle("wiki")
    assert [phase for phase, *_ in pair.told()] == ["began", "ended"]


def test_what_was_wrong_with_an_app_that_is_removed_is_told_to_be_over(pair: Pair) -> None:
    for app in ("wiki", "zoo"):
        pair.cycle(app)
    right = (pair.service.folder / "desired/apps/zoo/assignments.yaml").read_text()
    pair.service.write("apps/zoo/assignments.yaml", "assignments: [{group: Nett, role: User}]\n")
    pair.cycle("zoo")
    assert right and pair.told() == [("began", "zoo", "InvalidDeclaration", "ops@example.com")]
    shutil.rmtree(pair.service.folder / "desired/apps/zoo")
    end = pair.cycle("wiki")
    assert isinstance(end, CycleResult) and [Path(folder).parent.name for folder in end.outboxes] == ["zoo"]
    assert [phase for phase, *_ in pair.told()] == ["began", "ended"]
    for app in ("wiki", "wiki"):
        pair.cycle(app)
    assert isinstance(pair.cycle("zoo"), Removed) and len(pair.told()) == 2
    message = Outbox(pair.service.folder / ".reconcile/zoo/outbox").messages()[-1]
    assert "no longer declared" in message.event.why and message.event.ended == ("a failure (InvalidDeclaration)",)


def test_the_last_cycle_of_an_app_that_is_removed_tells_it_at_once(pair: Pair) -> None:
    pair.cycle("zoo")
    pair.service.write("apps/zoo/assignments.yaml", "assignments: [{group: Nett, role: User}]\n")
    pair.cycle("zoo")
    shutil.rmtree(pair.service.folder / "desired/apps/zoo")
    end = pair.cycle("zoo")
    assert isinstance(end, Removed) and len(end.outboxes) == 1
    assert [phase for phase, *_ in pair.told()] == ["began", "ended"]


def test_an_app_that_another_folder_declares_is_none_that_was_removed(pair: Pair) -> None:
    for app in ("wiki", "zoo"):
        pair.cycle(app)
    pair.service.write("apps/zoo/assignments.yaml", "assignments: [{group: Nett, role: User}]\n")
    pair.cycle("zoo")
    store = LocalStore(pair.service.folder / ".reconcile", "zoo")
    record = store.load()
    assert record is not None
    record.service["toTell"]["folder"] = "another"
    store.save(record)
    shutil.rmtree(pair.service.folder / "desired/apps/zoo")
    end = pair.cycle("wiki")
    assert isinstance(end, CycleResult) and end.outboxes == () and [phase for phase, *_ in pair.told()] == ["began"]
