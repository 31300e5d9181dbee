"""A time in, what the commits of that time declared of an app out. Asks git; writes a folder that is gone afterwards."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.cycle.declared_then import NotKnown
from reconciler.cycle.earlier_commit import history_here, links_at, names_at, not_here, text_at
from reconciler.cycle.last_applied import name_at
from reconciler.declare.folders import readable_path
from reconciler.declare.load import load
from reconciler.declare.model import App, Declarations
from reconciler.plan.access.filled import declared_rows
from reconciler.plan.access.had import Had
from reconciler.record.here import ask
from reconciler.resolve.resolution import resolve


def declared_at(app: App, declarations: Declarations, at: str) -> list[Had]:
    """What each person was to have at a time (ISO, UTC), by the newest commit of then. Raises NotKnown.

    Commits are those of the branch that is checked out, each at the time at which it came there: what a pull request brought, at
    its merge.
    """
    commit = commit_at(at)
    with _folder(commit, declarations.folder) as folder:
        name = name_at(commit, declarations, app)
        loaded = load(folder, (name,))
        then = loaded.declarations.apps.get(name)
        if then is None or loaded.errors:
            raise NotKnown(f"what commit {commit[:12]} declares cannot be read as it is there")
        rows = declared_rows(then, resolve(then, loaded.declarations, at[:10]), commit)
        return list(_named(rows, readable_path(folder), readable_path(Path(declarations.folder))))


def commit_at(at: str) -> str:
    """The newest commit of then (ISO, UTC). Raises NotKnown."""
    commit = (ask("rev-list", "-1", "--first-parent", f"--before={at}", "HEAD") or "").strip()
    if not commit:
        raise NotKnown(not_here(f"this checkout has no commit from before {at}", history_here()))
    return commit


@contextmanager
def _folder(commit: str, desired: str) -> Iterator[Path]:
    """The declarations as the commit has them. Raises NotKnown."""
    names = names_at(commit, desired)
    if not names or links_at(commit, desired):
        raise NotKnown(f"commit {commit[:12]} has no declarations in {desired}, or links in them")
    with tempfile.TemporaryDirectory(prefix="reconcile-") as top:
        folder = Path(top, "desired")
        for name in names:
            text = text_at(commit, name)
            if text is None:
                raise NotKnown(f"{name} cannot be read as it was at commit {commit[:12]}")
            file = folder / os.path.relpath(name, desired)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        yield folder


def _named(rows: tuple[Had, ...], folder: str, desired: str) -> Iterator[Had]:
    """With the files as they are called in the checkout."""
    for row in rows:
        if row.declared is not None:
            file = desired + row.declared.file.removeprefix(folder)
            yield row._replace(declared=row.declared._replace(file=file))
