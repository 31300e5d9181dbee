"""What is made from the code is as the code is: `make docs` writes it anew."""

from __future__ import annotations

import pytest

from tests.references.environment_page import NOT_LISTED, VARIABLES, read_by_the_code
from tests.references.pages import LIST, MADE, PAGES


@pytest.mark.parametrize("name", MADE)
def test_a_page_that_is_made_is_current(name: str) -> None:
    assert (PAGES / name).read_text(encoding="utf-8") == MADE[name](), "write it anew with `make docs`, and read what changed"


def test_the_list_for_programs_is_in_the_package_and_names_every_page() -> None:
    listed = (PAGES / LIST).read_text(encoding="utf-8")
    assert [page.name for page in PAGES.glob("*.md") if f"]({page.name})" not in listed] == []


def test_the_page_of_environment_variables_has_what_the_code_reads() -> None:
    beside = {"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "SCIM_TOKEN"}  # read by names that are no constants
    assert read_by_the_code() - NOT_LISTED - beside == VARIABLES.keys() - beside
