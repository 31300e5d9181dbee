"""One thing to be done to one object, and what it rests on: inert, serialisable data. No I/O, nothing callable."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from reconciler.plan.role_names import going
from reconciler.resolve.canonical import canonical

REDACTED = "[Redact]"


class Action(StrEnum):
    """What is done to an object; apply and safeguards branch on it. Closed: a plan file holds no other."""

    CREATE = "create"
    UPDATE = "update"
    ENABLE = "enable"
    DISABLE = "disable"
    DELETE = "delete"


class Cause(StrEnum):
    """By whose doing something differs: the declaration's, the service's, or a date that has come."""

    CONFIG = "config"
    DRIFT = "drift"
    TIME = "time"


class AttributeChange(NamedTuple):
    """One attribute of a change. `path` is the mapping's target; `reference` says that the values are addresses.

    `generated` is the expression of a value that only the apply makes; `after` is null then. `redacted` values are
    shown as `[Redact]` wherever they are shown. `cause` is its own, where its change has several; `file` and `line` are those of
    the mapping, of what is there already. What is `apart` no SCIM request writes: a role source does.
    """

    path: str
    before: Any
    after: Any
    reference: bool = False
    generated: str | None = None
    redacted: bool = False
    cause: str = ""
    file: str = ""
    line: int = 0
    apart: bool = False

    @property
    def replaced(self) -> Any:
        """What goes or gives way: of several values behind a path with a filter the first of `before`, which lists them all."""
        return self.before[0] if self._is_one_of_several else self.before

    @property
    def beside(self) -> list[Any]:
        """The values behind the same path that stay."""
        return self.before[1:] if self._is_one_of_several else []

    @property
    def _is_one_of_several(self) -> bool:
        return "]" in self.path and isinstance(self.before, list) and bool(self.before)

    def shown(self) -> tuple[Any, Any]:
        """(before, after) as any output may show them."""
        if not self.redacted:
            return self.replaced, self.after
        return self.before and REDACTED, self.after and REDACTED

    def told(self) -> tuple[Any, Any]:
        """The same for people to read: the ids of roles stay out, and those that stay under another name."""
        before, after = self.shown()
        return (_nameable(going(before, after)), _nameable(after)) if self.apart else (before, after)


def _nameable(value: Any) -> Any:
    items = value if isinstance(value, list) else []
    return [{name: said for name, said in item.items() if name != "grants"} for item in items] or value


class Precondition(NamedTuple):
    """What must still hold when the change is applied: the live id, its ETag, the digest of its managed values."""

    id: str
    version: str | None
    digest: str


@dataclass(frozen=True)
class Change:
    """One thing to be done to one object; before/after by action:

    | action  | precondition | attributes                          | members    |
    |---------|--------------|-------------------------------------|------------|
    | create  | None         | all, before is None                 | add only   |
    | update  | live         | those that differ                   | groups     |
    | enable  | live         | `active` and others that differ     | -          |
    | disable | live         | `active`, and those `apart` that go | -          |
    | delete  | live         | those `apart` that go               | -          |

    `adopts` is true where an existing account matched that the record does not know. `member_causes` are member -> cause,
    where the change has several causes.
    """

    address: str
    action: Action
    reason: str
    causes: tuple[Cause, ...]
    file: str
    line: int
    name: str = ""
    attributes: tuple[AttributeChange, ...] = ()
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    precondition: Precondition | None = None
    adopts: bool = False
    digest: str = ""
    member_causes: tuple[tuple[str, Cause], ...] = ()

    @property
    def disables(self) -> bool:
        """Whether the account is inactive afterwards and was not before, whatever the action is called."""
        if self.action in (Action.CREATE, Action.DISABLE):
            return self.action == Action.DISABLE
        leaf = [a for a in self.attributes if a.path.rpartition(":")[2].lower() == "active"]
        return any(a.after is not True and a.before is not False for a in leaf)

    @property
    def account(self) -> str:
        """The id of the account that it rests on; empty for none."""
        return self.precondition.id if self.precondition is not None else ""

    @property
    def is_whole(self) -> bool:
        """Whether it is done or not done, and never in part."""
        return self.action in ("disable", "delete")

    @property
    def continues(self) -> bool:
        """Whether it may be what is left of a change that was done in part."""
        return self.action in ("update", "enable") and not self.adopts and self.precondition is not None

    def things(self) -> list[str]:
        """A digest of each thing that it does to its object: what is left of a change done in part is some of them."""
        rests_on = self.precondition
        things: list[object] = [*(["+", member] for member in self.add), *(["-", member] for member in self.remove)]
        if self.is_whole:
            things.append([self.action, rests_on and [rests_on.id, rests_on.digest if self.action == Action.DISABLE else ""]])
        else:
            things += [[a.path, a.before, a.after, a.generated] for a in self.attributes]
        return [hashlib.sha256(canonical([self.address, thing]).encode()).hexdigest()[:32] for thing in things]
