"""A plan as GitHub Markdown for a pull request. No I/O."""

from __future__ import annotations

import html

from reconciler.plan.model import Change, Plan
from reconciler.report.safe import fenced, markdown, plain
from reconciler.report.text import SIGNS, attribute_lines, last_line
from reconciler.report.verdict import markdown_parts


def render(plan: Plan) -> str:
    """A comment: opening line, verdict, caution, the differences folded, footer."""
    parts = [
        f"<!-- reconcile:plan app={html.escape(plan.app)} digest={plan.digest} format=1.0 -->",
        f"### {markdown(plan.display_name)}: {markdown(last_line(plan))}",
    ]
    harm = [c for c in plan.changes if c.action in ("disable", "delete")]
    if harm:
        parts.append("> [!CAUTION]\n" + "\n".join(f"> {c.action} **{markdown(c.address)}**: {markdown(c.reason)}" for c in harm))
    parts += markdown_parts(plan.safeguards, plan.app)
    parts += [f"> **Error** {markdown(e.address)}: {markdown(e.reason)}. {markdown(e.remedy)}" for e in plan.errors]
    parts += [f"> Warning: {markdown(text)}" for text in plan.warnings]
    if plan.changes:
        parts.append(_fold(f"{len(plan.changes)} changes", "```diff\n" + "\n".join(map(_diff, plan.changes)) + "\n```"))
    if plan.skipped:
        rows = "\n".join(f"- {markdown(s.address)}: {s.code}, {markdown(s.reason)}. {markdown(s.remedy)}" for s in plan.skipped)
        parts.append(_fold(f"{len(plan.skipped)} skipped", rows))
    commit = f", commit {markdown(plan.config.commit)}" if plan.config.commit else ""
    parts.append(f"<sub>digest {plan.digest}{commit}, about {plan.requests.writes} writes</sub>")
    return "\n\n".join(parts) + "\n"


def _fold(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


def _diff(change: Change) -> str:
    sign = {"~": "!"}.get(SIGNS[change.action], SIGNS[change.action])
    head = f"{sign} {change.action} {plain(change.address)} ({plain(change.reason)}; {plain(change.file)}:{change.line})"
    lines = [head, *(f"    {line}" for a in change.attributes for line in attribute_lines(a, change.action))]
    lines += [f"+   member {m}" for m in change.add] + [f"-   member {m}" for m in change.remove]
    return "\n".join(fenced(line) for line in lines)
