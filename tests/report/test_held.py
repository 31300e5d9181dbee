"""Who has what, as a table."""

from __future__ import annotations

from reconciler.plan.access.held import Held, Source
from reconciler.report.held import as_table


def test_the_id_of_an_account_that_nobody_manages_is_shown_since_commands_ask_for_it() -> None:
    rows = [
        Held("#17", "mal", "Mal", "role", "Admin", True, Source.UNMANAGED),
        Held("User/ada", "ada", "", "role", "Admin", True, Source.BY_HAND),
    ]
    lines = as_table({"wiki": rows}).splitlines()
    assert lines[1].startswith("  mal (#17)  Admin") and lines[2].startswith("  ada        Admin")
