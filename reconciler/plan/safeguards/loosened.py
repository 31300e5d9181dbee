"""Settings by which access outlives its declaration, or a difference goes unseen: an app in, each with its words out. Pure.

The record keeps those that held when last applied, so that a plan names what is new: a change can switch such a thing on in the
very change that would otherwise have taken somebody's access.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from reconciler.declare.mapping_model import ObjectMapping
from reconciler.declare.model import App
from reconciler.declare.place import Place, Problem

PREFIX = "loosened."
ACTIVE = PREFIX + "users.active"
OF_MAPPINGS = (f"{PREFIX}users.", f"{PREFIX}groups.")  # how the names of those begin that mappings.yaml says
REMOVALS = {"outOfScope": "anyone who goes out of scope", "removedFromDirectory": "anyone who leaves the directory"}
ONLY_ADDS = re.compile(r"\bAppRoleAssignmentsComplex\b", re.IGNORECASE)  # and not the assertive one
ACTIONS = {
    "update": "changes, and accounts that are to be disabled, are left as they are",
    "delete": "what is to be deleted is left as it is",
}


class Loosened(NamedTuple):
    """A setting that lets more through: its name, what follows from it, where it is said."""

    name: str
    words: str
    place: Place | None


def loosened(app: App) -> Iterator[Loosened]:
    """Each that holds today, in a fixed order."""
    places, rules = app.safeguards.places, app.deprovisioning
    for key, words in (("status", "off"), ("mode", "manual")):
        if getattr(app.provisioning, key) == words:
            yield _of(f"provisioning.{key}", f"is `{words}`: nothing is applied, so nobody loses access", places)
    for key, whom in REMOVALS.items():
        if getattr(rules, key) == "retain":
            yield _of(f"deprovisioning.{key}", f"is `retain`: {whom} keeps the account and all that it may do", places)
    if app.users.enabled and not any(item.target.lower() == "active" and item.apply == "always" for item in app.users.attributes):
        yield Loosened(ACTIVE, "active is not mapped: who has to go keeps an active account", app.users.place)
    for kind, mapping in (("users", app.users), ("groups", app.groups)):
        yield from _of_mapping(kind, mapping)


def problems(app: App, before: Collection[str], when: str) -> Iterator[Problem]:
    """What validate warns of: each that is not among those that held before, by name; `when` says when that was."""
    for item in loosened(app):
        if item.name not in before:
            place, text = item.place or app.place, f"{item.words}; it was not like this {when}"
            yield Problem(place, "warning", "loosened", text, "make sure that it is intended: a plan says who keeps what by it")


def _of(name: str, words: str, places: Mapping[str, Place]) -> Loosened:
    return Loosened(PREFIX + name, f"{name} {words}", places.get(name))


def _of_mapping(kind: str, mapping: ObjectMapping) -> Iterator[Loosened]:
    if not mapping.enabled:
        return
    for action in sorted(ACTIONS.keys() - mapping.targetObjectActions):
        words = f"targetObjectActions of {kind} lacks {action}: {ACTIONS[action]}"
        yield Loosened(f"{PREFIX}{kind}.{action}", words, mapping.place)
    for item in mapping.attributes:
        if item.ignoreDrift:
            words = f"ignoreDrift of {item.target} is set: what somebody changes of it on the service is seen no more"
            yield Loosened(f"{PREFIX}{kind}.ignoreDrift.{item.target.lower()}", words, item.place)
        if item.kind == "expression" and ONLY_ADDS.search(str(item.value)):
            words = f"{item.target} is mapped with AppRoleAssignmentsComplex: a role that is taken away here stays on the service"
            yield Loosened(f"{PREFIX}{kind}.onlyAdds.{item.target.lower()}", words, item.place)
