"""The sections of a plan that are tables or folded: access, differences, skipped, unmanaged. No I/O."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from reconciler.plan.model import Access, Change, Plan
from reconciler.report.markdown.change import difference
from reconciler.report.markdown.fit import Section
from reconciler.report.safe import cell, code, inert, longest_run
from reconciler.report.text import skips, skips_to_show, unmanaged_classes

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
    found: list[str | Section] = [Section("rows of access", 2, rows[:ROWS], "**Access**\n\n" + COLUMNS)]
    if len(rows) > ROWS:
        title = f"and {len(rows) - ROWS:,} more: all {len(rows):,} rows of access"
        found.append(Section("rows of the whole access list", 5, rows, _open(title) + COLUMNS, CLOSE))
    return found


def _row(row: Access) -> str:
    who = cell(row.address) + (f" ({cell(row.name)})" if row.name and row.name not in row.address else "")
    what = ("" if row.kind == "account" else f"{row.kind} ") + cell(row.what) + (" **privileged**" if row.privileged else "")
    through, until = (cell(text) if text else "" for text in (row.through, row.until))
    return f"| {'gains' if row.gains else 'loses'} | {who} | {what} | {through} | {cell(f'{row.file}:{row.line}')} | {until} |"


def changes(plan: Plan) -> list[Section]:
    """What the declaration asks for, what a date has brought, and what was edited on the service, each apart."""
    apart: dict[str, list[Change]] = defaultdict(list)
    for change in plan.changes:
        causes = set(change.causes)
        apart["drift" if causes == {"drift"} else "time" if causes == {"time"} else "config"].append(change)
    return [
        _fenced(many, rank, one if len(apart[cause]) == 1 else many, map(difference, apart[cause]), "diff")
        for cause, rank, one, many in KINDS
        if apart[cause]
    ]


def skipped(plan: Plan) -> list[Section]:
    items = skips_to_show(plan)
    if not items:
        return []
    counts = Counter(item.code for item in items)
    after = " (" + ", ".join(f"{number:,} {name}" for name, number in sorted(counts.items())) + ")"
    lines: list[str] = []
    for name, remedy, number, named in skips(items):
        lines += [f"{name} ({number:,}): {remedy}", *(f"  {text}" for text in named)]
    return [_fenced("lines of skipped objects", 6, f"skipped{after}", map(inert, lines), "text", len(items))]


def unmanaged(plan: Plan) -> list[Section]:
    lines: list[str] = []
    for kind, meaning, found in unmanaged_classes(plan.unmanaged):
        lines += [f"{kind} ({len(found):,}): {meaning}", *(f"  {item.userName} ({item.id})" for item in found)]
    title, count = "unmanaged: never touched", len(plan.unmanaged)
    return [_fenced("lines of unmanaged accounts", 7, title, map(inert, lines), "text", count)] if lines else []


def standing(plan: Plan) -> list[Section]:
    """Warnings of what was so before this plan."""
    rows = tuple(f"- {code(text)}" for text in plan.standing)
    title = f"{len(rows):,} standing {'warning' if len(rows) == 1 else 'warnings'}"
    return [Section("standing warnings", 8, rows, _open(title), CLOSE)] if rows else []


def safeguards(plan: Plan) -> list[Section]:
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
    found = tuple(units)
    ticks = "`" * max(3, max(map(longest_run, found), default=0) + 1)
    head = _open(f"{len(found) if count is None else count:,} {title}")
    return Section(name, rank, found, f"{head}{ticks}{language}\n", f"\n{ticks}{CLOSE}")
