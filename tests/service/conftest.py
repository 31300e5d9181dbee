"""Fixtures of the running service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.rounds import Rounds, rounds


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rounds]:
    """Cycles of an app with two people, on a clock that the test sets."""
    with rounds(tmp_path, monkeypatch) as made:
        yield made
