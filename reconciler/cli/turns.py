"""What threads print that work side by side: each one's words whole, and as they come once it is its turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import RLock

Words = Callable[[], object]  # what another process is to say is sent to it, so what is said is made of no closure


class Turn:
    """Of one piece of work: what it says before its turn has begun is kept."""

    def __init__(self) -> None:
        self._kept: list[Words] | None = []
        self._lock = RLock()

    def speak(self, words: Words) -> None:
        """`words` prints; from any thread."""
        with self._lock:
            if self._kept is None:
                words()
            else:
                self._kept.append(words)

    def kept(self) -> list[Words]:
        """What was said before the turn has begun."""
        with self._lock:
            return list(self._kept or ())

    def begin(self) -> None:
        """All that is kept, and from now on each word at once."""
        with self._lock:
            kept, self._kept = self._kept or [], None
            for words in kept:
                words()


_turn: ContextVar[Turn | None] = ContextVar("turn", default=None)


@contextmanager
def taking(turn: Turn) -> Iterator[None]:
    """What this thread says inside of the block is said in that turn."""
    token = _turn.set(turn)
    try:
        yield
    finally:
        _turn.reset(token)


def speaker() -> Callable[[Words], None]:
    """How this thread speaks, for the threads that it starts: they have no turn of their own."""
    turn = _turn.get()
    return turn.speak if turn is not None else _at_once


def _at_once(words: Words) -> None:
    words()


def speak(words: Words) -> None:
    """Print in the turn of this thread, or at once where it has none."""
    speaker()(words)
