"""What stands above a plan, or alone, in a comment, an issue or a summary: what happened, and how to go on. No I/O."""

from __future__ import annotations

from shlex import quote

from reconciler.declare.wording import plural
from reconciler.plan.model import Plan
from reconciler.report.headline import FINE
from reconciler.report.markdown.prose import prose
from reconciler.report.names import Names
from reconciler.report.safe import code, inert, longest_run

MOST, LONGEST = 60, 200  # lines of a report, and characters of one
REASON = 30_000  # characters of a report that a comment takes over
CLOSED = {
    "manual": "provisioning is manual, so only plans are made (`mode: automatic` in `app.yaml` lets `apply` write)",
    "off": "provisioning is off (`status: on` in `app.yaml` turns it on)",
}
TABLES = 200_000  # characters of a command's Markdown: a summary with the tables of several stays below 1 MiB


def said(lines: list[str], markdown: list[str]) -> str:
    """What a command said: its lines in a fence, then what it had as Markdown."""
    more = [f"and {plural(len(lines) - MOST, 'more line')}"] if len(lines) > MOST else []
    shown = [inert(line, LONGEST) for line in [*lines[:MOST], *more]]
    ticks = "`" * max(3, max(map(longest_run, shown), default=0) + 1)
    fence = "\n".join([f"{ticks}text", *shown, ticks])
    tables = _cut("\n\n".join(text.strip() for text in markdown), TABLES, "on the terminal of the run")
    return "\n\n".join([*([fence] if shown else []), *([tables] if tables else [])]) + "\n\n"


def approve(plan: Plan, actions: str) -> str:
    """How a plan that nobody reviewed is applied; `actions` is the address of the repository's actions, or empty."""
    go = f"[**Run workflow**]({actions}/workflows/apply.yml)" if actions else "run the workflow `apply`"
    return (
        f"To apply exactly this plan: {go} with app {code(plan.app)} and digest {code(plan.digest)}, or type "
        f"{code(f'gh workflow run apply.yml -f app={plan.app} -f digest={plan.digest}')}."
    )


def merge(plan: Plan, doubt: str) -> str:
    """What an apply does once the pull request is merged, in one line; `doubt` says why its plan would not count, or nothing."""
    return "**At merge**, " + _at_merge(plan, doubt)


def _at_merge(plan: Plan, doubt: str) -> str:
    if plan.provisioning:
        return f"nothing is done: {CLOSED[plan.provisioning]}."
    if names := [code(str(item.get("name", ""))) for item in plan.safeguards if item.get("status") not in FINE]:
        are = f"the safeguard{'s' * (len(names) > 1)} {', '.join(names)} {'blocks' if len(names) == 1 else 'block'}"
        return f"`apply` does nothing here: {are} this plan. The caution below says how to go on."
    if not plan.changes:
        return "`apply` changes nothing on the service."
    if doubt:
        return f"nothing is done, and the plan waits for approval by its digest: {prose(doubt, Names())}."
    if plan.redacted:
        return "nothing is done: a redacted plan cannot be applied, so it waits for approval by its digest."
    count = len(plan.changes)
    these, rest = ("this 1 change", "it rests") if count == 1 else (f"these {count:,} changes", "they rest")
    left = f" {plural(len(plan.errors), 'object')} with errors {'is' if len(plan.errors) == 1 else 'are'} left out."
    return (
        f"`apply` does exactly {these}; if something that {rest} on has changed by then, it does nothing and says so here."
        + left * bool(plan.errors)
    )


def stale(plan: Plan, actions: str, because: str) -> str:
    """Above the new plan on a pull request whose reviewed plan was not applied."""
    return "\n\n".join(
        [
            "The plan that was reviewed here was **not applied as it is**:",
            _cut(because, REASON, "in the summary of the run").strip(),
            "Below is what an apply would do now. " + approve(plan, actions),
        ]
    ).replace("\n\n\n\n", "\n\n")


def _cut(text: str, most: int, where: str) -> str:
    """Whole lines of it; the fences of two commands are shorter than what is kept."""
    if len(text) <= most:
        return text
    kept = text[:most].rpartition("\n")[0]
    return f"{kept}\n\nand {plural(text[len(kept) :].strip().count(chr(10)) + 1, 'more line')}, {where}"


def waiting(plan: Plan, actions: str) -> str:
    """Above a plan in the summary of an apply."""
    if not plan.changes:
        return ""
    return "These changes are in no reviewed plan that could be applied; they wait. " + approve(plan, actions)


def drift(plan: Plan, actions: str) -> str:
    """Above a plan in the rolling issue of an app."""
    causes = {cause for change in plan.changes for cause in change.causes}
    drifted = [c.address for c in plan.changes if "drift" in c.causes]
    example = quote(drifted[0]) if drifted and not plan.redacted else "ADDRESS"
    adopt = f"reconcile import --app {plan.app} --only {example}"
    lines = [f"{code(plan.display_name)} is not as it is declared."]
    if "drift" in causes:
        lines.append(
            "- **Drift**: somebody edited the service. To put it back, apply this plan; to keep what is there, "
            f"take it into the YAML by {code(adopt)}, and have that reviewed."
        )
    if "config" in causes:
        lines.append("- **Declared, and not applied**: a merge whose apply failed, waits for approval, or had no reviewed plan.")
    if "time" in causes:
        lines.append("- **Fallen due**: a date has passed, and the nightly workflow has not done it.")
    if plan.outstanding:
        lines.append("- **Requested, and not done**: the service accepted a removal, and did not do it; see the caution.")
    return "\n".join([lines[0], "", *lines[1:], "", approve(plan, actions) if plan.changes else ""]).rstrip()
