"""What safeguards say, for a terminal and for Markdown: verdicts as a plan holds them in, lines out. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reconciler.plan.safeguards.approvals import line
from reconciler.report.safe import fenced, markdown, plain

COLOURS = {"ok": "32", "approved": "33", "blocked": "31"}
Verdict = Mapping[str, Any]


def text_lines(verdicts: Iterable[Verdict], app: str, colour: Callable[[str, str], str]) -> list[str]:
    """One line each of those that are set, under the blocking ones what to do."""
    found: list[str] = []
    for item in verdicts:
        if not item.get("numbers") and item["status"] == "ok":
            continue
        words = f"  {item['status']:8} {plain(item['name'])}: {plain(item['detail'])}"
        found.append(colour(words, COLOURS.get(item["status"], "31")))
        found += [f"      {more}" for more in blocked_text(item, app)[1:]]
    return ["Safeguards:", *found, ""] if found else []


def blocked_text(item: Verdict, app: str) -> list[str]:
    """Why a safeguard blocks, what to do, and the very entry that would let the plan through."""
    lines = [f"{plain(item['name'])}: {plain(item['detail'])}"]
    if item["status"] == "blocked":
        lines += [plain(item["remedy"])] if item.get("remedy") else []
        lines += [f"to approve it, add to apps/{plain(app)}/approvals.yaml, under `approvals:`",
                  "  " + plain(line(item["approval"]))] if item.get("approval") else []  # fmt: skip
    return lines


def markdown_parts(verdicts: Iterable[Verdict], app: str) -> list[str]:
    """Blocking ones as a caution with their entry, then every one that is set in a table, folded."""
    found = [item for item in verdicts if item.get("numbers") or item["status"] != "ok"]
    parts = [_caution(item, app) for item in found if item["status"] == "blocked"]
    if found:
        rows = "\n".join(f"| {item['status']} | {markdown(item['name'])} | {markdown(item['detail'])} |" for item in found)
        table = f"| status | safeguard | numbers |\n|---|---|---|\n{rows}"
        parts.append(f"<details><summary>{len(found)} safeguards</summary>\n\n{table}\n\n</details>")
    return parts


def _caution(item: Verdict, app: str) -> str:
    text = f"> [!CAUTION]\n> Blocked by **{markdown(item['name'])}**: {markdown(item['detail'])}"
    text += f"\n> {markdown(item['remedy'])}" if item.get("remedy") else ""
    if not item.get("approval"):
        return text
    entry = fenced(line(item["approval"]))
    return f"{text}\n\nTo approve it, add to `apps/{fenced(app)}/approvals.yaml`:\n\n```yaml\napprovals:\n  {entry}\n```"
