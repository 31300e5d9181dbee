"""How a service behaves, as applies have found out: record and resolution in, a resolution of what can be changed out. Pure."""

from __future__ import annotations

from dataclasses import replace

from reconciler.declare.model import App
from reconciler.record.model import Record
from reconciler.record.values import IN_NO_FORM
from reconciler.resolve.canonical import sha256
from reconciler.resolve.mapping import CompiledMapping
from reconciler.resolve.model import Resolution


def rests_on(app: App) -> str:
    """A digest of the profile and the mappings: with others a service may do what it did not."""
    mapped = [
        [item.target, item.kind, str(item.value), item.matchingPrecedence, item.apply, item.onNull, item.ignoreDrift]
        for mapping in (app.users, app.groups)
        for item in mapping.attributes
    ]
    return sha256([app.profile, app.settings, mapped])


def form_key(address: str, target: str) -> str:
    """What a target is called among those of users and of groups."""
    return f"{address.partition('/')[0]}/{target}"


def without_refused(resolution: Resolution, record: Record) -> Resolution:
    """The resolution whose mappings compare no attribute that the service takes no change of."""
    forms = record.known(rests_on(resolution.limited.app)).get("forms", {})
    if IN_NO_FORM not in forms.values():
        return resolution
    users, groups = _without(resolution.user_mapping, "User/", forms), _without(resolution.group_mapping, "Group/", forms)
    return replace(resolution, user_mapping=users, group_mapping=groups)


def _without(mapping: CompiledMapping, kind: str, forms: dict[str, str]) -> CompiledMapping:
    numbers = enumerate(mapping.slots)
    return replace(mapping, refused=frozenset(n for n, slot in numbers if forms.get(form_key(kind, slot.target)) == IN_NO_FORM))
