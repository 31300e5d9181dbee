"""What the declarations said at an earlier commit: a commit and a file in, its text out. Asks git, writes nothing.

A commit that is not here (a shallow clone, a record of another repository), a file that it has not, and a folder outside of any
repository all answer "not known": nobody may take that for "was empty".
"""

from __future__ import annotations

import os
import re

from reconciler.record.here import ask, inside, output

COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


def text_at(commit: str, file: str) -> str | None:
    """The text of a file, named as declarations name it (`desired/apps/wiki/app.yaml`), at a commit (its whole id).

    None where that is not known, where the commit has no such file, where it is a link, and where it is not UTF-8.
    """
    path = inside(file)
    if path is None or not COMMIT.fullmatch(commit):
        return None
    row = ask("ls-tree", "-z", "--full-tree", commit, "--", path) or ""
    words = row.partition("\t")[0].split()
    if len(words) != 3 or words[0] not in ("100644", "100755"):
        return None
    raw = output("cat-file", "blob", words[2])
    try:
        return None if raw is None else raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


def names_at(commit: str, folder: str) -> list[str]:
    """The files below a folder at a commit, named as declarations name them; none where that is not known."""
    path = inside(folder)
    if path is None or not COMMIT.fullmatch(commit):
        return []
    listing = ask("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit, "--", *([path] if path != "." else [])) or ""
    return [os.path.join(folder, os.path.relpath(name, path)) for name in listing.split("\0") if name]


def is_known(commit: str) -> bool:
    """Whether the commit is here."""
    return bool(COMMIT.fullmatch(commit)) and output("cat-file", "-e", commit + "^{commit}") is not None
