"""A plan as a comment or a job summary: opening line, verdict, caution, access, the rest folded, footer. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.plan.change import Action, Change
from reconciler.plan.model import Access, Plan
from reconciler.report.blocks import FEW, NAMED, blocks, by_person, reason
from reconciler.report.headline import FINE, headline, verdict
from reconciler.report.markdown import folds
from reconciler.report.markdown.fit import Limit, Section, fit
from reconciler.report.markdown.prose import Words, prose, warned
from reconciler.report.names import known, of_plan
from reconciler.report.safe import code
from reconciler.report.safeguard_verdict import approve_in, line, passing
from reconciler.report.text import ALWAYS_TOLD, TOLD, caution_words, cost, not_read, skips_to_show

MOST = 20  # rows of the caution block; the rest is counted, and stands in the folds
# GitHub counts a comment in UTF-16 units, and takes a summary of 1 MiB a step.
COMMENT = Limit(65_536, "characters", lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2)
SUMMARY = Limit(1_048_576, "bytes", lambda text: len(text.encode("utf-8", "surrogatepass")))
WHOLE = "`reconcile plan`"


def share(count: int) -> Limit:
    """The limit of each of so many plans, a line's end between them, in the one summary that a step has."""
    return SUMMARY._replace(most=SUMMARY.most // max(1, count) - 1)


def opening(kind: str, app: str) -> str:
    """How the first line of an app's comment begins; `kind` is plan or stale."""
    return f"<!-- reconcile:{kind} app={app} "


def render(
    plan: Plan, limit: Limit = COMMENT, whole: str = WHOLE, kind: str = "plan", note: str = "", blob: str = "", page: str = ""
) -> str:  # fmt: skip
    """The plan, cut to the limit; `whole` says in Markdown where all of it is, `note` is Markdown of ours on top.

    `blob` is the address under which GitHub shows the files of the plan's commit; empty where places are no links;
    `page` is the address of the plan as HTML.
    """
    first = f"{opening(kind, plan.app)}digest={plan.digest} format=1.0 -->"
    words = Words(known(of_plan(plan)), blob)
    parts: list[str | Section] = [
        f"{first}\n{_first(plan)}",
        _counts(plan),
        note,
        _selection(plan),
        *caution(plan, words),
        *findings(plan, words),
        *folds.access(plan, blob),
        *folds.ends(plan, words),
        *folds.changes(plan, blob),
        *folds.safeguards(plan, words),
        *folds.skipped(plan),
        *folds.unmanaged(plan),
        *folds.standing(plan, words),
        _footer(plan, page),
    ]
    return fit([part for part in parts if part], limit, whole)


def unplanned(name: str) -> str:
    """In place of a plan of an app whose service, or record, could not be read."""
    return f"### {code(name)}: **not planned**. The reason is in the log of this run.\n"


def _first(plan: Plan) -> str:
    """One line: may it be merged, and what does it do."""
    said = headline(plan, code)
    return f"### {code(plan.display_name)}: **{verdict(plan)}**" + (f": {said}" if said else "")


def _counts(plan: Plan) -> str:
    """How much would be done, by action."""
    actions = [(action, plan.count(action)) for action in TOLD]
    always = ALWAYS_TOLD if plan.changes else ()
    counts = [f"{number:,} to {action}" for action, number in actions if number or action in always]
    also = (
        ("adopted", plan.adopted),
        ("skipped", len(skips_to_show(plan))),
        ("unmanaged", len(plan.unmanaged)),
        ("error" if len(plan.errors) == 1 else "errors", len(plan.errors)),
        ("outstanding", plan.outstanding),
        ("last day changed" if len(plan.ends) == 1 else "last days changed", len(plan.ends)),
    )
    counts += [f"{number:,} {name}" for name, number in also if number]
    return ", ".join(counts) + "." if counts else ""


def _selection(plan: Plan) -> str:
    chosen = (*plan.only, *plan.selected_causes)
    part = [f"This is a part of the plan: {', '.join(map(code, chosen[:20]))}."] if chosen else []
    return "\n\n".join([*part, *([not_read(plan.part)] if plan.part else [])])


def _footer(plan: Plan, page: str) -> str:
    commit = f", commit {code(plan.config.commit)}" if plan.config.commit else ""
    dirty = " and files that differ from it" if plan.config.commit and plan.config.dirty else ""
    record = f", record {code(plan.record.head)}" if plan.record.head else ""
    requests = f"; an apply sends {cost(plan)}" if plan.requests.writes else ""
    shown = f"; [the plan as a page]({page})" if page else ""
    return f"<sub>digest {code(plan.digest)}{commit}{dirty}{record}{requests}{shown}</sub>"


def blocked(plan: Plan) -> list[dict[str, Any]]:
    """The safeguards that block."""
    return [item for item in plan.safeguards if item.get("status") not in FINE]


def caution(plan: Plan, words: Words) -> list[Section]:
    """What the plan itself cautions of, and deletes, disables, privileged gains and blocked safeguards."""
    rows = list(_harm(plan, words))
    if not rows:
        return []
    more = [f"> - and {len(rows) - MOST:,} more, below"] if len(rows) > MOST else []
    return [Section("cautions", 1, (*rows[:MOST], *more), "> [!CAUTION]\n")]


def _way_out(item: dict[str, Any], app: str, words: Words) -> str:
    """What to do, and the very entry that would let the plan through where an approval can."""
    remedy = f". To go on: {prose(item['remedy'], *words)}" if item.get("remedy") else ""
    alone = f". {prose(others, *words)}" if (others := passing(item, app)) else ""
    if not item.get("approval"):
        return remedy + alone
    return f"{remedy}. To approve it, add to {code(approve_in(item, app))}: {code(line(item['approval']))}{alone}"


def _harm(plan: Plan, words: Words) -> Iterator[str]:
    yield from (f"> - {prose(caution_words(item), *words)}" for item in plan.cautions)
    for item in blocked(plan):
        detail = prose(str(item.get("detail", "")), *words)
        yield f"> - **safeguard {code(item.get('name', ''))} blocks**: {detail}" + _way_out(item, plan.app, words)
    people = by_person(plan.access)
    deleted = [change for change in plan.changes if change.action == Action.DELETE]
    yield from (_all(block, "deletes", words) for block in blocks(deleted, people, FEW))
    for row in plan.access:
        if row.gains and row.privileged:
            yield f"> - **gains privileged {row.kind}** {code(row.what)}: {_who(row)}"
    disabled = [change for change in plan.changes if change.disables]
    yield from (_all(block, "disables", words) for block in blocks(disabled, people, FEW))


def _all(block: list[Change], verb: str, words: Words) -> str:
    """What is done to one object, or to several for one cause."""
    first, more = block[0], len(block) - NAMED
    if len(block) == 1:
        return f"> - **{verb}** {_who(first)}: {prose(first.reason, *words)}"
    named = ", ".join(code(change.address) for change in block[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
    return f"> - **{verb} {len(block):,} accounts**: {prose(reason(first), *words)}: {named}"


def _who(item: Change | Access) -> str:
    """The address, and the display name where it says more."""
    return code(item.address) + (f" ({code(item.name)})" if item.name and item.name not in item.address else "")


def findings(plan: Plan, words: Words) -> list[Section]:
    """Objects that cannot be planned, and warnings of what is new."""
    errors = tuple(
        f"- {code(e.address)} ({code(e.code)}): {prose(e.reason, *words)}; to do: {prose(e.remedy, *words)}" for e in plan.errors
    )
    warnings = tuple(f"- {warned(item, words)}" for item in plan.fresh)
    sections = [
        Section("errors", 0, errors, "**Errors**: these objects are left out, the rest can be applied\n\n"),
        Section("warnings", 2, warnings, "**Warnings**\n\n"),
    ]
    return [section for section in sections if section.units]
