"""A create that the service refuses, with less in it: its attributes and the refusal in, what to try in turn out. Pure.

One refused attribute must not keep an account from being there. Which one it is the error may name; else it is found by leaving
out, in so few tries that a service that refuses everything is not asked for long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconciler.declare.names import is_group
from reconciler.plan.change import AttributeChange, Change
from reconciler.resolve.mapping import CompiledMapping
from reconciler.resolve.paths import parse_path
from reconciler.scim.errors import ServiceError

Attributes = tuple[AttributeChange, ...]
MOST = 8  # attributes that are left out one after the other
OF_CONTENT = frozenset({400, 422})  # a conflict, or a refusal of whoever asks, is about the account


def may_hold_less(error: ServiceError) -> bool:
    """Whether another body may be taken: the service has read this one, and made nothing of it."""
    return error.status in OF_CONTENT


def portions(change: Change, mapping: CompiledMapping, attributes: Attributes, error: ServiceError) -> Iterator[Attributes]:
    """Without what the error names; without one attribute after the other; with nothing but what makes an account."""
    needed = {"userName", "displayName" if is_group(change.address) else "active"}
    needed |= {mapping.slots[number].target for number in mapping.matching}
    left_out = [a for a in attributes if a.path not in needed]
    named = [a for a in left_out if _is_named(a.path, error.message)]
    each = [[a] for a in left_out] if 1 < len(left_out) <= MOST else []
    tried: list[list[AttributeChange]] = [[]]
    for without in (named, *each, left_out):
        if without not in tried:
            tried.append(without)
            yield tuple([a for a in attributes if a not in without])


def _is_named(target: str, words: str) -> bool:
    path = parse_path(target)
    names = {path.attribute, path.sub or path.attribute} - {"value"}
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", words, re.IGNORECASE) for name in names)
