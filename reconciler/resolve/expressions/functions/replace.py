"""Replace, in its five modes, told apart by which arguments are given. Pure."""

from __future__ import annotations

from typing import Any

from reconciler.resolve.dotnet.regex import Pattern, RegexError, compile_safe
from reconciler.resolve.dotnet.replacement import compile_replacement, expand, expanded, unknown_groups
from reconciler.resolve.expressions.functions.base import (
    ABSENT,
    LONGEST_TEXT,
    UNKNOWN,
    Arguments,
    BadArgument,
    EvaluationError,
    Function,
    empty,
    fits,
    known,
    text,
)

SIGNATURE = "Replace(source, oldValue, regexPattern, regexGroupName, replacementValue, replacementAttributeName, template)"
OLD, PATTERN, GROUP, VALUE, ATTRIBUTE, TEMPLATE = range(1, 7)
MODES = (
    {OLD, VALUE}, {OLD, TEMPLATE}, {PATTERN, VALUE}, {PATTERN, GROUP, VALUE}, {PATTERN, GROUP, ATTRIBUTE},
)  # fmt: skip
WAYS = (
    "give oldValue with replacementValue or template, or regexPattern with replacementValue, with regexGroupName and "
    "replacementValue, or with regexGroupName and replacementAttributeName"
)


def given(arguments: Arguments) -> set[int]:
    """The positions that say something; an empty text says something as a replacement alone."""
    return {i for i in range(1, 7) if arguments[i] is not ABSENT and (i == VALUE or arguments[i] != "")}


def _replace(source: Any, *arguments: Any) -> Any:
    old, value = arguments[OLD - 1], arguments[VALUE - 1]
    if old and type(source) is type(old) is type(value) is str and arguments == (old, ABSENT, ABSENT, value, ABSENT, ABSENT):
        return _substituted(source, old, value)
    try:
        return _by_mode(source, given((source, *arguments)), *arguments)
    except RegexError as error:
        raise EvaluationError(str(error)) from None


def _by_mode(source: Any, mode: set[int], old: Any, pattern: Any, group: Any, value: Any, attribute: Any, template: Any) -> Any:
    if mode in ({PATTERN, GROUP, ATTRIBUTE}, {PATTERN, GROUP}):
        return source if not empty(source) else _group_of(compile_safe(text(pattern)), text(attribute), text(group))
    if empty(source):
        return source
    if OLD in mode:
        if VALUE in mode:
            return _substituted(text(source), text(old), text(value))
        return _substituted(text(template), text(old), text(source))
    if empty(pattern):
        return source
    compiled = compile_safe(text(pattern))
    if GROUP in mode:
        return _replace_group(compiled, text(source), text(group), text(value))
    return _replace_matches(compiled, text(source), text(value))


def _substituted(source: str, old: str, new: str) -> str:
    if len(source) * len(new) > LONGEST_TEXT:
        _fits(source, len(source) + source.count(old) * (len(new) - len(old)))
    return source.replace(old, new)


def _fits(source: str, length: int) -> None:
    """A result that is no longer than its source always fits. Raises EvaluationError."""
    if length > len(source):
        fits(length)


def _replace_matches(pattern: Pattern, source: str, value: str) -> str:
    pieces = compile_replacement(value, pattern)
    pieces_out, at, length = [], 0, len(source)
    for match in pattern.matches(source):
        start, end = match.spans[0]
        length += expanded(pieces, match) - (end - start)
        _fits(source, length)
        pieces_out += [source[at:start], expand(pieces, match)]
        at = end
    return "".join(pieces_out) + source[at:]


def _replace_group(pattern: Pattern, source: str, group: str, value: str) -> str:
    number = _number(pattern, group)
    pieces, at, length = [], 0, len(source)
    for match in pattern.matches(source):
        start, end = match.spans[number]
        if start >= at:
            length += len(value) - (end - start)
            _fits(source, length)
            pieces += [source[at:start], value]
            at = end
    return "".join(pieces) + source[at:]


def _group_of(pattern: Pattern, source: str, group: str) -> Any:
    match = pattern.search(source)
    number = _number(pattern, group)
    return match.group(number) if match is not None and match.spans[number][0] >= 0 else None


def _number(pattern: Pattern, group: str) -> int:
    if group not in pattern.names:
        raise RegexError(f"the pattern has no group {group!r}")
    return pattern.names[group]


def _check(arguments: Arguments) -> None:
    if given(arguments) not in MODES:
        raise BadArgument(0, "these arguments of Replace mean nothing together", WAYS)
    if not known(arguments, PATTERN) or PATTERN not in given(arguments):
        return
    try:
        pattern = compile_safe(text(arguments[PATTERN]))
    except RegexError as error:
        raise BadArgument(PATTERN, str(error), "rewrite the pattern") from None
    _check_groups(arguments, pattern)


def _check_groups(arguments: Arguments, pattern: Pattern) -> None:
    names = ", ".join(pattern.names) or "none"
    if known(arguments, GROUP) and arguments[GROUP] != "" and arguments[GROUP] not in pattern.names:
        raise BadArgument(GROUP, f"the pattern has no group {arguments[GROUP]!r}", f"its named groups are: {names}")
    if not known(arguments, VALUE) or arguments[GROUP] is UNKNOWN or GROUP in given(arguments):
        return
    value = text(arguments[VALUE])
    try:
        compile_replacement(value, pattern)
    except RegexError as error:
        raise BadArgument(VALUE, str(error), "rewrite the replacement") from None
    for name in unknown_groups(value, pattern):
        raise BadArgument(VALUE, f"the pattern has no group {name!r}", f"its named groups are: {names}")


FUNCTIONS: dict[str, Function] = {
    "Replace": Function(7, 7, _replace, SIGNATURE, _check, optional=range(1, 7), absent=ABSENT),
}
