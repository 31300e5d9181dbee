"""What a command prints to: a letter that the encoding lacks is escaped; nothing that becomes of the output stops a command."""

from __future__ import annotations

import io
import os
import sys
from typing import Any, ClassVar

STDOUT = 1


class _Pipe(io.FileIO):
    """A file descriptor: once nobody reads any more (`| head`), or there is no room, what is written to it goes nowhere."""

    failure: ClassVar[OSError | None] = None  # why the reader has not got all
    lost: ClassVar[OSError | None] = None  # why nothing reaches standard output any more, also where nobody wants it

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            if not isinstance(error, BrokenPipeError):
                _Pipe.failure = error
            if self.fileno() == STDOUT:
                _Pipe.lost = error
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return super().write(data)


def prepare() -> None:
    """Replace standard output and error by streams that never fail for want of a letter or a reader."""
    sys.stdout, sys.stderr = _prepared(sys.stdout), _prepared(sys.stderr)


def _prepared(stream: Any) -> Any:
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    stream.flush()
    pipe = io.BufferedWriter(_Pipe(stream.fileno(), "w", closefd=False))
    return io.TextIOWrapper(pipe, stream.encoding, "backslashreplace", line_buffering=stream.line_buffering)


def lost() -> OSError | None:
    """Why what is printed goes nowhere any more; None as long as somebody gets it."""
    return _Pipe.lost


def finish() -> OSError | None:
    """Write what is left to be written; returns why not all of it could be."""
    sys.stdout.flush()
    if _Pipe.failure is not None:
        sys.stderr.write(f"Error: the output could not be written whole: {_Pipe.failure.strerror} [NotWritten]\n")
    sys.stderr.flush()
    return _Pipe.failure
