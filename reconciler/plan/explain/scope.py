"""The third step: whether an object is in scope, every check on its own. Pure."""

from __future__ import annotations

from reconciler.declare.names import fold
from reconciler.plan.explain.model import Check, ClauseSeen, ExplainedStep, FilterSeen
from reconciler.plan.explain.subject import Subject
from reconciler.resolve.canonical import readable
from reconciler.resolve.filters import holds

REVOKED = "a revocation ends once the declaration agrees: take the person out, apply, and bring them back in"


def scope(subject: Subject, filters: tuple[FilterSeen, ...]) -> ExplainedStep:
    """Every verdict, also of checks that no longer matter once one has failed."""
    skip = subject.context.resolution.skipped.get(subject.address)
    checks = tuple(_user_checks(subject, filters) if subject.is_user else _group_checks(subject, filters))
    if skip is not None:
        return ExplainedStep("scope", "failure", f"skipped, {skip.code}: {skip.reason}", checks, skip.remedy)
    revoked = subject.context.revoked.get(subject.address)
    if revoked is not None:
        words = f"revoked on {revoked['at'][:10]}: {revoked['reason']}"
        return ExplainedStep("scope", "failure", words, (*checks, Check("Not revoked by hand", False, words)), REVOKED)
    failed = next((check for check in checks if check.passed is False), None)
    if failed is not None:
        return ExplainedStep("scope", "failure", f"not provisioned: {failed.detail}", checks)
    return ExplainedStep("scope", "success", "in scope", checks)


def _user_checks(subject: Subject, filters: tuple[FilterSeen, ...]) -> list[Check]:
    enabled = Check("Active in the directory", subject.enabled, f"accountEnabled is {str(subject.enabled).lower()}")
    return [enabled, *_assigned(subject), _filtered(filters), *_matchable(subject)]


def _group_checks(subject: Subject, filters: tuple[FilterSeen, ...]) -> list[Check]:
    on = subject.app.groups.enabled and bool(subject.app.groups.attributes)
    mapped = Check("Groups are provisioned", on, f"the mapping of groups is {'on' if on else 'off'}")
    return [mapped, *_assigned(subject)[:2], _filtered(filters)]


def _assigned(subject: Subject) -> list[Check]:
    """Assigned, still in force, with a role that is provisioned."""
    grants = subject.grants()
    every = subject.app.provisioning.scope == "all"
    force = [g for g in grants if not g.reason.startswith("expired")]
    good = [g for g in force if g.effective]
    lapsed = f"all {len(grants)} expired" if grants else "there is none"
    found = [
        Check(
            "Assigned to the app",
            every or bool(grants),
            "provisioning.scope is all" if every else f"assignments that reach it: {len(grants)}",
        ),
        Check("An assignment is in force", every or bool(force), f"{len(force)} of {len(grants)}" if force else lapsed),
    ]
    why = ", ".join(sorted({f"{g.role}: {g.reason}" for g in force if g.reason})) or "no assignment is in force"
    roles = ", ".join(dict.fromkeys(g.role for g in good))
    return [*found, Check("Has a role that is provisioned", every or bool(good), roles or ("not asked" if every else why))]


def _filtered(filters: tuple[FilterSeen, ...]) -> Check:
    if not filters:
        return Check("Passes a scoping filter", True, "there is none")
    passed = [item.name for item in filters if item.passes]
    detail = f"{', '.join(passed)} lets it through" if passed else f"none of {len(filters)} lets it through"
    return Check("Passes a scoping filter", bool(passed), detail)


def _matchable(subject: Subject) -> list[Check]:
    slots, values = subject.mapping.slots, subject.matching_values
    have = [f"{slots[i].target} is {readable(subject.shown(i, value))}" for i, value in values if value is not None]
    other = rival(subject)
    first = "".join(slots[i].target for i, _ in values[:1])  # what others match by is known with their accounts alone
    return [
        Check("A matching attribute has a value", bool(have), ", ".join(have) or "none has"),
        Check(
            f"Nobody else wants the same {first}",
            other is None if have else None,
            f"{other} does" if other else "nobody does" if have else "not looked at",
        ),
    ]


def rival(subject: Subject) -> str | None:
    """Another user in scope who wants the same first matching attribute, or has been dropped for that."""
    resolution = subject.context.resolution
    skip = resolution.skipped.get(subject.address)
    if skip is not None and skip.code == "DuplicateSource":
        return skip.reason.rpartition(" as ")[2]
    for slot, value in subject.matching_values[:1]:
        for user in resolution.users.values() if value is not None else ():
            if user.address != subject.address and fold(str(user.values[slot])) == fold(str(value)):
                return user.address
    return None


def seen_filters(subject: Subject) -> tuple[FilterSeen, ...]:
    """Each clause of each filter with the value that it saw."""
    get = subject.get_for_filters
    found = []
    for item in subject.mapping.mapping.scopingFilters:
        clauses = [
            ClauseSeen(c.attribute, c.operator, c.value, get(c.attribute), holds(c, get(c.attribute)), c.place)
            for c in item.clauses
        ]
        found.append(FilterSeen(item.name, all(c.holds for c in clauses), tuple(clauses)))
    return tuple(found)
