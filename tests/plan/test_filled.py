"""A gap of the log and what was declared then in, the rows of that time out: what was to be is never what was."""

from __future__ import annotations

from reconciler.plan.access.filled import filled
from reconciler.plan.access.had import Declared, Had, Past
from reconciler.plan.access.past import Gap

LINE = Declared("desired/apps/wiki/assignments.yaml", 3, "1a2b")
GAP = Gap("2026-04-01T08:00:00Z", "2026-04-08T08:00:00Z", "record 7 is missing")
WITHIN, AFTER = "2026-04-05T23:59:59Z", "2026-04-20T23:59:59Z"


def had(who: str, what: str, known: bool, kind: str = "role") -> Had:
    return Had(f"User/{who}", who, who, kind, what, False, known)


def declared(who: str, what: str, kind: str = "role") -> Had:
    return had(who, what, False, kind)._replace(declared=LINE)


def told(at: str, rows: list[Had], given: list[Had]) -> list[tuple[str, str, bool, bool]]:
    """Who, what, whether the log knows it, and whether it was declared."""
    found = filled(Past(gaps=(GAP,)), at, rows, given)
    return [(row.login, row.what, row.known, row.declared is not None) for row in found]


def test_what_the_log_knows_stays_as_it_is_whatever_was_declared() -> None:
    rows = [had("ada", "Admin", True), had("bob", "User", True)]
    given = [declared("ADA", "admin"), declared("bob", "Admin")]
    assert told(AFTER, rows, given) == [("ada", "Admin", True, False), ("bob", "User", True, False)]


def test_what_nobody_knows_names_the_line_that_gave_it_and_stays_unknown() -> None:
    rows = [had("ada", "Admin", False), had("bob", "User", False), had("bob", "User", False, "group")]
    given = [declared("ADA", "admin"), declared("bob", "User", "group")]
    expected = [("ada", "Admin", False, True), ("bob", "User", False, True), ("bob", "User", False, False)]
    assert told(AFTER, rows, given) == expected == told(WITHIN, rows, given)


def test_only_within_a_gap_what_the_log_never_told_of_is_listed() -> None:
    assert told(WITHIN, [], [declared("eve", "User")]) == [("eve", "User", False, True)]
    assert told(AFTER, [], [declared("eve", "User")]) == [] == told(GAP.until, [], [declared("eve", "User")])
