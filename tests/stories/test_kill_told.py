"""Between a kill and the run that goes on from it, `access --at` says nothing that is not so, and misses nobody."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from reconciler.cycle.clock import now
from reconciler.cycle.had import past_in
from reconciler.declare.load import load
from reconciler.plan.access.had import Had
from reconciler.record.open import recovered
from tests.stories.test_kill import APPLY, Base, base, service, store_in  # noqa: F401
from tests.support.budget import THOROUGH
from tests.support.kills import Service

SHOWN = {"admin": "Admin", "user": "User"}
AGAIN = {"king@x.org": "carol@x.org"}  # who is being renamed has what they have by either name
Truth = set[tuple[str, str]]


def truth(service: Service) -> Truth:  # noqa: F811
    """What each active account has on the service: roles, groups, or else the account itself."""
    state, _ = service.state()
    users = {name: item for name, item in state.items() if "userName" in item and item.get("active", True)}
    held = {name: {SHOWN[role["value"]] for role in item.get("roles", ())} for name, item in users.items()}
    for group in (item for item in state.values() if "userName" not in item):
        for member in group.get("members", ()):
            held.get(member["value"], set()).add("group " + group["displayName"])
    return {(AGAIN.get(name, name), what) for name, whats in held.items() for what in whats or {"an account"}}


def rows_of(base: Base, folder: Path) -> tuple[Had, ...]:  # noqa: F811
    """Who has what now, by log and record."""
    store, declared = store_in(base, folder), load(folder / "checkout/desired").declarations
    return past_in(declared.apps["wiki"], declared, store, recovered(store)).at(now())


def told(rows: tuple[Had, ...], known: bool) -> Truth:
    return {(AGAIN.get(row.login, row.login), "group " * (row.kind == "group") + row.what) for row in rows if row.known is known}


def test_between_a_kill_and_the_next_run_nothing_is_known_that_is_not_so(base: Base, tmp_path: Path) -> None:  # noqa: F811
    service, folder = base.service, base.fresh(tmp_path / "run")  # noqa: F811
    service.at = 0
    assert base.reconcile(folder, *APPLY).code == 0
    writes = [at for at, (method, _) in enumerate(service.requests, 1) if method != "GET"]
    for number, at in enumerate(writes[:: 1 if THOROUGH else 4 if base.git else 2]):
        base.fresh(folder)
        service.at, service.after = at, number % 2 == 0
        assert base.reconcile(folder, *APPLY, service=service).code == -signal.SIGKILL
        rows, held = rows_of(base, folder), truth(service)
        known, unsure = told(rows, True), told(rows, False)
        doubted = {name for name, what in unsure if what == "an account"}
        missed = {(name, what) for name, what in held - known - unsure if name not in doubted}
        assert (known - held, missed) == (set(), set()), (at, service.after)


@pytest.mark.parametrize("base", ["git"], indirect=True)
def test_of_a_run_that_is_lost_with_its_machine_nothing_is_known_since_it_began(base: Base, tmp_path: Path) -> None:  # noqa: F811
    service, folder = base.service, base.fresh(tmp_path / "run")  # noqa: F811
    service.at, service.after = 20, True
    assert base.reconcile(folder, *APPLY, service=service).code == -signal.SIGKILL
    service.at = 0
    shutil.rmtree(folder / "checkout/.git/reconcile")
    said = base.reconcile(folder, "access", "--at", now())
    assert "the log has a gap since " in said.err and "under way or was lost with its machine" in said.err, said
    assert "NOT KNOWN" in said.out and not told(rows_of(base, folder), True)
