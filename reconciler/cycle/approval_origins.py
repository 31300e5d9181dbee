"""How each approval came into the repository: in a commit of its own, or with what it approves. Asks git, writes nothing.

A commit is one of HEAD's first-parent history, so that a pull request that was merged or squashed counts as one, and so does the
merge that GitHub makes of one that is open. A rebased pull request counts as its commits: who owns approvals.yaml by CODEOWNERS
has reviewed them all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reconciler.cycle.earlier_commit import document_at
from reconciler.declare.model import App, Approval
from reconciler.declare.safeguards import read_approvals
from reconciler.declare.yaml.document import Document
from reconciler.record.here import ask, inside

NAME = "approvals.yaml"


def with_origins(app: App, desired: str) -> App:
    """The app with `came` of each approval."""
    files = {item.place.file: dict(_commits(item.place.file)) for item in app.approvals}
    came = (item._replace(came=_came(item, files[item.place.file], desired)) for item in app.approvals)
    return replace(app, approvals=tuple(came)) if files else app


def _commits(file: str) -> Iterator[tuple[str, set[tuple[object, ...]]]]:
    """Each commit that changed the file, newest first, and what it approves there."""
    path = inside(file)
    listed = ask("log", "--first-parent", "--format=%H", "HEAD", "--", file) if path is not None else None
    for commit in (listed or "").split():
        yield commit, {_key(item) for item in _approvals(document_at(commit, file))}


def _approvals(document: Document | None) -> tuple[Approval, ...]:
    sound = document is not None and isinstance(document.data, dict) and not document.problems
    return read_approvals(document, []) if document is not None and sound else ()


def _key(item: Approval) -> tuple[object, ...]:
    return item.plan, item.safeguard, item.reason, item.expires


def _came(item: Approval, commits: dict[str, set[tuple[object, ...]]], desired: str) -> str:
    if not ask("rev-parse", "--verify", "--quiet", "HEAD"):
        return ""
    brought = None
    for commit, approves in commits.items():
        if _key(item) not in approves:
            break
        brought = commit
    if brought is None:
        return "mixed"  # it is in no commit, like whatever else has been edited
    parent = (ask("rev-parse", "--verify", "--quiet", f"{brought}^1") or "").strip()
    if not parent and (ask("rev-parse", "--is-shallow-repository") or "").strip() != "false":
        return ""
    return "alone" if all(path.endswith("/" + NAME) for path in _changed(parent, brought, desired)) else "mixed"


def _changed(parent: str, commit: str, desired: str) -> list[str]:
    """What a commit changed in the declarations."""
    names = ask("diff-tree", "-r", "-z", "--name-only", "--no-commit-id", *([parent] if parent else ["--root"]), commit) or ""
    folder = inside(desired)
    return [name for name in names.split("\0") if name and (folder == "." or name.startswith(f"{folder}/"))]
