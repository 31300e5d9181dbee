"""Text wraps on a terminal between words; in a pipe a line stays whole; a form for machines is never touched."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.terminal import wrapped

SAID = "Warning: Ada looks like Grace under another name: add `previously: [ada@x.org]` to keep the account"
PRINT = "from reconciler.cli.terminal import echo, echo_form; echo('a word ' * 20); echo_form('json', 'a word ' * 20 + chr(10))"


def test_a_line_goes_on_below_itself_and_what_is_to_be_copied_stays_together() -> None:
    assert wrapped(SAID, 60).split("\n") == [
        "Warning: Ada looks like Grace under another name: add",
        "    `previously: [ada@x.org]` to keep the account",
    ]
    assert wrapped("      because: it is so", 20).split("\n") == ["      because: it is", "          so"]


@pytest.mark.parametrize("text", ["x" * 90, "\x1b[1m" + "a " * 30 + "\x1b[0m", "", "  a   b", "short\nlines\n"])
def test_a_long_word_colours_and_what_fits_stay_as_they_are(text: str) -> None:
    assert wrapped(text, 80) == text


def test_letters_that_take_two_columns_count_twice() -> None:
    assert wrapped("\u6f22\u5b57 " * 5, 20).split("\n")[0] == "\u6f22\u5b57 \u6f22\u5b57 \u6f22\u5b57 \u6f22\u5b57"


@given(st.text("ab `\n", max_size=200), st.integers(20, 90))
def test_nothing_is_cut_and_no_line_is_wider_than_one_word(text: str, columns: int) -> None:
    rows = wrapped(text, columns).split("\n")
    assert re.sub(r"\s+", "", "".join(rows)) == re.sub(r"\s+", "", text)
    assert all(len(row) <= columns or " " not in row.strip() for row in rows if row not in text.split("\n"))


@pytest.mark.parametrize(("width", "columns"), [("", 80), ("40", 40)])
def test_only_text_on_a_terminal_wraps(tmp_path: Path, width: str, columns: int) -> None:
    command, environ = [sys.executable, "-c", PRINT], {**os.environ, "COLUMNS": width}
    whole = "a word " * 20
    piped = subprocess.run(command, capture_output=True, text=True, env=environ, check=True).stdout
    assert piped.split("\n") == [whole, whole, ""]
    terminal, end = pty.openpty()
    subprocess.run(command, stdout=end, env=environ, check=True)
    os.close(end)
    shown = os.read(terminal, 10_000).decode().replace("\r", "").split("\n")
    assert shown[-2] == whole and len(shown) > 3 and max(map(len, shown[:-2])) <= columns
