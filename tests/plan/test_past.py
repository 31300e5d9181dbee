"""Who had what, from the log: for made-up histories the answer is, at every time, what the service held then."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from reconciler.cycle import held as cycle_held
from reconciler.cycle.audited import prune_log, tell_command, tell_forgotten, tell_trusted
from reconciler.cycle.had import past_of_person
from reconciler.declare.load import load
from reconciler.declare.model import Declarations
from reconciler.plan.access.from_log import past
from reconciler.plan.access.had import Had, Past
from reconciler.plan.access.held import Held
from reconciler.plan.access.moved import moved
from reconciler.plan.access.past import Gap, Moment, State, state
from reconciler.record.entries import Entry
from reconciler.record.forget import forget
from reconciler.record.log.chain import verify
from reconciler.record.log.read import records_of
from reconciler.record.log.walk import about
from reconciler.record.open import recovered
from reconciler.report.had import by_row
from tests.support.budget import THOROUGH, examples
from tests.support.world import MAPPINGS, ROLES, World

ADDING = MAPPINGS.replace("AssertiveAppRole", "AppRole")
SHOWN = {"admin": "Admin", "user": "User"}
Truth = set[tuple[str, str]]


class History(NamedTuple):
    """What a service held, time by time, and what the log says of it; `told` are times when somebody's hand was in it."""

    truth: dict[str, Truth]
    past: Past


def truth_of(world: World) -> Truth:
    """What each active account has, of people who are managed."""
    things = list(world.everything().values())
    users = {item["id"]: item for item in things if "userName" in item and item.get("active", True)}
    held = {id: {SHOWN[role["value"]] for role in item.get("roles") or ()} for id, item in users.items()}
    for group in (item for item in things if "userName" not in item):
        for member in group.get("members") or ():
            held.get(member["value"], set()).add("group " + group["displayName"])
    return {(users[id]["userName"], what) for id, whats in held.items() for what in whats or {"an account"}}


def answered(rows: tuple[Had, ...]) -> Truth:
    return {(row.login, ("group " if row.kind == "group" else "") + row.what) for row in rows}


def past_of(world: World) -> Past:
    roles = load(world.folder / "desired").declarations.apps["wiki"].roles
    return past(records_of(world.store.log_blocks()), world.store.load(), {key: role.displayName for key, role in roles.items()})


class People:
    """People who join, move, leave, come back and are called otherwise, by a seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.names = {n: f"p{n}@x.org" for n in range(5)}
        self.earlier: dict[int, str] = {}
        self.here, self.disabled = {0, 1}, set[int]()
        self.roles: dict[int, str] = {0: "Admin", 1: "User"}
        self.inside: dict[str, set[int]] = {"Net": {0}, "Ops": {1}}
        self.groups = {"Net"}
        self.nested = False  # whether Ops is inside of Net

    def move(self) -> None:
        for _ in range(self.chance.randint(1, 3)):
            someone, group = self.chance.randrange(5), self.chance.choice(["Net", "Ops"])
            match self.chance.choice(["come", "go", "role", "role", "in", "out", "group", "nest", "rename", "disable"]):
                case "come":
                    self.here.add(someone)
                case "go":
                    self.here.discard(someone)
                case "role":
                    self.roles[someone] = self.chance.choice(["Admin", "User", ""])
                case "in":
                    self.inside[group].add(someone)
                case "out":
                    self.inside[group].discard(someone)
                case "group":
                    self.groups ^= {group}
                case "nest":
                    self.nested = not self.nested
                case "rename" if someone in self.here:
                    self.earlier[someone] = self.names[someone]
                    self.names[someone] = f"q{self.chance.randrange(10**9)}@x.org"
                case "disable":
                    self.disabled ^= {someone}

    def declare(self, world: World) -> None:
        rows = [
            f"userPrincipalName: {self.names[n]}, id: i{n}, accountEnabled: {str(n not in self.disabled).lower()}"
            + (f", previously: [{self.earlier[n]}]" if n in self.earlier else "")
            for n in sorted(self.here)
        ]
        world.users(*rows)
        members = {g: [self.names[n] for n in sorted(inside & self.here)] for g, inside in self.inside.items()}
        members["Net"] += ["{group: Ops}"] if self.nested else []
        world.groups(*(f"displayName: {name}, members: [{', '.join(inside)}]" for name, inside in members.items()))
        direct = [f"user: {self.names[n]}, role: {role}" for n, role in self.roles.items() if role and n in self.here]
        world.assign(*direct, *(f"group: {name}, role: User" for name in sorted(self.groups)))


def by_hand(world: World, chance: random.Random) -> None:
    """Somebody changes an account or a group on the service."""
    things = sorted(world.everything().values(), key=lambda item: str(item.get("userName") or item.get("displayName")))
    users, groups = [i for i in things if "userName" in i], [i for i in things if "userName" not in i]
    match chance.choice(["active", "roles", "members", "delete"]):
        case "delete" if users:
            world.client.delete("Users", chance.choice(users)["id"])
        case "active" if users:
            item = chance.choice(users)
            world.edit(item["userName"], "active", not item.get("active", True))
        case "roles" if users:
            world.edit(chance.choice(users)["userName"], "roles", [{"value": chance.choice(["admin", "user"])}])
        case "members" if groups and users:
            inside = [{"value": item["id"]} for item in users if chance.random() < 0.5]
            world.client.patch("Groups", chance.choice(groups)["id"], [{"op": "replace", "path": "members", "value": inside}])


def put_out(world: World, people: People) -> None:
    """Somebody leaves, and is put out by hand before the declaration says so."""
    gone = people.chance.choice(sorted(people.here) or [0])
    people.here.discard(gone)
    for account in [item for item in world.everything().values() if item.get("userName") == people.names[gone]]:
        if people.chance.random() < 0.5:
            world.edit(account["userName"], "active", False)
        else:
            world.client.delete("Users", account["id"])


def revoke_a_stranger(world: World, chance: random.Random, number: int) -> None:
    """Somebody makes an account that nobody declared, in a group, and it is revoked by its id."""
    id = world.seed(f"s{number}@y.org", roles=[{"value": chance.choice(["admin", "user"])}])
    groups = [item["id"] for item in world.everything().values() if "userName" not in item]
    for group in groups[:1]:
        world.client.patch("Groups", group, [{"op": "add", "path": "members", "value": [{"value": id}]}])
    if (record := recovered(world.store)) is not None:
        record.revoke(f"User/#{id}", world.now, "INC-9")
        record.keep(f"User/#{id}", Entry(id=id, wanted={}))
        world.store.save(record)
        world.apply(only=(f"User/#{id}",))


class Unsure(httpx.BaseTransport):
    """A service that does what it is told, and answers a part of the writes with 500 all the same."""

    def __init__(self, inner: httpx.BaseTransport, chance: random.Random, rate: float) -> None:
        self.inner, self.chance, self.rate = inner, chance, rate

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.inner.handle_request(request)
        if request.method == "GET" or self.chance.random() >= self.rate:
            return response
        response.read()
        return httpx.Response(500, json={"status": "500", "detail": "nobody knows"})


def lived(
    folder: Path, seed: int, applies: int, hands: float, apart: int = 1, unsure: float = 0.25, adds: bool = False
) -> History:
    """`apart` is how many days are between two applies, `unsure` how often a write gets no true answer where there are hands;
    `adds` is whether the mapping of roles only adds.
    """
    world, people, truth = World(folder), People(seed), dict[str, Truth]()
    if adds:
        world.write("apps/wiki/mappings.yaml", ADDING)
    # As the mapping writes it: the service takes no second role of one value.
    world.seed("p2@x.org", roles=[{"value": "admin", "display": "Admin", "primary": False}])
    for number in range(0, applies * apart, apart):
        day = f"{2026 + number // 336}-{number // 28 % 12 + 1:02d}-{number % 28 + 1:02d}"
        if number and people.chance.random() < hands:
            match people.chance.choice(["edit", "edit", "leaver", "stranger"]):
                case "edit":
                    by_hand(world, people.chance)
                case "leaver":
                    put_out(world, people)
                case "stranger":
                    world.now = f"{day}T02:00:00Z"
                    revoke_a_stranger(world, people.chance, number)
            truth[f"{day}T04:00:00Z"] = truth_of(world)
        people.move()
        people.declare(world)
        world.now = f"{day}T08:00:00Z"
        whole, world.transport.inner = world.transport.inner, Unsure(world.transport.inner, people.chance, hands * unsure)
        world.apply()
        world.transport.inner = whole
        truth[f"{day}T12:00:00Z"] = truth_of(world)
    return History(truth, past_of(world))


@pytest.mark.parametrize("adds", [False, True])
@pytest.mark.parametrize("seed", range(examples(2)))
def test_at_every_time_it_is_what_the_service_held(tmp_path: Path, seed: int, adds: bool) -> None:
    history = lived(tmp_path, seed, 200 if THOROUGH else 25, 0.0, adds=adds)
    for at, held in history.truth.items():
        rows = history.past.at(at)
        assert answered(tuple(row for row in rows if row.known)) == managed(held, history.past, at), at
        assert all(row.gave is not None for row in rows if row.known), at


@pytest.mark.parametrize("adds", [False, True])
@pytest.mark.parametrize("seed", range(100, 100 + examples(3)))
def test_what_hands_did_is_never_said_to_be_known(tmp_path: Path, seed: int, adds: bool) -> None:
    history = lived(tmp_path, seed, 200 if THOROUGH else 25, 0.4, adds=adds)
    for at, held in history.truth.items():
        rows = history.past.at(at)
        sure = answered(tuple(row for row in rows if row.known))
        assert sure <= held, (at, sure - held)


@pytest.mark.parametrize("seed", [300, 308, 313, 323, 327])
def test_what_was_held_is_told_whatever_hands_did_and_the_log_has_lost(tmp_path: Path, seed: int) -> None:
    history, world = lived(tmp_path, seed, 200 if THOROUGH else 25, 0.4, apart=3, unsure=0.0), World(tmp_path)
    first: dict[str, str] = {}  # a cut log knows no earlier name, and an account that was made anew is the same person's
    for names in history.past.told.names.called.values():
        for _, name in names:
            first.setdefault(name.partition("/")[2], first.get(names[0][1].partition("/")[2], names[0][1]))
    found = {first[login] for login in found_gone(world)}
    months = sorted({at[:7] for at in history.truth})[1:]
    for since, known in [("", history.past), *((month, cut(world, month)) for month in months)]:
        for at, held in history.truth.items():
            if at >= since and "T04" not in at:
                told = {(first.get(who, who), what) for who, what in answered(known.at(at))}
                true = {(first[who], what) for who, what in ours(held, history.past, at)}
                # No record says of which groups somebody was whom a hand put out.
                missing = {(who, what) for who, what in true - told if not (since and who in found and what.startswith("group "))}
                assert not missing, (since, at, missing)


def found_gone(world: World) -> set[str]:
    """Whoever a hand had put out."""
    lines = [line["reconcile"] for line in world.store.read_log()]
    return {ours["address"].partition("/")[2] for ours in lines if ours.get("found") and ours["action"] != "update"}


def cut(world: World, month: str) -> Past:
    """What the log tells once all from before a month is cut."""
    prune_log(world.store, month)
    return past_of(world)


@pytest.mark.parametrize("seed", range(200, 200 + examples(2)))
def test_of_one_person_the_records_that_tell_of_them_say_the_same_as_all(tmp_path: Path, seed: int) -> None:
    history = lived(tmp_path, seed, 200 if THOROUGH else 25, 0.3)
    (world, now) = World(tmp_path), "2040-01-01T00:00:00Z"
    declarations = load(tmp_path / "desired").declarations
    app = declarations.apps["wiki"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconciler.cycle.had.store_of", lambda *_: world.store)
        # Nobody asks for an account by the name of one that was never declared.
        for address in {row.address for row in history.past.at(now) if "/s" not in row.address}:
            found = past_of_person(app, declarations, address)
            assert (found.begins, found.newest, found.gaps) == (history.past.begins, history.past.newest, ()), address
            for at in (now, *history.truth):
                of_them = [row for row in found.at(at) if row.address in named(found, address)]
                assert sights(of_them) == sights(row for row in history.past.at(at) if row.address in named(found, address)), at


def named(past: Past, address: str) -> set[str]:
    """What the account that bears an address now was called when."""
    return {name for called in past.told.names.called.values() if called[-1][1] == address for _, name in called}


def sights(rows: Iterable[Had]) -> list[tuple[object, ...]]:
    changes = lambda deed: None if deed is None else deed.record["id"]  # noqa: E731
    return [(row.address, row.kind, row.what, row.known, changes(row.gave), changes(row.took)) for row in rows]


def test_records_that_are_not_there_are_missed_by_their_numbers(tmp_path: Path) -> None:
    lived(tmp_path, 1, 6, 0.0)
    (file,) = (tmp_path / "record" / "wiki" / "log").glob("*.jsonl")
    lines = file.read_bytes().splitlines(keepends=True)
    assert about(lambda: [b"".join(lines)], {"User/p0@x.org"}).missing == []
    (inside,) = about(lambda: [b"".join([*lines[:3], *lines[4:]])], set()).missing
    (between,) = about(lambda: [b"".join(lines[:3]), b"".join(lines[4:])], set()).missing
    assert inside == between and between.what == "record 5 comes after record 3"


def test_records_of_before_the_chain_are_no_fault_unless_they_were_altered_or_put_in_later(tmp_path: Path) -> None:
    world = World(tmp_path)
    old = [{"activityDateTime": "2026-01-01T00:00:00Z", "id": str(number)} for number in range(2)]
    world.store.folder.mkdir(parents=True)
    (world.store.folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in old))
    world.store.log([{"activityDateTime": "2026-06-01T00:00:00Z", "reconcile": {"kind": "object"}}])
    rows = list(records_of(world.store.log_blocks()))
    whole, fewer, put_in = (past(given, None, {}) for given in (rows, rows[1:], [*rows, old[0]]))
    assert (whole.problems, whole.gaps, whole.earlier, whole.records) == ((), (), 2, 4)
    assert [problem.what for problem in fewer.problems] == ["the 2 records before the chain are not what they were when it began"]
    assert [gap.what for gap in put_in.gaps] == ["record 2: a record without a link was put in after it"]


def managed(held: Truth, past: Past, at: str) -> Truth:
    """Without accounts that are not ours, and were not yet."""
    ours = (key for key, called in past.told.names.called.items() if called[0][0] <= at)
    names = {past.told.names.at(key, at).partition("/")[2] for key in ours}
    return {(who, what) for who, what in held if who in names}


def ours(held: Truth, past: Past, at: str) -> Truth:
    """The same without accounts that are only named as members of a group."""
    accounts = {thing.account for thing in (*past.told.moments, *past.now) if thing.kind == "account"}
    names = {past.told.names.at(key, at).partition("/")[2] for key in accounts}
    return {(who, what) for who, what in managed(held, past, at) if who in names}


GIVEN, TAKEN = ({"reconcile": {}} for _ in "ab")


@pytest.mark.parametrize(
    "moments, now, gaps, expected",
    [
        ([], True, [], True),  # from before the log
        ([], None, [], None),
        ([Moment("2", False, True, True, GIVEN)], True, [], True),
        ([Moment("2", False, True, True, GIVEN)], False, [], None),  # somebody's hand
        ([Moment("2", False, True, True, GIVEN)], None, [Gap("3", "4", "record 7")], None),
        ([Moment("2", False, True, True, GIVEN)], None, [Gap("1", "1", "record 1")], True),
        ([Moment("7", True, False, True, TAKEN)], False, [], True),
        ([Moment("7", True, False, False, TAKEN)], False, [], None),  # found so, and nobody knows since when
        ([Moment("7", None, True, True, GIVEN)], True, [], None),
        ([Moment("2", False, None, True, GIVEN), Moment("7", True, False, True, TAKEN)], False, [], None),  # no answer until then
        ([Moment("2", False, None, True, GIVEN)], True, [], None),
        ([Moment("2", False, True, True, GIVEN), Moment("7", False, False, False, TAKEN)], False, [], None),  # found gone
        ([Moment("7", False, False, False, TAKEN)], False, [], None),
        ([Moment("2", False, True, True, GIVEN)], True, [Gap("4", "6", "records 7 to 9")], None),  # within it
        ([Moment("2", False, True, True, GIVEN)], None, [Gap("6", "8", "record 7")], True),
        ([Moment("2", False, True, True, GIVEN), Moment("7", True, True, True, {})], None, [Gap("3", "4", "record 7")], True),
        ([Moment("7", True, True, True, {})], True, [Gap("3", "4", "record 7")], None),  # what gave it is lost
        ([Moment("2", False, True, True, GIVEN), Moment("3", True, False, True, TAKEN)], False, [], False),
    ],
)
def test_between_two_moments_it_is_what_both_say(
    moments: list[Moment], now: bool | None, gaps: list[Gap], expected: bool | None
) -> None:
    assert state(moments, "5", now, gaps).had is expected


def test_what_took_it_since_is_told() -> None:
    given, taken = Moment("2", False, True, True, GIVEN), Moment("7", True, False, True, TAKEN)
    assert state([given, taken], "5", False) == State(True, given, taken, "2")


def test_what_gave_it_before_it_was_taken_is_not_what_gave_it_again() -> None:
    given, taken, found = (
        Moment("2", False, True, True, GIVEN),
        Moment("3", True, False, True, TAKEN),
        Moment("6", True, True, True, {}),
    )
    assert state([given, taken], "5", True) == State(None, None, None, "2", "3")
    assert state([given, taken, found], "7", True) == State(True, None, None, "6", "3")
    again = Moment("4", False, True, True, GIVEN)
    assert state([given, taken, again], "5", True).gave is again


def test_what_a_revoked_person_has_whom_a_hand_brought_back_was_given_by_no_line(tmp_path: Path) -> None:
    world = hired(tmp_path)
    world.now = "2026-06-02T00:00:00Z"
    record = recovered(world.store)
    assert record is not None
    record.revoke("User/joe@x.org", world.now, "INC-9")
    world.store.save(record)
    world.apply(only=("User/joe@x.org",))
    world.edit("joe@x.org", "active", True)
    world.edit("joe@x.org", "roles", [{"value": "admin"}])
    world.now = "2026-06-04T00:00:00Z"
    world.apply()
    rows = [row for row in past_of(world).at("2026-06-03T00:00:00Z") if row.login == "joe@x.org"]
    assert ("Admin", False) in {(row.what, row.known) for row in rows}
    assert all(row.gave is None for row in rows)


def test_what_an_adopted_account_had_before_is_not_said_to_be_known(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.users("userPrincipalName: ada@x.org")
    world.now = "2026-06-01T00:00:00Z"
    world.assign("user: ada@x.org, role: User")
    world.converge()
    world.seed("eve@x.org", roles=[{"value": "admin"}], title="Intern")
    world.users("userPrincipalName: ada@x.org", "userPrincipalName: eve@x.org, displayName: Eve")
    world.assign("user: ada@x.org, role: User", "user: eve@x.org, role: Admin")
    world.now = "2026-06-03T00:00:00Z"
    world.converge()
    before = {(row.login, row.what, row.known) for row in past_of(world).at("2026-06-02T00:00:00Z")}
    assert ("ada@x.org", "User", True) in before and not any(known for login, _, known in before if login == "eve@x.org")
    assert ("eve@x.org", "Admin", True) in {(row.login, row.what, row.known) for row in past_of(world).at("2026-06-04T00:00:00Z")}


@pytest.mark.parametrize("by_hand, action", [("disabled", "disable"), ("deleted", "delete")])
def test_a_leaver_whom_somebody_put_out_by_hand_has_nothing_from_the_apply_on(tmp_path: Path, by_hand: str, action: str) -> None:
    world = hired(tmp_path)
    if by_hand == "disabled":
        world.edit("joe@x.org", "active", False)
    else:
        world.client.delete("Users", world.find("joe@x.org")["id"])
    world.users("userPrincipalName: ada@x.org")
    world.groups("displayName: Net, members: [ada@x.org]")
    world.assign("group: Net, role: User")
    world.now = "2026-06-03T00:00:00Z"
    world.converge()
    found = [line for line in world.store.read_log() if line["reconcile"].get("found")]
    assert [(line["reconcile"]["action"], line["reconcile"]["roles"]) for line in found] == [(action, [])]
    assert found[0]["provisioningStatusInfo"]["status"] == "success" and "by hand" in str(found[0]["provisioningStatusInfo"])
    steps = [(step["provisioningStepType"], step["status"]) for step in found[0]["provisioningSteps"]]
    assert steps == [(kind, "success") for kind in ("import", "scoping", "matching", "processing")], "no step was skipped"
    before, after = (of_joe(world, f"2026-06-0{day}T00:00:00Z") for day in (2, 4))
    assert ("Admin", False) in before and not any(known for what, known in before if what == "Admin") and after == set()
    world.now = "2026-06-05T00:00:00Z"
    world.converge()
    assert len([line for line in world.store.read_log() if line["reconcile"].get("found")]) == 1, "told once"


@pytest.mark.parametrize("deleted", ["joe@x.org", "Net"])
def test_what_somebody_deleted_and_an_apply_put_back_is_not_known_between_them(tmp_path: Path, deleted: str) -> None:
    world = hired(tmp_path)
    kind = "Users" if "@" in deleted else "Groups"
    world.client.delete(kind, next(id for id, item in world.everything().items() if deleted in item.values()))
    world.now = "2026-06-03T00:00:00Z"
    world.converge()
    assert all(not known for what, known in of_joe(world, "2026-06-02T00:00:00Z") if kind == "Users" or what == "group Net")
    assert ("group Net", True) in of_joe(world, "2026-06-04T00:00:00Z")


def test_a_role_that_was_written_and_not_answered_is_not_known(tmp_path: Path) -> None:
    world = hired(tmp_path)
    world.assign("group: Net, role: User", "user: ada@x.org, role: Admin")
    world.now = "2026-06-03T00:00:00Z"
    whole, world.transport.inner = world.transport.inner, Unsure(world.transport.inner, random.Random(1), 1.0)
    world.apply()
    world.transport.inner = whole
    rows = {(row.login, row.what, row.known) for row in past_of(world).at("2026-06-03T00:00:00Z") if row.kind == "role"}
    assert {(who, what) for who, what in truth_of(world) if what != "group Net"} <= {(login, what) for login, what, _ in rows}


@pytest.mark.parametrize("by_hand", ["deleted", "disabled", "without a role", "out of the group", "without the group", "found"])
def test_before_an_apply_put_back_what_a_hand_took_it_is_not_said_that_nobody_had_it(tmp_path: Path, by_hand: str) -> None:
    world = hired(tmp_path)
    match by_hand:
        case "deleted" | "found":
            world.client.delete("Users", world.find("joe@x.org")["id"])
        case "disabled":
            world.edit("joe@x.org", "active", False)
        case "without a role":
            world.edit("joe@x.org", "roles", [])
        case "out of the group":
            world.client.patch("Groups", world.group("Net")["id"], [{"op": "replace", "path": "members", "value": []}])
        case "without the group":
            world.client.delete("Groups", world.group("Net")["id"])
    if by_hand == "found":
        world.users("userPrincipalName: ada@x.org")
        world.groups("displayName: Net, members: [ada@x.org]")
        world.assign("group: Net, role: User")
    world.now = "2026-08-03T00:00:00Z"
    world.converge()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconciler.cycle.audited.now", lambda: "2026-08-04T00:00:00Z")
        assert prune_log(world.store, "2026-08") > 0
    told = {"deleted": "Admin", "disabled": "Admin", "without a role": "Admin", "found": "Admin"}.get(by_hand, "group Net")
    assert (told, False) in of_joe(world, "2026-08-02T00:00:00Z")


def test_what_somebody_had_whose_account_was_made_anew_is_kept(tmp_path: Path) -> None:
    world = hired(tmp_path)
    world.client.delete("Users", world.find("joe@x.org")["id"])
    world.now = "2026-06-03T00:00:00Z"
    world.converge()
    before, between, after = (past_of(world).at(f"2026-06-0{day}T00:00:00Z") for day in (1, 2, 4))
    ways = {(item.row.what, item.how) for item in moved(before, after, "2026-06-04T00:00:00Z") if item.row.login == "joe@x.org"}
    assert len(ways) == len({what for what, _ in ways}) and ("Admin", "gained") not in ways
    unsure = [item.how for item in moved(between, after, "2026-06-04T00:00:00Z") if item.row.what == "Admin"]
    assert unsure == ["unknown"]


def hired(folder: Path) -> World:
    """Of 1 June: ada and joe in a group, and joe an administrator."""
    world = World(folder)
    world.users("userPrincipalName: ada@x.org", "userPrincipalName: joe@x.org")
    world.groups("displayName: Net, members: [ada@x.org, joe@x.org]")
    world.assign("group: Net, role: User", "user: joe@x.org, role: Admin")
    world.now = "2026-06-01T00:00:00Z"
    world.converge()
    return world


def of_joe(world: World, at: str) -> set[tuple[str, bool]]:
    rows = (row for row in past_of(world).at(at) if row.login == "joe@x.org")
    return {(f"group {row.what}" if row.kind == "group" else row.what, row.known) for row in rows}


def test_an_accepted_loss_of_history_is_not_known_until_it_was_accepted(tmp_path: Path) -> None:
    world = hired(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconciler.cycle.audited.now", lambda: "2026-06-03T00:00:00Z")
        tell_trusted(world.store, "sha256:1")
    (gap,) = past_of(world).gaps
    assert (gap.since, gap.until) == ("2026-06-01T00:00:00Z", "2026-06-03T00:00:00Z") and "record trust" in gap.what
    assert {known for _, known in of_joe(world, "2026-06-02T00:00:00Z")} == {False}


def test_where_a_clock_was_set_back_nobody_knows_what_was_between(tmp_path: Path) -> None:
    world = hired(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconciler.cycle.audited.now", lambda: "2026-05-20T00:00:00Z")
        tell_command(world.store, "forget", "x")
    (told,) = verify(records_of(world.store.log_blocks())).backwards
    assert "time runs back" in told.what
    (gap,) = past_of(world).gaps
    assert (gap.since, gap.until) == ("2026-05-20T00:00:00Z", "2026-06-01T00:00:00Z") and "time runs back" in gap.what


def test_a_lost_part_of_the_log_is_a_gap(tmp_path: Path) -> None:
    history = lived(tmp_path, 1, 6, 0.0)
    (file,) = (tmp_path / "record" / "wiki" / "log").glob("*.jsonl")
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join([*lines[:3], *lines[4:]]), encoding="utf-8")
    world = World(tmp_path)
    cut = past_of(world)
    assert not history.past.gaps and [gap.what for gap in cut.gaps] == ["record 5: record 4 is missing before it"]


def test_what_was_pruned_and_then_forgotten_is_known_until_it_was_forgotten_and_not_since(tmp_path: Path) -> None:
    world = hired(tmp_path)
    world.now = "2026-08-02T00:00:00Z"
    world.users("userPrincipalName: ada@x.org, jobTitle: Engineer", "userPrincipalName: joe@x.org")
    world.converge()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconciler.cycle.audited.now", lambda: "2026-08-03T00:00:00Z")
        assert prune_log(world.store, "2026-08") > 0
        for address in ("User/joe@x.org", "Group/Net"):
            assert forget(world.store, address, "2026-08-03T00:00:00Z", partial(tell_forgotten, world.store))
    whole = {("Admin", True), ("User", True), ("group Net", True)}
    assert of_joe(world, "2026-08-02T12:00:00Z") == whole
    assert of_joe(world, "2026-08-04T00:00:00Z") == {(what, False) for what, _ in whole}
    ada = {(row.what, row.known) for row in past_of(world).at("2026-08-04T00:00:00Z") if row.login == "ada@x.org"}
    assert ada == {("User", True), ("Net", False)}


def test_an_account_that_was_out_before_it_was_forgotten_stays_out(tmp_path: Path) -> None:
    world = hired(tmp_path)
    world.users("userPrincipalName: ada@x.org")
    world.groups("displayName: Net, members: [ada@x.org]")
    world.assign("group: Net, role: User")
    world.now = "2026-06-03T00:00:00Z"
    world.converge()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconciler.cycle.audited.now", lambda: "2026-06-05T00:00:00Z")
        assert forget(world.store, "User/joe@x.org", "2026-06-05T00:00:00Z", partial(tell_forgotten, world.store))
    assert of_joe(world, "2026-06-06T00:00:00Z") == set()


def test_a_revoked_stranger_whom_somebody_gives_a_role_stays_out(tmp_path: Path) -> None:
    world = hired(tmp_path)
    world.now = "2026-06-02T00:00:00Z"
    revoke_a_stranger(world, random.Random(1), 1)
    world.edit("s1@y.org", "roles", [{"value": "admin"}])
    world.now = "2026-06-03T00:00:00Z"
    world.converge()
    assert world.store.read_log()[-1]["reconcile"]["action"] == "update", "the role is taken from the disabled account"
    assert [row for row in past_of(world).at("2026-06-04T00:00:00Z") if row.login == "s1@y.org"] == []


def told_of(world: World, login: str, at: str) -> dict[str, Had]:
    return {row.what: row for row in past_of(world).at(at) if row.login == login}


def test_a_role_that_the_mapping_leaves_is_held_and_not_assigned_since(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write("apps/wiki/mappings.yaml", ADDING)
    world.users("userPrincipalName: ada@x.org", "userPrincipalName: joe@x.org")
    world.assign("user: ada@x.org, role: User", "user: ada@x.org, role: Admin", "user: joe@x.org, role: Admin")
    world.converge()
    world.now = "2026-06-03T00:00:00Z"
    world.assign("user: ada@x.org, role: User", "user: joe@x.org, role: User")
    world.apply()
    lines = {line["reconcile"]["address"]: line for line in world.store.read_log()[-3:] if "address" in line["reconcile"]}
    for address, roles in (("User/ada@x.org", ["User", "Admin"]), ("User/joe@x.org", ["User", "Admin"])):
        ours = lines[address]["reconcile"]
        assert (ours["roles"], ours["staying"]) == (roles, ["Admin"])
    moved_there = [item for line in lines.values() for item in line["modifiedProperties"] if "Assign" in item["displayName"]]
    assert [(item["oldValue"], item["newValue"]) for item in moved_there] == [(["Admin"], ["User", "Admin"])], "nobody lost one"
    for login in ("ada@x.org", "joe@x.org"):
        row = told_of(world, login, "2026-06-04T00:00:00Z")["Admin"]
        assert row.known and row.gave and row.gave.at == "2026-06-01T00:00:00Z" and row.took is None
        assert row.stays and row.stays.at == "2026-06-03T00:00:00Z"
    assert told_of(world, "ada@x.org", "2026-06-02T00:00:00Z")["Admin"].stays is None
    ways = {item.how for item in moved(*(past_of(world).at(f"2026-06-0{n}T00:00:00Z") for n in (2, 4)), "2026-06-04")}
    assert "lost" not in ways
    held = held_by(load(tmp_path / "desired").declarations, world)
    assert [(row.login, row.source) for row in held if row.what == "Admin"] == [
        ("ada@x.org", "stays"),
        ("joe@x.org", "stays"),
    ]


def held_by(declarations: Declarations, world: World) -> tuple[Held, ...]:
    return cycle_held.held_by(declarations.apps["wiki"], declarations, world.store, world.store.load()) or ()


def test_what_a_hand_did_and_the_declaration_then_said_is_not_known_until_it_was_read(tmp_path: Path) -> None:
    world = hired(tmp_path)
    user, admin = ({"value": key, "display": SHOWN[key], "primary": False} for key in ("user", "admin"))
    world.edit("ada@x.org", "roles", [user, admin])
    world.edit("joe@x.org", "roles", [user])
    world.assign("group: Net, role: User", "user: ada@x.org, role: Admin")
    world.now = "2026-06-03T00:00:00Z"
    world.apply()
    people = ("ada@x.org", "joe@x.org")
    between, after = ({who: told_of(world, who, f"2026-06-0{day}T00:00:00Z") for who in people} for day in (2, 4))
    assert [between[who]["Admin"].known for who in people] == [False, False]
    assert after["ada@x.org"]["Admin"].known and "Admin" not in after["joe@x.org"]
    gave = after["ada@x.org"]["Admin"].gave
    assert gave is not None and gave.place("role")[1] == 3, "by the line that gives it from now on"


def test_who_was_put_into_a_group_by_hand_and_then_declared_is_not_known_to_have_been_in_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.users("userPrincipalName: ada@x.org", "userPrincipalName: joe@x.org")
    world.groups("displayName: Net, members: [joe@x.org]")
    world.assign("group: Net, role: User", "user: ada@x.org, role: User")
    world.converge()
    both = [{"value": world.find(name)["id"]} for name in ("ada@x.org", "joe@x.org")]
    world.client.patch("Groups", world.group("Net")["id"], [{"op": "replace", "path": "members", "value": both}])
    world.groups("displayName: Net, members: [joe@x.org, ada@x.org]")
    world.now = "2026-06-03T00:00:00Z"
    world.converge()
    (line,) = [line for line in world.store.read_log() if line["reconcile"].get("found")]
    assert line["modifiedProperties"] == [{"displayName": "members", "oldValue": [], "newValue": ["User/ada@x.org"]}]
    assert not told_of(world, "ada@x.org", "2026-06-02T00:00:00Z")["Net"].known
    assert told_of(world, "ada@x.org", "2026-06-04T00:00:00Z")["Net"].known
    world.converge()
    assert len([line for line in world.store.read_log() if line["reconcile"].get("found")]) == 1, "told once"


def test_what_no_record_gave_is_not_known(tmp_path: Path) -> None:
    """A role that is assigned and that no mapping tells to the service any more."""
    world = hired(tmp_path)
    world.write("apps/wiki/mappings.yaml", "".join(line for line in MAPPINGS.splitlines(True) if "roles" not in line))
    world.assign("group: Net, role: User", "user: joe@x.org, role: Admin", "user: ada@x.org, role: Admin")
    world.now = "2026-06-03T00:00:00Z"
    world.apply()
    for day in (1, 2, 4):
        assert not told_of(world, "ada@x.org", f"2026-06-0{day}T00:00:00Z")["Admin"].known
    assert told_of(world, "joe@x.org", "2026-06-02T00:00:00Z")["Admin"].known


def test_a_log_that_was_cut_may_have_lost_what_gave_something() -> None:
    steady = Moment("7", True, True, True, {})
    assert [state([steady], "5", True, whole=whole).had for whole in (True, False)] == [None, True]
    assert [state([], "5", True, whole=whole).had for whole in (True, False)] == [None, True]


def test_what_a_hand_gave_is_taken_by_no_line_that_gave_it(tmp_path: Path) -> None:
    world = hired(tmp_path)
    world.edit("ada@x.org", "roles", [{"value": "user"}, {"value": "admin"}])
    world.now = "2026-06-03T00:00:00Z"
    world.converge()
    (row,) = [row for row in past_of(world).at("2026-06-02T00:00:00Z") if (row.login, row.what) == ("ada@x.org", "Admin")]
    assert row.took is not None and row.took.at == world.now and not by_row(row)


def test_it_is_not_known_back_to_the_last_reading_alone(tmp_path: Path) -> None:
    world = hired(tmp_path)
    world.now = "2026-06-05T00:00:00Z"
    world.users("userPrincipalName: ada@x.org, jobTitle: Engineer", "userPrincipalName: joe@x.org")
    world.converge()
    world.edit("ada@x.org", "roles", [{"value": "user"}, {"value": "admin"}])
    world.now = "2026-06-09T00:00:00Z"
    world.converge()
    assert "Admin" not in told_of(world, "ada@x.org", "2026-06-03T00:00:00Z"), "the reading of 5 June shows that it was not there"
    assert not told_of(world, "ada@x.org", "2026-06-07T00:00:00Z")["Admin"].known


def test_names_are_those_of_the_day_also_once_the_log_is_cut(tmp_path: Path) -> None:
    world = hired(tmp_path)
    world.now = "2026-08-02T00:00:00Z"
    world.users("userPrincipalName: eva@x.org, previously: [ada@x.org]", "userPrincipalName: joe@x.org")
    world.groups("displayName: Web, previously: [Net], members: [eva@x.org, joe@x.org]")
    world.write("apps/wiki/roles.yaml", ROLES.replace("displayName: User", "displayName: Reader"))
    world.assign("group: Web, role: Reader", "user: joe@x.org, role: Admin")
    world.converge()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconciler.cycle.audited.now", lambda: "2026-08-03T00:00:00Z")
        assert prune_log(world.store, "2026-08") > 0
    before, after = ({(row.login, row.what) for row in past_of(world).at(f"2026-0{day}T00:00:00Z")} for day in ("7-01", "8-03"))
    assert before >= {("ada@x.org", "Net"), ("ada@x.org", "User")} and not {who for who, _ in before} & {"eva@x.org"}
    assert after >= {("eva@x.org", "Web"), ("eva@x.org", "Reader")}
