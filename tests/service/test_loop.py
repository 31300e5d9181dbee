"""The service's loop by itself: what it does when, without a process."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from reconciler.service.loop import Loop, Settings


class _Asked:
    """Stands where the remote's head is looked at."""

    asked = 0

    def pull(self) -> None:
        self.asked += 1


def test_the_checkout_does_not_move_while_a_cycle_reads_it() -> None:
    """A person who moves from one file to the next would be in neither."""
    loop, main = Loop(Settings(Path("desired"), poll=60), lambda event: None), _Asked()
    cycle = SimpleNamespace(has_loaded=False)
    loop.main, loop.surveys = cast(Any, main), cast(Any, cycle)
    loop._pull()
    assert main.asked == 0 and loop._patience() > 1, "nor is the remote asked again and again meanwhile"
    cycle.has_loaded = True
    loop._pull()
    loop._pull()
    assert main.asked == 1
    for end in (loop.wake, loop.waker):
        end.close()
