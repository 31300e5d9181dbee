"""The journal while an apply writes: steps in, their lines on disk before any of these goes on. Writes through the store."""

from __future__ import annotations

from collections.abc import Callable, Sized
from typing import Any

from reconciler.apply.pace import Baton
from reconciler.apply.steps import Step, StepKind
from reconciler.declare.names import is_group
from reconciler.plan.change import Action
from reconciler.record.entries import Entry
from reconciler.record.store import RecordError

Line = dict[str, Any]
UNSAID = object()


def opening(
    step: Step, at: str, takes: list[tuple[str, str]], declared: object, was: str | None, roles: list[str] | None = None
) -> Line:
    """The line before a step. `takes` is what counts as removed once it is done, `was` the address under which it is recorded;
    `declared` is the declared object's own id, UNSAID where the record says nothing of one; `roles` are the keys of those that
    the record had of it, None where it had nothing.
    """
    change, rests_on = step.change, step.change.precondition
    return {
        "at": at,
        "address": change.address,
        "digest": change.digest,
        "step": step.kind,
        "action": change.action,
        "takes": takes,
        "wanted": {a.path: a.after for a in step.attributes},
        **({"id": rests_on.id} if rests_on is not None else {}),
        **({"declaredId": declared} if declared is not UNSAID else {}),
        **({"was": was} if was is not None else {}),
        **({"roles": roles} if roles is not None else {}),
        **_members(step),
    }


def is_telling(step: Step, takes: Sized) -> bool:
    """Whether a step's outcome is in nothing that the service shows: since when an account is disabled, who has made a group.

    Nor that something was taken, which counts for a day. Who has made an account is nobody's reason to do anything.
    """
    change, kind = step.change, step.kind
    switches = kind == StepKind.WRITE and change.action in (Action.DISABLE, Action.ENABLE)
    return bool(takes) or switches or (kind == StepKind.CREATE and is_group(change.address))


def intention(line: Line) -> Line:
    """What a record holds of a step that is to come: of the values those by which it is known again."""
    values = line["wanted"] if line["step"] == StepKind.CREATE else {}
    switched = {path: value for path, value in line["wanted"].items() if path == "active"}
    return {**line, "wanted": values or switched}


def _members(step: Step) -> Line:
    match step.kind:
        case StepKind.MEMBERS_OUT:
            return {"removed": list(step.change.remove)}
        case StepKind.MEMBERS_IN:
            return {"added": list(step.change.add)}
        case _:
            return {}


def move(address: str, was: str | None, entry: Entry) -> Line:
    """The line of an entry that a step has changed beside its own, or that has got another address."""
    return {"address": address, "outcome": "moved", **({"was": was} if was is not None else {}), "entry": entry}


def ending(address: str, at: str, status: str, entry: Entry | None) -> Line:
    """The line after a step, with its object's entry as it is by now."""
    return {"at": at, "address": address, "outcome": status, "entry": entry}


def unanswered(line: Line) -> Line:
    """The same of a step of which nobody knows whether it was done."""
    return {**line, "unanswered": True}


class GroupCommit:
    """Steps that wait for the disk at the same time wait for one write of all their lines. `put` writes lines to disk.

    What came of a step goes with the next lines that anybody waits for: a kill before that is one right after the answer.
    """

    def __init__(self, put: Callable[..., None], baton: Baton) -> None:
        self._put, self._baton, self._on_disk = put, baton, baton.condition()
        self._waiting: list[Line] = []
        self._taken = self._written = 0
        self._error: RecordError | None = None
        self._under_way = False

    def add(self, *lines: Line) -> None:
        """On disk with what is written next."""
        self._waiting += lines
        self._taken += len(lines)

    def flush(self) -> bool:
        """On disk before it returns whatever was added; False where all was there before. Raises RecordError."""
        is_behind = self._written < self._taken
        self.write()
        return is_behind

    def write(self, *lines: Line) -> None:
        """On disk before it returns, in the order of the calls. Raises RecordError, for everybody from then on."""
        self.add(*lines)
        mine = self._taken
        while self._written < mine:
            if self._error is not None:
                raise self._error
            if self._under_way:
                self._on_disk.wait()
            else:
                self._write()

    def _write(self) -> None:
        """What waits, by the thread that came first; others add lines meanwhile."""
        lines, self._waiting, self._under_way = self._waiting, [], True
        try:
            with self._baton.laid_down():
                self._put(*lines)
            self._written += len(lines)
        except RecordError as error:
            self._error = error
            raise
        finally:
            self._under_way = False
            self._on_disk.notify_all()
