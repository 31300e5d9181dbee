"""Names that look like others, or mix scripts (UTS 39): names in, what they look like out. Reads the data of two libraries.

The library of confusables lists each pair both ways; a prototype is told by having several, or by standing in a longer one.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from reconciler.declare.model import Declarations
from reconciler.declare.names import fold
from reconciler.declare.place import Place, Problem

ASCII = {"0": "o", "1": "l", "|": "l", "m": "rn"}  # of lower case; a capital I is replaced before
SCRIPTS = ("Latin", "Greek", "Cyrillic", "Armenian", "Georgian", "Cherokee", "Coptic", "Hebrew", "Arabic", "Devanagari", "Thai")
EAST = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Bopomofo}]"


def looks(names: Sequence[str]) -> list[str]:
    """What each name looks like: those that look alike have one text in common, which is not for display."""
    text = "\n".join(names)
    if text.isascii():
        lowered = _lower(text).split("\n")
        return lowered if len(lowered) == len(names) else list(map(_lower, names))
    return [_lower(name) if name.isascii() else _lower(_skeleton(name)) for name in names]


def _lower(text: str) -> str:
    text = text.replace("I", "l").lower()
    for letter, other in ASCII.items():
        text = text.replace(letter, other)
    return text


def _skeleton(text: str) -> str:
    """UTS 39, 4: what is ignored by default is left out, each character replaced by its prototype."""
    import regex

    seen = regex.sub(r"\p{DI}", "", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFD", "".join(map(lambda c: _prototypes().get(c, c), seen)))


@cache
def _prototypes() -> Mapping[str, str]:
    from importlib.resources import files

    data: dict[str, list[dict[str, str]]] = json.loads((files("confusable_homoglyphs") / "confusables.json").read_bytes())
    pairs = {_bare(look): [_bare(item["c"]) for item in others] for look, others in data.items()}
    inside = {character for text in pairs if len(text) > 1 for character in text}
    single = {look: others[0] for look, others in pairs.items() if len(look) == 1 and len(others) == 1 and look not in inside}
    return {look: other for look, other in single.items() if not (look.isascii() and other.isascii())}


def _bare(text: str) -> str:
    """The data hold marks of direction around letters that are written from right to left."""
    return text.replace("\u200e", "")


def mixes(name: str) -> bool:
    """Whether a word of a name mixes scripts, as none but East Asian names do, with Latin letters."""
    if name.isascii():
        return False
    words, scripts, east = _classes()
    for word in words.findall(name):
        used = [script for script in scripts if script.search(word)]
        if len(used) > 1 or (used and used[0] is not scripts[0] and east.search(word)):
            return True
    return False


@cache
def _classes() -> tuple[Any, list[Any], Any]:
    import regex

    return regex.compile(r"[\p{L}\p{M}]+"), [regex.compile(rf"\p{{{name}}}") for name in SCRIPTS], regex.compile(EAST)


def check_names(declarations: Declarations) -> list[Problem]:
    """Each name and mail that looks like an earlier one of somebody else, or mixes scripts, as a warning where it stands."""
    users, groups = declarations.users, declarations.groups
    kinds = [
        (users, "user", [users.column("userPrincipalName"), users.column("mail")]),
        (groups, "group", [groups.column("displayName")]),
    ]
    return [problem for table, kind, columns in kinds for problem in _alike(table, kind, columns)]


def _alike(table: Any, kind: str, columns: list[list[Any]]) -> Iterable[Problem]:
    rows = [(row, name) for column in columns for row, name in enumerate(column) if isinstance(name, str)]
    seen: dict[str, tuple[int, str]] = {}
    keys = looks([name for _, name in rows])
    distinct = len(set(keys)) < len(keys)
    for (row, name), key in zip(rows, keys, strict=True) if distinct or not all(name.isascii() for _, name in rows) else ():
        place = Place(table.files[row], table.lines[row])
        first, other = seen.setdefault(key, (row, name))
        if first != row and fold(other) != fold(name):
            yield Problem(
                place,
                "warning",
                "looks-alike",
                f"{name} looks like {other} at {table.line(first)}",
                f"make sure that this is another {kind}, or give it a name that does not look like it",
            )
        elif mixes(name):
            yield Problem(
                place,
                "warning",
                "mixed-scripts",
                f"{name} mixes letters of several scripts",
                "write each word in one script, or make sure of what it says",
            )
