"""Fixtures that every test may use."""

from __future__ import annotations

import gc
import os
import re
from pathlib import Path

import pytest
from hypothesis import settings

# A slow machine breaks no rule; and what a commit is judged by is the same each time, while whoever works on it tries more.
settings.register_profile("tests", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("tests")

# What the program obeys is not inherited from whoever runs the tests: under CI it is stricter about where tokens may go.
OBEYED = re.compile(r"CI|(GITHUB|GIT|RECONCILE)_.*|(NO|FORCE)_COLOR|COLUMNS|(?i:\w+_proxy)")
for name in filter(OBEYED.fullmatch, list(os.environ)):
    del os.environ[name]

from reconciler.demo.held import hold_classes  # noqa: E402
from tests.support.world import World  # noqa: E402 - it looks at the environment when it is imported

hold_classes()


def pytest_collection_finish() -> None:
    """What has been imported stays: looking through it for dead objects again and again takes a tenth of the tests' time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads what another one, or the developer, has parsed before."""
    monkeypatch.setenv("RECONCILE_CACHE_DIR", "")


@pytest.fixture
def world(tmp_path: Path) -> World:
    found = World(tmp_path)
    found.users(
        "userPrincipalName: ada@x.org, displayName: Ada, jobTitle: Engineer, manager: grace@x.org",
        "userPrincipalName: grace@x.org, displayName: Grace",
    )
    found.groups("displayName: Net, members: [ada@x.org, grace@x.org]")
    found.assign("group: Net, role: User", "user: grace@x.org, role: Admin")
    return found
