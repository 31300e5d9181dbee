"""A sentence and the names that it may hold in, its parts out: which of them are names or values, which are words. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from reconciler.declare.names import fold, name_of
from reconciler.plan.change import Change
from reconciler.plan.model import Plan
from reconciler.report.own_words import OWN

AROUND = "'\"`()[]{},;:."  # what may stand around a name in a sentence
LONGEST = 50  # words that a name in a sentence may have
KINDS = ("User/", "Group/")
# What stands before a name that has no kind: after these words even one that is called like a word of ours is a name.
PLACES = (
    "through group",
    "existing account",
    "existing group",
    "renamed from",
    "looks like",
    "the same account,",
    "has it,",
    "would change",
    "→",
)
PLAIN = re.compile("[a-z]+")


@dataclass(frozen=True)
class Names:
    """`names` are folded names of people, groups and accounts; `values` are other values, which count as they are written.

    `longest` is the number of words of the longest.
    """

    names: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()
    longest: int = 1

    def without_numbers(self) -> Names:
        """The same for a sentence in which a number is a count."""
        names, values = (frozenset(text for text in texts if not text.isdigit()) for texts in (self.names, self.values))
        return Names(names, values, self.longest)

    def is_one(self, text: str) -> bool:
        """Whether a text is a name as a whole."""
        return fold(text) in self.names and not _is_ours(text)

    def parts(self, text: str) -> Iterator[tuple[str, str, str]]:
        """(before, name, after) of a sentence, part by part, between spaces; `name` is empty where a part is a word alone."""
        if self.is_one(text):
            yield "", text, ""
            return
        words, said = text.split(" "), ""
        while words:
            most, placed = min(self.longest, len(words)), said.endswith(PLACES)
            count = next((n for n in range(most, 0, -1) if self._is_name(words[:n], placed)), 0)
            yield self._cut(" ".join(words[:count])) if count else (words[0], "", "")
            said += " ".join(["", *words[: count or 1]])
            del words[: count or 1]

    def _cut(self, text: str) -> tuple[str, str, str]:
        """A name, and what stands around it and is no part of it."""
        name = text if fold(text) in self.names else bare(text)
        start = text.find(name)
        return text[:start], name, text[start + len(name) :]

    def _is_name(self, words: list[str], placed: bool) -> bool:
        """`placed` says that a name stands here; elsewhere one that is called like our own words is not told from them."""
        whole = " ".join(words)
        name = bare(whole)
        marked = whole.lstrip(AROUND).startswith(KINDS)
        if len(words) == 1 and name and ("@" in name or marked):
            return True
        if not name or not (fold(name) in self.names or name in self.values):
            return False
        if placed or marked or _is_quoted(whole) or f"({name})" in whole:
            return True
        known = fold(name) in self.names or not PLAIN.fullmatch(name)
        return known and not name.isdigit() and not _is_ours(name)


def _is_ours(text: str) -> bool:
    """Whether it is made of words of our own sentences alone."""
    return all(word.isdigit() or word in OWN for word in fold(text).split(" "))


def known(names: Iterable[str], values: Iterable[str] = ()) -> Names:
    """Names, and other values, as they may stand in a sentence."""
    folded = frozenset(form for name in names if name for form in (fold(name), fold(bare(name)))) - {""}
    written = frozenset(form for value in values if value for form in (value, bare(value))) - {""}
    longest = max((name.count(" ") + 1 for name in (*folded, *written)), default=1)
    return Names(folded, written, min(LONGEST, longest))


def of_plan(plan: Plan) -> Iterator[str]:
    """What names a person, a group or an account in a plan."""
    addresses = [*plan.only, *(item.address for item in plan.skipped), *(item.address for item in plan.errors)]
    addresses += [*(change.address for change in plan.changes), *(row.address for row in plan.access)]
    addresses += [item.address for item in plan.ends]
    addresses += [address for pair in plan.looks_renamed for address in pair[:2]]
    for change in plan.changes:
        addresses += [*change.add, *change.remove]
        yield change.name
    yield from (name_of(address) for address in addresses)
    for row in plan.access:
        yield from (row.name, *row.through.split(" > "), *([row.what] if row.kind == "group" else ()))
    for item in plan.kept:
        yield from (name_of(item.address), *([item.what] if item.target == "members" else ()))
    for account in plan.unmanaged:
        yield from (account.id, account.userName)


def values_of(changes: Iterable[Change]) -> Iterator[str]:
    """The texts in the values of attributes."""
    for change in changes:
        for attribute in change.attributes:
            yield from _texts([attribute.before, attribute.after])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value.removeprefix("User/").removeprefix("Group/")
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def bare(text: str) -> str:
    """A name without its kind and what stands around it."""
    for kind in KINDS:
        text = text.rpartition(kind)[2] if text.lstrip(AROUND).startswith(kind) else text
    return text.strip(AROUND)


def _is_quoted(text: str) -> bool:
    inner = text.strip("()[]{},;:.")
    return len(inner) > 1 and inner[0] == inner[-1] and inner[0] in "'\"`"
