"""Functions on text: casing, cutting, joining, encoding. Null in is null out where the reference does not say otherwise. Pure."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from reconciler.declare.source_attributes import DEFAULT_DOMAIN
from reconciler.resolve.expressions.functions.base import (
    ABSENT,
    BadArgument,
    EvaluationError,
    Function,
    bounded,
    checks,
    empty,
    fits,
    items,
    one_of,
    text,
    whole,
    whole_at,
)

CULTURE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*\Z")
DOTTED = frozenset(["tr", "az", "lt"])  # languages whose i is not that of the others
COMPARES = ("vbTextCompare", "vbBinaryCompare")
# .NET's invariant culture leaves the dotted capital and the dotless small i alone.
UNCASED = "\u0130\u0131"
# The categories at which .NET's TextInfo.ToTitleCase ends a word.
SEPARATORS = frozenset(["Zs", "Zl", "Zp", "Cc", "Cf", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So"])
# What .NET takes for white space; Python would take the separators U+001C to U+001F too.
WHITE = "\t\n\v\f\r\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000 " + "".join(map(chr, range(0x2000, 0x200B)))
PLAIN = frozenset([str, type(None)])
LETTERS = frozenset(["Lu", "Ll", "Lt", "Lm", "Lo"])
# Letters that are no base letter with a mark; the reference lists the first six.
SPECIAL = {"æ": "ae", "ø": "oe", "œ": "oe", "ß": "ss", "ł": "l", "ı": "i", "đ": "d", "ð": "d", "þ": "th"}


def _or_null(call: Callable[..., Any]) -> Callable[..., Any]:
    """Null in, null out."""

    def run(source: Any, *arguments: Any) -> Any:
        if type(source) is str:
            return call(source, *arguments)
        return None if source is None else call(text(source), *arguments)

    return run


def lower(source: str) -> str:
    """Letter by letter, as .NET does: no final sigma, no letter that becomes two."""
    return source.lower() if source.isascii() else "".join([_cased(c, c.lower()) for c in source])


def upper(source: str) -> str:
    return source.upper() if source.isascii() else "".join([_cased(c, c.upper()) for c in source])


def _cased(letter: str, other: str) -> str:
    return letter if len(other) != 1 or letter in UNCASED else other


def _join(separator: Any, *parts: Any) -> str:
    if not PLAIN.issuperset(map(type, parts)):
        parts = tuple([text(item) for part in parts for item in items(part)])
    filled, between = list(filter(None, parts)), text(separator)
    fits(sum(map(len, filled)) + len(between) * (len(filled) - 1))
    return between.join(filled)


def _left(source: Any, count: Any) -> str:
    return text(source)[: whole(count)] if whole(count) >= 0 else text(source)


def _mid(source: str, start: Any, length: Any) -> str:
    first, count = whole(start) - 1, whole(length)
    if first < 0:
        first = 0
    return source[first : first + count] if count > 0 else ""


def _in_str(source: Any, wanted: Any, start: Any = None, compare: Any = None) -> int:
    """1-based; 0 where it is not found."""
    have, want = text(source), text(wanted)
    if compare == "vbTextCompare":
        have, want = lower(have), lower(want)
    first = 1 if start is None else whole(start)
    if first < 1:
        raise EvaluationError(f"InStr starts at 1, not at {first}")
    return have.find(want, first - 1) + 1 if have else 0


def _trim(source: Any) -> Any:
    """Of one value, or of each of several."""
    if isinstance(source, (list, tuple)):
        return tuple([text(value).strip(WHITE) for value in source])
    return None if source is None else text(source).strip(WHITE)


def _word(source: Any, count: Any, delimiters: Any) -> str:
    letters = text(delimiters)
    words = [w for w in re.split("[" + re.escape(letters) + "]", text(source)) if w] if letters else [text(source)]
    return words[whole(count) - 1] if 1 <= whole(count) <= len(words) else ""


def _split(source: Any, delimiter: Any) -> Any:
    if empty(source):
        return None
    parts = text(source).split(text(delimiter)) if not empty(delimiter) else [text(source)]
    return tuple([part.strip() for part in parts if part.strip()])


def _pcase(source: str, separators: Any = None) -> str:
    if separators is None:
        return _title_case(lower(source))
    letters, fresh = [], True
    for letter in source:
        letters.append(upper(letter) if fresh else lower(letter))
        fresh = letter in text(separators)
    return "".join(letters)


def _title_case(source: str) -> str:
    """.NET's TextInfo.ToTitleCase: a word begins at a letter and ends at a separator, an apostrophe is part of it."""
    letters, inside = [], False
    for letter in source:
        category = unicodedata.category(letter)
        if not inside and category in LETTERS:
            letters.append(_cased(letter, letter.title()))
            inside = True
        else:
            letters.append(letter)
            inside = inside and (letter == "'" or category not in SEPARATORS)
    return "".join(letters)


def _plain(source: str) -> str:
    if source.isascii():
        return source
    letters = [_plain_letter(letter) for letter in unicodedata.normalize("NFC", source)]
    return unicodedata.normalize("NFC", "".join(letters))


def _plain_letter(letter: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFD", letter) if not unicodedata.combining(c))
    if bare in SPECIAL:
        return SPECIAL[bare]
    return SPECIAL[bare.lower()].upper() if bare.lower() in SPECIAL else bare


def _base64(source: str) -> str:
    return bounded(base64.b64encode(source.encode("utf-16-le", "surrogatepass")).decode())


def _hex(source: str) -> str:
    return bounded(source.encode("utf-8", "surrogatepass").hex().upper())


def _append(source: Any, suffix: Any) -> str:
    return bounded(text(source) + text(suffix))


def _bit_and(left: Any, right: Any) -> Any:
    if left is None or right is None:
        return None
    bits = whole(left) & whole(right)
    if not -(1 << 63) <= bits < 1 << 64:
        raise EvaluationError("the result of BitAnd is not a number of 64 bits")
    return bits


def _nothing() -> None:
    """Never called: the value is a source."""


def _to_text(value: Any) -> Any:
    return None if value is None else text(value)


def _check_culture(arguments: Any) -> None:
    """All cultures but a few change case as the invariant one does, which is the one that is spoken."""
    culture = arguments[1] if len(arguments) > 1 else ABSENT
    if culture is ABSENT or culture == "":
        return
    if not isinstance(culture, str) or not CULTURE.match(culture):
        raise BadArgument(1, 'the culture is a name between quotes, such as "en-US"', "write one, or leave the culture out")
    if culture.partition("-")[0].lower() in DOTTED:
        raise BadArgument(
            1, f"the culture {culture} has a case of its own for i, and only the invariant one is spoken", "leave the culture out"
        )


def _check_numbers(arguments: Any) -> None:
    for index in (0, 1):
        whole_at(index, None, "give a whole number, or a hexadecimal one such as &HF")(arguments)


FUNCTIONS: dict[str, Function] = {
    "Append": Function(2, 2, _append, "Append(source, suffix)"),
    "BitAnd": Function(2, 2, _bit_and, "BitAnd(value1, value2)", _check_numbers),
    "ConvertToBase64": Function(1, 1, _or_null(_base64), "ConvertToBase64(source)"),
    "ConvertToUTF8Hex": Function(1, 1, _or_null(_hex), "ConvertToUTF8Hex(source)"),
    "CStr": Function(1, 1, _to_text, "CStr(value)"),
    "InStr": Function(
        2, 4, _in_str, "InStr(value1, value2, start, compareType)",
        checks(whole_at(2, 1, "the first character is 1"), one_of(3, COMPARES, "way to compare")),
        optional=(2, 3), words=frozenset(COMPARES),
    ),
    "Join": Function(2, None, _join, "Join(separator, source1, source2, ...)", many=True),
    "DefaultDomain": Function(0, 0, _nothing, "DefaultDomain()", reads=DEFAULT_DOMAIN),
    "Left": Function(2, 2, _left, "Left(string, count)", whole_at(1)),
    "Len": Function(1, 1, _or_null(len), "Len(value)"),
    "Mid": Function(
        3, 3, _or_null(_mid), "Mid(source, start, length)",
        checks(whole_at(1, 1, "the first character is 1"), whole_at(2, 0)),
    ),
    "NormalizeDiacritics": Function(1, 1, _or_null(_plain), "NormalizeDiacritics(source)"),
    "PCase": Function(1, 2, _or_null(_pcase), "PCase(source, wordSeparators)", optional=(1,)),
    "Split": Function(2, 2, _split, "Split(source, delimiter)"),
    "StripSpaces": Function(1, 1, _or_null(lambda s: s.replace(" ", "")), "StripSpaces(source)"),
    "ToLower": Function(1, 2, _or_null(lambda s, _=None: lower(s)), "ToLower(source, culture)", _check_culture, optional=(1,)),
    "ToUpper": Function(1, 2, _or_null(lambda s, _=None: upper(s)), "ToUpper(source, culture)", _check_culture, optional=(1,)),
    "Trim": Function(1, 1, _trim, "Trim(value)", many=True),
    "Word": Function(3, 3, _word, "Word(string, number, delimiters)", whole_at(1)),
}  # fmt: skip
