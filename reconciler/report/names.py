"""A sentence and the names that it may hold in, its parts out: which of them are names or values, which are words. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from reconciler.declare.names import fold, name_of
from reconciler.plan.model import Change, Plan

AROUND = "'\"`()[]{},;:."  # what may stand around a name in a sentence
LONGEST = 50  # words that a name in a sentence may have
KINDS = ("User/", "Group/")
# Words of our own sentences: where one stands alone, it is no name, whoever is called so; `Group/member` is one all the same.
OURS = frozenset(
    " ".join(
        (
            "a access account accounts active admin all and another any app apply approval are as assigned assignment at be been",
            "before by change changes created date declaration declared default delete deleted directory disable disabled does",
            "enabled everybody expired false for from gives group groups has have holds id in is it its last leaves lose loses",
            "mail",
            "manager member members name names no nobody none not of on one only or other others out people person plan policy",
            "record reference remove removes rename renamed role roles same scope service since still that the them they this to",
            "true two update user username users value was who with yes",
        )
    ).split(" ")
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
        return fold(text) in self.names and fold(text) not in OURS

    def parts(self, text: str) -> Iterator[tuple[str, str, str]]:
        """(before, name, after) of a sentence, part by part, between spaces; `name` is empty where a part is a word alone."""
        if self.is_one(text):
            yield "", text, ""
            return
        words = text.split(" ")
        while words:
            count = next((n for n in range(min(self.longest, len(words)), 0, -1) if self._is_name(words[:n])), 0)
            yield self._cut(" ".join(words[:count])) if count else (words[0], "", "")
            del words[: count or 1]

    def _cut(self, text: str) -> tuple[str, str, str]:
        """A name, and what stands around it and is no part of it."""
        name = text if fold(text) in self.names else bare(text)
        start = text.find(name)
        return text[:start], name, text[start + len(name) :]

    def _is_name(self, words: list[str]) -> bool:
        whole = " ".join(words)
        name = bare(whole)
        if not name:
            return False
        if len(words) == 1 and ("@" in name or whole.lstrip(AROUND).startswith(KINDS)):
            return True
        placed = whole.lstrip(AROUND).startswith(KINDS) or _is_quoted(whole)
        if placed and (fold(name) in self.names or name in self.values):
            return True
        return (fold(name) in self.names and fold(name) not in OURS) or (name in self.values and not PLAIN.fullmatch(name))


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
