"""A plan and its Markdown in; a comment on a pull request, or an issue, kept as the plan is. Asks and tells GitHub through gh."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reconciler.github.gh import all_own, own, send
from reconciler.plan.model import Plan
from reconciler.report.headline import FINE
from reconciler.report.left_out import OPENING, LeftOut, comment
from reconciler.report.markdown import opening
from reconciler.report.safe import code


def keep_comment(kind: str, plan: Plan, body: str, number: int) -> str:
    """Our comment of a kind on a pull request, made or changed; none is made of a plan that changes nothing, but a stale one.

    Returns what was done, in words. Raises GitHubError.
    """
    new = _tells_something(plan) or _warns(plan) or kind == "stale"
    return _keep(opening(kind, plan.app), body if new else "", body, number) or "nothing changes, so nothing was posted"


def keep_left_out(apps: list[LeftOut], doubt: str, number: int) -> str:
    """Our comment on a pull request that names the apps that nobody plans; none is made where there are none.

    Returns what was done, in words. Raises GitHubError.
    """
    body = comment(apps, doubt)
    return _keep(OPENING, body if apps or doubt else "", body, number) or "every app is planned, so nothing was posted"


def retire_plans(planned: Callable[[str], bool], number: int) -> Iterator[str]:
    """Let our plans on a pull request say so where their app is not planned any more; yields which. Raises GitHubError."""
    for standing in all_own("<!-- reconcile:plan app=", number):
        app = standing.body.split(" ")[2].removeprefix("app=")
        body = (
            f"{opening('plan', app)}-->\n### {code(app)}: **no longer planned**\n\n"
            "This change does not touch it now, or leaves it out.\n"
        )
        if not planned(app) and standing.body != body:
            send("PATCH", f"issues/comments/{standing.number}", body=body)
            yield f"{app}: the comment on pull request {number} says that it is no longer planned"


def _keep(start: str, new: str, body: str, number: int) -> str:
    """Our comment that starts so, changed to `body`; where there is none, made of `new`. Empty where that is empty."""
    standing = own(start, number)
    if standing is not None:
        if standing.body != body:
            send("PATCH", f"issues/comments/{standing.number}", body=body)
        return f"the comment on pull request {number} is up to date"
    if new:
        send("POST", f"issues/{number}/comments", body=new)
        return f"commented on pull request {number}"
    return ""


def keep_issue(plan: Plan, body: str) -> str:
    """One open issue as long as the plan is not empty: opened, updated, closed.

    Returns what was done, in words. Raises GitHubError.
    """
    issue = own(opening("drift", plan.app))
    if not _tells_something(plan):
        if issue is None:
            return "as declared, and no issue is open"
        send("PATCH", f"issues/{issue.number}", body=body, state="closed")
        return "the issue is closed"
    if issue is None:
        send("POST", "issues", title=f"{plan.app} is not as it is declared", body=body)
        return "the issue is opened"
    if issue.body != body:
        send("PATCH", f"issues/{issue.number}", body=body)
    return "the issue is updated"


def _tells_something(plan: Plan) -> bool:
    return bool(plan.changes or plan.errors or plan.outstanding or plan.kept)


def _warns(plan: Plan) -> bool:
    """Whether a reviewer must know of it, although nothing is written: neither a mapping that goes nor a last day does that."""
    return bool(plan.cautions or plan.ends or any(item.get("status") not in FINE for item in plan.safeguards))
