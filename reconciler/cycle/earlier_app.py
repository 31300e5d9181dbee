"""What an app's assignments were at the commit that was applied last, or before this change. Asks git, reads files."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import PurePath

from reconciler.cycle.base_commit import commit_before
from reconciler.cycle.earlier_commit import document_at, is_known, is_same, names_at
from reconciler.cycle.last_applied import commits, name_at, privileged_before
from reconciler.declare.assignments import assignments_in
from reconciler.declare.model import App, Assignment, Declarations
from reconciler.declare.table import to_rows
from reconciler.plan.earlier import NOTHING, Earlier
from reconciler.record.here import inside
from reconciler.record.model import Record

FOLDER = "assignments"


def earlier_app(app: App, declarations: Declarations, record: Record | None) -> Earlier:
    """Of files that are as they were then nothing is read."""
    today = {item.file for item in app.assignments}
    commit = next((commit for _, commit in commits(record)), None) or _before(today)
    if commit is None:
        return NOTHING
    folder = f"{declarations.folder}/apps/{name_at(commit, declarations, app)}"
    then = [file for file in names_at(commit, folder) if _is_of_assignments(file, folder)]
    same = {file for file in today if is_same(commit, file)}
    unchanged = set(map(inside, same))
    gone = tuple(item for file in then if inside(file) not in unchanged for item in _assignments(commit, file))
    return Earlier(commit, frozenset(today - same), gone, privileged_before(app, declarations, record))


def _before(files: Collection[str]) -> str | None:
    """What a person who has no remote, and whose record knows no commit, has edited or committed last."""
    commit = commit_before(lambda _: files)
    return commit if is_known(commit) else None


def _is_of_assignments(file: str, folder: str) -> bool:
    first = PurePath(file).relative_to(folder).parts[0]
    return first == FOLDER or PurePath(first).stem == FOLDER


def _assignments(commit: str, file: str) -> Iterator[Assignment]:
    """Those that are sound: nobody has checked what a commit holds."""
    document = document_at(commit, file)
    data = document.data if document is not None else None
    if document is None or not isinstance(data, dict) or not isinstance(data.get(FOLDER), list):
        return
    for item in assignments_in(file, to_rows(data[FOLDER], document.item_lines, ())):
        if item.role is not None and all(text is None or isinstance(text, str) for text in (item.expires, item.reason)):
            yield item
