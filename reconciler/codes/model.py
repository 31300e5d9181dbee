"""The nouns of the registry of codes. Pure."""

from __future__ import annotations

from typing import NamedTuple


class Example(NamedTuple):
    """A file below `desired/` and the text in it by which the code comes up."""

    file: str
    text: str


class Code(NamedTuple):
    """One thing that can be said: `means`, `matters` and `fix` are sentences of a page, in Markdown.

    `shown` says in words how it comes about where no file of declarations alone can show it; then there is no example.
    """

    name: str
    title: str
    means: str
    matters: str
    fix: str
    example: Example | None = None
    shown: str = ""


def told(name: str, title: str, means: str, matters: str, fix: str, shown: str) -> Code:
    """A code that no file of declarations alone can show."""
    return Code(name, title, means, matters, fix, shown=shown)
