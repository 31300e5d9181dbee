"""The nouns of a declaration: what the YAML says once it has been validated. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from reconciler.declare.mapping_model import ObjectMapping
from reconciler.declare.names import fold
from reconciler.declare.place import Place
from reconciler.declare.settings import (
    AccidentalDeletions,
    Budget,
    Deprovisioning,
    GroupMembership,
    Identity,
    Lockout,
    Notification,
    Provisioning,
    RecordSettings,
)

if TYPE_CHECKING:
    from reconciler.declare.table import Table


class User(NamedTuple):
    """A declared user: `row` is the mapping as written, `key` the folded userPrincipalName."""

    key: str
    row: dict[str, Any]
    file: str
    line: int


class Group(NamedTuple):
    """A declared group; `row["members"]` holds user names and `{"group": name}` mappings."""

    key: str
    row: dict[str, Any]
    file: str
    line: int


class RoleGrant(NamedTuple):
    """What a role is on a service that holds roles over an API of their own, by the names that stand there.

    `groups` are account groups, None for all, those to come included; `home` is the one to enter at login, "" where none is
    said. `place` and `group_places` are where the names stand.
    """

    role: str
    groups: tuple[str, ...] | None
    home: str = ""
    place: Place = Place("", 0)
    group_places: tuple[Place, ...] = ()
    home_place: Place = Place("", 0)

    def overlaps(self, other: RoleGrant) -> bool:
        """Whether both are one role there, in an account group that both hold in."""
        if fold(self.role) != fold(other.role):
            return False
        both = set(map(fold, self.groups or ())) & set(map(fold, other.groups or ()))
        return self.groups is None or other.groups is None or bool(both)


class RoleApi(NamedTuple):
    """The API beside SCIM that holds an app's roles; `url` and `token` are unresolved references, "" for SCIM's own.

    `assertive`: roles that nothing here has given are taken. `place` is where the first role says what it is there.
    """

    driver: str
    url: str = ""
    token: str = ""
    assertive: bool = False
    place: Place = Place("", 0)
    url_place: Place = Place("", 0)
    token_place: Place = Place("", 0)


class Role(NamedTuple):
    """An app role; `key` is the folded displayName, by which assignments name it."""

    key: str
    value: str
    displayName: str
    privileged: bool = False
    enabled: bool = True
    allowedMemberTypes: tuple[str, ...] = ("User", "Group")
    place: Place = Place("", 0)
    grant: RoleGrant | None = None


class Assignment(NamedTuple):
    """A user or a group (one of the two keys is set) given a role; `expires` is ISO YYYY-MM-DD."""

    user: str | None
    group: str | None
    role: str
    expires: str | None
    reason: str | None
    file: str
    line: int


@dataclass(frozen=True)
class Safeguards:
    """Limits on what one plan may do; `principal` is the account that owns the token, `places` are where limits are said.

    With `separate`, an approval counts only where it came in a change of its own. `onBlocked` is what a cycle of `run` does
    where one blocks: hold all changes of the app, or continue with those that none counts.
    """

    accidentalDeletions: AccidentalDeletions = AccidentalDeletions()
    groupMembership: GroupMembership = GroupMembership()
    identity: Identity = Identity()
    protected: tuple[str, ...] = ()
    lockout: Lockout | None = None
    principal: str | None = None
    separate: bool = False
    onBlocked: str = "hold"
    budget: Budget | None = None
    places: Mapping[str, Place] = field(default_factory=dict)


class Approval(NamedTuple):
    """One plan, by its digest, let through one safeguard; `expires` is the last valid day, ISO, UTC.

    `came` says how it came into the repository: "alone", "mixed" with other declarations, or "" where that is not known.
    """

    plan: str
    safeguard: str
    reason: str
    expires: str | None
    place: Place
    came: str = ""


@dataclass(frozen=True)
class App:
    """One enterprise application. `tenantUrl` and `secretToken` are unresolved references.

    `settings` are those of its profile, what app.yaml says differently included; `removal_place` is where it says what becomes
    of those who are no longer declared, `url_place` and `token_place` where the two references stand.
    """

    name: str
    displayName: str
    profile: str
    tenantUrl: str
    secretToken: str
    provisioning: Provisioning
    deprovisioning: Deprovisioning
    roles: Mapping[str, Role]
    assignments: Sequence[Assignment]
    users: ObjectMapping
    groups: ObjectMapping
    place: Place
    settings: Mapping[str, Any] = field(default_factory=dict)
    removal_place: Place = Place("", 0)
    url_place: Place = Place("", 0)
    token_place: Place = Place("", 0)
    safeguards: Safeguards = Safeguards()
    approvals: tuple[Approval, ...] = ()
    notification: Notification = Notification()
    role_source: RoleApi | None = None

    @property
    def role_api(self) -> RoleApi | None:
        """The API beside SCIM that holds the roles, where a role says what it is there: else nothing is asked of it."""
        return self.role_source if any(role.grant is not None for role in self.roles.values()) else None


class AppHead(Protocol):
    """What app.yaml says that others must know: an app's name, and where its token goes. An `App` has it, too."""

    @property
    def name(self) -> str: ...

    @property
    def tenantUrl(self) -> str: ...

    @property
    def secretToken(self) -> str: ...

    @property
    def url_place(self) -> Place: ...

    @property
    def token_place(self) -> Place: ...


@dataclass(frozen=True)
class Declarations:
    """Everything that `desired/` declares, by folded name; `folder` is where it was read, `digest` is over its files.

    `partial` are apps of which a file lacks or could not be read: they are there to be checked, and for nothing else.
    `default_domain` is the tenant's, for the function of this name. `others` are apps that nobody asked for, by the name of their
    folder: of each only app.yaml was read.
    """

    users: Table[User]
    groups: Table[Group]
    apps: Mapping[str, App]
    record: RecordSettings = RecordSettings()
    folder: str = "."
    digest: str = ""
    policies: tuple[Policy, ...] = ()
    partial: Mapping[str, App] = field(default_factory=dict)
    default_domain: str | None = None
    others: Mapping[str, AppHead] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """Every app that is declared, whether it was asked for or not."""
        return frozenset((*self.apps, *self.others))


class Policy(NamedTuple):
    """A rule on who may hold what. `kind` is the key that holds the rule, `roles` are folded names, `written` the same as they
    are declared, each with its place; empty `apps` is all.

    separationOfDuties: nobody holds two of `roles`; holders: `minimum` to `maximum` people hold the one role;
    mustCarry: assignments of `roles` carry an `expires` at most `days` away, or a `reason`, whichever is named;
    domains: accounts bear names and mail of `domains` alone.
    """

    name: str
    remedy: str
    kind: str
    place: Place
    roles: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    days: int | None = None
    reason: bool = False
    domains: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    written: tuple[tuple[str, Place], ...] = ()

    def concerns(self, app: str) -> bool:
        return not self.apps or app in self.apps
