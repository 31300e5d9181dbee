"""A plan as a comment or a job summary: opening line, verdict, caution, access, the rest folded, footer. No I/O."""

from __future__ import annotations

from reconciler.plan.model import Plan
from reconciler.report.markdown import folds, warning
from reconciler.report.markdown.fit import Limit, Section, fit
from reconciler.report.safe import code
from reconciler.report.text import cost

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


def render(plan: Plan, limit: Limit = COMMENT, whole: str = WHOLE, kind: str = "plan", note: str = "") -> str:
    """The plan, cut to the limit; `whole` says in Markdown where all of it is, `note` is Markdown of ours on top."""
    first = f"{opening(kind, plan.app)}digest={plan.digest} format=1.0 -->"
    parts: list[str | Section] = [
        f"{first}\n### {code(plan.display_name)}: {_verdict(plan)}", note, _selection(plan), *warning.caution(plan),
        *warning.findings(plan), *folds.access(plan), *folds.changes(plan), *folds.safeguards(plan), *folds.skipped(plan),
        *folds.unmanaged(plan), _footer(plan),
    ]  # fmt: skip
    return fit([part for part in parts if part], limit, whole)


def unplanned(name: str) -> str:
    """In place of a plan of an app whose service, or record, could not be read."""
    return f"### {code(name)}: **not planned**. The reason is in the log of this run.\n"


def _verdict(plan: Plan) -> str:
    """One line: may it be merged, and how much would be done."""
    word = ("blocked by a safeguard" if warning.blocked(plan) else "errors" if plan.errors
            else "changes to review" if plan.changes else "told, and not done" if plan.outstanding else "no changes")  # fmt: skip
    actions = [(action, plan.count(action)) for action in ("create", "update", "disable", "enable", "delete")]
    always = ("create", "update", "disable") if plan.changes else ()
    counts = [f"{number:,} to {action}" for action, number in actions if number or action in always]
    rest = (("adopted", plan.adopted), ("skipped", len(plan.skipped)), ("unmanaged", len(plan.unmanaged)),
            ("error" if len(plan.errors) == 1 else "errors", len(plan.errors)), ("outstanding", plan.outstanding))  # fmt: skip
    counts += [f"{number:,} {name}" for name, number in rest if number]
    return f"**{word}**. " + (", ".join(counts) + "." if counts else "")


def _selection(plan: Plan) -> str:
    chosen = (*plan.only, *plan.selected_causes)
    return f"This is a part of the plan: {', '.join(map(code, chosen[:20]))}." if chosen else ""


def _footer(plan: Plan) -> str:
    commit = f", commit {code(plan.config.commit)}" if plan.config.commit else ""
    dirty = " and files that differ from it" if plan.config.commit and plan.config.dirty else ""
    requests = f"; an apply sends {cost(plan)}" if plan.requests.writes else ""
    return f"<sub>digest {code(plan.digest)}{commit}{dirty}{requests}</sub>"
