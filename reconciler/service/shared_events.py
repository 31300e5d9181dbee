"""What several apps would be told alike, as one message to all who are told of any of them: events in, posts out. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from reconciler.declare.wording import plural
from reconciler.notify.target import Target
from reconciler.plan.safeguards.model import some
from reconciler.report.event.model import Event
from reconciler.service.recipients import Recipients


class Near(NamedTuple):
    """Who is told of an app, as its declaration said when it was right last, and the folder in which messages to them wait."""

    to: Recipients
    outbox: str


class Post(NamedTuple):
    """An event, where to, and the outbox in which it waits; `stands_for` are the ids of the events in whose place it is sent."""

    event: Event
    target: Target
    outbox: str
    stands_for: frozenset[str]


def posts(told: Iterable[tuple[Near, Iterable[Event]]]) -> list[Post]:
    """One for each cause, and for several apps one mail for all of their addresses and one message for each webhook."""
    alike = defaultdict[tuple[str, ...], list[tuple[Near, Event]]](list)
    for near, events in told:
        for event in events:
            alike[event.kind, event.phase, event.reason, event.before, event.why].append((near, event))
    return [post for group in alike.values() for post in _posts(group)]


def _posts(group: Sequence[tuple[Near, Event]]) -> Iterator[Post]:
    event, ids = _of_all(group), frozenset(event.id for _, event in group)
    if len(group) == 1:
        ((near, _),) = group
        yield Post(event, near.to.target, near.outbox, ids)
        return
    mailed = [near for near, _ in group if near.to.target.email]
    hooked = {near.to.target.webhook: near for near, _ in reversed(group) if near.to.target.webhook is not None}
    if mailed:
        to = tuple(dict.fromkeys(address for near in mailed for address in near.to.target.email))
        yield Post(event, Target("", "", to), mailed[0].outbox, ids)
    for near in hooked.values():
        yield Post(event, replace(near.to.target, email=()), near.outbox, ids)


def _of_all(group: Sequence[tuple[Near, Event]]) -> Event:
    """The first of them; of several apps it names no single one."""
    event = group[0][1]
    if len(group) == 1:
        return event
    concerned = f"this concerns {some([near.to.display_name for near, _ in group])}"
    return replace(
        event,
        app="",
        display_name=plural(len(group), "app"),
        since=min(event.since for _, event in group),
        why=f"{event.why}; {concerned}" if event.why else concerned,
        commands=tuple(dict.fromkeys(command.partition(" --app ")[0] for command in event.commands)),
        thread=tuple(dict.fromkeys(id for _, event in group for id in event.thread)),
    )
