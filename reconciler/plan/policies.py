"""Rules on who may hold what: who holds which roles in, violations out; from declarations alone for `validate`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, partial
from itertools import islice
from typing import Any, NamedTuple

from reconciler.declare.listed import MOST_LISTED, more
from reconciler.declare.model import App, Assignment, Declarations, Policy
from reconciler.declare.names import fold, group_address, name_of, row_key, user_address
from reconciler.declare.place import Place, Problem
from reconciler.resolve.model import Resolution
from reconciler.resolve.scope import flatten, holdings, judge

NAMES = ("username", "emails")
State = Mapping[str, frozenset[str]]


class Violation(NamedTuple):
    """One rule broken once: `subject` is the same as long as it is the same breach; `people` are whom it concerns."""

    policy: Policy
    subject: str
    message: str
    place: Place
    people: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Setting:
    """What the rules of one app are judged in; `today` is an ISO date, UTC, `sent` says what the service is told of whom."""

    app: App
    declarations: Declarations
    today: str
    sent: Resolution | None = None

    @cached_property
    def flat(self) -> dict[str, frozenset[str]]:
        """Folded group name -> the folded names of all its users."""
        return flatten(self.declarations.groups, self.app.provisioning.nestedGroups)

    def rules(self) -> list[Policy]:
        """Those for this app that have something to say about it."""
        policies = [policy for policy in self.declarations.policies if policy.concerns(self.app.name)]
        return [p for p in policies if not p.roles or set(p.roles) & self.app.roles.keys()]

    def role(self, key: str) -> str:
        return self.app.roles[key].displayName if key in self.app.roles else key

    def place(self, address: str, policy: Policy) -> Place:
        """Where a user is declared, else the rule."""
        users = self.declarations.users
        row = users.index.get(row_key(address))
        return policy.place if row is None else Place(users.files[row], users.lines[row])

    def names(self, address: str) -> list[str]:
        """userPrincipalName and mail, and what the service is told as userName and emails."""
        users, name = self.declarations.users, name_of(address)
        row = users.index.get(fold(name))
        mail = users.column("mail")[row] if row is not None else None
        return [name, *([str(mail)] if mail else []), *self._told(address)]

    def _told(self, address: str) -> list[str]:
        user = self.sent.users.get(address) if self.sent is not None else None
        if user is None:
            return []
        return [text for number in self._naming for text in texts(user.values[number])]

    @cached_property
    def _naming(self) -> list[int]:
        """The numbers of the slots that hold an account's names."""
        slots = self.sent.user_mapping.slots if self.sent is not None else ()
        return [number for number, slot in enumerate(slots) if slot.path.attribute.lower() in NAMES]


def violations(policy: Policy, setting: Setting, state: State) -> Iterator[Violation]:
    """Where a rule is broken; `state` is address -> keys of the roles of each active account."""
    return (word() for word in _breaking(policy, setting, state))


def _breaking(policy: Policy, setting: Setting, state: State) -> Iterator[Callable[[], Violation]]:
    """Each place where a rule is broken, without its words: of a million of them few are read."""
    match policy.kind:
        case "separationOfDuties":
            return _separation(policy, setting, state)
        case "holders":
            return _number(policy, setting, state)
        case "mustCarry":
            return _carrying(policy, setting)
        case "domains":
            return _domains(policy, setting, state)
        case other:
            raise AssertionError(other)


def _separation(policy: Policy, setting: Setting, state: State) -> Iterator[Callable[[], Violation]]:
    def word(address: str) -> Violation:
        held = " and ".join(setting.role(key) for key in policy.roles if key in state[address])
        return Violation(policy, address, f"{address} holds {held}", setting.place(address, policy), frozenset({address}))

    apart = frozenset(policy.roles)
    broken = {roles for roles in set(state.values()) if len(roles & apart) > 1}
    return (partial(word, address) for address, roles in state.items() if roles in broken) if broken else iter(())


def _number(policy: Policy, setting: Setting, state: State) -> Iterator[Callable[[], Violation]]:
    role, held = setting.role(policy.roles[0]), count(policy, state)
    verb = "holds" if held == 1 else "hold"
    if policy.minimum is not None and held < policy.minimum:
        words = f"{held} {verb} {role}, at least {policy.minimum} must"
        yield partial(Violation, policy, "minimum", words, policy.place)
    if policy.maximum is not None and held > policy.maximum:
        words = f"{held} {verb} {role}, at most {policy.maximum} may"
        yield partial(Violation, policy, "maximum", words, policy.place)


def count(policy: Policy, state: State) -> int:
    """How many hold the first role of a rule."""
    return sum(1 for roles in state.values() if policy.roles[0] in roles)


def _carrying(policy: Policy, setting: Setting) -> Iterator[Callable[[], Violation]]:
    latest = _latest(setting.today, policy.days)

    def word(item: Assignment) -> Violation:
        whom = user_address(item.user) if item.user else group_address(item.group or "")
        needs = [
            *([f"`expires` by {latest}"] if not _ends(item, latest) else []),
            *([] if _says_why(policy, item) else ["`reason`"]),
        ]
        message = f"the assignment of {setting.role(item.role)} to {whom} needs {' and '.join(needs)}"
        return Violation(policy, f"{whom} {item.role}", message, Place(item.file, item.line), _reached(item, setting))

    for item in setting.app.assignments:
        over = item.expires is not None and item.expires < setting.today
        if item.role in policy.roles and not over and not (_ends(item, latest) and _says_why(policy, item)):
            yield partial(word, item)


def _ends(item: Assignment, latest: str | None) -> bool:
    """Whether an assignment ends soon enough; always where no day is asked for."""
    return latest is None or (item.expires is not None and item.expires <= latest)


def _says_why(policy: Policy, item: Assignment) -> bool:
    """Whether it has a reason; always where none is asked for."""
    return not policy.reason or bool((item.reason or "").strip())


def _latest(today: str, days: int | None) -> str | None:
    if days is None:
        return None
    room = (date.max - date.fromisoformat(today)).days
    return (date.fromisoformat(today) + timedelta(days=min(days, room))).isoformat()


def _reached(item: Assignment, setting: Setting) -> frozenset[str]:
    """The folded addresses of those to whom an assignment gives its role."""
    names = {item.user} if item.user is not None else setting.flat.get(item.group or "", frozenset())
    return frozenset(f"user/{name}" for name in names)


def _domains(policy: Policy, setting: Setting, state: State) -> Iterator[Callable[[], Violation]]:
    def word(address: str, name: str) -> Violation:
        return Violation(
            policy,
            address,
            f"{address} has {name}, outside of {', '.join(policy.domains)}",
            setting.place(address, policy),
            frozenset({address}),
        )

    for address in state:
        wrong = next((name for name in setting.names(address) if outside(name, policy)), None)
        if wrong is not None:
            yield partial(word, address, wrong)


def texts(value: Any) -> list[str]:
    """An attribute's text, or that of the items of one that holds several."""
    items = [item.get("value") if isinstance(item, dict) else item for item in (value if isinstance(value, list) else [value])]
    return [item for item in items if isinstance(item, str)]


def outside(name: str, policy: Policy) -> bool:
    """Whether a name is an address of a domain that the rule does not list."""
    return "@" in name and fold(name.rpartition("@")[2]) not in policy.domains


def check_policies(declarations: Declarations, today: str) -> list[Problem]:
    """Violations that need no live state, each where it is declared. Warnings: only a plan knows what was there before."""
    if not declarations.policies:
        return []
    settings = [Setting(app, declarations, today) for app in declarations.apps.values()]
    broken = ((setting, policy, word) for setting in settings for policy, word in _declared(setting))
    found = [_warning(setting, policy, word()) for setting, policy, word in islice(broken, MOST_LISTED)]
    left = sum(1 for _ in broken)
    return [*found, more(found[-1], left)] if left else found


def _warning(setting: Setting, policy: Policy, found: Violation) -> Problem:
    return Problem(found.place, "warning", "policy", f"{setting.app.name}: {found.message} (policy {policy.name})", policy.remedy)


def _declared(setting: Setting) -> Iterator[tuple[Policy, Callable[[], Violation]]]:
    rules = setting.rules()
    state = _state(setting) if rules else {}
    for policy in rules:
        for word in _breaking(policy, setting, state):
            yield policy, word


def _state(setting: Setting) -> dict[str, frozenset[str]]:
    """Who is in scope by assignment, with which roles; scoping filters are left to the plan."""
    users, held = setting.declarations.users, holdings(setting.app, setting.flat)
    names, enabled = users.columns["userPrincipalName"], users.column("accountEnabled")
    known: dict[tuple[object, ...], frozenset[str] | None] = {}
    found = {}
    for name, row in users.index.items():
        assignments = held.get(name, ())
        key = tuple([(item.role, item.expires, item.user is None) for item in assignments])
        if key not in known:
            verdict = judge(setting.app, assignments, setting.today)
            known[key] = frozenset(role.key for role in verdict.roles) if verdict.code is None else None
        roles = known[key]
        if roles is not None and enabled[row] is not False:
            found[user_address(names[row])] = roles
    return found
