"""A plan whose personal values are short hashes, for public repositories. No I/O.

A hash is HMAC-SHA256, its first 12 hex digits, over the folded text; the key is the app's name and a secret. So a value has
the same hash in each run and each place of one app, and another in another app. Without the secret a guess of a name can be
tested, since the app's name is public; with it (`RECONCILE_REDACT_KEY`) hashes cannot be linked to names by anybody else.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, NamedTuple

from reconciler.declare.model import App, Declarations
from reconciler.declare.names import fold
from reconciler.declare.warned import Warned
from reconciler.plan.change import AttributeChange, Change, Precondition
from reconciler.plan.model import Access, Kept, ObjectError, Plan, Skip
from reconciler.report.names import KINDS, Names, known, of_plan, values_of

DIGITS = 12
SHORTEST = 4  # characters of a typed text that is looked for in sentences
OPEN = ("name", "status", "numbers", "approval", "approve_in")  # of a safeguard: nobody is named in these
CARRIES_ROLES = "AppRoleAssignment"  # what stands in an expression whose value is roles
ROLE_PATHS = ("roles", "entitlements")


class Known(NamedTuple):
    """What sentences of a plan may hold: `names` of people and groups, `roles` by value and displayName, which stay as they are.

    `targets` are the attributes that carry roles. `free` are texts that somebody typed, such as the reason of a revocation.
    """

    names: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    free: tuple[str, ...] = ()


def redact(plan: Plan, key: str, more: Known | None = None) -> Plan:
    """The same plan with hashes for people and groups, their values and ids, and for what somebody typed as a reason.

    Kept are actions, attribute names, roles, codes, files, lines, counts, true and false, and the plan's digest, also in the
    entry that would approve it. It is the plan that is changed, so that each form of it shows the same.
    """
    more = more or Known()
    roles = frozenset(map(fold, (*more.roles, *(row.what for row in plan.access if row.kind == "role"))))
    values = {value for value in values_of(plan.changes) if fold(value) not in roles}
    found = known((*more.names, *of_plan(plan)), values)
    work = _Work(
        plan.app, key, found, roles, tuple(map(str.lower, more.targets)), tuple(sorted(more.free, key=len, reverse=True))
    )
    return replace(
        plan,
        redacted=True,
        changes=tuple(map(work.change, plan.changes)),
        access=tuple(map(work.access, plan.access)),
        skipped=tuple(Skip(work.address(s.address), s.code, work.words(s.reason), work.words(s.remedy)) for s in plan.skipped),
        errors=tuple(
            ObjectError(work.address(e.address), e.code, work.words(e.reason), work.words(e.remedy)) for e in plan.errors
        ),
        unmanaged=tuple(u._replace(id=work.hash(u.id), userName=work.hash(u.userName)) for u in plan.unmanaged),
        cautions=tuple(item._replace(text=work.words(item.text)) for item in plan.cautions),
        warnings=tuple(map(work.warned, plan.warnings)),
        standing=tuple(map(work.warned, plan.standing)),
        ends=tuple(item._replace(address=work.address(item.address), reason=work.words(item.reason)) for item in plan.ends),
        looks_renamed=tuple(
            pair._replace(address=work.address(pair.address), previous=work.address(pair.previous)) for pair in plan.looks_renamed
        ),
        kept=tuple(item._replace(address=work.address(item.address), what=work.kept(item)) for item in plan.kept),
        only=tuple(map(work.address, plan.only)),
        safeguards=tuple({k: work.safeguard(k, v) for k, v in item.items()} for item in plan.safeguards),
    )


def known_of(declarations: Declarations, app: App, typed: Iterable[str] = ()) -> Known:
    """Everybody who is declared, the app's roles, and the attributes that carry these; `typed` are reasons in the record."""
    users, groups = declarations.users, declarations.groups
    columns = (users.column("userPrincipalName"), users.column("displayName"), groups.column("displayName"))
    names = (name for name in (*chain.from_iterable(columns), app.safeguards.principal) if name)
    roles = (text for role in app.roles.values() for text in (role.value, role.displayName))
    targets = (item.target for item in app.users.attributes if item.kind == "expression" and CARRIES_ROLES in str(item.value))
    reasons = (item.reason for item in app.assignments if item.reason)
    return Known(tuple(names), tuple(roles), tuple(targets), (*typed, *reasons))


@dataclass
class _Work:
    app: str
    secret: str
    names: Names
    roles: frozenset[str]
    targets: tuple[str, ...]
    free: tuple[str, ...]

    def hash(self, text: str) -> str:
        if not text:
            return text
        digest = hmac.new(f"{self.app}\n{self.secret}".encode(), fold(text).encode("utf-8", "surrogatepass"), "sha256")
        return "~" + digest.hexdigest()[:DIGITS]

    def address(self, text: str) -> str:
        kind, slash, name = text.partition("/")
        return kind + slash + self.hash(name)

    def deep(self, value: Any) -> Any:
        """Every text and number inside a value."""
        match value:
            case str():
                return self.address(value) if value.startswith(KINDS) else self.hash(value)
            case list() | tuple():
                return [self.deep(item) for item in value]
            case dict():
                return {name: self.deep(item) for name, item in value.items()}
            case bool() | None:
                return value
            case _:
                return self.hash(str(value))

    def change(self, change: Change) -> Change:
        rests_on = change.precondition
        return replace(
            change,
            address=self.address(change.address),
            name=self.hash(change.name),
            reason=self.words(change.reason),
            attributes=tuple(map(self.attribute, change.attributes)),
            add=tuple(map(self.address, change.add)),
            remove=tuple(map(self.address, change.remove)),
            member_causes=tuple((self.address(member), cause) for member, cause in change.member_causes),
            # A digest over few values, or a service's own id, would confirm a guess.
            precondition=rests_on and Precondition(self.hash(rests_on.id), None, self._digest(rests_on.digest)),
            digest=self._digest(change.digest),
        )

    def attribute(self, attribute: AttributeChange) -> AttributeChange:
        before, after = attribute.shown()
        hidden = self._but_roles if self._carries_roles(attribute.path) else self.deep
        return attribute._replace(before=hidden(before), after=hidden(after))

    def _carries_roles(self, path: str) -> bool:
        leaf = path.lower()
        return leaf in self.targets or re.split(r"[.\[]", leaf.rpartition(":")[2] or leaf)[0] in ROLE_PATHS

    def _but_roles(self, value: Any) -> Any:
        """The same, where a text that is a role stays."""
        match value:
            case str():
                return value if fold(value) in self.roles else self.deep(value)
            case list() | tuple():
                return list(map(self._but_roles, value))
            case dict():
                return {name: self._but_roles(item) for name, item in value.items()}
            case _:
                return self.deep(value)

    def access(self, row: Access) -> Access:
        through = " > ".join(self.hash(name) for name in row.through.split(" > "))
        what = self.hash(row.what) if row.kind == "group" else self.words(row.what) if row.kind == "identity" else row.what
        return row._replace(
            address=self.address(row.address),
            name=self.hash(row.name),
            what=what,
            through=through,
            reason=self.hash(row.reason),
            keeps=self.words(row.keeps),
            then=self.words(row.then),
        )

    def kept(self, item: Kept) -> str:
        return self.hash(item.what) if item.target == "members" else item.what

    def _digest(self, digest: str) -> str:
        return "sha256:" + hmac.new(self.secret.encode(), digest.encode(), "sha256").hexdigest()

    def words(self, text: str) -> str:
        """A sentence in which what somebody typed, every name that is known, and all that looks like one, is a hash."""
        for typed in self.free:
            text = text.replace(typed, self.hash(typed)) if len(typed) >= SHORTEST else text
        return " ".join(before + self.hash(name) + after for before, name, after in self.names.parts(text))

    def warned(self, item: Warned) -> Warned:
        return Warned(item.code, self.words(item.text))

    def safeguard(self, key: str, value: Any) -> Any:
        """One of a safeguard's fields: its sentences, the reasons of approvals, the addresses of what would pass."""
        if key in OPEN:
            return value
        if key == "reasons":
            return list(map(self.hash, value))
        if not isinstance(value, list):
            return self.figures(value)
        return list(map(self.address if key == "passing" else self.words, value))

    def figures(self, text: str) -> str:
        """A sentence of a safeguard, in which a number is a count, whoever has the same for a value."""
        return replace(self, names=self.names.without_numbers()).words(text)
