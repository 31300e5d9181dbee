"""Regular expressions of .NET, translated to RE2, which takes linear time; what cannot be translated is refused. Pure.

Translated: named groups, .NET's Unicode \\d \\w \\s (RE2's are ASCII), `$` and \\Z before a last newline, the options
i, m and s, comments. Refused: look-around, atomic and conditional groups, back references, class subtraction, \\b
(RE2 knows only ASCII words), the options n and x, RightToLeft and what is RE2's own. With (?i), ſ and µ fold as in
Unicode, which .NET does not do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from reconciler.resolve.dotnet.character_class import SHORTHANDS, RegexError, escape, read_class, read_escape

__all__ = ["Match", "Pattern", "RegexError", "compile_safe"]

GROUP = re.compile(r"\(\?(?:<(?P<angle>[^>]*)>|'(?P<tick>[^']*)'|(?P<options>[A-Za-z-]*)(?P<end>[:)]))")
NAME = re.compile(r"[^\W\d]\w*\Z")
QUANTIFIER = re.compile(r"(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})\??")
# A last newline that `$` may stand before; its group is where the match really ends.
LAST_NEWLINE = r"(?:(\n?)\z)"
REFUSED = {
    "(?=": "look-ahead", "(?!": "look-ahead", "(?<=": "look-behind", "(?<!": "look-behind", "(?>": "an atomic group",
    "(?(": "a conditional group",
}  # fmt: skip


class Match(NamedTuple):
    """Where a pattern was found; `spans` by .NET's group numbers, (-1, -1) for a group that took no part."""

    text: str
    spans: tuple[tuple[int, int], ...]

    def group(self, number: int) -> str:
        start, end = self.spans[number]
        return self.text[start:end] if start >= 0 else ""


class Pattern:
    """A compiled pattern; `names` gives .NET's number of each named group (they count after the unnamed ones)."""

    def __init__(self, compiled: Any, translation: _Translation) -> None:
        self._compiled = compiled
        named = sorted(translation.names.items(), key=lambda pair: pair[1])
        self._order = (0, *translation.unnamed, *(index for _, index in named))
        self._tails = tuple(translation.tails)
        self.names = {name: len(translation.unnamed) + i for i, (name, _) in enumerate(named, 1)}
        self.groups = len(self._order) - 1

    def search(self, text: str, start: int = 0) -> Match | None:
        """The first match at or after a position."""
        raw = self._compiled.search(text, start)
        return None if raw is None else self._match(raw, text)

    def _match(self, raw: Any, text: str) -> Match:
        end = min([raw.start(tail) for tail in self._tails if raw.start(tail) >= 0], default=len(text))
        return Match(text, tuple([(min(a, end), min(b, end)) for a, b in map(raw.span, self._order)]))

    def matches(self, text: str) -> Iterator[Match]:
        """Every match, as Regex.Matches: after an empty one the search goes on a letter further.

        RE2 goes through the text once; where it took a last newline along that is not part of the match, it begins again.
        """
        at: int | None = 0
        while at is not None and at <= len(text):
            begin, at = at, None
            for raw in self._compiled.finditer(text, begin):
                if raw.start() < begin:  # an empty match, found again
                    continue
                match = self._match(raw, text)
                yield match
                start, end = match.spans[0]
                begin = end + (start == end)
                if end != raw.end():
                    at = begin
                    break


@lru_cache(maxsize=4096)
def compile_safe(pattern: str) -> Pattern:
    """A compiled pattern that cannot take exponential time. Raises RegexError."""
    translation = _Translation(pattern)
    import re2  # most mappings have none

    options = re2.Options()
    options.log_errors = False
    try:
        return Pattern(re2.compile(translation.run(), options), translation)
    except re2.error as error:
        reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise RegexError(f"not a regular expression: {reason}") from None


class _Frame(NamedTuple):
    """What holds inside one group: whether `^` and `$` mean lines, and whether a `$` stands before this place."""

    lines: bool
    ended: bool = False  # in this branch
    holds_end: bool = False  # in any branch so far


class _Translation:
    def __init__(self, pattern: str) -> None:
        self.pattern, self.at = pattern, 0
        self.out: list[str] = []
        self.unnamed: list[int] = []
        self.names: dict[str, int] = {}
        self.tails: list[int] = []
        self.count = 0
        self.frames = [_Frame(False)]
        self.repeatable = False  # whether a quantifier may stand here

    def run(self) -> str:
        while self.at < len(self.pattern):
            self._step()
        if len(self.frames) > 1:
            raise RegexError("not a regular expression: missing ): " + self.pattern)
        return "".join(self.out)

    def _step(self) -> None:
        letter = self.pattern[self.at]
        if letter == "(":
            self._open()
        elif letter == ")":
            self._close()
        elif letter == "|":
            self._emit(letter, 1)
            self.frames[-1] = self.frames[-1]._replace(ended=False)
        elif letter == "$":
            self._end_of_text(1)
        elif letter == "^":
            self._emit_whole(letter, 1)
        else:
            self._atom(letter)

    def _emit(self, text: str, length: int) -> None:
        """What no quantifier may follow."""
        self.out.append(text)
        self.at += length
        self.repeatable = False

    def _emit_whole(self, text: str, length: int) -> None:
        """What a quantifier may repeat."""
        self._emit(text, length)
        self.repeatable = True

    def _atom(self, letter: str) -> None:
        quantifier = QUANTIFIER.match(self.pattern, self.at)
        if quantifier:
            if not self.repeatable:
                raise RegexError(f"not a regular expression: {quantifier[0]} repeats nothing")
            if self.frames[-1].ended and quantifier[0] != "?":
                raise RegexError("$ cannot be repeated")
            self._emit(quantifier[0], len(quantifier[0]))
            return
        if letter == "\\" and self.pattern.startswith(r"\Z", self.at):
            self._end_of_text(2)
            return
        if letter == "\\" and self.pattern.startswith(r"\z", self.at):
            self._emit_whole(r"\z", 2)
            return
        if self.frames[-1].ended:
            raise RegexError("something follows $, which RE2 cannot express: end the pattern, or the alternative, with $")
        if letter == "[":
            inside, end = read_class(self.pattern, self.at)
            self._emit_whole(inside, end - self.at)
        elif letter == "\\":
            self._escape()
        else:
            self._emit_whole("." if letter == "." else escape(letter), 1)

    def _escape(self) -> None:
        if self.pattern.startswith(r"\A", self.at):
            self._emit_whole(r"\A", 2)
            return
        kind, value, end = read_escape(self.pattern, self.at)
        self._emit_whole(f"[{SHORTHANDS[value]}]" if kind == "shorthand" else value, end - self.at)

    def _end_of_text(self, length: int) -> None:
        frame = self.frames[-1]
        if frame.lines and length == 1:
            self._emit_whole("$", 1)
            return
        self.count += 1
        self.tails.append(self.count)
        self._emit_whole(LAST_NEWLINE, length)
        self.frames[-1] = frame._replace(ended=True, holds_end=True)

    def _close(self) -> None:
        if len(self.frames) == 1:
            raise RegexError("not a regular expression: unexpected ): " + self.pattern)
        inner = self.frames.pop()
        if inner.holds_end:
            self.frames[-1] = self.frames[-1]._replace(ended=True, holds_end=True)
        self._emit_whole(")", 1)

    def _open(self) -> None:
        ahead = self.pattern[self.at : self.at + 4]
        if self.frames[-1].ended:
            raise RegexError("something follows $, which RE2 cannot express: end the pattern, or the alternative, with $")
        for start, what in REFUSED.items():
            if ahead.startswith(start):
                raise RegexError(f"{start} is {what}, which cannot be run in linear time")
        if ahead.startswith("(?P"):
            raise RegexError("(?P is a group of another dialect: .NET writes (?<name>...)")
        if ahead.startswith("(?#"):
            self.at = self.pattern.find(")", self.at) + 1 or len(self.pattern)
        elif ahead.startswith("(?"):
            self._special()
        else:
            self._capture(None, 1)

    def _capture(self, name: str | None, length: int) -> None:
        self.count += 1
        if name is None:
            self.unnamed.append(self.count)
        elif name in self.names or not NAME.match(name):
            raise RegexError(
                f"the group name {name!r} is used twice"
                if name in self.names
                else f"{name!r} is not a group name of letters and digits"
            )
        else:
            self.names[name] = self.count
        self._emit("(", length)
        self.frames.append(_Frame(self.frames[-1].lines))

    def _special(self) -> None:
        group = GROUP.match(self.pattern, self.at)
        if group is None:
            raise RegexError(f"an unknown group {self.pattern[self.at : self.at + 4]}")
        name = group["angle"] if group["angle"] is not None else group["tick"]
        if name is not None:
            self._capture(name, len(group[0]))
            return
        lines = self._options(group["options"])
        self._emit(group[0], len(group[0]))
        if group["end"] == ":":
            self.frames.append(_Frame(lines))
        else:
            self.frames[-1] = self.frames[-1]._replace(lines=lines)

    def _options(self, options: str) -> bool:
        on, _, off = options.partition("-")
        if set(on + off) - set("ims"):
            raise RegexError(f"the options (?{options}) are not supported: only i, m and s are")
        return ("m" in on) or (self.frames[-1].lines and "m" not in off)
