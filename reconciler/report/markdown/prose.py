"""A sentence as Markdown: our words as they are, names and all else that is no plain word as code. No I/O."""

from __future__ import annotations

import re
from typing import NamedTuple

from reconciler.declare.warned import Warned
from reconciler.report.markdown.links import linked, place_in
from reconciler.report.names import KINDS, Names
from reconciler.report.safe import code

MOST = 1_000  # characters of a sentence
SPAN = re.compile("`([^`]+)`")
# Nothing that Markdown, or GitHub, makes more of than text: no sign but those of a sentence, no commit, no reference. A
# parenthesis alone opens before code.
WORD = re.compile(
    r"[(\"']?(?![0-9a-f]{7,}\b)(?:[A-Za-z]+(?:['-][A-Za-z]+)*|\d{1,6}|\d{4}-\d\d-\d\d)[)\"']?[,;:.?]*|%[,;:.]?|[)\"']?[,;.?]+"
    r"|\("
)
MARKER = re.compile(r"\d+[.)]")  # at its beginning, that of a list
END = re.compile(r"[,;:.]*\Z")
ENCLOSED = re.compile(r"([(\"']?)(.+?)([)\"']?)")
HARMLESS = re.compile(r"[()\"',;:.]*")


class Words(NamedTuple):
    """What is known of the sentences of a plan: the names that they may hold, and where GitHub shows the files of its commit."""

    names: Names
    blob: str


def prose(text: str, names: Names, blob: str = "") -> str:
    """One line; what stands between backticks is code in the text already. Places are links where `blob` says to what."""
    if names.is_one(text):
        return code(text)
    cut = text[:MOST] + (f"… ({len(text):,} characters)" if len(text) > MOST else "")
    pieces = SPAN.split(cut)
    shown = [_code(piece, blob) if number % 2 else _sentence(piece, names, blob) for number, piece in enumerate(pieces)]
    line = "".join(shown).strip()
    return f"{code(line.split(' ')[0])}{line[len(line.split(' ')[0]) :]}" if MARKER.match(line) else line


def warned(item: Warned, words: Words) -> str:
    """A warning as a line, its code behind it also where the text is cut."""
    text = prose(item.text, *words)
    return f"{text} {code(f'[{item.code}]')}" if item.code else text


def _code(text: str, blob: str) -> str:
    match = ENCLOSED.fullmatch(text) if blob else None
    place = place_in(match[2]) if match else None
    return match[1] + linked(code(match[2]), place, blob) + match[3] if match and place else code(text)


def _sentence(text: str, names: Names, blob: str) -> str:
    return " ".join(_part(*part, blob) for part in names.parts(text))


def _part(before: str, name: str, after: str, blob: str) -> str:
    """One name, or one word; what surrounds it stays outside of the code where it is harmless."""
    if name:
        kind = next((kind for kind in KINDS if before.endswith(kind)), "")
        before, name = before.removesuffix(kind), kind + name
        if HARMLESS.fullmatch(before) and HARMLESS.fullmatch(after):
            return before + code(name) + after
        return code(before + name + after)
    if not before or WORD.fullmatch(before):
        return before
    end = END.search(before)
    word = before[: end.start()] if end else before
    return _code(word, blob) + before[len(word) :] if word else code(before)
