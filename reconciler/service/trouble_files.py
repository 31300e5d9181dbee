"""Troubles of this machine's service, kept in a file beside each app's record and told once by each machine. Writes both.

For `status` on this machine, and for the next process; the record itself may be out of reach.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from reconciler.notify.causes import Cause, Moment, news
from reconciler.notify.outbox import Outbox
from reconciler.record.store import RecordError
from reconciler.record.told import Cause as Known
from reconciler.record.told import Told
from reconciler.report.event.model import Event
from reconciler.service import small_files
from reconciler.service.failures import RECORD
from reconciler.service.recipients import Recipients
from reconciler.service.shared_events import Near, Post, posts
from reconciler.service.trouble import INVALID, Trouble

FILE = "service.json"


class Kept(NamedTuple):
    """What the file holds."""

    troubles: tuple[Trouble, ...] = ()
    told: Told = Told()


class Step(NamedTuple):
    """What is kept of an app before and after, and what is told between the two."""

    near: Near
    before: Kept
    after: Kept
    events: tuple[Event, ...]


class Look(NamedTuple):
    """When troubles were looked for, UTC; codes of those of which nobody can say now whether they last; who hears what fails;
    codes of those that are told by a record.
    """

    at: str
    unseen: Collection[str]
    says: Callable[[str], None]
    elsewhere: Collection[str] = ()


class Troubles:
    """Of each app that is in `near`."""

    def __init__(self) -> None:
        self.near: dict[str, Near] = {}
        self._last: dict[str, tuple[tuple[Trouble, ...], frozenset[str]]] = {}  # and what could not be seen then

    def keep(self, found: Mapping[str, tuple[Trouble, ...]], look: Look) -> list[str]:
        """What is wrong for each app now; returns the outboxes in which something may wait. What lasts may be due again."""
        unseen = frozenset(look.unseen)
        news = {name: all for name, all in found.items() if name in self.near and (all or self._last.get(name) != (all, unseen))}
        self._last |= {name: (all, unseen) for name, all in news.items()}
        steps = [_step(self.near[name], all, look) for name, all in sorted(news.items())]
        told = posts((step.near, step.events) for step in steps)
        kept = all([_put(post, look) for post in told])
        for step in steps:
            if kept or not step.events:
                _keep(step, told, look)
        return [post.outbox for post in told]


def troubles_of(outbox: Path) -> list[dict[str, Any]]:
    """What `status` shows on the same machine."""
    return [asdict(trouble) for trouble in _kept(outbox.with_name(FILE)).troubles]


def is_told_here(outbox: Path) -> bool:
    """Whether this machine has told by itself that files of all apps are wrong."""
    return any(cause["reason"] == INVALID for cause in _kept(outbox.with_name(FILE)).told.get("causes", ()))


def was_wrong_here(outbox: Path) -> bool:
    """Whether this machine has last seen that they are, and some record says that it was told."""
    kept = _kept(outbox.with_name(FILE))
    return any(trouble.code == INVALID for trouble in kept.troubles) and not is_told_here(outbox)


def _cause(trouble: Trouble, app: str, host: str) -> Cause:
    why = f"{trouble.message} (on {host})"
    return Cause("failure", trouble.code, why, trouble.remedy, (), (f"reconcile status --app {app}",))


def _kept(file: Path) -> Kept:
    data = small_files.kept(file)
    try:
        return Kept(tuple(Trouble(**trouble) for trouble in data["troubles"]), data["told"])
    except (KeyError, TypeError):
        return Kept()


def _step(near: Near, troubles: tuple[Trouble, ...], look: Look) -> Step:
    before = _kept(_file(near))
    events, told = _news(near.to, troubles, before.told, look)
    troubles += tuple(trouble for trouble in before.troubles if trouble.code in look.unseen)
    return Step(near, before, Kept(troubles, told), tuple(events))


def _put(post: Post, look: Look) -> bool:
    """Whether it is kept. Messages are kept first: after a kill they are there already, under the same ids."""
    try:
        Outbox(Path(post.outbox)).put([post.event], post.target, look.at)
    except RecordError as error:
        look.says(f"{post.event.display_name}: nobody is told: {error}; {error.remedy}")
        return False
    return True


def _keep(step: Step, told: Iterable[Post], look: Look) -> None:
    """What is wrong, and that it has been told: under the id of the message that stands for all."""
    file, ids = _file(step.near), {id: post.event.id for post in told for id in post.stands_for}
    causes = [Known(**{**cause, "id": ids.get(cause["id"], cause["id"])}) for cause in step.after.told.get("causes", ())]
    after = step.after._replace(told=Told(**{**step.after.told, "causes": causes}) if step.after.told else Told())
    if after == step.before:
        return
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        small_files.keep(file, {"troubles": [asdict(trouble) for trouble in after.troubles], "told": after.told})
    except OSError as error:
        look.says(f"{step.near.to.name}: {file} cannot be written, so this may be told again: {error.strerror}")


def _file(near: Near) -> Path:
    return Path(near.outbox).with_name(FILE)


def _news(to: Recipients, troubles: Iterable[Trouble], told: Told, look: Look) -> tuple[list[Event], Told]:
    if not to.target.channels:
        return [], Told()
    host = socket.gethostname()
    elsewhere = {*look.elsewhere, *RECORD}  # of the latter their cycle tells
    causes = [_cause(trouble, to.name, host) for trouble in troubles if trouble.code not in elsewhere]
    moment = Moment(to.name, to.display_name, host, look.at)
    return news(causes, told, to.wanted, moment, lambda cause: cause["reason"] in (*look.unseen, *look.elsewhere))
