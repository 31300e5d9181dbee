"""Regular expressions in linear time (RE2), in .NET's spelling of named groups. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import re2

NAMED = re.compile(r"\(\?(?:<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')")
TOO_MUCH = re.compile(r"\(\?(?:=|!|<=|<!|>)|\\[1-9]|\\k")


class RegexError(ValueError):
    """A pattern that cannot be used, with the reason in words."""


@lru_cache(maxsize=4096)
def compile_safe(pattern: str) -> Any:
    """A compiled pattern that cannot take exponential time. Raises RegexError."""
    if TOO_MUCH.search(pattern):
        raise RegexError("look-around, atomic groups and back references are not supported, since they can hang a run")
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(NAMED.sub(lambda m: f"(?P<{m[1] or m[2]}>", pattern), options)
    except re2.error as error:
        raise RegexError(f"not a regular expression: {error}") from None
