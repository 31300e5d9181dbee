"""What a person sees of an apply that goes on."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from reconciler.cli.progress import bar, rate, why


@pytest.mark.parametrize(
    ("a_second", "words"), [(0.0, ""), (0.05, "3/min"), (3.94, "3.9/s"), (12.3, "12/s"), (1234.5, "1,234/s")]
)
def test_a_rate_is_told_in_a_unit_that_people_can_read(a_second: float, words: str) -> None:
    assert rate(a_second) == words


def test_what_most_of_the_time_is_waited_for_is_said() -> None:
    assert why(waited=90.0, elapsed=100.0) == "waits for the rate limit"
    assert why(waited=0.0, elapsed=100.0) == why(waited=0.0, elapsed=0.0) == "waits for the service"


def test_while_everything_waits_the_rate_falls_and_the_time_left_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    console, now = Console(file=io.StringIO(), force_terminal=True, width=120), [100.0]
    monkeypatch.setattr(console, "get_time", lambda: now[0])
    with bar(200, "wiki", lambda: 0.0, console) as wiki:
        for _ in range(16):
            display = wiki()
        shown = []
        for now[0] in (100.5, 102.0, 108.0):
            display.refresh()
            shown.append(console.file.getvalue().splitlines()[-1])  # type: ignore[attr-defined]
    assert "/s" not in shown[0] and "-:--:--" in shown[0]
    assert "8.0/s" in shown[1] and "0:00:23" in shown[1]
    assert "2.0/s" in shown[2] and "0:01:32" in shown[2]


def test_apps_that_are_written_at_a_time_have_a_line_each_in_one_display() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    with bar(3, "wiki", lambda: 99.0, console) as wiki, bar(2, "[zoo]", lambda: 0.0) as zoo:
        display = wiki()
        assert zoo() is display and wiki() is display
        assert [(row.description, row.completed, row.total) for row in display.tasks] == [("wiki", 2, 3), ("[zoo]", 1, 2)]
        display.refresh()
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "2/3" in shown and "waits for the service" in shown and "waits for the rate limit" in shown and "[zoo]" in shown
    with bar(1, "wiki", lambda: 0.0, Console(file=io.StringIO())) as again:
        assert again() is not display
