"""The functions of the expression language: a table of name, arity and implementation. Pure.

Semantics are those of Entra's reference of expression functions. null is None; truth is the text "True" or "False".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any, NamedTuple

from reconciler.resolve.regex import compile_safe


class _Ignore:
    """The attribute is left out of the flow."""

    def __repr__(self) -> str:
        return "IGNORE"


IGNORE = _Ignore()


class Function(NamedTuple):
    """`most` is None where any number of further arguments may follow."""

    least: int
    most: int | None
    call: Callable[..., Any]
    signature: str


def text(value: Any) -> str:
    """A value as text, as it would be written to the target."""
    if value is None:
        return ""
    return str(value)


def truth(value: bool) -> str:
    return "True" if value else "False"


def empty(value: Any) -> bool:
    return value is None or value == "" or value == () or value == []


def items(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def compare(left: Any, operator: str, right: Any) -> bool | None:
    """A condition of IIF; None, which is neither branch's, where the left side is null or empty."""
    if empty(left):
        return False
    a, b = _numbers(left, right)
    match operator:
        case "=":
            return bool(a == b)
        case "<>":
            return bool(a != b)
        case ">":
            return bool(a > b)
        case ">=":
            return bool(a >= b)
        case "<":
            return bool(a < b)
        case _:
            return bool(a <= b)


def _numbers(left: Any, right: Any) -> tuple[Any, Any]:
    try:
        return float(text(left)), float(text(right))
    except ValueError:
        return text(left), text(right)


def _iif(condition: Any, then: Any, otherwise: Any) -> Any:
    return then if condition is True or text(condition).lower() == "true" else otherwise


def _join(separator: Any, *parts: Any) -> str:
    found = [text(item) for part in parts for item in items(part)]
    return text(separator).join(item for item in found if item)


def _left(source: Any, count: Any) -> Any:
    return text(source)[: int(count)] if int(count) >= 0 else text(source)


def _mid(source: Any, start: Any, length: Any) -> str:
    first = max(int(start) - 1, 0)
    return text(source)[first : first + max(int(length), 0)]


def _item(source: Any, index: Any) -> Any:
    found = items(source)
    return found[int(index) - 1] if 1 <= int(index) <= len(found) else None


def _word(source: Any, number: Any, delimiters: Any) -> str:
    words = [w for w in re.split("[" + re.escape(text(delimiters)) + "]", text(source)) if w] if delimiters else [text(source)]
    return words[int(number) - 1] if 1 <= int(number) <= len(words) else ""


def _split(source: Any, delimiter: Any) -> Any:
    if empty(source):
        return None
    parts = text(source).split(text(delimiter)) if delimiter else [text(source)]
    return tuple([part.strip() for part in parts if part.strip()])


def _pcase(source: Any, separators: Any = None) -> str:
    """The first letter of each word in upper case, the others in lower case."""
    if separators is None:
        return re.sub(r"[^\W_][\w']*", lambda m: m[0][0].upper() + m[0][1:].lower(), text(source))
    found, fresh = [], True
    for letter in text(source):
        found.append(letter.upper() if fresh else letter.lower())
        fresh = letter in separators
    return "".join(found)


SPECIAL = {
    "ä": "a", "ö": "o", "ü": "u", "å": "a", "æ": "ae", "ø": "oe", "œ": "oe", "ß": "ss", "ł": "l",
    "đ": "d", "ð": "d", "þ": "th", "ı": "i",
}  # fmt: skip


def _plain(source: Any) -> Any:
    if source is None:
        return None
    return "".join([_plain_letter(letter) for letter in unicodedata.normalize("NFC", text(source))])


def _plain_letter(letter: str) -> str:
    found = SPECIAL.get(letter) or SPECIAL.get(letter.lower(), "").capitalize()
    if found:
        return found
    return "".join(c for c in unicodedata.normalize("NFD", letter) if not unicodedata.combining(c))


def _switch(source: Any, default: Any, *pairs: Any) -> Any:
    wanted = text(source)
    for key, value in zip(pairs[::2], pairs[1::2], strict=False):
        if text(key) == wanted:
            return value
    return default


def _replace(source: Any, old: Any, pattern: Any, group: Any, value: Any, attribute: Any, template: Any) -> Any:
    """The five modes of Entra's Replace, told apart by which arguments are given."""
    if old is not None and template is not None:
        return text(template).replace(text(old), text(source)) if not empty(source) else source
    if old is not None:
        return text(source).replace(text(old), text(value)) if not empty(source) else source
    if pattern is None:
        return source
    found = compile_safe(text(pattern))
    if group is None:
        return _sub(found, text(source), value) if not empty(source) else source
    if value is not None:
        return _replace_group(found, text(source), text(group), text(value)) if not empty(source) else source
    return _group_of(found, text(attribute), text(group)) if empty(source) else source


def _sub(pattern: Any, source: str, value: Any) -> str:
    def fill(match: Any) -> str:
        known = match.groupdict()
        return re.sub(r"\$\{(\w+)\}", lambda m: text(known.get(m[1], m[0])), text(value))

    return str(pattern.sub(fill, source))


def _replace_group(pattern: Any, source: str, group: str, value: str) -> str:
    match = pattern.search(source)
    if match is None or match.groupdict().get(group) is None:
        return source
    number = pattern.groupindex[group]
    return source[: match.start(number)] + value + source[match.end(number) :]


def _group_of(pattern: Any, source: str, group: str) -> Any:
    match = pattern.search(source)
    return match.groupdict().get(group) if match is not None else None


def _roles(assignments: Any) -> list[dict[str, Any]]:
    return [
        {"value": role["value"], "display": role["displayName"], "primary": False} for role in assignments or ()
    ]


def _single_role(assignments: Any) -> Any:
    return assignments[0]["value"] if assignments else None


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if not empty(value)), None)


FUNCTIONS: dict[str, Function] = {
    "Append": Function(2, 2, lambda s, suffix: text(s) + text(suffix), "Append(source, suffix)"),
    "AppRoleAssignmentsComplex": Function(1, 1, _roles, "AppRoleAssignmentsComplex([appRoleAssignments])"),
    "AssertiveAppRoleAssignmentsComplex": Function(
        1, 1, _roles, "AssertiveAppRoleAssignmentsComplex([appRoleAssignments])"
    ),
    "Coalesce": Function(1, None, _coalesce, "Coalesce(source1, source2, ..., default)"),
    "IIF": Function(3, 3, _iif, "IIF(condition, valueIfTrue, valueIfFalse)"),
    "IgnoreFlowIfNullOrEmpty": Function(
        1, 1, lambda v: IGNORE if empty(v) else v, "IgnoreFlowIfNullOrEmpty(expression)"
    ),
    "IsNull": Function(1, 1, lambda v: truth(v is None), "IsNull(expression)"),
    "IsNullOrEmpty": Function(1, 1, lambda v: truth(empty(v)), "IsNullOrEmpty(expression)"),
    "IsPresent": Function(1, 1, lambda v: truth(not empty(v)), "IsPresent(expression)"),
    "Item": Function(2, 2, _item, "Item(attribute, index)"),
    "Join": Function(2, None, _join, "Join(separator, source1, source2, ...)"),
    "Left": Function(2, 2, _left, "Left(string, count)"),
    "Mid": Function(3, 3, _mid, "Mid(source, start, length)"),
    "NormalizeDiacritics": Function(1, 1, _plain, "NormalizeDiacritics(source)"),
    "Not": Function(1, 1, lambda v: truth(text(v).lower() != "true"), "Not(source)"),
    "PCase": Function(1, 2, _pcase, "PCase(source, wordSeparators)"),
    "Replace": Function(
        7, 7, _replace,
        "Replace(source, oldValue, regexPattern, regexGroupName, replacementValue, replacementAttributeName, template)",
    ),  # fmt: skip
    "SingleAppRoleAssignment": Function(1, 1, _single_role, "SingleAppRoleAssignment([appRoleAssignments])"),
    "Split": Function(2, 2, _split, "Split(source, delimiter)"),
    "StripSpaces": Function(1, 1, lambda v: text(v).replace(" ", ""), "StripSpaces(source)"),
    "Switch": Function(4, None, _switch, "Switch(source, default, key1, value1, ...)"),
    "ToLower": Function(1, 2, lambda v, culture=None: text(v).lower(), "ToLower(source)"),
    "ToUpper": Function(1, 2, lambda v, culture=None: text(v).upper(), "ToUpper(source)"),
    "Word": Function(3, 3, _word, "Word(string, number, delimiters)"),
}
