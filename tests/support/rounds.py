"""Cycles of the running service in this process, against a real SCIM server with faults before it, on a clock that tests set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from reconciler.apply.model import Outcome
from reconciler.cycle import base_commit, clock, commit
from reconciler.cycle.listener import SILENT
from reconciler.cycle.randomness import SystemChance
from reconciler.notify.message import Delivery, Message
from reconciler.notify.outbox import Telling
from reconciler.record.local import LocalStore
from reconciler.record.model import Record
from reconciler.record.service import Service, Sighting
from reconciler.service.ends import End
from reconciler.service.order import Means, Order
from reconciler.service.result import CycleResult, Standing
from reconciler.service.worker import conducted
from tests.support.servers import Answer, Call, Desk, Front, front, scim_server

SCIM = Callable[[Call], Answer | None]


class Rounds(Desk):
    """A desk whose service is reached through `front`; `decide` answers instead of it, and `time` is what every clock shows."""

    def __init__(self, folder: Path, server: Front, patch: pytest.MonkeyPatch) -> None:
        super().__init__(folder, f"{server.url}/{uuid4().hex}/v2")
        self.front, self.time = server, datetime(2026, 11, 2, 8, tzinfo=UTC)
        self.refuse: SCIM = lambda call: None
        self.stopped: Callable[[], bool] = lambda: False
        self.tell: Callable[[Outcome], None] = lambda outcome: None
        self.stands: Callable[[Standing], None] = lambda standing: None
        self.pulled: Sighting | None = None
        self.unkept: Telling | None = None
        self.sends: Callable[[Message], Delivery | None] = lambda message: None
        self.numbers = 0
        patch.chdir(folder)
        for name in ("WIKI_URL", "WIKI_TOKEN"):
            patch.setenv(name, self.environ[name])
        patch.setattr(clock, "datetime", _Clock(self))

    def now(self) -> str:
        return self.time.strftime("%Y-%m-%dT%H:%M:%SZ")

    def later(self, **by: float) -> None:
        self.time += timedelta(**by)

    def end(
        self,
        forced: bool = True,
        interval: int | None = None,
        folder: Path = Path("desired"),
        urgent: bool = False,
        causes: tuple[str, ...] = (),
        again: bool = False,
    ) -> End:
        """However a cycle ends; one that is not `forced` goes by the clock, one that is `urgent` is for what was merged, one made
        `again` comes soon after an outage.

        With `causes` it writes nothing that has another.
        """
        commit._revision.cache_clear()  # which holds for a process that runs one cycle
        base_commit._answer.cache_clear()
        self.numbers += 1
        means = Means(
            SILENT, self.now, SystemChance(), self._orderly, lambda outcome: self.tell(outcome), stands=lambda s: self.stands(s),
            sends=lambda message: self.sends(message),
        )  # fmt: skip
        order = Order(f"c{self.numbers}", forced, interval, self.pulled, self.unkept, urgent, causes, again=again)
        end = conducted(folder, "wiki", order, means)
        if isinstance(end, CycleResult):
            self.unkept = end.unkept.telling if end.unkept else None
        return end

    @contextmanager
    def _orderly(self) -> Iterator[Callable[[], bool]]:
        yield lambda: self.stopped()

    def cycle(self, forced: bool = True) -> CycleResult:
        """One that has to be."""
        end = self.end(forced)
        assert isinstance(end, CycleResult), end
        return end

    @property
    def record(self) -> Record:
        record = LocalStore(self.folder / ".reconcile", "wiki").load()
        assert record is not None
        return record

    @property
    def service(self) -> Service:
        return self.record.service

    @property
    def log(self) -> list[tuple[str, str]]:
        """(action, address) of the provisioning log."""
        lines = LocalStore(self.folder / ".reconcile", "wiki").read_log()
        return [(line["provisioningAction"], line["sourceIdentity"]["displayName"]) for line in lines]

    def app(self, more: str = "") -> None:
        self.write(
            "apps/wiki/app.yaml",
            f'app: wiki\nadminCredentials: {{tenantUrl: "${{env:WIKI_URL}}", secretToken: "${{env:WIKI_TOKEN}}"}}\n{more}',
        )


class _Clock:
    """Stands where datetime stood."""

    def __init__(self, rounds: Rounds) -> None:
        self._rounds = rounds

    def now(self, zone: object) -> datetime:
        return self._rounds.time


@contextmanager
def rounds(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Rounds]:
    with scim_server() as service, front(lambda call: made.refuse(call), service) as server:
        made = Rounds(folder, server, patch)
        yield made


def staff(number: int) -> list[str]:
    """Rows of people."""
    return [f"p{n:02}@x.org" for n in range(number)]


def declare(desk: Desk, names: list[str]) -> None:
    """These people, each in the one group that has a role."""
    desk.people(*names)
    desk.write("directory/groups/a.yaml", f"groups: [{{displayName: Net, members: [{', '.join(names)}]}}]\n")
