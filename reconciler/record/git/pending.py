"""The journal and the log of one run: on this machine's disk until they are pushed, then as files of the commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from reconciler.record.check import journal_of, log_of
from reconciler.record.lines import Lines, append, dump_lines, lines_of, remove

JOURNAL = "journal.jsonl"
MOST_NAMED = 100
BULKY = ("entry", "wanted", "generated", "origin", "causes", "otherwise", "declared")


class Pending:
    """Two files in `folder` named after the lock's id; a kill loses at most the line that was being written.

    A third one says that the lock was taken from this folder: no other machine has it, whatever it calls itself.
    """

    def __init__(self, folder: Path, id: str) -> None:
        self.id, self.mark_file = id, folder / f"{id}.lock"
        self.journal_file, self.log_file = folder / f"{id}.journal.jsonl", folder / f"{id}.log.jsonl"

    def mark(self) -> None:
        """The lock is about to be taken from here; that this cannot be kept costs its next holder a wait."""
        with suppress(OSError):
            self.mark_file.touch(mode=0o600)

    def is_marked(self) -> bool:
        return self.mark_file.exists()

    def has_journal(self) -> bool:
        return self.journal_file.exists()

    def journal(self, lines: Lines) -> None:
        append(self.journal_file, lines)

    def log(self, lines: Lines) -> None:
        append(self.log_file, lines)

    def read_journal(self) -> Lines:
        return journal_of(lines_of(self.journal_file), str(self.journal_file))

    def read_log(self) -> Lines:
        return log_of(lines_of(self.log_file), str(self.log_file))

    def remove(self) -> None:
        remove(self.journal_file)
        remove(self.log_file)
        remove(self.mark_file)


def unsettled(lines: Lines) -> Lines:
    """The lines of a journal that no record holds yet."""
    last = max((number for number, line in enumerate(lines, 1) if "settled" in line), default=0)
    return lines[last:]


def settled(lines: Lines, at: str) -> Lines:
    """A journal whose outcomes are in the record of the same commit: kept to be read, without its values."""
    return [*({name: value for name, value in line.items() if name not in BULKY} for line in lines), {"settled": at}]


def journal_file(before: Lines, lines: Lines, settled_at: str | None) -> bytes | None:
    """The journal's file as a run leaves it: settled by a record in the same commit, or waiting for one; None for no change."""
    if not (lines or (settled_at and before)):
        return None
    every = [*before, *lines]
    return dump_lines(settled(every, settled_at) if settled_at else every)


def summary(command: str, log: Lines, since: str, saved: Collection[str] = (), adopted: int = 0) -> str:
    """A commit's message: what was done since then, counted, then named; `saved` are the files of the record that it changes."""
    new = [line for line in log if str(line.get("activityDateTime", since)) >= since and _is_told(line)]
    counted = [f"{adopted} adopted"] if adopted else []
    if not (new or counted):
        return f"{command}: {'record saved' if saved or log else 'nothing to write'}"
    words = [(*_action(line), _word(line.get("sourceIdentity"), "displayName")) for line in new]
    counts = Counter(action if status in ("success", action) else f"{action} {status}" for action, status, _ in words)
    counted += [f"{count} {what}" for what, count in counts.items()]
    names = [f"{action} {name}" + (f": {status}" if status != action else "") for action, status, name in words[:MOST_NAMED]]
    more = [f"and {len(words) - MOST_NAMED} more, in the log"] if len(words) > MOST_NAMED else []
    return f"{command}: {', '.join(counted)}" + "\n\n" * bool(names) + "\n".join([*names, *more])


def _is_told(line: dict[str, Any]) -> bool:
    """Whether a record is of a change, or of somebody who is left out: who was adopted is counted otherwise."""
    ours = line.get("reconcile")
    return "provisioningAction" in line and not (isinstance(ours, dict) and ours.get("action") == "adopt")


def _action(line: dict[str, Any]) -> tuple[str, str]:
    """What was to be done, and how it ended; the log calls it other where somebody is left out."""
    action, status = _word(line, "provisioningAction"), _word(line.get("provisioningStatusInfo"), "status")
    return (status if (action, status) == ("other", "skipped") else action), status


def _word(data: Any, key: str) -> str:
    word = data.get(key) if isinstance(data, dict) else None
    return "".join(c if c.isprintable() else " " for c in str(word)) if word else "unknown"
