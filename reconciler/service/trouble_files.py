"""Troubles of this machine's service, kept in a file beside each app's record and told once by each machine. Writes both.

For `status` on this machine, and for the next process; the record itself may be out of reach.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from reconciler.notify.causes import Cause, Moment, news
from reconciler.notify.outbox import Outbox
from reconciler.record.store import RecordError
from reconciler.record.told import Told
from reconciler.report.event.model import Event
from reconciler.service import small_files
from reconciler.service.failures import RECORD
from reconciler.service.recipients import Recipients
from reconciler.service.trouble import PULLS, Trouble

FILE = "service.json"


class Near(NamedTuple):
    """Who is told of an app, as its declaration said when it was right last, and the folder in which messages to them wait."""

    to: Recipients
    outbox: str


class Kept(NamedTuple):
    """What the file holds."""

    troubles: tuple[Trouble, ...] = ()
    told: Told = Told()


class Look(NamedTuple):
    """When troubles were looked for, UTC; whether it is certain how it stands with the remote; who hears of what goes wrong."""

    at: str
    sees_remote: bool
    says: Callable[[str], None]


class Troubles:
    """Of each app that is in `near`."""

    def __init__(self) -> None:
        self.near: dict[str, Near] = {}
        self._last: dict[str, tuple[Trouble, ...]] = {}

    def keep(self, found: Mapping[str, tuple[Trouble, ...]], look: Look) -> list[str]:
        """What is wrong for each app now; returns the outboxes in which something may wait. What lasts may be due again."""
        news = {name: all for name, all in found.items() if name in self.near and (all or self._last.get(name) != all)}
        self._last |= news
        return [self.near[name].outbox for name, all in news.items() if _keep(self.near[name], all, look)]


def troubles_of(outbox: Path) -> list[dict[str, Any]]:
    """What `status` shows on the same machine."""
    return [asdict(trouble) for trouble in _kept(outbox.with_name(FILE)).troubles]


def _cause(trouble: Trouble, app: str, host: str) -> Cause:
    why = f"{trouble.message} (on {host})"
    return Cause("failure", trouble.code, why, trouble.remedy, (), (f"reconcile status --app {app}",))


def _kept(file: Path) -> Kept:
    data = small_files.kept(file)
    try:
        return Kept(tuple(Trouble(**trouble) for trouble in data["troubles"]), data["told"])
    except (KeyError, TypeError):
        return Kept()


def _keep(near: Near, troubles: tuple[Trouble, ...], look: Look) -> bool:
    """Whether anybody is told. Messages are kept first: after a kill they are there already, under the same ids."""
    file = Path(near.outbox).with_name(FILE)
    before = _kept(file)
    if not look.sees_remote:
        troubles += tuple(trouble for trouble in before.troubles if trouble.code in PULLS)
    events, told = _news(near.to, troubles, before.told, look)
    try:
        Outbox(Path(near.outbox)).put(events, near.to.target, look.at)
        if Kept(troubles, told) != before:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            small_files.keep(file, {"troubles": [asdict(trouble) for trouble in troubles], "told": told})
    except RecordError as error:
        look.says(f"{near.to.name}: nobody is told: {error}; {error.remedy}")
    except OSError as error:
        look.says(f"{near.to.name}: {file} cannot be written, so this may be told again: {error.strerror}")
    return bool(events)


def _news(to: Recipients, troubles: Iterable[Trouble], told: Told, look: Look) -> tuple[list[Event], Told]:
    if not to.target.channels:
        return [], Told()
    host = socket.gethostname()
    causes = [_cause(trouble, to.name, host) for trouble in troubles if trouble.code not in RECORD]  # of these its cycle tells
    unseen = lambda cause: not look.sees_remote and cause["reason"] in PULLS  # noqa: E731
    return news(causes, told, to.wanted, Moment(to.name, to.display_name, host, look.at), unseen)
