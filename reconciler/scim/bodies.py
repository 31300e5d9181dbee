"""The body of an answer, decoded as its Content-Encoding says, a piece at a time: what is too much is never made. No I/O."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from reconciler.declare.wording import plural

LARGEST = 64 * 1024 * 1024  # bytes of an answer, encoded and after each decoding
LARGEST_ERROR = 65_536  # what is read of an answer that is an error
PIECE = 262_144
CODINGS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}  # zlib's wbits
OTHERS = frozenset({"br", "zstd", "compress", "x-compress", "dcb", "dcz"})
MOST_CODINGS = 3


class Unreadable(Exception):
    """The body is more than anybody reads, or is encoded in a way that nobody asked for."""


def decoded(chunks: Iterable[bytes], encoding: str, largest: int = LARGEST) -> Iterator[bytes]:
    """The pieces of a body; `encoding` is its Content-Encoding, the coding that was applied last at the end (RFC 9110 §8.4).

    Raises Unreadable as soon as the body has more than `largest` bytes, encoded or after any decoding.
    """
    names = [name.strip().lower() for name in encoding.split(",")]
    if unasked := sorted(OTHERS.intersection(names)):
        raise Unreadable(f"the answer is encoded as {unasked[0]}, which was not asked for")
    codings = [name for name in names if name in CODINGS]  # what nobody knows, `utf-8` for instance, is no coding
    if len(codings) > MOST_CODINGS:
        raise Unreadable(f"the answer is encoded {plural(len(codings), 'time')}")
    pieces = _bounded(chunks, largest)
    for name in reversed(codings):
        pieces = _bounded(_inflated(pieces, name), largest)
    return pieces


def _bounded(pieces: Iterable[bytes], largest: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > largest:
            raise Unreadable(f"the answer is larger than {largest // 1024**2} MiB")
        yield piece


def _inflated(pieces: Iterable[bytes], name: str) -> Iterator[bytes]:
    """At most PIECE bytes at a time, however much a piece would become."""
    inflater, begun = zlib.decompressobj(CODINGS[name]), False
    for piece in pieces:
        if piece and not begun and name == "deflate" and piece[0] & 15 != zlib.DEFLATED:
            inflater = zlib.decompressobj(-zlib.MAX_WBITS)  # some send it bare, without the header of RFC 1950
        begun = begun or bool(piece)
        while piece and not inflater.eof:
            try:
                yield inflater.decompress(piece, PIECE)
            except zlib.error as error:
                raise Unreadable(f"the answer cannot be decoded as {name} ({error})") from None
            piece = inflater.unconsumed_tail
    yield inflater.flush()
