"""Accounts that are about to be written to in, each as it is on the service out: one read serves many. Reads the service.

Where nothing else guards a write, its account is read right before it. Of a run of such writes the next ones are read together:
with one filter of their ids where a service combines filters with `or`, or with the page of the list that held many of them when
the plan was made. What that does not show, and what was shown too long ago, is asked for by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from reconciler.apply.pace import Baton
from reconciler.scim.client import Resource, ScimClient
from reconciler.scim.errors import ServiceError
from reconciler.scim.lookup import of_any
from reconciler.scim.profile import AT_ONCE

MANY = 8  # of the next accounts on one page: fewer are not worth reading all of it
FRESH = 10.0  # seconds for which a read stands for one right before a write


class Gathered:
    """`places` say where in the list of accounts each one was, by id. For threads that hold the baton."""

    def __init__(self, client: ScimClient, places: Mapping[str, int], baton: Baton) -> None:
        self._client, self._places, self._baton = client, places, baton
        self._ahead: Sequence[str] = ()
        self._numbers: dict[str, int] = {}
        self._held: dict[str, tuple[float, Resource]] = {}
        self._asked: set[str] = set()
        self._helps = True  # whether such reads have shown what they were to show

    def begin(self, ids: Iterable[str]) -> None:
        """The accounts that are written to next, in this order."""
        self._ahead, self._held = list(ids), {}
        self._numbers = {id: number for number, id in enumerate(self._ahead)}

    def seen(self, id: str) -> Resource | None:
        """One account as a read shows it that serves others too; None where it must be asked for by itself."""
        while id in self._asked:
            self._baton.turn.wait()
        if not self._is_fresh(id) and self._helps and id in self._numbers:
            self._gather(id)
        return self._held.pop(id)[1] if self._is_fresh(id) else None

    def _is_fresh(self, id: str) -> bool:
        return id in self._held and self._client.sender.clock() - self._held[id][0] <= FRESH

    def _gather(self, id: str) -> None:
        start = self._numbers[id]
        ahead = [i for i in self._ahead[start : start + AT_ONCE] if i not in self._asked and not self._is_fresh(i)]
        if self._client.profile.combines_ids():
            self._read(ahead, lambda: of_any(self._client, "Users", ahead))
        elif (page := self._page(id)) is not None:
            there = [i for i in ahead if self._page(i) == page]
            if len(there) >= MANY:
                self._read(there, lambda: self._client.page("Users", page))

    def _page(self, id: str) -> int | None:
        """The number of the page on which the plan has seen it; None where there are no such pages."""
        paging = self._client.profile.paging
        return None if paging.cursor == "always" or id not in self._places else self._places[id] // paging.count

    def _read(self, ids: Sequence[str], read: Callable[[], list[Resource]]) -> None:
        """Of an answer that holds fewer than half of them no second one is asked for."""
        if len(ids) < 2:
            return
        at = self._client.sender.clock()
        with self._asking(ids):
            try:
                found = {item["id"]: item for item in read()}
            except ServiceError:  # whoever asks for one alone is told
                found = {}
        there = [id for id in ids if id in found]
        self._held |= {id: (at, found[id]) for id in there}
        self._helps = 2 * len(there) >= len(ids)

    @contextmanager
    def _asking(self, ids: Iterable[str]) -> Iterator[None]:
        """Whoever needs one of them waits for the answer."""
        self._asked.update(ids)
        try:
            yield
        finally:
            self._asked.difference_update(ids)
            self._baton.turn.notify_all()
