"""What safeguards say on a terminal: verdicts as a plan holds them in, lines out. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.report.colours import GREEN, RED, YELLOW, Colour
from reconciler.report.safe import plain

COLOURS = {"ok": GREEN, "approved": YELLOW, "blocked": RED}
Verdict = Mapping[str, Any]


def text_lines(verdicts: Iterable[Verdict], app: str, colour: Colour) -> list[str]:
    """One line each of those that are set, under the blocking ones what to do."""
    lines: list[str] = []
    for item in verdicts:
        if not item.get("numbers") and item["status"] == "ok":
            continue
        words = f"  {item['status']:8} {plain(item['name'])}: {plain(item['detail'])}"
        lines.append(colour(words, COLOURS.get(item["status"], RED)))
        lines += [f"      {more}" for more in blocked_text(item, app)[1:]]
    return ["Safeguards:", *lines, ""] if lines else []


def approve_in(item: Verdict, app: str) -> str:
    """The file of approvals; an older plan does not name it."""
    return str(item.get("approve_in") or f"apps/{app}/approvals.yaml")


def blocked_text(item: Verdict, app: str) -> list[str]:
    """Why a safeguard blocks, what to do, and the very entry that would let the plan through."""
    lines = [f"{plain(item['name'])}: {plain(item['detail'])}"]
    if item["status"] == "blocked":
        lines += [plain(item["remedy"])] if item.get("remedy") else []
        lines += (
            [f"to approve it, add to {plain(approve_in(item, app))}, under `approvals:`", "  " + plain(line(item["approval"]))]
            if item.get("approval")
            else []
        )
    return lines


def line(approval: Mapping[str, str]) -> str:
    """An entry as a line of YAML."""
    return (
        f'- {{plan: "{approval["plan"]}", safeguard: {approval["safeguard"]}, reason: {approval["reason"]}, '
        f"expires: {approval['expires']}}}"
    )
