"""Roles over an API beside SCIM in the running service: whom a cycle has read is known to the next one."""

from __future__ import annotations

import pytest

from reconciler.cycle.role_due import IN_TURN
from tests.support.role_api import DECLARED, MAPPINGS
from tests.support.rounds import Rounds, declare, staff
from tests.support.servers import TOKEN
from tests.support.thousandeyes import thousandeyes

QUICK = "profile: {base: thousandeyes, rate: {perMinute: 100000, burst: 10000}}\n"


def test_cycles_that_find_nothing_to_do_read_everybody_in_turn(service: Rounds, monkeypatch: pytest.MonkeyPatch) -> None:
    with thousandeyes(TOKEN) as (url, _):
        monkeypatch.setenv("WIKI_URL", f"{url}/v2")
        service.app(QUICK)
        service.write("apps/wiki/mappings.yaml", MAPPINGS)
        service.write("apps/wiki/roles.yaml", DECLARED)
        declare(service, staff(2 * IN_TURN))
        assert service.cycle().result == "success"
        first = service.now()
        assert at(service) == {first: 2 * IN_TURN + 2}
        left = 2 * IN_TURN  # the two administrators who were there are read each time, and two others
        while left:
            service.later(hours=1)
            assert not service.cycle().written
            left -= 2
            assert at(service).get(first, 0) == left and at(service)[service.now()] == 4


def at(service: Rounds) -> dict[str, int]:
    """How many were last read when, by the record."""
    times = [seen["at"] for seen in service.record.role_api["seen"].values()]
    return {time: times.count(time) for time in sorted(times)}
