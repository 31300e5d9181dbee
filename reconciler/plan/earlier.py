"""What an app's files said at an earlier commit: a value that the planner is handed, and compares with today's. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from reconciler.declare.model import Assignment

APPLIED = "when last applied"


class Before(NamedTuple):
    """What a role was called, and when that was, in words."""

    name: str = ""
    when: str = APPLIED


@dataclass(frozen=True)
class Earlier:
    """The commit that was applied last, or the one before this change; empty where neither is known.

    `files` are those of today's assignments that differ from what they were then, `assignments` are those that stood in files
    which differ, or are gone, with their places of then. `privileged` are the roles that were so then, by folded `value`.
    """

    commit: str = ""
    files: frozenset[str] = frozenset()
    assignments: tuple[Assignment, ...] = ()
    privileged: Mapping[str, Before] = field(default_factory=dict)


NOTHING = Earlier()
