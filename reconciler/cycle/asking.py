"""Single objects of a service, asked for by id and by filter: a Live in, one with those who answer out. Reads the service."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace

from reconciler.cycle.declared_then import NotKnown
from reconciler.plan.context import Context, gather
from reconciler.plan.live import Live, LiveObject, project_groups, project_users, with_members
from reconciler.plan.matching.match import match
from reconciler.plan.not_listed import matching_values_told, unmatched
from reconciler.record.model import Record
from reconciler.resolve.model import Resolution
from reconciler.scim.client import Resource, ScimClient
from reconciler.scim.errors import ServiceError
from reconciler.scim.lookup import Answered, by_ids, side_by_side

Questions = Sequence[tuple[str, str]]  # (attribute, value) to look for, in order


class Asking:
    """`live` grows by what answers; whoever could not be asked for is unknown in it. Where nothing is answered any more,
    each raises ServiceError.
    """

    def __init__(self, client: ScimClient, resolution: Resolution, record: Record, live: Live) -> None:
        self.client, self.resolution, self.record, self.live = client, resolution, record, live
        self._known: tuple[Live, Context] | None = None  # the last context, and what it is of

    def shown(self, kind: str) -> Mapping[str, LiveObject]:
        return self.live.users if kind == "User" else self.live.groups

    def context(self) -> Context:
        """Who belongs together, by what is known so far."""
        if self._known is None or self._known[0] is not self.live:
            matching = match(self.resolution, self.live, self.record.entries)
            self._known = self.live, gather(self.resolution.limited.app, self.resolution, self.live, self.record, matching)
        return self._known[1]

    def recorded(self, kind: str, asked: Mapping[str, str]) -> None:
        """Objects of the record, address -> id. Raises NotKnown where nothing but a list says whether one is gone."""
        if asked:
            self.heard(kind, self.context, asked, by_ids(self.client, kind + "s", list(dict.fromkeys(asked.values()))))

    def heard(self, kind: str, context: Callable[[], Context], asked: Mapping[str, str], answers: Mapping[str, Answered]) -> int:
        """Takes in what was answered by id (id -> answer), asks by filter where it was not, and says how many are there.

        Where no list was read a filter is asked of those who answer 404, too: one alone may be mistaken.
        """
        doubted = {a: answer for a, id in asked.items() if not isinstance(answer := answers[id], dict) and self._doubts(answer)}
        there = [answer for answer in answers.values() if isinstance(answer, dict)]
        found, unanswered = self._by_filter(kind, context, doubted) if doubted else ([], {})
        self._take(kind, [*there, *found], {address: _why(error) for address, error in unanswered.items()})
        return len(there) + len(found)

    def _doubts(self, answer: ServiceError | None) -> bool:
        return answer is not None or self.live.part is not None

    def _by_filter(
        self, kind: str, context: Callable[[], Context], doubted: Mapping[str, ServiceError | None]
    ) -> tuple[list[Resource], dict[str, ServiceError]]:
        """Those whom a filter on what they are matched by shows under their own id; and of whom nobody knows, and why."""
        questions = {address: self._askable(matching_values_told(context(), address)) for address in doubted}
        if unasked := next((a for a, error in doubted.items() if error is None and not questions[a]), None):
            raise NotKnown(f"the service answers 404 for {unasked}, and cannot be asked by a filter whether it is gone")
        found = side_by_side(self.client, questions, lambda address: self._found(kind, questions[address]))
        there, unanswered = [], {}
        for address, answer in found.items():
            own, error = self.record.entries[address]["id"], doubted[address]
            shown = [] if isinstance(answer, ServiceError) else [item for item in answer if item["id"] == own]
            there += shown[:1]
            error = answer if error is None and isinstance(answer, ServiceError) else error
            if error is not None and not shown:
                unanswered[address] = error
        return there, unanswered

    def new(self, kind: str, among: Container[str] | None = None) -> None:
        """Declared objects that no account was found for, all or those `among` some, looked for by what they are matched by."""
        questions = {a: told for a, told in unmatched(self.context(), kind).items() if among is None or a in among}
        found = side_by_side(self.client, questions, lambda address: self._found(kind, questions[address]))
        unknown = {address: _why(answer) for address, answer in found.items() if isinstance(answer, ServiceError)}
        shown = [item for answer in found.values() if not isinstance(answer, ServiceError) for item in answer]
        self._take(kind, shown, unknown)

    def _found(self, kind: str, questions: Questions) -> list[Resource]:
        """What the first matching attribute that shows anything shows, of those that the service can filter on."""
        for target, value in self._askable(questions):
            if shown := self.client.filtered(kind + "s", target, value)[0]:
                return shown
        return []

    def _askable(self, questions: Questions) -> Questions:
        return [(target, value) for target, value in questions if self.client.profile.filters_on(target)]

    def _take(self, kind: str, resources: list[Resource], unknown: Mapping[str, str]) -> None:
        fresh = list({item["id"]: item for item in resources if item["id"] not in self.shown(kind)}.values())
        objects = {item.id: item for item in self._projected(kind, fresh)}
        live = self.live
        self.live = replace(
            live,
            users={**live.users, **objects} if kind == "User" else live.users,
            groups={**live.groups, **objects} if kind == "Group" else live.groups,
            unknown={**live.unknown, **unknown},
            not_listed=live.not_listed | objects.keys() if kind == "Group" else live.not_listed,
            reads=self.client.counts["reads"],
        )

    def _projected(self, kind: str, resources: list[Resource]) -> list[LiveObject]:
        """Whether members are shown to who asks for one group says nothing of what lists show."""
        if kind == "User":
            return project_users(self.resolution.user_mapping, resources)
        shown = project_groups(self.resolution.group_mapping, resources)
        return with_members(shown, self.client.profile.groups.membersReadable, self.record.members_shown)


def _why(error: ServiceError) -> str:
    return f"no list shows it, and it could not be asked for: {error}"
