"""Fixtures that every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.world import World


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads what another one, or the developer, has parsed before."""
    monkeypatch.setenv("RECONCILE_CACHE_DIR", "")


@pytest.fixture
def world(tmp_path: Path) -> World:
    found = World(tmp_path)
    found.users("userPrincipalName: ada@x.org, displayName: Ada, jobTitle: Engineer, manager: grace@x.org",
                "userPrincipalName: grace@x.org, displayName: Grace")  # fmt: skip
    found.groups("displayName: Net, members: [ada@x.org, grace@x.org]")
    found.assign("group: Net, role: User", "user: grace@x.org, role: Admin")
    return found
