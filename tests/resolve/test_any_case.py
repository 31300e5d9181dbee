"""Texts are found in bytes whatever their case, as a search in a lower-cased copy finds them."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from reconciler.resolve.any_case import in_any_case

ASCII = st.text(string.printable, min_size=1, max_size=4).map(str.encode)


@given(ASCII, st.text(string.printable + "é", max_size=30), st.integers(0, 30))
def test_it_is_found_where_a_lower_cased_copy_has_it(text: bytes, inside: str, at: int) -> None:
    block = inside.encode()
    at = min(at, len(block))
    assert in_any_case(text)(block, at) == block.lower().find(text.lower(), at)


def test_letters_beyond_ascii_that_are_the_same_are_found_too_and_others_are_not() -> None:
    find = in_any_case(b"k")
    assert find("\N{KELVIN SIGN}".encode(), 0) == 0 and find("ë".encode(), 0) == find(b"\xff\xfe", 0) == -1
