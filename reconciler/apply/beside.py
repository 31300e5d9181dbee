"""What a write has changed beside what it said: an account before and after it in, path -> value out. Pure.

A service may change an e-mail with the login. That is its own doing, which the record takes as answered: nobody has edited it by
hand, and to write it back would change the login again. It shows in that the value has in it what was written; any other one may
be an edit that came between, and is put right. So is what gives access, whatever it has in it.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from reconciler.declare.names import fold
from reconciler.plan.change import Change
from reconciler.plan.diff import in_address_space
from reconciler.resolve.mapping import CompiledMapping

Resource = dict[str, Any]


def changed_beside(
    mapping: CompiledMapping,
    change: Change,
    before: Resource,
    after: Resource,
    carrying: Container[str],
    addresses: Mapping[str, str],
) -> dict[str, Any]:
    """Of the attributes that are managed; `carrying` are the targets that carry roles, `addresses` says whose an id is.

    What the service no longer shows is left out: an answer may hold but a part of the account.
    """
    own = {attribute.path for attribute in change.attributes}
    written = {fold(a.after) for a in change.attributes if a.after and isinstance(a.after, str)}
    was, now = (in_address_space(mapping, values, addresses) for values in mapping.project([before, after]))
    slots = [(mapping.slots[i], was[i], now[i]) for i in mapping.updates if i != mapping.active]
    return {
        slot.target: value
        for slot, earlier, value in slots
        if value not in (None, earlier) and not (slot.target in own or slot.target in carrying or slot.hidden)
        and any(text in fold(str(value)) for text in written)
    }  # fmt: skip
