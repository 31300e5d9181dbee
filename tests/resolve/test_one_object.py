"""Who is meant by a part of a name, or by one that is mistyped."""

from __future__ import annotations

import pytest

from reconciler.resolve.one_object import near

KNOWN = ["User/Ada@x.org", "User/grace@x.org", "User/adamo@x.org", "Group/Net Admins", "User/linus@x.org"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ada", ["User/Ada@x.org", "User/adamo@x.org"]),
        ("User/GRACE", ["User/grace@x.org"]),
        ("admins", ["Group/Net Admins"]),
        ("garce@x.org", ["User/grace@x.org"]),
        ("nobody@y.org", []),
        ("a", []),
    ],
)
def test_a_part_of_a_name_comes_before_a_slip_of_the_keyboard(text: str, meant: list[str]) -> None:
    assert near(text, KNOWN) == meant
