"""Which file each imported row goes to, and which files are an import's own. Pure."""

from __future__ import annotations

import unicodedata
from collections import defaultdict

from reconciler.adopt.model import Adopted, Row
from reconciler.adopt.yaml_edit.rows import document

LONGEST = 100  # bytes of a file's name, well below what any file system allows


def own_files(app: str, path: str) -> bool:
    """Whether a path below `desired/` is one that an import of this app writes, and may so replace."""
    users, groups = f"directory/users/{app}", f"directory/groups/{app}"
    single = (f"{users}.yaml", f"{groups}.yaml", f"apps/{app}/assignments.yaml")
    return path in single or (path.startswith(users + "/") and path.endswith(".yaml"))


def texts(app: str, adopted: Adopted, split: str, roles: list[Row]) -> dict[str, str]:
    """Path below `desired/` -> text. `split` is `none` or `department`; `roles` is all that roles.yaml is to hold."""
    files = {path: ("users", rows) for path, rows in _users(app, adopted.users, split).items()}
    if adopted.groups:
        files[f"directory/groups/{app}.yaml"] = ("groups", adopted.groups)
    files[f"apps/{app}/assignments.yaml"] = ("assignments", adopted.assignments)
    if roles:
        files[f"apps/{app}/roles.yaml"] = ("roles", roles)
    return {path: document(kind, rows, path) for path, (kind, rows) in sorted(files.items())}


def _users(app: str, rows: list[Row], split: str) -> dict[str, list[Row]]:
    if split != "department" or not rows:
        return {f"directory/users/{app}.yaml": rows}
    files: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        files[f"directory/users/{app}/{slug(row.get('department') or '')}.yaml"].append(row)
    return files


def slug(department: str) -> str:
    """A file name that every system takes; departments that differ only in marks and case share one."""
    folded = unicodedata.normalize("NFC", department).casefold()
    words = "".join(c if c.isalnum() else " " for c in folded).split()
    name = "-".join(words).encode()[:LONGEST].decode(errors="ignore")
    return name or "no-department"
