"""A text in, what finds it in bytes whatever its case out: many times as fast as a search in a lower-cased copy. Pure.

re2 looks at a byte in a tenth of the time where what it looks for begins with one byte, a letter in one case or a sign.
"""

from __future__ import annotations

from collections.abc import Callable

import re2

Find = Callable[[bytes, int], int]  # a block, and from where on; where the text stands, -1 where it does not
SIGN = b"/"  # in each address and URL; far rarer than a quotation mark
LONGEST = 3  # bytes of a letter that is the same as one of ASCII (K)


def in_any_case(text: bytes) -> Find:
    """Of a text of ASCII; as `bytes.find`, and in UTF-8 also where a letter beyond ASCII is the same (K, ſ).

    Several texts in one pattern would take longer than one after the other.
    """
    before, sign, after = text.partition(SIGN)
    return _by_the_rest(before, after) if before and after else _find(_any_case(text))


def in_this_case(text: bytes) -> Find:
    """Of a text as it is: sooner than `bytes.find` where its first byte is rare."""
    return _find(re2.escape(text))


def member_in_any_case(name: bytes, value: bytes) -> Find:
    """The value, a JSON string, of a member of this name as it is: both with a space between them or without."""
    return _find(re2.escape(name) + b'": ?' + _any_case(value))


def _any_case(text: bytes) -> bytes:
    escaped: bytes = re2.escape(text)
    return b"(?i)" + escaped


def _find(pattern: bytes) -> Find:
    compiled = re2.compile(pattern)

    def find(block: bytes, at: int) -> int:
        match = compiled.search(block, at)
        return match.start() if match is not None else -1

    return find


def _by_the_rest(before: bytes, after: bytes) -> Find:
    """Looks for a text from its sign on, and then whether it begins as it should."""
    whole, rest = re2.compile(_any_case(before + SIGN + after)), re2.compile(SIGN + _any_case(after))

    def find(block: bytes, at: int) -> int:
        begin = at
        while (match := rest.search(block, begin)) is not None:
            found = whole.search(block, max(at, match.start() - LONGEST * len(before)), match.end())
            if found is not None:
                return int(found.start())
            begin = match.start() + 1
        return -1

    return find
