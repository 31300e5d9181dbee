"""What safeguards say on a terminal: those that count nothing are one line, each of the others has its own."""

from __future__ import annotations

from typing import Any

from reconciler.report.safeguard_verdict import text_lines


def item(name: str, status: str = "ok", **numbers: int) -> dict[str, Any]:
    return {"name": name, "status": status, "detail": f"detail of {name}", "numbers": numbers}


def lines(*verdicts: dict[str, Any]) -> list[str]:
    return text_lines(verdicts, "wiki", lambda text, _: text)


QUIET = (
    item("accidentalDeletions", users=0, groups=0, earlier=0, count=10),
    item("groupMembership", groups=0, percent=50),
    item("identity", accounts=0, count=10),
    item("empty", recorded=60, shown=60, declared=60),
)


def test_safeguards_that_count_nothing_are_one_line() -> None:
    names = "accidentalDeletions, groupMembership, identity, empty"
    assert lines(*QUIET) == ["Safeguards:", f"  ok       {names}: nothing here that they count", ""]
    assert lines(*QUIET[:1]) == ["Safeguards:", "  ok       accidentalDeletions: detail of accidentalDeletions", ""]


def test_each_that_counts_something_has_its_own_line_and_one_that_is_not_set_has_none() -> None:
    loses, fewer, role = (
        item("accidentalDeletions", users=1),
        item("empty", recorded=3, shown=3, declared=2),
        item("lockout", active=2),
    )
    shown = lines(loses, QUIET[1], QUIET[2], fewer, role, item("protected"))
    assert [line.split(":")[0] for line in shown] == [
        "Safeguards",
        "  ok       accidentalDeletions",
        "  ok       empty",
        "  ok       lockout",
        "  ok       groupMembership, identity",
        "",
    ]
    assert any("blocked  identity: detail" in line for line in lines({**QUIET[2], "status": "blocked"}, *QUIET[:2]))
