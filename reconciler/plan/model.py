"""The plan: inert, ordered, serialisable data. No I/O, nothing callable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from reconciler.declare.warned import Warned
from reconciler.plan.change import Action, Cause, Change

FORMAT_VERSION = "1.0"


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
    group that is, remains, and by what. `commit` is the one in which the line stands, where it is gone since. `gave` is whether
    the line gave until now what is lost; else it is where the one who loses it is declared.
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
    commit: str = ""
    gave: bool = True

    @property
    def verb(self) -> str:
        """What is done with `what`, in the third person: another name is no gain."""
        if self.kind == "identity":
            return "gets"
        return "gains" if self.gains else "loses"


class Ending(NamedTuple):
    """An assignment whose people have its role already, and until another day than before.

    `address` is whom it names, a user, or a group of which it concerns so many `people`; `what` is the role. `until` and `was`
    are last valid days, None for no end; `then` says what happens after the new one, in words.
    """

    address: str
    what: str
    privileged: bool
    until: str | None
    was: str | None
    then: str
    people: int
    file: str
    line: int
    reason: str = ""


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


NO_CONFIG = Config("")


class RecordHead(NamedTuple):
    """The version of the record that was planned with: a commit of its ref and that commit's tree; None for a local record.

    Of a local one `number` and `hash` are those of its log's newest record; 0 and empty where there is none.
    """

    head: str | None = None
    tree: str | None = None
    number: int = 0
    hash: str = ""


class PartRead(NamedTuple):
    """How many users and groups the service was asked for, where not everything was read: of the rest a plan says nothing.

    They are those that the declaration's change since the commit `since` can touch; it is empty where addresses were named.
    """

    since: str
    users: int
    groups: int


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
    warnings: tuple[Warned, ...] = ()
    unchanged: int = 0
    adopted: int = 0
    only: tuple[str, ...] = ()
    selected_causes: tuple[Cause, ...] = ()
    part: PartRead | None = None  # what was read of the service, where that is not everything
    config: Config = Config("")
    requests: Requests = Requests(0, 0)
    digest: str = ""
    safeguards: tuple[dict[str, Any], ...] = field(default=())
    ignored: int = 0  # objects of which the service keeps another value than it was told
    left: int = 0  # objects that are not as declared, and stay so: a warning says why
    outstanding: int = 0  # objects of which something was to be taken that the service did not take: a caution says what
    cautions: tuple[Caution, ...] = ()
    ends: tuple[Ending, ...] = ()
    looks_renamed: tuple[LooksRenamed, ...] = ()  # those to come that nobody declared to be another's new name
    kept: tuple[Kept, ...] = ()  # what people keep unmanaged from this apply on
    record: RecordHead = RecordHead()
    redacted: bool = False  # personal values are hashes: it can be shown, not applied
    provisioning: str = ""  # manual or off, where an apply writes nothing whatever is planned
    standing: tuple[Warned, ...] = ()  # those of the warnings that tell of what was so before this plan

    @property
    def fresh(self) -> tuple[Warned, ...]:
        """The warnings that were not true before this plan."""
        standing = frozenset(self.standing)
        return tuple(item for item in self.warnings if item not in standing)

    def count(self, action: Action) -> int:
        """How many changes carry this action."""
        return sum(1 for change in self.changes if change.action == action)
