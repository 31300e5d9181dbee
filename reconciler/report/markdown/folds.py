"""The sections of a plan that are tables or folded: access, differences, skipped, unmanaged. No I/O."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from reconciler.declare.wording import plural
from reconciler.plan.change import Change
from reconciler.plan.model import Access, Plan
from reconciler.report.blocks import FEW, NAMED, SAMPLES, Place, Rows, blocks, by_person, for_all, places, rows_alike
from reconciler.report.endings import ending_words
from reconciler.report.markdown.change import block as change_block
from reconciler.report.markdown.change import difference, is_folded
from reconciler.report.markdown.fit import Section
from reconciler.report.markdown.links import at_commit, below, linked
from reconciler.report.markdown.prose import Words, prose, warned
from reconciler.report.safe import cell, code, inert, longest_run
from reconciler.report.text import skips, skips_to_show, unmanaged_classes

ROWS = 20
COLUMNS = "| | who | what | through | declared in | until | reason |\n|---|---|---|---|---|---|---|\n"
KINDS = (
    ("config", 3, "declared change", "declared changes"),
    ("time", 3, "change that fell due", "changes that fell due"),
    ("drift", 4, "change that undoes drift", "changes that undo drift"),
)


def access(plan: Plan, blob: str) -> list[str | Section]:
    """Who gains and who loses what: people who do alike in one row, 20 rows, then a count and the full list folded."""
    alike = rows_alike(plan.access, FEW)
    if not alike:
        return []
    shown = tuple(_row(rows, blob) for rows in alike[:ROWS])
    sections: list[str | Section] = [Section("rows of access", 2, shown, "**Access**\n\n" + COLUMNS)]
    if len(alike) > ROWS or len(alike) < len(plan.access):
        more = f"and {len(alike) - ROWS:,} more: " if len(alike) > ROWS else ""
        title = f"{more}all {plural(len(plan.access), 'row')} of access"
        everyone = tuple(_row([row], blob) for row in plan.access)
        sections.append(Section("rows of the whole access list", 5, everyone, _open(title) + COLUMNS, CLOSE))
    return sections


def _row(rows: list[Access], blob: str) -> str:
    """What one person, or several alike, gains or loses."""
    row = for_all(rows)
    who = cell(row.address) + (f" ({cell(row.name)})" if row.name and row.name not in row.address else "")
    if len(rows) > 1:
        named = [cell(item.address) for item in rows[: NAMED if row.privileged or not row.gains else SAMPLES]]
        more = f" and {len(rows) - len(named):,} more" if len(rows) > len(named) else ""
        who = f"{len(rows):,} people: {', '.join(named)}{more}"
    what = (
        ("" if row.kind in ("account", "identity") else f"{row.kind} ")
        + cell(row.what)
        + (" **privileged**" if row.privileged else "")
    )
    what += f", keeps {cell(row.keeps)}" if row.keeps else ""
    last = f"{row.until}, then {row.then}" if row.until and row.then else row.until
    through, until, why = (cell(text) if text else "" for text in (row.through, last, row.reason))
    found = places(Place(item.file, item.line) for item in rows)
    where = linked(cell(found), Place(row.file, row.line), at_commit(blob, row.commit))
    where += f" in {cell(row.commit[:7])}" if row.commit else ""
    return f"| {row.verb} | {who} | {what} | {through} | {where} | {until} | {why} |"


def ends(plan: Plan, words: Words) -> list[Section]:
    """Assignments whose people have their role already, and until another day."""
    rows = tuple(f"- {prose(ending_words(item), *words)}" for item in plan.ends)
    return [Section("other last days", 2, rows, "**Ends**\n\n")] if rows else []


def changes(plan: Plan, blob: str) -> list[Section]:
    """What the declaration asks for, what a date has brought, and what was edited on the service, each apart."""
    apart: dict[str, list[Change]] = defaultdict(list)
    people = by_person(plan.access)
    for change in plan.changes:
        causes = set(change.causes)
        apart["drift" if causes == {"drift"} else "time" if causes == {"time"} else "config"].append(change)
    return [
        section
        for cause, rank, singular, plural in KINDS
        if apart[cause]
        for section in _of_cause(apart[cause], rank, singular if len(apart[cause]) == 1 else plural, people, blob)
    ]


def _of_cause(changes: list[Change], rank: int, title: str, people: Rows, blob: str) -> list[Section]:
    """Blocks of changes; those that are no samples are folded apart, and cut before anything else."""
    together = blocks(changes, people, FEW)
    folded = [c for block in together for c in (block[SAMPLES:] if len(block) > 1 else filter(is_folded, block))]
    links = below((place for block in together for place in _places(block)), blob)
    sections = [_fenced(title, rank, title, map(change_block, together), "diff", len(changes), links)]
    if folded:
        more = f"more of these {title}"
        links = below((Place(change.file, change.line) for change in folded), blob)
        sections.append(_fenced(f"others of the {title}", rank + 4, more, map(difference, folded), "diff", links=links))
    return sections


def _places(block: list[Change]) -> list[Place]:
    """The lines that a block names."""
    first = block[0]
    mapped = [Place(a.file, a.line) for a in first.attributes if a.file] if len(block) > 1 else []
    return [Place(first.file, first.line), *mapped]


def skipped(plan: Plan) -> list[Section]:
    """Who is left out, by code: one fold."""
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
    """Accounts that are not ours, by class: one fold."""
    lines: list[str] = []
    for kind, meaning, accounts in unmanaged_classes(plan.unmanaged):
        lines += [f"{kind} ({len(accounts):,}): {meaning}", *(f"  {item.userName} ({item.id})" for item in accounts)]
    title, count = "unmanaged: never touched", len(plan.unmanaged)
    return [_fenced("lines of unmanaged accounts", 7, title, map(inert, lines), "text", count)] if lines else []


def standing(plan: Plan, words: Words) -> list[Section]:
    """Warnings of what was so before this plan."""
    rows = tuple(f"- {warned(item, words)}" for item in plan.standing)
    title = f"{len(rows):,} standing {'warning' if len(rows) == 1 else 'warnings'}"
    return [Section("standing warnings", 8, rows, _open(title), CLOSE)] if rows else []


def safeguards(plan: Plan, words: Words) -> list[Section]:
    """What each safeguard says: one fold."""
    rows = tuple(
        f"- {code(str(s.get('name', '')))} {code(str(s.get('status', '')))}: {prose(str(s.get('detail', '')), *words)}"
        for s in plan.safeguards
    )
    return [Section("safeguards", 5, rows, _open(f"{plural(len(rows), 'safeguard')} checked"), CLOSE)] if rows else []


CLOSE = "\n\n</details>"


def _open(title: str) -> str:
    """A fold; `title` is our own words and counts."""
    return f"<details><summary>{title}</summary>\n\n"


def _fenced(
    name: str, rank: int, title: str, units: Iterable[str], language: str, count: int | None = None, links: str = ""
) -> Section:
    lines = tuple(units)
    ticks = "`" * max(3, max(map(longest_run, lines), default=0) + 1)
    head = _open(f"{len(lines) if count is None else count:,} {title}")
    return Section(name, rank, lines, f"{head}{ticks}{language}\n", f"\n{ticks}{links}{CLOSE}")
