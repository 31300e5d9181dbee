"""What is made from the code is as the code is: `make docs` writes it anew."""

from __future__ import annotations

import pytest

from tests.references.pages import MADE, PAGES


@pytest.mark.parametrize("name", MADE)
def test_a_page_that_is_made_is_current(name: str) -> None:
    assert (PAGES / name).read_text(encoding="utf-8") == MADE[name](), "write it anew with `make docs`, and read what changed"
