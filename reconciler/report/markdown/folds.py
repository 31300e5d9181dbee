"""The sections of a plan that are tables or folded: access, differences, skipped, unmanaged. No I/O."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from reconciler.plan.model import Access, Change, Plan
from reconciler.report.markdown.change import difference
from reconciler.report.markdown.fit import Section
from reconciler.report.safe import cell, code, inert, longest_run
from reconciler.report.text import skips, unmanaged_classes

ROWS = 20
COLUMNS = "| | who | what | through | declared in | until |\n|---|---|---|---|---|---|\n"
KINDS = (
    ("config", 3, "declared change", "declared changes"),
    ("time", 3, "change that fell due", "changes that fell due"),
    ("drift", 4, "change that undoes drift", "changes that undo drift"),
)


def access(plan: Plan) -> list[str | Section]:
    """Who gains and who loses what: 20 rows, then a count and the full list folded."""
    rows = tuple(map(_row, plan.access))
    if not rows:
        return []
    sections: list[str | Section] = [Section("rows of access", 2, rows[:ROWS], "**Access**\n\n" + COLUMNS)]
    if len(rows) > ROWS:
        title = f"and {len(rows) - ROWS:,} more: all {len(rows):,} rows of access"
        sections.append(Section("rows of the whole access list", 5, rows, _open(title) + COLUMNS, CLOSE))
    return sections


def _row(row: Access) -> str:
    who = cell(row.address) + (f" ({cell(row.name)})" if row.name and row.name not in row.address else "")
    what = (
        ("" if row.kind in ("account", "identity") else f"{row.kind} ")
        + cell(row.what)
        + (" **privileged**" if row.privileged else "")
    )
    last = f"{row.until}, then {row.then}" if row.until and row.then else row.until
    through, until = (cell(text) if text else "" for text in (row.through, last))
    return f"| {'gains' if row.gains else 'loses'} | {who} | {what} | {through} | {cell(f'{row.file}:{row.line}')} | {until} |"


def changes(plan: Plan) -> list[Section]:
    """What the declaration asks for, what a date has brought, and what was edited on the service, each apart."""
    apart: dict[str, list[Change]] = defaultdict(list)
    for change in plan.changes:
        causes = set(change.causes)
        apart["drift" if causes == {"drift"} else "time" if causes == {"time"} else "config"].append(change)
    return [
        _fenced(plural, rank, singular if len(apart[cause]) == 1 else plural, map(difference, apart[cause]), "diff")
        for cause, rank, singular, plural in KINDS
        if apart[cause]
    ]


def skipped(plan: Plan) -> list[Section]:
    """Who is left out, by code: one fold."""
    if not plan.skipped:
        return []
    counts = Counter(item.code for item in plan.skipped)
    after = " (" + ", ".join(f"{number:,} {name}" for name, number in sorted(counts.items())) + ")"
    lines: list[str] = []
    for name, remedy, number, named in skips(plan.skipped):
        lines += [f"{name} ({number:,}): {remedy}", *(f"  {text}" for text in named)]
    return [_fenced("lines of skipped objects", 6, f"skipped{after}", map(inert, lines), "text", len(plan.skipped))]


def unmanaged(plan: Plan) -> list[Section]:
    """Accounts that are not ours, by class: one fold."""
    lines: list[str] = []
    for kind, meaning, accounts in unmanaged_classes(plan.unmanaged):
        lines += [f"{kind} ({len(accounts):,}): {meaning}", *(f"  {item.userName} ({item.id})" for item in accounts)]
    title, count = "unmanaged: never touched", len(plan.unmanaged)
    return [_fenced("lines of unmanaged accounts", 7, title, map(inert, lines), "text", count)] if lines else []


def safeguards(plan: Plan) -> list[Section]:
    """What each safeguard says: one fold."""
    rows = tuple(
        f"- {code(str(s.get('name', '')))} {code(str(s.get('status', '')))}: {code(str(s.get('detail', '')))}"
        for s in plan.safeguards
    )
    return [Section("safeguards", 5, rows, _open(f"{len(rows):,} safeguards checked"), CLOSE)] if rows else []


CLOSE = "\n\n</details>"


def _open(title: str) -> str:
    """A fold; `title` is our own words and counts."""
    return f"<details><summary>{title}</summary>\n\n"


def _fenced(name: str, rank: int, title: str, units: Iterable[str], language: str, count: int | None = None) -> Section:
    lines = tuple(units)
    ticks = "`" * max(3, max(map(longest_run, lines), default=0) + 1)
    head = _open(f"{len(lines) if count is None else count:,} {title}")
    return Section(name, rank, lines, f"{head}{ticks}{language}\n", f"\n{ticks}{CLOSE}")
