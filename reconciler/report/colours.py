"""The colours of a terminal by their names, which are those of click: a text and a colour in, a text out. Pure."""

from __future__ import annotations

from collections.abc import Callable

GREEN, YELLOW, RED, BOLD = "green", "yellow", "red", "bold"
Colour = Callable[[str, str], str]  # (text, name of a colour) -> the text, coloured where the terminal shows colours


def uncoloured(text: str, name: str) -> str:
    """The text as it is: for files, pipes and NO_COLOR."""
    return text
