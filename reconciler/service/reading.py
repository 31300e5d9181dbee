"""How a cycle reads its service: all of it, or what the declaration, the clock and the turn call for. Reads the service."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.cycle.minimal import minimal_read
from reconciler.cycle.read import read_live
from reconciler.plan.live import Live, Part
from reconciler.record.model import Record
from reconciler.record.moments import moment_of
from reconciler.resolve.model import Resolution
from reconciler.scim.client import ScimClient
from reconciler.service.looked_after import costs_little, privileged, turn


@dataclass(frozen=True)
class Reading:
    """As `read_and_plan` takes it. `also` are addresses that are asked for in any case; `unmanaged` is how many accounts there
    are beside ours; `quiet` says that neither the declaration nor the day is another than when nothing was left to do; `urgent`
    that somebody waits for what the declaration changed: drift is looked for by the next cycle.
    """

    interval: int
    full_refresh: int
    now: str
    quiet: bool
    unmanaged: int = 0
    also: Iterable[str] = ()
    urgent: bool = False

    def __call__(self, client: ScimClient, resolution: Resolution, record: Record | None) -> Live:
        """Raises ServiceError, as `read_live` does."""
        if self.urgent:
            return minimal_read(also=self.also)(client, resolution, record)
        if record is None or costs_little(len(record.entries) + self.unmanaged, client.profile, self.interval):
            return read_live(client, resolution, record)
        part = turn(record.entries, moment_of(self.now).timestamp(), self.interval, self.full_refresh)
        asked = frozenset(self.also) | privileged(resolution) | part
        if not self.quiet:
            return minimal_read(also=asked)(client, resolution, record)
        return minimal_read(only=asked)(client, resolution, record) if asked else Live(part=Part(frozenset()))
