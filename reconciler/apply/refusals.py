"""What the service refused of a change, in every form: what must not be left so, and what can be done. No I/O."""

from __future__ import annotations

from collections.abc import Container, Mapping

from reconciler.apply.learning import Learning
from reconciler.plan.model import Change
from reconciler.resolve.mapping import CompiledMapping
from reconciler.scim.errors import ServiceError

Errors = Mapping[str, ServiceError]


def failures(change: Change, refused: Errors, mapping: CompiledMapping, carrying: Container[str], learning: Learning) -> Errors:
    """Path -> error of what is a failure where it is not as declared: who somebody is and may do, and a value in error."""
    needed = {"active", *(mapping.slots[number].target for number in mapping.matching)}
    return {
        path: error
        for path, error in refused.items()
        if path in needed or path in carrying or not learning.is_evident(change, path, error)
    }


def advised(change: Change, failed: Errors, learning: Learning) -> str:
    """Refusals in the service's own words, with what can be done."""
    return "; ".join(_advice(change, path, error, learning) for path, error in sorted(failed.items()))


def left(refused: Errors) -> str:
    """What is left as it is, in words."""
    return "the service does not take " + ", ".join(f"{path} ({error.message})" for path, error in sorted(refused.items()))


def _advice(change: Change, path: str, error: ServiceError, learning: Learning) -> str:
    if path == "active":
        return f"{error}: change `active` there by hand"
    if learning.is_evident(change, path, error):
        return f"{error}: change {path} there by hand, or keep its value in the declaration; {learning.remedy(change, path)}"
    return f"{path}: {error}"
