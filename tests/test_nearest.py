"""A name that is nearly right is answered with the name meant, and with no other."""

from __future__ import annotations

import pytest

from reconciler.declare.near import nearly
from reconciler.declare.references import nearest

KNOWN = dict.fromkeys(["ada@example.com", "grace@example.com", "katherine@example.com", "john@example.com"])


@pytest.mark.parametrize("slip", ["garce@example.com", "grace@exmaple.com", "Grace@example.com", "grac@example.com"])
def test_a_slip_of_the_keyboard_is_understood(slip: str) -> None:
    assert nearest(slip, KNOWN, "user") == "did you mean grace@example.com?"


@pytest.mark.parametrize("other", ["mary@example.com", "kristen@example.com", "x", ""])
def test_somebody_else_of_the_same_domain_is_not_meant(other: str) -> None:
    assert nearest(other, KNOWN, "user") == "declare the user, or remove the reference"


def test_the_nearest_come_first() -> None:
    assert nearly("jon@example.com", ["joan@exampel.com", "john@example.com"], 3) == ["john@example.com", "joan@exampel.com"]
