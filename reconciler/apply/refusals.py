"""What the service refused of a change, in every form: what must not be left so, and what can be done. Changes the record."""

from __future__ import annotations

from collections.abc import Container, Mapping

from reconciler.apply.model import Failed
from reconciler.apply.quirks import Quirks
from reconciler.apply.shared import OneStep, Resource, Shared
from reconciler.plan.change import AttributeChange, Change
from reconciler.resolve.mapping import CompiledMapping
from reconciler.scim.errors import ServiceError

Errors = Mapping[str, ServiceError]


def settle_refused(
    shared: Shared, step: OneStep, change: Change, attributes: tuple[AttributeChange, ...], refused: Errors, live: Resource
) -> None:
    """What the service takes in no form is left, and told no more. Raises Failed where it must not be left so.

    `attributes` are all that were sent, `live` is the object after it.
    """
    if not refused:
        return
    recorded, quirks = shared.recorded, shared.quirks
    step.uncertain = any(error.uncertain for error in refused.values())
    failed = failures(change, refused, shared.mapping(change), recorded.carrying, quirks)
    gone = {path: error for path, error in refused.items() if path not in failed}
    once = [a for a in attributes if a.path in gone and not quirks.found_refused(change, a.path, gone[a.path])]
    if once:
        recorded.take(change, tuple(once), live, step.beside)
    if gone:
        recorded.notes[change.address] = left(gone)
    if failed:
        if len(refused) < len(attributes):
            shared.changes.touched.add(change.address)
            step.took = any(recorded.ends_access(a) for a in attributes if a.path not in refused)
        http = next((error.status for _, error in sorted(failed.items())), None)
        raise Failed("failed", advised(change, failed, quirks), http)


def failures(change: Change, refused: Errors, mapping: CompiledMapping, carrying: Container[str], quirks: Quirks) -> Errors:
    """Path -> error of what is a failure where it is not as declared: who somebody is and may do, and a value in error."""
    needed = {"active", *(mapping.slots[number].target for number in mapping.matching)}
    return {
        path: error
        for path, error in refused.items()
        if path in needed or path in carrying or not quirks.is_evident(change, path, error)
    }


def advised(change: Change, failed: Errors, quirks: Quirks) -> str:
    """Refusals in the service's own words, with what can be done."""
    return "; ".join(_advice(change, path, error, quirks) for path, error in sorted(failed.items()))


def left(refused: Errors) -> str:
    """What is left as it is, in words."""
    return "the service does not take " + ", ".join(f"{path} ({error.message})" for path, error in sorted(refused.items()))


def _advice(change: Change, path: str, error: ServiceError, quirks: Quirks) -> str:
    if path == "active":
        return f"{error}: change `active` there by hand"
    if quirks.is_evident(change, path, error):
        return f"{error}: change {path} there by hand, or keep its value in the declaration; {quirks.remedy(change, path)}"
    return f"{path}: {error}"
