"""What applies have found of a service, and what it rests on: an app in, a digest out. Pure."""

from __future__ import annotations

from reconciler.declare.model import App
from reconciler.resolve.canonical import sha256


def rests_on(app: App) -> str:
    """A digest of the profile and the mappings: with others a service may do what it did not."""
    mapped = [
        [item.target, item.kind, str(item.value), item.matchingPrecedence, item.apply, item.onNull, item.ignoreDrift]
        for mapping in (app.users, app.groups)
        for item in mapping.attributes
    ]
    return sha256([app.profile, app.settings, mapped])
