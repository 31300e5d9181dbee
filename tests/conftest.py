"""Fixtures that every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    found = World(tmp_path)
    found.users("userPrincipalName: ada@x.org, displayName: Ada, jobTitle: Engineer, manager: grace@x.org",
                "userPrincipalName: grace@x.org, displayName: Grace")  # fmt: skip
    found.groups("displayName: Net, members: [ada@x.org, grace@x.org]")
    found.assign("group: Net, role: User", "user: grace@x.org, role: Admin")
    return found
