"""Texts are found in bytes whatever their case, as a search in a lower-cased copy finds them."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from reconciler.resolve.any_case import in_any_case, in_this_case, member_in_any_case

ASCII = st.text(string.printable, min_size=1, max_size=4).map(str.encode)
FEW = st.text("kKa/", min_size=1, max_size=4).map(str.encode)  # so that much is found, and more than once


@given(ASCII, st.text(string.printable + "é", max_size=30), st.integers(0, 30))
def test_it_is_found_where_a_lower_cased_copy_has_it(text: bytes, inside: str, at: int) -> None:
    block = inside.encode()
    at = min(at, len(block))
    assert in_any_case(text)(block, at) == block.lower().find(text.lower(), at)


def test_letters_beyond_ascii_that_are_the_same_are_found_too_and_others_are_not() -> None:
    find = in_any_case(b"k")
    assert find("\N{KELVIN SIGN}".encode(), 0) == 0 and find("ë".encode(), 0) == find(b"\xff\xfe", 0) == -1


@given(FEW, st.text("kKa/é", max_size=30), st.integers(0, 30))
def test_a_text_with_a_slash_is_found_where_it_begins_and_nowhere_before(text: bytes, inside: str, at: int) -> None:
    block = inside.encode()
    at = min(at, len(block))
    assert in_any_case(text)(block, at) == block.lower().find(text.lower(), at)
    assert in_this_case(text)(block, at) == block.find(text, at)


def test_a_letter_beyond_ascii_is_found_before_a_slash_too() -> None:
    block = "xx k\N{KELVIN SIGN}\N{KELVIN SIGN}/a".encode()
    assert in_any_case(b"kkk/A")(block, 0) == 3 and in_any_case(b"kkk/A")(block, 4) == -1


def test_a_member_is_found_with_a_space_in_it_and_by_its_own_name_alone() -> None:
    find = member_in_any_case(b"what", b'"Reader"')
    assert find(b'{"what":"reader"}', 0) == find(b'{"what": "READER"}', 0) == 2
    assert find(b'{"WHAT":"Reader"}', 0) == find(b'{"what":"Readers"}', 0) == -1
