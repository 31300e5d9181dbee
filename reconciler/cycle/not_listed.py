"""Whom the lists did not show, asked for by id and by filter: a Live in, with those who answer out. Reads the service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.cycle.asking import Asking
from reconciler.declare.warned import Warned
from reconciler.declare.wording import plural
from reconciler.plan.live import Live
from reconciler.plan.not_listed import KINDS, of_concern, recorded, unseen
from reconciler.record.model import Record
from reconciler.resolve.model import Resolution
from reconciler.scim.client import ScimClient
from reconciler.scim.lookup import Answered, by_ids

MOST = 1000  # recorded accounts that are asked for where none of them answers and most of the record is missing
NOUNS = {"User": "account", "Group": "group"}


def with_not_listed(client: ScimClient, resolution: Resolution, record: Record | None, live: Live, groups: bool) -> Live:
    """What there is, with everybody in the record who is there and was not in a list; `groups` says whether groups were read.

    Where most of the record is missing in a list and answers, the list is taken for a part from then on (`record.incomplete`),
    and declared objects without an account are looked for by filter. Raises ServiceError where nothing is answered any more.
    """
    if record is None:
        return live
    asking = _NotListed(client, resolution, record, live)
    known = recorded(record.entries)
    for kind in KINDS if groups else KINDS[:1]:
        absent = unseen(known[kind], asking.shown(kind))
        if absent or kind in record.incomplete:
            asking.of_kind(kind, absent, len(known[kind]))
    record.list_in_part(asking.incomplete)
    return asking.live


class _NotListed(Asking):
    """`incomplete` are the types whose lists do not show all that there are."""

    def __init__(self, client: ScimClient, resolution: Resolution, record: Record, live: Live) -> None:
        super().__init__(client, resolution, record, live)
        self.incomplete: list[str] = []

    def of_kind(self, kind: str, absent: Mapping[str, str], known: int) -> None:
        """`known` is how many of the type are in the record."""
        context = self.context()
        asked = of_concern(context, absent)
        there = self.heard(kind, lambda: context, asked, self._by_id(kind, asked, known))
        if kind not in self.record.incomplete and 2 * there <= known:
            return
        self.incomplete.append(kind)
        if there:
            self._note(
                "ListIncomplete",
                f"the list of {NOUNS[kind]}s does not show {there} of {plural(known, NOUNS[kind])} in the record, "
                f"which {'is' if there == 1 else 'are'} there when asked for: all are read by id, and new ones are looked for "
                "by filter",
            )
        self.new(kind)

    def _by_id(self, kind: str, asked: Mapping[str, str], known: int) -> dict[str, Answered]:
        """By id. A service that has lost nearly all is not asked for each of 100,000: the safeguard `empty` blocks that plan."""
        ids = list(dict.fromkeys(asked.values()))
        first = by_ids(self.client, kind + "s", ids[:MOST])
        if len(ids) <= MOST:
            return first
        if 2 * len(ids) > known and not any(first.values()):
            self._note(
                "RecordedMissing",
                f"of {plural(known, NOUNS[kind])} in the record the list shows {known - len(ids)}; none of {MOST} others "
                "is there when asked for by id, so the rest was not asked for",
            )
            return {**dict.fromkeys(ids), **first}
        return {**first, **by_ids(self.client, kind + "s", ids[MOST:])}

    def _note(self, code: str, words: str) -> None:
        self.live = replace(self.live, notes=(*self.live.notes, Warned(code, words)))
