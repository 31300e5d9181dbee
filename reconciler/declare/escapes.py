"""Which characters of a text a reader sees as they are: a text in, the same with all others written as escapes out. Pure.

A combining mark is in place on a letter, and five of them in a row, or the same twice, are not (UTS 39, 5.4). A joiner is in
place where a script needs it (RFC 5892, A.1 and A.2; Bengali writes one before its virama), or an emoji.
"""

from __future__ import annotations

from functools import cache
from typing import Any

FIRST_MARK = "\u0300"  # before it stand neither marks nor, but for what Python calls unprintable, invisible characters
LETTER = r"(?!\p{DI})\p{L}"
MARK = r"(?P<mark>(?!\p{DI})[\p{Mn}\p{Me}])(?!(?P=mark))"
VIRAMA = r"\p{ccc=9}"
DUAL = r"[\p{Joining_Type=L}\p{Joining_Type=D}]"
JOINER = "|".join((
    rf"(?<={VIRAMA})[\u200c\u200d](?=\p{{L}})",
    rf"(?<=\p{{L}})\u200d(?={VIRAMA})",
    rf"(?<={DUAL}\p{{Mn}}{{0,4}})\u200c(?=\p{{Mn}}{{0,4}}[\p{{Joining_Type=R}}\p{{Joining_Type=D}}])",
))  # fmt: skip
SPACING = rf"(?:\p{{Mc}}|{JOINER})"
CLUSTER = rf"{LETTER}{SPACING}*(?:{MARK}{SPACING}*){{0,4}}"
PICTURE = r"\p{Extended_Pictographic}(?:\ufe0f\u20e3?|\ufe0e|\p{Emoji_Modifier})?"
EMOJI = rf"[#*0-9]\ufe0f?\u20e3|{PICTURE}(?:\u200d{PICTURE})*"
HIDDEN = r"(?P<hidden>[\p{C}\p{M}\p{DI}\p{Zl}\p{Zp}\u2800])"  # the last is a Braille pattern without a dot
SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def visible(text: str) -> str:
    """The text on one line, every character that a reader would not see, or see in the wrong place, as an escape."""
    if text.isprintable() and (text.isascii() or max(text) < FIRST_MARK):
        return text
    if text.isascii():
        return "".join(c if c.isprintable() else _escape(c) for c in text)
    return str(_pattern().sub(_shown, text))


def unseen(text: str) -> frozenset[int]:
    """The places of the characters that `visible` escapes, counted from 0."""
    if text.isascii():
        return frozenset(number for number, c in enumerate(text) if not c.isprintable())
    return frozenset(match.start() for match in _pattern().finditer(text) if match["hidden"])


@cache
def _pattern() -> Any:
    import regex  # 15 ms, and most texts never get here

    return regex.compile(f"{EMOJI}|{CLUSTER}|{HIDDEN}")


def _shown(match: Any) -> str:
    return _escape(match[0]) if match["hidden"] else str(match[0])


def _escape(character: str) -> str:
    number = ord(character)
    return SHORT.get(character) or (f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}")
