"""Whom the lists did not show, asked for by id and by filter: a Live in, with those who answer out. Reads the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.declare.wording import plural
from reconciler.plan.context import Context, gather
from reconciler.plan.live import Live, LiveObject, project_groups, project_users, with_members
from reconciler.plan.matching.match import match
from reconciler.plan.unlisted import KINDS, matching_values_told, of_concern, recorded, unmatched, unseen
from reconciler.record.model import Record
from reconciler.resolve.model import Resolution
from reconciler.scim.client import Resource, ScimClient
from reconciler.scim.errors import ServiceError
from reconciler.scim.lookup import Answered, by_ids, side_by_side

MOST = 1000  # recorded accounts that are asked for where none of them answers and most of the record is missing
NOUNS = {"User": "account", "Group": "group"}
Questions = Sequence[tuple[str, str]]  # (attribute, value) to look for, in order


def with_unlisted(client: ScimClient, resolution: Resolution, record: Record | None, live: Live, groups: bool) -> Live:
    """What there is, with everybody in the record who is there and was not in a list; `groups` says whether groups were read.

    Where most of the record is missing in a list and answers, the list is taken for a part from then on (`record.incomplete`),
    and declared objects without an account are looked for by filter. Raises ServiceError where nothing is answered any more.
    """
    if record is None:
        return live
    asking = _Asking(client, resolution, record, live)
    known = recorded(record.entries)
    for kind in KINDS if groups else KINDS[:1]:
        absent = unseen(known[kind], asking.shown(kind))
        if absent or kind in record.incomplete:
            asking.of_kind(kind, absent, len(known[kind]))
    record.list_in_part(asking.incomplete)
    return asking.live


class _Asking:
    """`live` grows by what answers; `incomplete` are the types whose lists do not show all that there are."""

    def __init__(self, client: ScimClient, resolution: Resolution, record: Record, live: Live) -> None:
        self.client, self.resolution, self.record, self.live = client, resolution, record, live
        self.incomplete: list[str] = []

    def shown(self, kind: str) -> Mapping[str, LiveObject]:
        return self.live.users if kind == "User" else self.live.groups

    def context(self) -> Context:
        """Who belongs together, by what is known so far."""
        matching = match(self.resolution, self.live, self.record.entries)
        return gather(self.resolution.limited.app, self.resolution, self.live, self.record, matching)

    def of_kind(self, kind: str, absent: Mapping[str, str], known: int) -> None:
        """`known` is how many of the type are in the record."""
        context = self.context()
        asked = of_concern(context, absent)
        answers = self._by_id(kind, asked, known)
        unanswered = {address: error for address, id in asked.items() if isinstance(error := answers[id], ServiceError)}
        there = [answer for answer in answers.values() if isinstance(answer, dict)]
        there += self._by_filter(kind, context, unanswered)
        self._take(kind, there, {address: _why(error) for address, error in unanswered.items()})
        if kind not in self.record.incomplete and 2 * len(there) <= known:
            return
        self.incomplete.append(kind)
        if there:
            self._note(f"the list of {NOUNS[kind]}s does not show {len(there)} of {plural(known, NOUNS[kind])} in the record, "
                       "which are there when asked for: they are read by id, and new ones are looked for by filter")  # fmt: skip
        self._new(kind)

    def _by_id(self, kind: str, asked: Mapping[str, str], known: int) -> dict[str, Answered]:
        """By id. A service that has lost nearly all is not asked for each of 100,000: the safeguard `empty` blocks that plan."""
        ids = list(dict.fromkeys(asked.values()))
        first = by_ids(self.client, kind + "s", ids[:MOST])
        if len(ids) <= MOST:
            return first
        if 2 * len(ids) > known and not any(first.values()):
            self._note(f"of {plural(known, NOUNS[kind])} in the record the list shows {known - len(ids)}; none of {MOST} others "
                       "is there when asked for by id, so the rest was not asked for")  # fmt: skip
            return {**dict.fromkeys(ids), **first}
        return {**first, **by_ids(self.client, kind + "s", ids[MOST:])}

    def _by_filter(self, kind: str, context: Context, unanswered: dict[str, ServiceError]) -> list[Resource]:
        """Those of them whom a filter on what they are matched by shows under their own id; they are unanswered no more."""
        questions = {address: matching_values_told(context, address) for address in unanswered}
        found = side_by_side(self.client, questions, lambda address: self._found(kind, questions[address]))
        own = {address: self.record.entries[address]["id"] for address in unanswered}
        there = []
        for address, answer in found.items():
            shown = [] if isinstance(answer, ServiceError) else [item for item in answer if item["id"] == own[address]]
            if shown:
                there.append(shown[0])
                del unanswered[address]
        return there

    def _new(self, kind: str) -> None:
        """Declared objects that no account was found for, looked for by what they are matched by."""
        questions = unmatched(self.context(), kind)
        found = side_by_side(self.client, questions, lambda address: self._found(kind, questions[address]))
        unknown = {address: _why(answer) for address, answer in found.items() if isinstance(answer, ServiceError)}
        shown = [item for answer in found.values() if not isinstance(answer, ServiceError) for item in answer]
        self._take(kind, shown, unknown)

    def _found(self, kind: str, questions: Questions) -> list[Resource]:
        """What the first matching attribute that shows anything shows, of those that the service can filter on."""
        for target, value in questions:
            if self.client.profile.filters_on(target) and (shown := self.client.filtered(kind + "s", target, value)[0]):
                return shown
        return []

    def _take(self, kind: str, resources: list[Resource], unknown: Mapping[str, str]) -> None:
        fresh = list({item["id"]: item for item in resources if item["id"] not in self.shown(kind)}.values())
        objects = {item.id: item for item in self._projected(kind, fresh)}
        live = self.live
        self.live = replace(
            live,
            users={**live.users, **objects} if kind == "User" else live.users,
            groups={**live.groups, **objects} if kind == "Group" else live.groups,
            unknown={**live.unknown, **unknown},
            unlisted=live.unlisted | objects.keys() if kind == "Group" else live.unlisted,
            reads=self.client.counts["reads"],
        )

    def _projected(self, kind: str, resources: list[Resource]) -> list[LiveObject]:
        """Whether members are shown to who asks for one group says nothing of what lists show."""
        if kind == "User":
            return project_users(self.resolution.user_mapping, resources)
        shown = project_groups(self.resolution.group_mapping, resources)
        return with_members(shown, self.client.profile.groups.membersReadable, self.record.members_shown)

    def _note(self, words: str) -> None:
        self.live = replace(self.live, notes=(*self.live.notes, words))


def _why(error: ServiceError) -> str:
    return f"no list shows it, and it could not be asked for: {error}"
