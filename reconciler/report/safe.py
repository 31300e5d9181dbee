"""Text from YAML or a service made harmless where it lands: terminal, Markdown, workflow commands. No I/O."""

from __future__ import annotations

import re

from reconciler.declare.escapes import visible

# A runner obeys `::command::` at the start of a line and `##[command]` anywhere in it.
COMMANDS = re.compile(r"\A(\s*):(?=:)|##\[")


def plain(text: str) -> str:
    """One line for a terminal or a log: what cannot be seen, or not in its place, escaped, workflow commands disarmed."""
    return COMMANDS.sub(lambda match: "##\\u005b" if match[0] == "##[" else match[1] + "\\u003a", visible(text))


def shortened(text: str, most: int = 300) -> str:
    """As much of a service's text as a line for a person takes."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters: `reconcile status --format json` has all)"


def inert(text: str, most: int = 1_000) -> str:
    """One line of at most `most` characters for a code span or fence, where all but its end is text.

    A comment's opening is broken, since the plan's own one must be found nowhere else.
    """
    cut = plain(text[:most]) + (f"… ({len(text):,} characters)" if len(text) > most else "")
    return cut.replace("<!--", "\\u003c!--")


def code(text: str, most: int = 300) -> str:
    """A code span (CommonMark 6.1): nothing in it is markup, a mention, a reference, an emoji or a link."""
    shown = inert(text, most) or '""'
    ticks = "`" * (longest_run(shown) + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def cell(text: str, most: int = 120) -> str:
    """A code span inside a table, whose cells are split before code spans are seen (GFM 4.10)."""
    # A backslash before an escaped pipe would take the escape away.
    return code(text, most).replace("\\|", "\\\\u007c").replace("|", "\\|") if "|" in text else code(text, most)


def longest_run(text: str) -> int:
    """The number of backticks of the longest run."""
    return max(map(len, re.findall("`+", text)), default=0)


def workflow_data(text: str) -> str:
    """The message of a GitHub workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def workflow_property(text: str) -> str:
    """A property of a GitHub workflow command."""
    return workflow_data(text).replace(":", "%3A").replace(",", "%2C")
