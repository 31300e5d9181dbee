"""Commands as real processes, ended at every request: the same command again does the rest, and nothing twice."""

from __future__ import annotations

import json
import shutil
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from reconciler.record.local import LocalStore
from tests.support.budget import THOROUGH
from tests.support.gitworld import ENV, git
from tests.support.kills import Ran, Service, deadly, run
from tests.support.world import MAPPINGS, ROLES

APPLY = ("apply", "--auto-approve")
APP = """app: wiki
adminCredentials: {tenantUrl: "${env:WIKI_URL}", secretToken: "${env:WIKI_TOKEN}"}
deprovisioning: {outOfScope: disable, removedFromDirectory: delete}
safeguards:
  accidentalDeletions: {count: 5, percent: 72, minimumExisting: 7}
  groupMembership: {percent: 100}
  protected: [ada@x.org]
profile: {base: generic, rate: {concurrency: AT_ONCE}}
""".replace("AT_ONCE", "16" if THOROUGH else "1")  # what is in flight at a kill is luck, and another one each time
GUID = "      - {target: nickName, expression: 'Guid()', apply: create}\n"
BEFORE = """users:
  - {userPrincipalName: ada@x.org, displayName: Ada}
  - {userPrincipalName: bob@x.org}
  - {userPrincipalName: carol@x.org}
  - {userPrincipalName: dave@x.org}
  - {userPrincipalName: grace@x.org}
  - {userPrincipalName: heidi@x.org}
  - {userPrincipalName: ivan@x.org}
"""
AFTER = """users:
  - {userPrincipalName: ada@x.org, displayName: Ada, jobTitle: Chief, manager: zoe@x.org}
  - {userPrincipalName: king@x.org, previously: [carol@x.org]}
  - {userPrincipalName: dave@x.org}
  - {userPrincipalName: grace@x.org}
  - {userPrincipalName: heidi@x.org}
  - {userPrincipalName: ivan@x.org}
  - {userPrincipalName: zoe@x.org, id: "7", manager: ada@x.org}
"""
GROUPS_BEFORE = (
    "groups: [{displayName: Net, members: [ada@x.org, bob@x.org, grace@x.org]}, {displayName: Old, members: [carol@x.org]}]\n"
)
GROUPS_AFTER = "groups: [{displayName: Net, members: [ada@x.org, zoe@x.org]}, {displayName: New, members: [zoe@x.org]}]\n"
ASSIGNED = (
    "assignments: [{group: Net, role: User}, {group: %s, role: User}, {user: carol@x.org, role: User}, "
    "{user: ivan@x.org, role: %s}%s]\n"
)


class Base(NamedTuple):
    """A service with accounts, a folder with its record, and the declarations changed since."""

    folder: Path
    storage: Any
    service: Service
    environ: dict[str, str]
    git: bool

    def reconcile(self, folder: Path, *arguments: str, **how: Any) -> Ran:
        return run(folder / "checkout", self.environ, *arguments, **how)

    def fresh(self, folder: Path) -> Path:
        """The whole of it, as if nothing had been done yet."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder, folder, symlinks=True)
        self.service.load(self.storage)
        return folder


def declare(desired: Path, users: str, groups: str, assigned: str) -> None:
    files = {
        "directory/users/a.yaml": users,
        "directory/groups/a.yaml": groups,
        "apps/wiki/assignments.yaml": assigned,
        "apps/wiki/app.yaml": APP,
        "apps/wiki/roles.yaml": ROLES,
        "apps/wiki/mappings.yaml": MAPPINGS.replace("  groups:\n", GUID + "  groups:\n"),
    }
    for name, text in files.items():
        (desired / name).parent.mkdir(parents=True, exist_ok=True)
        (desired / name).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with deadly() as found:
        yield found


@pytest.fixture(scope="module", params=["local", "git"])
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, service: Service) -> Base:
    folder = tmp_path_factory.mktemp("base")
    git(folder, "init", "--bare", "--quiet", "--initial-branch=main", "remote.git")
    git(folder, "clone", "--quiet", f"file://{folder}/remote.git", "checkout")
    git(folder / "checkout", "remote", "set-url", "origin", "../remote.git")  # which a copy of the folder has too
    environ = {**ENV, "WIKI_URL": service.url + "/v2", "WIKI_TOKEN": "secret", "RECONCILE_CACHE_DIR": ""}
    service.load(type(service.storage)())
    made = Base(folder, None, service, environ, request.param == "git")
    desired = folder / "checkout/desired"
    if made.git:
        desired.mkdir()
        (desired / "reconciler.yaml").write_text("record: {backend: git, remote: origin}\n")
    heidi = ", {user: heidi@x.org, role: User}"
    for extra in (heidi + ", {user: dave@x.org, role: User}", heidi):
        declare(desired, BEFORE, GROUPS_BEFORE, ASSIGNED % ("Old", "Admin", extra))
        ran = made.reconcile(folder, "apply", "--auto-approve")
        assert ran.code == 0, ran
    declare(desired, AFTER, GROUPS_AFTER, ASSIGNED.replace("carol", "king") % ("New", "User", ", {user: dave@x.org, role: User}"))
    ran = made.reconcile(folder, "plan", "--out", "plan.json")
    assert ran.code == 0, ran
    return made._replace(storage=service.storage)


def store_in(base: Base, folder: Path) -> Any:
    if base.git:
        from reconciler.record.git.store import GitStore

        return GitStore("wiki", folder=folder / "checkout", environ=base.environ)
    return LocalStore(folder / "checkout/.reconcile", "wiki")


def logged(base: Base, folder: Path) -> Counter[tuple[str, str]]:
    """How often the provisioning log says of an object that something was done to it, and what."""
    lines = store_in(base, folder).read_log()
    return Counter(
        (line["sourceIdentity"]["displayName"], line["provisioningAction"])
        for line in lines
        if line["provisioningStatusInfo"]["status"] == "success" and line["targetIdentity"]["id"]
    )


def told(base: Base, folder: Path) -> list[tuple[str, str]]:
    """What was done to which object since the base; an update is the rest of whatever else was done to it."""
    fresh = (logged(base, folder) - logged(base, base.folder)).keys()
    others = {address for address, action in fresh if action != "update"}
    return sorted((address, action) for address, action in fresh if action != "update" or address not in others)


def record(base: Base, folder: Path, names: dict[str, str]) -> dict[str, Any]:
    """The record, accounts by name and times left out; nothing is under way, unanswered or in the journal.

    Beside it what the log says since the base.
    """
    store = store_in(base, folder)
    found = store.load()
    assert found is not None and (found.under_way, found.unanswered, store.read_journal()) == ([], {}, [])
    entries = {a: {**e, "id": names[e["id"]], "disabledAt": "disabledAt" in e} for a, e in found.entries.items()}
    removals = sorted((removal["address"], removal["kind"]) for removal in found.removals)
    log = told(base, folder)
    return dict(json.loads(json.dumps({**vars(found), "entries": entries, "removals": removals, "runs": 0, "log": log})))


def without_luck(state: dict[str, Any], record: dict[str, Any]) -> tuple[Any, Any]:
    """What chance made is the same in the service and in the record, and else of no interest."""
    for address, entry in record["entries"].items():
        made = entry["wanted"].pop("nickName", None)
        assert address.startswith("Group/") or made == state[address[5:]].pop("nickName"), address
    for resource in state.values():
        resource.pop("nickName", None)
    return state, record


def finished(base: Base, folder: Path) -> tuple[Any, Any, Any]:
    """All that an apply leaves, and the writes that it took."""
    writes = base.service.writes
    state, names = base.service.state()
    named = Counter((method, names.get(path.split("/")[-1], path)) for method, path in writes)
    return *without_luck(state, record(base, folder, names)), named


@pytest.mark.parametrize("saved", [False, True], ids=["planned", "saved"])
def test_an_apply_killed_at_any_request_is_ended_by_the_same_command(base: Base, tmp_path: Path, saved: bool) -> None:
    """Before the service has done it, and after; of the slower ways a part, or all with THOROUGH=1."""
    command = ("apply", "plan.json") if saved else ("apply", "--auto-approve")
    service, folder = base.service, base.fresh(tmp_path / "run")
    service.at = 0
    assert base.reconcile(folder, *command).code == 0
    requests, undisturbed = [method for method, _ in service.requests], finished(base, folder)
    assert len(requests) > sum(undisturbed[2].values()) > 10
    for at, after in cuts(requests, base.git, saved):
        base.fresh(folder)
        service.at, service.after = at, after
        assert base.reconcile(folder, *command, service=service).code == -signal.SIGKILL
        service.at = 0
        ran = base.reconcile(folder, *command)
        assert ran.code == 0, (at, after, ran)
        assert finished(base, folder) == undisturbed, (at, after)


def cuts(methods: list[str], in_git: bool, saved: bool) -> Iterator[tuple[int, bool]]:
    """(number of a request, whether it is cut after the service has done it); a GET that is done is as one that is not.

    Writes by turns before and after, of a saved plan the other way round, and every third read; of a saved plan only writes, and
    of a record in Git, which is slow, every third of these.
    """
    writes = [at for at, method in enumerate(methods, 1) if method != "GET"]
    if THOROUGH:
        yield from ((at, after) for at in range(1, len(methods) + 1) for after in (False, True))
        return
    yield from [(at, number % 2 != saved) for number, at in enumerate(writes)][:: 3 if in_git else 1]
    if not in_git and not saved:
        yield from [(at, False) for at in range(1, len(methods) + 1) if at not in writes][::3]


@pytest.mark.parametrize("base", ["local"], indirect=True)
def test_an_apply_that_is_asked_to_stop_ends_its_write_and_says_what_is_left(base: Base, tmp_path: Path) -> None:
    service, folder = base.service, base.fresh(tmp_path / "run")
    service.at = 0
    assert base.reconcile(folder, *APPLY).code == 0
    undisturbed, requests = finished(base, folder), service.count
    try:
        for at in range(1, requests + 1, 4):
            base.fresh(folder)
            service.at, service.after, service.signal = at, bool(at & 8), signal.SIGTERM if at & 4 else signal.SIGINT
            ran = base.reconcile(folder, *APPLY, service=service)
            everything = service.count >= requests - 1  # nothing is left after the writes that are under way
            assert (ran.code == 130 and "interrupted" in ran.err) or (everything and ran.code == 0), (at, ran)
            if service.writes and ran.code:
                assert " left\n" in ran.err and "not begun" in ran.err and "run the same command again" in ran.err
            service.at = 0
            assert base.reconcile(folder, *APPLY).code == 0
            assert finished(base, folder) == undisturbed, at
    finally:
        service.signal = signal.SIGKILL


@pytest.mark.parametrize("base", ["local"], indirect=True)
def test_a_disk_that_fills_up_stops_the_writes_and_keeps_the_record(base: Base, tmp_path: Path) -> None:
    """A limit on the size of any file that the process writes stands for the disk's end, in each part of the apply."""
    service, folder = base.service, base.fresh(tmp_path / "run")
    service.at = 0
    assert base.reconcile(folder, *APPLY).code == 0
    undisturbed, before = finished(base, folder), (base.folder / "checkout/.reconcile/wiki/record.json").read_bytes()
    codes = Counter[int]()
    for limit in range(700, 14_000, 1300):
        base.fresh(folder)
        full = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))"
        ran = base.reconcile(folder, *APPLY, before=(full,))
        codes[ran.code] += 1
        assert ran.code in (0, 1, 5), ran
        assert ran.code == 0 or (ran.err.count("Error: ") == 1 and "cannot be written" in ran.err), ran
        assert (ran.code == 1) <= (service.writes == []), "what was written is said"
        assert LocalStore(folder / "checkout/.reconcile", "wiki").load() is not None
        if not service.writes:
            assert (folder / "checkout/.reconcile/wiki/record.json").read_bytes() == before or ran.code == 5
        assert service.writes or limit < 8000
        assert base.reconcile(folder, *APPLY).code == 0
        assert finished(base, folder) == undisturbed, limit
    assert codes[1] and codes[5] > 1, codes


FULL = """
import errno, os, reconciler.record.git.repository as repository
write, left = repository.Repository._write, list(range(%d))
def full(*given):
    if not left:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    left.pop()
    return write(*given)
repository.Repository._write = full
"""


@pytest.mark.parametrize("base", ["git"], indirect=True)
def test_a_disk_that_fills_up_is_said_where_the_record_is_in_git_too(base: Base, tmp_path: Path) -> None:
    """While the journal is written, and at each of the three commits: of the lock, of what is under way, of what was done."""
    service, folder = base.service, base.fresh(tmp_path / "run")
    service.at = 0
    assert base.reconcile(folder, *APPLY).code == 0
    undisturbed, writes = finished(base, folder), len(service.writes)
    limits = [f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))" for size in (6200, 8500)]
    midway = [(limit, 5, None) for limit in limits]
    for full, code, written in [*midway, (FULL % 0, 1, 0), (FULL % 1, 1, 0), (FULL % 2, 5, writes)]:
        base.fresh(folder)
        ran = base.reconcile(folder, *APPLY, before=(full,))
        assert (ran.code, ran.err.count("Error: ")) == (code, 1) and "cannot be written" in ran.err, (full, ran)
        assert 0 < len(service.writes) < writes if written is None else len(service.writes) == written, (full, ran)
        assert base.reconcile(folder, *APPLY).code == 0
        assert finished(base, folder) == undisturbed, full


@pytest.mark.parametrize("base", ["local"], indirect=True)
def test_a_record_cut_off_anywhere_keeps_the_service_from_being_asked(base: Base, tmp_path: Path) -> None:
    folder = base.fresh(tmp_path / "run")
    file = folder / "checkout/.reconcile/wiki/record.json"
    whole = file.read_bytes()
    for length in range(0, len(whole), 97):
        file.write_bytes(whole[:length])
        base.service.count = 0
        ran = base.reconcile(folder, *APPLY)
        assert ran.code == 1 and "record.json" in ran.err and base.service.count == 0, (length, ran)
        assert file.read_bytes() == whole[:length]


def test_of_two_applies_at_once_one_wins_and_the_other_ends_with_6(base: Base, tmp_path: Path) -> None:
    service, folder = base.service, base.fresh(tmp_path / "run")
    service.at, results = 0, dict[str, Ran]()
    with service.held() as asked:
        first = threading.Thread(target=lambda: results.update(first=base.reconcile(folder, *APPLY)))
        first.start()
        assert asked.wait(20)
        results["second"] = base.reconcile(folder, *APPLY)
    first.join()
    assert results["first"].code == 0, results
    assert results["second"].code == 6 and "locked by" in results["second"].err, results
    assert finished(base, folder)[2]["POST", "/v2/Users"] == 1
