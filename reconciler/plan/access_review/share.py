"""Who has what, and who is responsible, in; rows by reviewer out, and of whom nobody is responsible. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from reconciler.declare.model import User
from reconciler.declare.names import fold, is_user, name_of, row_key
from reconciler.declare.table import Table
from reconciler.plan.access.held import Held

NO_MANAGER = "no manager is declared"
NOT_THERE = "the manager is not declared, or disabled"
NO_RULE = "no rule names what they have"
DISABLED = "the reviewer whom a rule names is disabled"
THEMSELVES = "nobody reviews their own access"


class Chosen(NamedTuple):
    """Who reviews a row; where that is nobody, `why`, in words."""

    reviewer: str = ""
    why: str = ""


class Row(NamedTuple):
    """What somebody has in an app; since when, and when they last signed in, "" where nobody knows."""

    app: str
    held: Held
    since: str = ""
    signed_in: str = ""

    @property
    def who(self) -> str:
        return name_of(self.held.address) if is_user(self.held.address) else self.held.login or self.held.address


Choose = Callable[[Row], Chosen]


@dataclass
class Shared:
    """Rows by reviewer; why -> people who were given to the fallback; why -> people who have no reviewer at all."""

    files: dict[str, list[Row]] = field(default_factory=dict)
    fallen: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    alone: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def share(rows: Iterable[Row], choose: Choose, otherwise: str = "") -> Shared:
    """Each row to its reviewer, else to `otherwise`; nobody reviews themselves."""
    shared, names = Shared(), dict[str, str]()
    for row in sorted(rows, key=_order):
        chosen = choose(row)
        if chosen.reviewer and _is_self(chosen.reviewer, row):
            chosen = Chosen(why=THEMSELVES)
        if not chosen.reviewer and (not otherwise or _is_self(otherwise, row)):
            shared.alone[chosen.why].add(row.who)
            continue
        if not chosen.reviewer:
            shared.fallen[chosen.why].add(row.who)
        reviewer = chosen.reviewer or otherwise
        shared.files.setdefault(names.setdefault(fold(reviewer), reviewer), []).append(row)
    return shared


def _order(row: Row) -> tuple[object, ...]:
    held = row.held
    return row.app, fold(held.address), not held.privileged, held.kind, fold(held.what), held.what


def _is_self(reviewer: str, row: Row) -> bool:
    return fold(reviewer) in {row_key(row.held.address), fold(row.held.login)}


def by_manager(users: Table[User]) -> Choose:
    """The declared manager, where that one is declared and enabled."""
    managers, enabled, names = users.column("manager"), users.column("accountEnabled"), users.columns["userPrincipalName"]

    def choose(row: Row) -> Chosen:
        at = users.index.get(row_key(row.held.address)) if is_user(row.held.address) else None
        manager = managers[at] if at is not None else None
        if not isinstance(manager, str):
            return Chosen(why=NO_MANAGER)
        found = users.index.get(fold(manager))
        return Chosen(str(names[found])) if found is not None and enabled[found] is not False else Chosen(why=NOT_THERE)

    return choose


def by_rules(rules: Iterable[Mapping[str, str]], users: Table[User]) -> Choose:
    """The reviewer of the first rule whose app, role and group, as far as it names them, are the row's."""
    listed, called = list(rules), Named(users)

    def choose(row: Row) -> Chosen:
        for rule in listed:
            if _fits(rule, row):
                reviewer = called(rule["reviewer"])
                return Chosen(why=DISABLED) if called.is_disabled(reviewer) else Chosen(reviewer)
        return Chosen(why=NO_RULE)

    return choose


class Named:
    """A reviewer by userPrincipalName, also an earlier one, or mail in; the userPrincipalName out, else the name."""

    def __init__(self, users: Table[User]) -> None:
        self.names, self.enabled = users.columns["userPrincipalName"], users.column("accountEnabled")
        mails = {fold(mail): row for row, mail in enumerate(users.column("mail")) if isinstance(mail, str)}
        self.rows = mails | users.earlier | users.index

    def __call__(self, reviewer: str) -> str:
        row = self.rows.get(fold(reviewer))
        return reviewer if row is None else str(self.names[row])

    def is_declared(self, reviewer: str) -> bool:
        return fold(reviewer) in self.rows

    def is_disabled(self, reviewer: str) -> bool:
        """Whether it is a declared user who is disabled; who is not declared may be a mailbox of several people."""
        row = self.rows.get(fold(reviewer))
        return row is not None and self.enabled[row] is False


def _fits(rule: Mapping[str, str], row: Row) -> bool:
    if "app" in rule and fold(rule["app"]) != fold(row.app):
        return False
    kinds = [kind for kind in ("role", "group") if kind in rule]
    return all(row.held.kind == kind and fold(rule[kind]) == fold(row.held.what) for kind in kinds)
