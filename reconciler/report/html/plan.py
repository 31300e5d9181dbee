"""Plans as one page: what is changed and for whom, what to be careful of, all the rest to be searched. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from reconciler.plan.change import Action, AttributeChange, Change
from reconciler.plan.diff import detail
from reconciler.plan.model import Access, Ending, Plan
from reconciler.report.address import address_words
from reconciler.report.change_text import SIGNS, beside, value_text
from reconciler.report.headline import FINE, headline, verdict
from reconciler.report.html.listing import Line, Listing, Row, listing
from reconciler.report.html.page import page
from reconciler.report.safe import plain
from reconciler.report.safeguard_verdict import approve_in, line
from reconciler.report.text import caution_words, cost, last_line, not_read, skips_to_show, unmanaged_classes

ACCESS = ("Who", "Change", "What", "Through", "Declared in", "Until", "Reason")
ENDS = ("Whom", "Role", "Until", "Before", "Then", "Declared in")
CHANGES = ("Change", "Action", "Cause", "Why", "Declared in")


def render(plans: Sequence[Plan]) -> str:
    """One page for all of the plans, in their order."""
    title = f"Plan for {plans[0].display_name}" if len(plans) == 1 else f"Plans for {len(plans):,} apps"
    return page("plan.html", title, plans=[_shown(number, plan) for number, plan in enumerate(plans, start=1)])


def _shown(number: int, plan: Plan) -> dict[str, Any]:
    """What the template says of one plan; its tables are named by its number in the page."""
    name = f"app{number}"
    return {
        "name": name,
        "app": plan.display_name,
        "url": address_words(plan.base_url),
        "verdict": verdict(plan),
        "headline": headline(plan, plain),
        "last": last_line(plan),
        "cautions": [caution_words(item) for item in plan.cautions],
        "blocked": [_blocked(item, plan.app) for item in plan.safeguards if item.get("status") not in FINE],
        "errors": plan.errors,
        "warnings": [item.words() for item in plan.fresh],
        "standing": [item.words() for item in plan.standing],
        "tables": [table for table in _tables(plan, name) if table.rows],
        "facts": list(_facts(plan)),
    }


def _blocked(item: dict[str, Any], app: str) -> dict[str, str]:
    """A safeguard that blocks, and the entry that would let the plan through where there is one."""
    entry = f"{approve_in(item, app)}: {line(item['approval'])}" if item.get("approval") else ""
    return {**{key: str(item.get(key) or "") for key in ("name", "detail", "remedy")}, "entry": entry}


def _facts(plan: Plan) -> Iterator[tuple[str, str]]:
    """What tells this plan from another."""
    yield "Digest", plan.digest
    if plan.config.commit:
        yield "Commit", plan.config.commit + (", and files that differ from it" if plan.config.dirty else "")
    if plan.record.head:
        yield "Record", plan.record.head
    if plan.requests.writes:
        yield "The apply sends", cost(plan)
    if chosen := (*plan.only, *plan.selected_causes):
        yield "A part of the plan", ", ".join(chosen)
    if plan.part:
        yield "What was read", not_read(plan.part)


def _tables(plan: Plan, name: str) -> Iterator[Listing]:
    yield listing(f"{name}-access", "Access", ACCESS, map(_access, plan.access), ("Change",))
    yield listing(f"{name}-ends", "Ends", ENDS, map(_ending, plan.ends))
    yield listing(f"{name}-changes", "Changes", CHANGES, map(_change, plan.changes), ("Action", "Cause"))
    yield listing(f"{name}-safeguards", "Safeguards", ("Safeguard", "Status", "Detail"), _safeguards(plan), ("Status",))
    skipped = (Row((skip.address, skip.code, skip.reason, skip.remedy)) for skip in skips_to_show(plan))
    yield listing(f"{name}-skipped", "Skipped", ("Who", "Code", "Why", "What would change that"), skipped, ("Code",))
    yield listing(f"{name}-unmanaged", "Unmanaged", ("Account", "Id", "Class"), _unmanaged(plan), ("Class",))


def _access(row: Access) -> Row:
    who = row.address + (f" ({row.name})" if row.name and row.name not in row.address else "")
    what = f"{row.what} (privileged)" if row.privileged else row.what
    what += f", keeps {row.keeps}" if row.keeps else ""
    place = f"{row.file}:{row.line}" + (f" in {row.commit[:7]}" if row.commit else "")
    until = ", then ".join(filter(None, (row.until, row.then)))
    cells = (who, row.verb, what, row.through, place, until, row.reason)
    return Row(cells, mark="privileged" if row.privileged else "")


def _ending(row: Ending) -> Row:
    what = f"{row.what} (privileged)" if row.privileged else row.what
    last = (row.until or "no end", row.was or "no end")
    return Row((row.address, what, *last, row.then, f"{row.file}:{row.line}"), mark="privileged" if row.privileged else "")


def _change(change: Change) -> Row:
    named = change.address + (f" ({change.name})" if change.name and change.name not in change.address else "")
    cells = (named, change.action, ", ".join(change.causes), change.reason, f"{change.file}:{change.line}")
    return Row(cells, tuple(_lines(change)))


def _lines(change: Change) -> Iterator[Line]:
    """What differs of one object: attributes with both values, members that come and go."""
    for attribute in change.attributes:
        yield from _attribute(attribute, change)
    yield from (Line("+", f"member {member}") for member in change.add)
    yield from (Line("-", f"member {member}") for member in change.remove)
    if not (change.attributes or change.add or change.remove):
        yield Line(SIGNS[change.action], f"the whole of {change.address}")


def _attribute(attribute: AttributeChange, change: Change) -> Iterator[Line]:
    before, after = attribute.told()
    path = attribute.path
    if attribute.generated:
        yield Line("+", f"{path}: made by {attribute.generated}")
    elif change.action == Action.CREATE:
        yield Line("+", f"{path}: {value_text(after)}")
    elif inside := detail(before, after):
        yield from _inside(path, inside)
    else:
        yield Line("~", f"{path}: {value_text(before)} → {value_text(after)}{beside(attribute)}")


def _inside(path: str, differences: Iterable[tuple[str, str, object, object]]) -> Iterator[Line]:
    """What comes and goes inside one value."""
    for sign, where, before, after in differences:
        one = {"+": value_text(after), "-": value_text(before)}
        shown = one.get(sign) or f"{value_text(before)} → {value_text(after)}"
        yield Line(sign if sign in one else "~", f"{path} {where}: {shown}")


def _safeguards(plan: Plan) -> Iterator[Row]:
    for item in plan.safeguards:
        status = str(item.get("status", ""))
        yield Row((str(item.get("name", "")), status, str(item.get("detail", ""))), mark="" if status in FINE else "failed")


def _unmanaged(plan: Plan) -> Iterator[Row]:
    for _, meaning, accounts in unmanaged_classes(plan.unmanaged):
        yield from (Row((account.userName, account.id, meaning)) for account in accounts)
