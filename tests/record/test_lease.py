"""Which machine this is: the same for each of its processes, another one for another."""

from __future__ import annotations

import uuid

import pytest

from reconciler.record import lease


def test_an_address_that_a_process_made_up_says_nothing_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else no lock of a killed run would be known for one, in a container without a network card."""
    found = []
    for made_up in (0x03FC00000001, 0x5BFC00000007):
        monkeypatch.setattr(uuid, "getnode", lambda node=made_up: node)
        found.append(lease.machine())
    assert found[0] == found[1]
    for card in (0x02FC00000001, 0x02FC00000002):
        monkeypatch.setattr(uuid, "getnode", lambda node=card: node)
        found.append(lease.machine())
    assert len(set(found)) == 3
