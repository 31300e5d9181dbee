"""A create that the service refuses, with less in it: its attributes and the refusal in, what to try in turn out. Pure.

Refused attributes must not keep an account from being there. Which they are the errors may name, one after the other; else that
is found by leaving out, in so few tries that a service that refuses everything is not asked for long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

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


def portions(
    change: Change, mapping: CompiledMapping, attributes: Attributes, refusals: Sequence[ServiceError]
) -> Iterator[Attributes]:
    """Without what the refusals name; without one attribute after the other; with what makes an account, and what is asked for.

    The last of the `refusals` is of what was yielded last, and of all of the `attributes` at first.
    """
    needed = {"userName", "displayName" if is_group(change.address) else "active"}
    needed |= {mapping.slots[number].target for number in mapping.matching}
    optional = [a for a in attributes if a.path not in needed]
    tried: list[list[AttributeChange]] = [[]]
    for without in _left_out(optional, refusals):
        if without not in tried:
            tried.append(without)
            yield tuple([a for a in attributes if a not in without])


def _left_out(optional: list[AttributeChange], refusals: Sequence[ServiceError]) -> Iterator[list[AttributeChange]]:
    """Many services name one thing at a time: what is wrong with what they were sent, or what is missing from it."""
    without = list[AttributeChange]()
    while named := _named(optional, without, refusals[-1]):
        without = [*without, *named]
        yield without
    if 1 < len(optional) <= MOST:
        yield from ([a] for a in optional)
    without = optional
    yield without
    while asked_for := _named(without, [], refusals[-1]):
        without = [a for a in without if a not in asked_for]
        yield without


def _named(attributes: list[AttributeChange], but: list[AttributeChange], error: ServiceError) -> list[AttributeChange]:
    return [a for a in attributes if a not in but and _is_named(a.path, error.message)]


def _is_named(target: str, words: str) -> bool:
    path = parse_path(target)
    names = {path.attribute, path.sub or path.attribute} - {"value"}
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", words, re.IGNORECASE) for name in names)
