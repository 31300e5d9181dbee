"""The fourth step: which live account it is, and by what; each matching attribute in order of precedence. Pure."""

from __future__ import annotations

from reconciler.declare.names import is_user
from reconciler.plan.change import REDACTED
from reconciler.plan.context import Context
from reconciler.plan.diff import in_address_space
from reconciler.plan.explain.model import Account, Candidate, Check, ExplainedStep
from reconciler.plan.explain.subject import Subject
from reconciler.plan.live import LiveObject
from reconciler.plan.matching.by_attribute import Matcher
from reconciler.resolve.canonical import readable


def candidates(subject: Subject) -> tuple[Candidate, ...]:
    """What each matching attribute finds among the accounts that the record keeps for nobody."""
    context = subject.context
    ids = context.entries.ids()
    claimed = set(ids.values()) - context.matching.left_behind(ids).keys()
    live = context.live.users if subject.is_user else context.live.groups
    matcher = Matcher(subject.mapping, [item for id, item in live.items() if id not in claimed])
    slots = subject.mapping.slots
    return tuple(
        Candidate(slots[i].target, subject.shown(i, value), _found(matcher, i, value)) for i, value in subject.matching_values
    )


def _found(matcher: Matcher, slot: int, value: object) -> tuple[tuple[str, str], ...]:
    found = matcher.find(slot, [value])[0]
    several = found if isinstance(found, list) else [] if found is None else [found]
    return tuple((item.id, item.name) for item in several)


def account(context: Context, address: str, tried: tuple[Candidate, ...]) -> Account | None:
    """The live account of an address, declared or recorded, and by what it is known; `tried` are its candidates."""
    matched = context.matching.live.get(address)
    old = context.matching.recorded.get(address, address)
    if old in context.entries:
        live = context.live.users if is_user(address) else context.live.groups
        found = live.get(context.entries[old]["id"])
        return None if found is None else _account(context, address, found, "the record")
    if matched is None:
        return None
    by = context.matching.how[address]
    now = any(item.found for item in tried if item.target == by)
    return _account(context, address, matched, by if now else f"{by} of an earlier name")


def _account(context: Context, address: str, live: LiveObject, by: str) -> Account:
    mapping = context.resolution.mapping(address)
    values = in_address_space(mapping, live.values, context.matching.addresses)
    shown = tuple(
        (slot.target, value and REDACTED if slot.redacts else value) for slot, value in zip(mapping.slots, values, strict=True)
    )
    return Account(live.id, live.name, live.active, by, shown)


def not_asked(context: Context, address: str) -> ExplainedStep:
    """The step where nobody asked the service: what the record knows."""
    return ExplainedStep("match", "skipped", "the service was not asked", (_known(context, address),))


def _known(context: Context, address: str) -> Check:
    old = context.matching.recorded.get(address, address)
    entry = context.entries.get(old)
    return Check("Known to the record", entry is not None or None, f"as {old}, id {entry['id']}" if entry else "it is not")


def match_step(context: Context, address: str, found: Account | None, tried: tuple[Candidate, ...]) -> ExplainedStep:
    """The step with the account that was `found`, and by what; `tried` are the candidates of a declared object."""
    entry = context.entries.get(context.matching.recorded.get(address, address))
    known = _known(context, address)
    error = next((e for e in context.matching.errors if e.address == address), None)
    if error is not None:
        return ExplainedStep("match", "failure", f"{error.code}: {error.reason}", (known, *_tried(tried)), error.remedy)
    if found is not None and entry is not None:
        return ExplainedStep("match", "success", f"the account {found.name} ({found.id}), by the record", (known,))
    if found is not None:
        return ExplainedStep("match", "success", f"the account {found.name} ({found.id}), by {found.by}", (known, *_tried(tried)))
    gone = ": the one in the record is gone from the service" if entry is not None else ""
    return ExplainedStep("match", "success", f"no account of ours{gone}", (known, *_tried(tried)))


def _tried(tried: tuple[Candidate, ...]) -> list[Check]:
    """Each matching attribute until the first that finds something, as the plan tries them."""
    found: list[Check] = []
    for item in tried:
        done = any(check.passed for check in found)
        names = ", ".join(f"{name} ({id})" for id, name in item.found)
        detail = "not tried: an earlier one found it" if done else f"finds {names}" if names else "finds none"
        if item.value is None and not done:
            detail = "has no value to look for"
        verdict = None if done or item.value is None else bool(names)
        found.append(Check(f"{item.target} is {readable(item.value)}", verdict, detail))
    return found
