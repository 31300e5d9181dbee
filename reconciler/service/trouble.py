"""What is wrong with the service itself on this machine, of which a record cannot tell. Pure."""

from __future__ import annotations

from dataclasses import dataclass

UNREACHABLE, NOT_MERGED, REWRITTEN = "RemoteUnreachable", "NotMerged", "HistoryRewritten"
PULLS = (UNREACHABLE, NOT_MERGED, REWRITTEN)  # codes of why nothing comes from the remote


INVALID = "InvalidDeclaration"  # code of a declaration with errors


@dataclass(frozen=True)
class Trouble:
    """`code` is one of the registry, `since` when it was found first, UTC; `holds` where no cycle begins meanwhile."""

    code: str
    message: str
    remedy: str
    since: str
    holds: bool = False
