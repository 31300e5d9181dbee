"""What a service was told of access and has not done: an account that stays active or inactive, a role, a membership. Pure.

It is not written again, since the service would not do it then either; it is neither done nor forgotten: each plan says so, and
none of them says that the service is as declared, until it is so, or the profile or the mapping says what the service does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from reconciler.plan.context import Context
from reconciler.plan.live import LiveObject
from reconciler.plan.model import Caution
from reconciler.plan.role_names import named
from reconciler.plan.warnings import listed
from reconciler.record.entries import Entry

ACTIVE, ROLE, MEMBER, ABSENT = "StillActive", "RoleKept", "MemberKept", "MemberMissing"
INACTIVE, LACKING, STAYS = "StillInactive", "RoleMissing", "RoleStays"
BY_HAND = "do it there by hand"
# What is said of each code; the profile, or the mapping, may say that it is so there.
WORDS = {
    ACTIVE: "{who} {are} still active: {service} answered to `active: false`, and did not disable {accounts}; "
    f"{BY_HAND}, or set in the profile what it does instead: "
    "`deprovision: {{inactive: deletes}}` or `ignored`",
    ROLE: "{who} still {have} what was taken away: {service} answered, and did not change {about}; "
    f"{BY_HAND}, or set `ignoreDrift: true` on the mapping",
    INACTIVE: "{who} {are} still inactive: {service} answered to `active: true`, and did not enable {accounts}; "
    f"{BY_HAND}, or set in the profile that it ignores `active`: "
    "`deprovision: {{inactive: ignored}}`, or `ignoreDrift: true` on the mapping",
    LACKING: "{who} {are} not shown with what was given: {service} answered, and did not change {about}, or "
    f"shows the role under another name; {BY_HAND}, or set `ignoreDrift: true` on the mapping",
    STAYS: "{who} {have} on the service what nothing assigns, and {about} takes nothing away, as AppRoleAssignmentsComplex only "
    f"adds: {BY_HAND}, map it with AssertiveAppRoleAssignmentsComplex, or set `ignoreDrift: true` on the mapping",
    ABSENT: "{who} {are} not shown in {about}: {service} answered, and did not put {members} in, or does not show everybody; "
    f"{BY_HAND}, or set in the profile that it does not show who is inside: "
    "`groups: {{membersReadable: false}}`",
    MEMBER: f"{{who}} {{are}} still in {{about}}: {{service}} answered, and did not take {{members}} out; {BY_HAND}",
}


class Outstanding(NamedTuple):
    """One thing that `address` was to lose or to get, and that is not so; `what` is the role's attribute, or the member."""

    code: str
    address: str
    what: str = ""
    which: str = ""


def is_in_vain(entry: Entry) -> bool:
    """Whether the service was told to disable the account, and showed it as active when asked what came of it."""
    return entry.get("wanted", {}).get("active") is False and entry.get("answered", {}).get("active") is not None


def taken_and_there(before: Any, after: Any, shown: Any) -> list[str]:
    """The roles in a value that were to go, and are shown all the same."""
    there = named(shown)
    return sorted(there[key] for key in (named(before).keys() - named(after).keys()) & there.keys())


def given_and_lacking(want: Any, shown: Any) -> list[str]:
    """The roles in a value that were to be given, and are not shown."""
    return sorted(text for key, text in named(want).items() if key not in named(shown))


def is_kept(entry: Entry | None, target: str, shown: Any) -> bool:
    """Whether an attribute was to be emptied, and shows what it then showed."""
    wanted, answered = (entry or {}).get("wanted", {}), (entry or {}).get("answered", {})
    return target in wanted and wanted[target] is None and answered.get(target) == shown


def still_active(address: str, entry: Entry | None, account: LiveObject) -> Iterator[Outstanding]:
    """Of an account that is to be inactive."""
    if account.active and is_in_vain(entry or {}):
        yield Outstanding(ACTIVE, address)


def told_nothing(entry: Entry) -> Entry:
    """The entry as if nothing had been told that was not done: it is told again."""
    wanted = entry.get("wanted", {})
    return {**entry, "answered": {path: value for path, value in entry.get("answered", {}).items() if wanted.get(path)}}


def cautions(context: Context, found: Iterable[Outstanding]) -> Iterator[Caution]:
    """One for all accounts, one for each attribute that carries roles, one for each group."""
    groups: dict[tuple[str, str], list[Outstanding]] = defaultdict(list)
    for item in found:
        groups[item.code, item.address if item.code in (MEMBER, ABSENT) else item.what].append(item)
    for (code, about), items in sorted(groups.items()):
        place = _mapped_at(context, "active" if code == INACTIVE else about) if code in (INACTIVE, LACKING, STAYS) else None
        yield Caution(code, _words(context.able.service, code, about, items), *(place or ()))


def _mapped_at(context: Context, target: str) -> tuple[str, int] | None:
    """Where the mapping stands of which `ignoreDrift` would say that it is so there."""
    places = (slot.mapping.place for slot in context.resolution.user_mapping.slots if slot.target == target)
    return next(((place.file, place.line) for place in places), None)


def _words(service: str, code: str, about: str, items: list[Outstanding]) -> str:
    one = len(items) == 1
    return WORDS[code].format(
        who=listed([_who(code, item) for item in items]),
        service=service,
        about=about,
        are="is" if one else "are",
        have="has" if one else "have",
        accounts="the account" if one else "the accounts",
        members="that member" if one else "those members",
    )


def _who(code: str, item: Outstanding) -> str:
    """A member by name alone: the group is said once."""
    if code in (MEMBER, ABSENT):
        return item.what
    return f"{item.address} ({item.which})" if code in (ROLE, LACKING, STAYS) else item.address
