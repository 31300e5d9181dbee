"""Signals while an apply writes: the first lets the writes under way end, the second leaves at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from reconciler.cli.common import guarded
from reconciler.cli.output import PERSON, say
from reconciler.declare.wording import plural

if TYPE_CHECKING:
    from reconciler.apply.model import Result

THE_SAME = "run the same command again: it does the rest"
INTERRUPTED, MOST_NAMED = 130, 20
SIGNALS = (signal.SIGINT, signal.SIGTERM)
_asked: list[int] = []  # signals that came while something was being written


@contextmanager
def orderly() -> Iterator[Callable[[], bool]]:
    """Yields what tells whether somebody has asked to stop. A second signal raises KeyboardInterrupt.

    Signals reach the main thread alone, so that a thread at work beside others asks what has been heard there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: bool(_asked)
        return
    _asked.clear()

    def note(number: int, frame: object) -> None:
        if _asked:
            raise KeyboardInterrupt
        _asked.append(number)
        # Whatever was being printed is left alone.
        with suppress(OSError):  # whoever read it was interrupted as well
            os.write(2, b"finishing the writes under way; press Ctrl-C again to stop now\n")

    before = {number: signal.signal(number, note) for number in SIGNALS}
    try:
        yield lambda: bool(_asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Reading:
    """An app that is read beside others: once somebody has asked to stop, its next answer ends it, unless it `writes` by then."""

    def __init__(self) -> None:
        self.writes = False
        self.listener = PERSON._replace(answered=self._heard)

    def _heard(self, method: str, status: int) -> None:
        if _asked and not self.writes:
            raise KeyboardInterrupt


def left_over(result: Result) -> int:
    """Say what an interrupted apply has not done, and how that is done; returns the exit code."""
    left = [outcome for outcome in result.outcomes if outcome.status == "skipped"]
    say(f"interrupted: {plural(len(left), 'change')} {'is' if len(left) == 1 else 'are'} left")
    for outcome in left[:MOST_NAMED]:
        say(f"    {outcome.change.action} {outcome.change.address} ({outcome.message})")
    if len(left) > MOST_NAMED:
        say(f"    and {len(left) - MOST_NAMED} more")
    say(f"    {THE_SAME}")
    return INTERRUPTED


def in_turn(works: Mapping[str, Callable[[], int]]) -> list[int]:
    """The exit codes of one app (its name -> its work) after another; whoever interrupts one wants none of the rest."""
    codes: list[int] = []
    _asked.clear()
    for name, work in works.items():
        if _asked:
            say(f"not begun: {', '.join(list(works)[list(works).index(name) :])}")
            return [*codes, INTERRUPTED]
        codes.append(guarded(work))
    return codes
