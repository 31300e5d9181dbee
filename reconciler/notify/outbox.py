"""Messages that wait to be delivered, a file each in a folder beside the record: what is in there survives a kill. Does I/O.

A file is written whole or not at all. Delivered ones stay for a while, so that nothing is told twice and all can be sent again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from reconciler.notify.message import LONGEST, Message, State, messages_of
from reconciler.notify.target import WEBHOOK, Target
from reconciler.record import flock
from reconciler.record.flock import STUCK, is_taken, is_taken_in_time
from reconciler.record.lines import sync_folder
from reconciler.record.moments import FORM
from reconciler.record.store import RecordError
from reconciler.record.told import Told
from reconciler.report.event.model import Event
from reconciler.report.event.words import named

KEPT = timedelta(days=30)
REMEDY = "make room, or correct the permissions"


class Telling(NamedTuple):
    """What one cycle tells at a moment, UTC: what people knew before and know after it, and the events between the two."""

    before: Told
    after: Told
    events: tuple[Event, ...]
    at: str


class Outbox:
    """The folder of one app's messages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, events: Iterable[Event], target: Target, at: str) -> None:
        """Keep each event for each channel, on disk before this returns; one that is there is left. Raises RecordError."""
        if made := messages_of(events, target, at):
            with self._alone():
                for message in made:
                    if not (self.folder / message.name).exists():
                        self._write(message)

    # What a cycle tells, until its record is known to hold that it has

    def begin(self, telling: Telling) -> None:
        """Keep what is about to be told. Raises RecordError."""
        with self._alone():
            self._replace(
                self._telling, json.dumps({**telling._asdict(), "events": [e.as_json() for e in telling.events]}).encode()
            )

    def begun(self) -> Telling | None:
        """What the last cycle from here told, where its record may lack it."""
        try:
            data = json.loads(self._telling.read_bytes())
            return Telling(data["before"], data["after"], tuple(map(Event.from_json, data["events"])), data["at"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def settle(self) -> None:
        """The record holds it."""
        with suppress(OSError):
            self._telling.unlink(missing_ok=True)

    @property
    def _telling(self) -> Path:
        return self.folder / "telling.json"

    # Messages

    def retarget(self, target: Target) -> None:
        """What waits goes where app.yaml says now, but for what is told of several apps. Raises RecordError."""
        if not self.folder.exists():
            return
        with self._alone():
            for message in self.messages():
                if message.state == "waiting" and message.target.app and message.target != target:
                    state: State = "waiting" if message.channel in target.channels else "unwanted"
                    self._write(replace(message, target=target, state=state))

    def messages(self) -> list[Message]:
        """All that are kept, oldest first; a file that is no message is left out."""
        found = (_message(file) for file in self.folder.glob("msg_*.json"))
        return sorted((message for message in found if message is not None), key=lambda m: (m.created, m.name))

    def due(self, now: str, channel: str) -> list[Message]:
        """Those of a channel whose next try has come, or is later than any delay: a clock was ahead."""
        latest = (datetime.strptime(now, FORM) + timedelta(seconds=LONGEST)).strftime(FORM)
        return [m for m in self.messages() if m.state == "waiting" and m.channel == channel and not now < m.next <= latest]

    def is_over(self, message: Message) -> bool:
        """Whether the end of what it tells of has arrived through its channel already: its beginning would come after that."""
        about, kind = {message.event.id, *message.event.thread}, named(message.event.kind, "").rstrip(")")
        ends = (
            m.event
            for m in self.messages()
            if m.event.phase == "ended" and (m.channel, m.state) == (message.channel, "delivered")
        )
        return message.event.phase != "ended" and any(
            about & {*end.thread} and any(cause.startswith(kind) for cause in end.ended) for end in ends
        )

    def next(self, channel: str) -> str | None:
        """When the next one of a channel is due."""
        return min((m.next for m in self.messages() if m.state == "waiting" and m.channel == channel), default=None)

    def update(self, message: Message) -> None:
        """Keep what became of it. Raises RecordError."""
        with self._alone():
            self._write(message)

    def replay(self, since: str, now: str) -> int:
        """Have all since then delivered again, those that arrived too; how many. Raises RecordError."""
        again = [message for message in self.messages() if message.created >= since and message.state != "unwanted"]
        for message in again:
            self.update(replace(message, state="waiting", tries=0, next=now, error=""))
        return len(again)

    def prune(self, now: datetime) -> None:
        """Drop what has been settled for a month, and what kills have left half written."""
        until = (now - KEPT).strftime(FORM)
        old = (m.name for m in self.messages() if m.state != "waiting" and m.created < until)
        with self._alone(), suppress(OSError):
            for file in (*(self.folder / name for name in old), *self.folder.glob("msg_*.tmp")):
                file.unlink(missing_ok=True)

    # A webhook whose receiver is gone

    def switch_off(self, target: Target) -> None:
        """Nothing more is sent to this address, until app.yaml names another. Raises RecordError."""
        self._replace(self._off, _digest(target).encode())

    def switch_on(self) -> None:
        with suppress(OSError):
            self._off.unlink(missing_ok=True)

    @property
    def has_switched_off(self) -> bool:
        """Whether a receiver wants no more."""
        return self._off.exists()

    def is_off(self, message: Message) -> bool:
        try:
            return message.channel == WEBHOOK and self._off.read_text(encoding="ascii") == _digest(message.target)
        except (OSError, ValueError):
            return False

    @property
    def _off(self) -> Path:
        return self.folder / "webhook.off"

    # Files

    @contextmanager
    def delivering(self, channel: str) -> Iterator[bool]:
        """Whether nobody else delivers through this channel; while it lasts nobody does."""
        with self._file(f"delivering.{channel}") as file:
            yield is_taken(file)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._file("busy") as file:
            if not is_taken_in_time(file):
                raise RecordError(f"another reconcile has been busy with {self.folder} for {flock.PATIENCE:.0f} seconds", STUCK)
            yield

    @contextmanager
    def _file(self, name: str) -> Iterator[int]:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise RecordError(f"{self.folder} cannot be written: {error.strerror}", REMEDY) from None
        try:
            yield handle
        finally:
            os.close(handle)

    def _write(self, message: Message) -> None:
        self._replace(self.folder / message.name, json.dumps(message.as_json()).encode())

    def _replace(self, file: Path, data: bytes) -> None:
        waiting = file.with_name(f"{file.name}.{os.getpid()}.tmp")
        try:
            with open(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as handle:
                handle.write(data)
                handle.flush()
                os.fsync(handle.fileno())
            os.replace(waiting, file)
            sync_folder(self.folder)
        except OSError as error:
            with suppress(OSError):
                waiting.unlink(missing_ok=True)
            raise RecordError(f"{file} cannot be written: {error.strerror}", REMEDY) from None


def _message(file: Path) -> Message | None:
    try:
        data = json.loads(file.read_bytes())
        event, target = Event.from_json(data.pop("event")), Target.from_json(data.pop("target"))
        return Message(event=event, target=target, **data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _digest(target: Target) -> str:
    """Of the address as it is declared, which is no secret."""
    return hashlib.sha256((target.webhook.url if target.webhook else "").encode()).hexdigest()
