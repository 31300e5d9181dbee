"""What an app's files said at an earlier commit: a value that the planner is handed, and compares with today's. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.declare.model import Assignment


@dataclass(frozen=True)
class Earlier:
    """The commit that was applied last, or the one before this change; empty where neither is known.

    `files` are those of today's assignments that differ from what they were then, `assignments` are those that stood in files
    which differ, or are gone, with their places of then.
    """

    commit: str = ""
    files: frozenset[str] = frozenset()
    assignments: tuple[Assignment, ...] = ()


NOTHING = Earlier()
