"""A plan warns of a new account whose name looks like that of one which is there: values in, words out."""

from __future__ import annotations

import pytest

from reconciler.plan.change import Change
from reconciler.plan.lookalikes import resemblances
from tests.plan.literals import account, context
from tests.support.warned import texts


def said(new: str, there: str, action: str = "create") -> list[str]:
    change = Change(f"User/{new}", action, "", (), "", 0)  # type: ignore[arg-type]
    return [*texts(resemblances(context(accounts=(account("a1", there),), groups=(), recorded={}), [change]))]


@pytest.mark.parametrize(("new", "there"), [("p\u0430ul@x.org", "paul@x.org"), ("paul@x.org", "p\u0430ul@x.org")])
def test_a_new_name_that_looks_like_a_live_one_is_told_whichever_of_them_is_odd(new: str, there: str) -> None:
    (words,) = said(new, there)
    assert words.startswith(f"User/{new} looks like {there}, another account that is there")


@pytest.mark.parametrize(("new", "there"), [
    ("\u043f\u0430\u0432\u0435\u043b@x.org", "paul@x.org"), ("m\u00fcller@x.org", "muller@x.org"), ("bill1@x.org", "billl@x.org"),
    ("PAUL@x.org", "paul@x.org"),
])  # fmt: skip
def test_names_of_every_script_and_everyday_pairs_are_let_be(new: str, there: str) -> None:
    assert said(new, there) == []


def test_only_who_is_new_is_compared() -> None:
    assert said("p\u0430ul@x.org", "paul@x.org", "update") == []
