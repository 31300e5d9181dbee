"""What safeguards say on a terminal: verdicts as a plan holds them in, lines out. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from shlex import quote
from typing import Any

from reconciler.report.colours import GREEN, RED, YELLOW, Colour
from reconciler.report.safe import plain

MOST = 10  # changes that are named in the command which does them alone
COLOURS = {"ok": GREEN, "approved": YELLOW, "blocked": RED}
COUNTED = {"accidentalDeletions": ("users", "groups", "earlier"), "groupMembership": ("groups",), "identity": ("accounts",)}
Verdict = Mapping[str, Any]


def text_lines(verdicts: Iterable[Verdict], app: str, colour: Colour) -> list[str]:
    """One line each of those that are set, under the blocking ones what to do; one for all that count nothing here."""
    lines: list[str] = []
    checked = [item for item in verdicts if item.get("numbers") or item["status"] != "ok"]
    quiet = [item for item in checked if _counts_nothing(item)]
    for item in checked if len(quiet) < 2 else [item for item in checked if item not in quiet]:
        words = f"  {item['status']:8} {plain(item['name'])}: {plain(item['detail'])}"
        lines.append(colour(words, COLOURS.get(item["status"], RED)))
        lines += [f"      {more}" for more in blocked_text(item, app)[1:]]
    if len(quiet) > 1:
        names = ", ".join(plain(item["name"]) for item in quiet)
        lines.append(colour(f"  {'ok':8} {names}: nothing here that they count", GREEN))
    return ["Safeguards:", *lines, ""] if lines else []


def _counts_nothing(item: Verdict) -> bool:
    """Whether a verdict is ok because there is nothing to judge, and not because it stays below a limit."""
    numbers = item.get("numbers") or {}
    if item["status"] != "ok":
        return False
    if item["name"] == "empty":
        return len({numbers.get(name) for name in ("recorded", "shown", "declared")}) == 1
    return item["name"] in COUNTED and not any(numbers.get(name) for name in COUNTED[item["name"]])


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
        lines += [plain(words)] if (words := passing(item, app)) else []
    return lines


def passing(item: Verdict, app: str) -> str:
    """Which changes would pass alone, and how; empty where none would."""
    addresses = item.get("passing") or []
    if not addresses:
        return ""
    only = " ".join(f"--only {quote(address)}" for address in addresses[:MOST])
    more = f", and {len(addresses) - MOST:,} more" if len(addresses) > MOST else ""
    what = "1 change passes" if len(addresses) == 1 else f"{len(addresses):,} changes pass"
    return f"{what} alone: `reconcile apply --app {app} {only}`{more}"


def asked_for(digest: str, safeguard: str) -> str:
    """The entry that would approve a plan, with what a person has to fill in."""
    return line({"plan": digest, "safeguard": safeguard, "reason": "say why", "expires": "YYYY-MM-DD"})


def line(approval: Mapping[str, str]) -> str:
    """An entry as a line of YAML."""
    return (
        f'- {{plan: "{approval["plan"]}", safeguard: {approval["safeguard"]}, reason: {approval["reason"]}, '
        f"expires: {approval['expires']}}}"
    )
