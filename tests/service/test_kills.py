"""`reconcile run` whose cycle is killed between two steps: the next one does the rest, nothing twice, and tells it once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.notify.outbox import Outbox
from reconciler.record.local import LocalStore
from tests.support.rounds import Rounds, declare, staff
from tests.support.servers import ROOT, Answer, Call, answer

# What each process of `run` reads before anything else: the one that gets to this step ends there.
SITE = """
import os, signal, sys
where, number = os.environ["KILL_AT"].rsplit(" ", 1)
left = [int(number)]

def die(*_, **__):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)

def before(real):
    return lambda *a, **k: (die(), real(*a, **k))[1]

def after(real):
    return lambda *a, **k: (real(*a, **k), die())[0]

from reconciler.notify.outbox import Outbox
from reconciler.record.local import LocalStore
from reconciler.scim.client import ScimClient
steps = {
    "before the journal": (LocalStore, "journal", before),
    "after the journal": (LocalStore, "journal", after),
    "between a write and its outcome": (ScimClient, "create", after),
    "before the record is saved": (LocalStore, "save", before),
    "after the record is saved": (LocalStore, "save", after),
    "before what is told is kept": (Outbox, "begin", before),
    "in the outbox": (Outbox, "_write", after),
}
kind, name, how = steps[where]
setattr(kind, name, how(getattr(kind, name)))
"""


@pytest.fixture
def mortal(service: Rounds, tmp_path: Path) -> Rounds:
    """Whose cycles cannot make the group of five people, which somebody is to be told."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(SITE)
    service.environ["PYTHONPATH"] = f"{tmp_path}/site:{ROOT}"
    service.app("notification: {email: [ops@example.com]}\n")
    declare(service, staff(5))

    def taken(call: Call) -> Answer | None:
        is_group = call.method == "POST" and call.path.endswith("/Groups")
        return answer(409, {"status": "409", "scimType": "uniqueness"}) if is_group else None

    service.refuse = taken
    service.time = datetime.now(UTC)
    return service


@pytest.mark.parametrize(
    "at",
    ["before the journal 2", "after the journal 2", "between a write and its outcome 2", "before the record is saved 1",
     "after the record is saved 1", "before what is told is kept 1", "in the outbox 1"],
)  # fmt: skip
def test_a_run_that_is_killed_at_a_step_is_gone_on_with(mortal: Rounds, at: str) -> None:
    ran = mortal.reconcile("run", "--once", "--lock-timeout", "10", KILL_AT=at)
    assert ran.code == 1 and "the process of the cycle died" in ran.out, ran
    mortal.later(minutes=1)
    assert mortal.cycle().result == "partial"
    store = LocalStore(mortal.folder / ".reconcile", "wiki")
    assert store.read_journal() == [] and sorted(mortal.record.entries) == [f"User/{name}" for name in staff(5)]
    assert [len(mortal.find(name)) for name in staff(5)] == [1] * 5
    done = Counter(line["sourceIdentity"]["displayName"] for line in store.read_log() if _is_done(line))
    assert set(done.values()) == {1} and len(done) == 5, done
    told = [message.event for message in Outbox(mortal.folder / ".reconcile/wiki/outbox").messages()]
    assert [(event.phase, event.reason) for event in told] == [("began", "Conflict")]


def _is_done(line: dict[str, object]) -> bool:
    return line["provisioningAction"] == "create" and line["provisioningStatusInfo"]["status"] == "success"  # type: ignore[index]
