"""Where the records of one pass over an app come from: who began it, of what, by whose leave. Nouns; no I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from reconciler.declare.names import group_address
from reconciler.plan.model import Access


@dataclass(frozen=True)
class Origin:
    """What every record of a pass says alike.

    cycle:     the id of the pass, a UUID; started: when it began, UTC, YYYY-MM-DDTHH:MM:SSZ
    starter:   who began it: `user` and `host`, or `actor`, `repository`, `run` and `attempt` of a workflow on GitHub
    plan:      the digest of the plan; commit: of the declarations, None where nobody knows, and `dirty` where files differ
    display_name, base_url, profile: of the app and its service; tenant: the directory's domain, "" where none is declared
    approvals: those that let the plan through, each with its safeguard, reason, file and line
    pulls:     digest of a change -> the number of the pull request in which it was reviewed
    access:    who gains or loses what by the plan
    """

    cycle: str = ""
    started: str = ""
    starter: Mapping[str, str] = field(default_factory=dict)
    plan: str = ""
    commit: str | None = None
    dirty: bool = False
    display_name: str = ""
    base_url: str = ""
    profile: str = ""
    approvals: tuple[Mapping[str, Any], ...] = ()
    pulls: Mapping[str, int] = field(default_factory=dict)
    access: tuple[Access, ...] = ()
    tenant: str = ""

    @cached_property
    def access_by_change(self) -> dict[str, list[Access]]:
        """Address of the change that brings it -> rows: a membership comes with the group's change."""
        rows: dict[str, list[Access]] = {}
        for row in self.access:
            rows.setdefault(group_address(row.what) if row.kind == "group" else row.address, []).append(row)
        return rows

    @cached_property
    def reasons(self) -> dict[str, tuple[str, ...]]:
        """Address of a person -> the reasons of the assignments by which access is gained or lost."""
        said: dict[str, dict[str, None]] = {}
        for row in self.access:
            if row.reason:
                said.setdefault(row.address, {})[row.reason] = None
        return {address: tuple(reasons) for address, reasons in said.items()}

    def as_json(self) -> dict[str, Any]:
        """What stands under our key of each record; nothing of what is not known."""
        known = {"commit": self.commit, "dirty": self.dirty, "planDigest": self.plan, "startedBy": dict(self.starter)}
        return {name: value for name, value in known.items() if value}


def named(*parts: object) -> str:
    """A UUID (RFC 9562 §5.8) that is the same for the same parts."""
    octets = bytearray(hashlib.sha256("\n".join(map(str, parts)).encode()).digest()[:16])
    octets[6], octets[8] = octets[6] & 0x0F | 0x80, octets[8] & 0x3F | 0x80
    text = octets.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
