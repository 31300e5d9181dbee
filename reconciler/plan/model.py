"""The plan: inert, ordered, serialisable data. No I/O, nothing callable."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from reconciler.resolve.canonical import canonical

FORMAT_VERSION = "1.0"
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
    the mapping, of what is there already.
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
    | disable | live         | `active` alone                      | -          |
    | delete  | live         | none                                | -          |

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
            things.append([self.action, rests_on and [rests_on.id, rests_on.digest if self.action == "disable" else ""]])
        else:
            things += [[a.path, a.before, a.after, a.generated] for a in self.attributes]
        return [hashlib.sha256(canonical([self.address, thing]).encode()).hexdigest()[:32] for thing in things]


class Skip(NamedTuple):
    """A declared object that is not provisioned, and what would change that."""

    address: str
    code: str
    reason: str
    remedy: str


class Unmanaged(NamedTuple):
    """An account that is not ours; `kind` is its class in account discovery: local, unassigned or assigned."""

    id: str
    userName: str
    kind: str = "local"


class ObjectError(NamedTuple):
    """An object that cannot be planned; the rest is."""

    address: str
    code: str
    reason: str
    remedy: str


class Access(NamedTuple):
    """One role or group that a person gains or loses; `kind` is role, group, or account where no role is told to the service.

    `through` names the group that gives it, and the groups inside that lead to the person; `until` is the last valid day, `then`
    what happens after it, in words. `reason` is the assignment's. `keeps` says what of a role that is lost, or was given by a
    group that is, remains, and by what.
    """

    address: str
    name: str
    gains: bool
    kind: str
    what: str
    privileged: bool
    through: str
    file: str
    line: int
    until: str | None
    reason: str = ""
    keeps: str = ""
    then: str = ""

    @property
    def verb(self) -> str:
        """What is done with `what`, in the third person: another name is no gain."""
        if self.kind == "identity":
            return "gets"
        return "gains" if self.gains else "loses"


class Kept(NamedTuple):
    """A role or a group that a person has on the service, and that nothing carries any more: `target` did when last applied."""

    address: str
    target: str
    what: str
    privileged: bool


class LooksRenamed(NamedTuple):
    """An object that is to come and looks like one that is to go, or stays unwanted: `common` says in words what tells."""

    address: str
    previous: str
    common: str


class Caution(NamedTuple):
    """What a reviewer must not overlook. `code` is a stable name, `text` says it in words; `file` and `line` where it was said.

    Nothing branches on a caution: it explains a plan, and is in no digest. `file` is empty where no line says it.
    """

    code: str
    text: str
    file: str = ""
    line: int = 0


class Config(NamedTuple):
    """Which declaration was planned: the digest of its files, the commit that is checked out, whether files differ from it."""

    digest: str
    commit: str | None = None
    dirty: bool = False


class RecordHead(NamedTuple):
    """The version of the record that was planned with: a commit of its ref and that commit's tree; None for a local record."""

    head: str | None = None
    tree: str | None = None


class Requests(NamedTuple):
    """What an apply will send: `reads` is what is read again before each write; `seconds` at the service's rate, if known."""

    reads: int
    writes: int
    seconds: int | None = None


@dataclass(frozen=True)
class Plan:
    """What would be done to one app. Changes are sorted by address."""

    app: str
    display_name: str
    base_url: str
    profile: str
    changes: tuple[Change, ...] = ()
    access: tuple[Access, ...] = ()
    skipped: tuple[Skip, ...] = ()
    unmanaged: tuple[Unmanaged, ...] = ()
    errors: tuple[ObjectError, ...] = ()
    warnings: tuple[str, ...] = ()
    unchanged: int = 0
    adopted: int = 0
    only: tuple[str, ...] = ()
    selected_causes: tuple[Cause, ...] = ()
    config: Config = Config("")
    requests: Requests = Requests(0, 0)
    digest: str = ""
    safeguards: tuple[dict[str, Any], ...] = field(default=())
    ignored: int = 0  # objects of which the service keeps another value than it was told
    left: int = 0  # objects that are not as declared, and stay so: a warning says why
    outstanding: int = 0  # objects of which something was to be taken that the service did not take: a caution says what
    cautions: tuple[Caution, ...] = ()
    looks_renamed: tuple[LooksRenamed, ...] = ()  # those to come that nobody declared to be another's new name
    kept: tuple[Kept, ...] = ()  # what people keep unmanaged from this apply on
    record: RecordHead = RecordHead()
    redacted: bool = False  # personal values are hashes: it can be shown, not applied
    provisioning: str = ""  # manual or off, where an apply writes nothing whatever is planned
    standing: tuple[str, ...] = ()  # those of the warnings that tell of what was so before this plan

    def count(self, action: Action) -> int:
        """How many changes carry this action."""
        return sum(1 for change in self.changes if change.action == action)
