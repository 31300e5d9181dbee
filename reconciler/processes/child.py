"""A process started with an environment that is handed in, and nothing of ours besides. Starts processes, reads their output."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from reconciler.processes.environment import Allowed

Process = subprocess.Popen[bytes]


class Ended(NamedTuple):
    """How a process ended, and what it printed."""

    code: int
    output: bytes
    errors: bytes


class TooSlow(Exception):
    """A process had not ended in time; it was killed."""


def run(
    arguments: Sequence[str], environ: Allowed, *, given: bytes = b"", seconds: float = 600.0,
    folder: Path | None = None,
) -> Ended:  # fmt: skip
    """Run a program to its end, `given` on its stdin. Raises OSError where it cannot be started, TooSlow after `seconds`.

    It gets a session of its own: an interrupt at the terminal must not tear a push apart. Whatever ends us ends it.
    """
    process = subprocess.Popen(
        arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=environ,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(given, seconds)
    except BaseException as error:
        with suppress(ProcessLookupError):  # it had ended, and whatever interrupts us goes on
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise TooSlow from None
        raise
    return Ended(process.returncode, output, errors)


def start(arguments: Sequence[str], environ: Allowed, folder: Path, log: IO[bytes] | None = None) -> Process:
    """A process that goes on beside us, prints where we do or into `log`, and reads nothing."""
    return subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, env=environ)
