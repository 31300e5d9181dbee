"""Text from YAML or a service made harmless where it lands: terminal, Markdown, workflow commands. No I/O."""

from __future__ import annotations

import html
import unicodedata

HIDDEN = frozenset("CfCcCsCoZlZp"[i : i + 2] for i in range(0, 12, 2))


def plain(text: str) -> str:
    """One line for a terminal: control and direction characters escaped."""
    return "".join(_visible(c) if unicodedata.category(c) in HIDDEN else c for c in text)


def _visible(character: str) -> str:
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(character, f"\\u{ord(character):04x}")


def markdown(text: str) -> str:
    """Text inside a Markdown paragraph or cell: nothing in it is markup, a mention or a link."""
    escaped = html.escape(plain(text))
    return "".join(f"&#{ord(c)};" if c in "`*_[]()|~@#!\\:" else c for c in escaped)


def fenced(text: str) -> str:
    """A line inside a code fence: no run of backticks can close it."""
    return plain(text).replace("```", "`\u200b``")


def workflow_data(text: str) -> str:
    """The message of a GitHub workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def workflow_property(text: str) -> str:
    """A property of a GitHub workflow command."""
    return workflow_data(text).replace(":", "%3A").replace(",", "%2C")
