"""Work on many things that only reads, spread over the cores. Forks, where Linux does.

A process knows what was loaded before it began, and asks for nothing of it again. It says nothing itself: of apps, of which each
process has a share, what it would say and what came of each goes to the one that began it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, NamedTuple, NoReturn, TypeVar

from reconciler.processes.lifeline import watch

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

A = TypeVar("A")
T = TypeVar("T")
Words = Callable[[], object]
MOST = 8  # processes: each holds what it plans, and a container may have fewer cores than its machine
SIZE, SHARES = 2, 2_000  # bytes of a number, and of how many a pipe holds all before anybody reads: 4,096 bytes at least
WORTH = 20_000  # people, app by app, of whom fewer are planned before the processes have begun


class Came(NamedTuple, Generic[T]):
    """What came of one app, and what it said, whole."""

    result: T
    words: list[Words]


Share = Callable[[Sequence[A], int], Iterator[Came[T]]]  # apps and jobs in, what came of each in their order out


def processes(apps: Sequence[object], people: int, jobs: int) -> int:
    """How many are worth while for these apps of a directory of so many people; 1 where nothing may be forked."""
    return min(cores(), len(apps), jobs) if len(apps) * people >= WORTH else 1


def cores() -> int:
    """How many processes may go side by side; 1 where nothing may be forked.

    What other threads hold while a process is forked nobody would ever let go of in there.
    """
    return 1 if sys.platform != "linux" or threading.active_count() > 1 else min(len(os.sched_getaffinity(0)), MOST)


def each(items: Sequence[A], work: Callable[[A], object], count: int) -> None:
    """Do `work` of each item, in this process and `count` - 1 others: whoever is free takes the next one, or the next few.

    What one of the others ends over is left undone, and nothing is told of it.
    """
    todo, numbers = os.pipe()
    children: list[int] = []
    try:
        os.write(numbers, b"".join(number.to_bytes(SIZE) for number in range(min(len(items), SHARES))))
        os.close(numbers)
        with suppress(OSError):  # no more processes are to be had
            children += (_forked(items, work, todo) for _ in range(count - 1))
        _taken(items, work, todo)
    except BaseException:
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        raise
    finally:
        os.close(todo)
        for child in children:
            with suppress(ChildProcessError):
                os.waitpid(child, 0)


def _forked(items: Sequence[A], work: Callable[[A], object], todo: int) -> int:
    """The id of a process that works until nothing is left, or whoever began it is gone."""
    began = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _taken(items, work, todo, lambda: os.getppid() == began)
    finally:
        os._exit(0)


def _taken(items: Sequence[A], work: Callable[[A], object], todo: int, wanted: Callable[[], bool] = lambda: True) -> None:
    while wanted() and (number := os.read(todo, SIZE)):
        for item in items[int.from_bytes(number) :: SHARES]:
            work(item)


def spread(apps: Sequence[A], share: Share[A, T], jobs: int, count: int) -> Iterator[Came[T] | None]:
    """What came of each app, in their order, from `count` processes that each do every `count`-th of them.

    None of each that a process was killed over.
    """
    from multiprocessing import Pipe

    sys.stdout.flush()
    sys.stderr.flush()
    theirs, ours = Pipe(duplex=False)
    children = [_Child(apps[first::count], share, -(-jobs // count), (theirs, ours)) for first in range(count)]
    theirs.close()
    try:
        for number in range(len(apps)):
            yield children[number % count].heard()
    finally:
        for child in children:
            child.end()


class _Child(Generic[A, T]):
    """A process with its share; it ends when the other end of `lifeline` is closed, whoever does that."""

    def __init__(self, apps: Sequence[A], share: Share[A, T], jobs: int, lifeline: tuple[Connection, Connection]) -> None:
        from multiprocessing import Pipe

        self._pipe, pipe = Pipe(duplex=False)
        self._id = os.fork()
        if self._id == 0:
            lifeline[1].close()
            _work(apps, share, jobs, pipe, lifeline[0])
        pipe.close()

    def heard(self) -> Came[T] | None:
        """What came of the next app, None where it was killed over it. Raises what nobody foresaw in there."""
        try:
            came: Came[T] | BaseException = self._pipe.recv()
        except (EOFError, OSError):
            return None
        if isinstance(came, BaseException):
            raise came
        return came

    def end(self) -> None:
        self._pipe.close()
        try:
            os.kill(self._id, signal.SIGKILL)
            os.waitpid(self._id, 0)
        except (ChildProcessError, ProcessLookupError):
            return


def _work(apps: Sequence[A], share: Share[A, T], jobs: int, pipe: Connection, lifeline: Connection) -> NoReturn:
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        watch(lifeline)
        for came in share(apps, jobs):
            pipe.send(came)
    except KeyboardInterrupt:  # as whoever began this one was told, too
        os._exit(130)
    except BaseException as error:
        error.add_note("".join(traceback.format_exception(error)))
        pipe.send(error)
    os._exit(0)
