"""A value in, what reads as this value on one line out, inside of a flow collection too. Pure.

What is not plainly a word stands in quotes, and what cannot be seen (controls, direction marks, odd spaces) is escaped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from reconciler.declare.escapes import unseen

WORDS = frozenset({"true", "false", "null"})
WORDS_ELSEWHERE = WORDS | {"y", "n", "yes", "no", "on", "off", "none"}  # what YAML 1.1 does not take for text either
ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
SIMPLE = re.compile(r"[A-Za-z][A-Za-z0-9.]*")


def can_hold(text: str) -> bool:
    """Whether a YAML file can hold this text at all: NUL and half a surrogate pair it cannot."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def spelled(text: str) -> str:
    """As a declaration may say it: `Networks`, but `"2000"`; `can_hold` must be true."""
    return _spelled(text, WORDS)


def portable(text: str) -> str:
    """The same for files that other readers of YAML may meet: `"yes"`."""
    return _spelled(text, WORDS_ELSEWHERE)


def scalar(value: Any) -> str:
    """A value that stands on one line: text, true, false, a number, a list of text, or `{key: text}`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(map(scalar, value)) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{portable(str(k))}: {scalar(v)}" for k, v in value.items()) + "}"
    return str(value) if isinstance(value, (int, float)) else portable(str(value))


def unescaped(text: str) -> str:
    """`spelled` where quotes are enough, else the text itself: what is escaped could not be redacted."""
    written = spelled(text)
    return text if "\\" in written else written


def spelled_code(text: str) -> str:
    """`portable` for paths and expressions, which are full of double quotes: in single ones."""
    if text.isprintable() and text.isascii() and not SIMPLE.fullmatch(text):
        return "'" + text.replace("'", "''") + "'"
    return portable(text)


def _spelled(text: str, words: frozenset[str]) -> str:
    # By hand: ruamel's emitter takes forty times as long, and leaves `yes` and direction marks as they are.
    hidden = unseen(text)
    if text and text[0].isalpha() and text[-1] != " " and text.lower() not in words and all(map(_plain, text)) and not hidden:
        return text
    return '"' + "".join(_escaped(c) if place in hidden else _quoted(c) for place, c in enumerate(text)) + '"'


def _plain(character: str) -> bool:
    return character.isalnum() or character in " _-.@/"


def _quoted(character: str) -> str:
    seen = unicodedata.category(character) not in UNSEEN and (character == " " or not character.isspace())
    return character if seen and character not in ESCAPES else _escaped(character)


def _escaped(character: str) -> str:
    number = ord(character)
    short = f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
    return ESCAPES.get(character, short)
