"""policies: rules that the plan would break block it; those that were broken before are warnings. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.declare.listed import MOST_LISTED
from reconciler.declare.model import Policy
from reconciler.declare.names import fold
from reconciler.declare.warned import Warned
from reconciler.declare.wording import plural
from reconciler.plan.context import Context
from reconciler.plan.policies import Setting, Violation, count, outside, texts, violations
from reconciler.plan.safeguards.facts import Facts
from reconciler.plan.safeguards.holders import Holders, State
from reconciler.plan.safeguards.model import Safeguard, some, verdict
from reconciler.plan.safeguards.weakened import LEAST


def policies(facts: Facts, holders: Holders | None) -> Safeguard:
    """Each rule is judged on who holds what before the changes and after them."""
    context = facts.context
    setting = Setting(context.app, context.resolution.declarations, context.resolution.today, context.resolution)
    rules = setting.rules()
    if holders is None or not rules:
        return Safeguard("policies", verdict(False), "no policy is declared for this app")
    made, earlier = _Found(), _Found()
    for policy in rules:
        state = holders.everybody() if policy.kind == "holders" else holders.after
        for found in violations(policy, setting, state):
            if _makes(found, facts, holders):
                made.add(found)
                made.blame(*_breaking(found, facts, holders))
            else:
                earlier.add(found)
    told = some([f"{found.message} (policy {found.policy.name})" for found in made.first], count=made.count)
    return Safeguard(
        "policies",
        verdict(bool(made.count)),
        told or f"{plural(len(rules), 'policy holds', 'policies hold')} for this plan",
        {"policies": len(rules), "violations": made.count, "earlier": earlier.count},
        "; ".join(found.policy.remedy for found in made.policies.values()),
        counted=_counted(made, facts),
        standing=tuple(Warned("policy", words) for words in _earlier(earlier)),
    )


class _Found:
    """The first violations, as many as somebody may read, one of each remedy, and how many there are.

    `losing` and `gaining` are the people by whose changes rules are broken; `at_large` is true where one is by no change.
    """

    def __init__(self) -> None:
        self.first: list[Violation] = []
        self.policies: dict[str, Violation] = {}
        self.count = 0
        self.losing: set[str] = set()
        self.gaining: set[str] = set()
        self.at_large = False

    def add(self, found: Violation) -> None:
        self.count += 1
        self.policies.setdefault(found.policy.remedy, found)
        if len(self.first) < MOST_LISTED:
            self.first.append(found)

    def blame(self, losing: set[str], gaining: set[str]) -> None:
        self.losing |= losing
        self.gaining |= gaining
        self.at_large |= not (losing or gaining)


def _earlier(found: _Found) -> Iterator[str]:
    """What was broken before the plan, the first few in words and the rest counted."""
    for item in found.first:
        yield f"{item.message} (policy {item.policy.name}): {_excuse(item)}; {item.policy.remedy}"
    if left := found.count - len(found.first):
        yield f"policies are broken {plural(left, 'more time')} by what was there before; `reconcile validate` lists them"


def _counted(made: _Found, facts: Facts) -> frozenset[str] | None:
    """The changes without which no rule would be broken; None where one is broken by none of them."""
    return None if made.at_large else facts.taking(made.losing) | facts.giving(made.gaining)


def _breaking(found: Violation, facts: Facts, holders: Holders) -> tuple[set[str], set[str]]:
    """(those by whose loss a rule is broken, those by whose gain), both empty where it is the declaration that breaks it."""
    policy = found.policy
    match policy.kind:
        case "holders":
            before, after = _holding(policy, holders.before), _holding(policy, holders.after)
            return (before - after, set()) if found.subject == "minimum" else (set(), after - before)
        case "mustCarry":
            people = {a for a in holders.after if fold(a) in found.people and _gains(a, found, holders)}
            return set(), set() if _loosened(found, facts) else people
        case _:
            return set(), {found.subject}


def _holding(policy: Policy, state: State) -> set[str]:
    return {address for address, roles in state.items() if policy.roles[0] in roles}


def _makes(found: Violation, facts: Facts, holders: Holders) -> bool:
    """Whether it is the plan that breaks the rule, or breaks it more."""
    match found.policy.kind:
        case "holders":
            change = count(found.policy, holders.after) - count(found.policy, holders.before)
            return change < 0 if found.subject == "minimum" else change > 0
        case "mustCarry":
            return _loosened(found, facts) or any(_gains(a, found, holders) for a in holders.after if fold(a) in found.people)
        case "domains":
            return found.subject not in holders.before or _renamed(found, facts)
        case _:
            return _gains(found.subject, found, holders)


def _excuse(found: Violation) -> str:
    """Of what an assignment carried before nothing is known."""
    return "nobody gains the role by this plan" if found.policy.kind == "mustCarry" else "it was like this before"


def _loosened(found: Violation, facts: Facts) -> bool:
    """An assignment that carried what the rule asks for when we last applied, and the rule held then too."""
    return LEAST[1] + found.policy.name in facts.record.limits and _key(found) not in facts.record.breaches


def breaches(context: Context) -> list[str]:
    """Assignments that do not carry what a rule asks for, as the record keeps them."""
    setting = Setting(context.app, context.resolution.declarations, context.resolution.today)
    return sorted(
        _key(found) for policy in setting.rules() if policy.kind == "mustCarry" for found in violations(policy, setting, {})
    )


def _key(found: Violation) -> str:
    return f"{found.policy.name}: {found.subject}"


def _gains(address: str, found: Violation, holders: Holders) -> bool:
    roles = set(found.policy.roles)
    return bool(roles & holders.after[address] - holders.before.get(address, frozenset()))


def _renamed(found: Violation, facts: Facts) -> bool:
    """An account that is there already gets a name outside of the domains."""
    changes = [change for change in facts.written if change.address == found.subject]
    return any(outside(text, found.policy) for change in changes for a in change.attributes for text in texts(a.after))
