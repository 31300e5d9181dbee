"""A process that we start ends with us, and what ends us is what is told."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from reconciler.processes.child import run
from reconciler.processes.environment import Allowed


def test_an_interrupt_while_a_process_ends_by_itself_is_the_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that there is no such process, which would be told as a git that cannot be run."""
    communicate, asked = subprocess.Popen.communicate, list[int]()

    def interrupted(self: subprocess.Popen[bytes], *arguments: Any) -> Any:
        asked.append(self.pid)
        found = communicate(self, *arguments)
        if len(asked) == 1:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(subprocess.Popen, "communicate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run([sys.executable, "-c", ""], Allowed({}))
    assert len(asked) == 2
