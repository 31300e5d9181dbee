"""What the full plan says of one object: its changes, the warnings that concern it, what blocks them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from reconciler.declare.names import fold, is_user
from reconciler.declare.warned import Warned
from reconciler.plan.change import Action, Change
from reconciler.plan.explain.model import Check
from reconciler.plan.findings import Findings, Key
from reconciler.plan.model import ObjectError
from reconciler.plan.outstanding import cautions
from reconciler.plan.planner import Planned
from reconciler.plan.roles_staying import of_everyday
from reconciler.plan.selection import narrowed
from reconciler.plan.undeclared_renames import cautions as looking_renamed
from reconciler.plan.warnings import fixed, ignored, of_declared, of_mappings, of_service, uncleared


class Part(NamedTuple):
    """`changes` are its own and its membership of groups; `blocked` the safeguards that let nothing of the plan through."""

    changes: tuple[Change, ...]
    words: tuple[Warned, ...]
    errors: tuple[ObjectError, ...]
    blocked: tuple[Check, ...]


def part(planned: Planned, address: str) -> Part:
    """Of a declared object, else of one in the record."""
    names = (address, planned.context.matching.recorded.get(address, address))
    changes = tuple(_changes(planned, names))
    return Part(
        changes,
        tuple(dict.fromkeys(_words(planned, names))),
        tuple(error for error in planned.plan.errors if error.address == address),
        tuple(_blocked(planned)) if changes else (),
    )


def _changes(planned: Planned, names: tuple[str, ...]) -> Iterator[Change]:
    for change in planned.everything:
        found = narrowed(planned.context, change, frozenset(map(fold, names)))
        if found is not None:
            yield found if found.action == Action.UPDATE else replace(found, reason=change.reason)


def _words(planned: Planned, names: tuple[str, ...]) -> Iterator[Warned]:
    """A warning that names many may not name this one: each is asked for again as if nobody else were there."""
    context, resolution = planned.context, planned.context.resolution
    alone = replace(
        resolution,
        users={a: u for a, u in resolution.users.items() if a in names},
        groups={a: g for a, g in resolution.groups.items() if a in names},
    )
    if is_user(names[0]):
        yield from (*of_mappings(context), *context.live.notes)
    apart = replace(context, resolution=alone)
    yield from (*of_declared(apart, fixed(apart)), *of_everyday(apart), *of_service(apart))
    findings = planned.findings
    yield from Findings(untouched=_own(findings.untouched, names), retained=_own(findings.retained, names)).said()
    yield from ignored(context, _own(findings.ignored, names))
    yield from uncleared(context, _own(findings.uncleared, names))
    own = [item for item in findings.outstanding if {item.address, item.what} & set(names)]
    renamed = [pair for pair in planned.plan.looks_renamed if pair.address in names]
    yield from (Warned(caution.code, caution.text) for caution in (*looking_renamed(context, renamed), *cautions(context, own)))
    yield from (item._replace(about="") for item in planned.plan.warnings if item.about in names)


def _own(found: Mapping[Key, list[str]], names: tuple[str, ...]) -> dict[Key, list[str]]:
    own = {why: [address for address in addresses if address in names] for why, addresses in found.items()}
    return {why: addresses for why, addresses in own.items() if addresses}


def _blocked(planned: Planned) -> Iterator[Check]:
    for found in planned.plan.safeguards:
        if found["status"] == "blocked":
            yield Check(f"Safeguard {found['name']}", False, f"blocks the plan: {found['detail']}")
