"""What this checkout last knew of a record in Git: a small file in its own .git. Reads it."""

from __future__ import annotations

from pathlib import Path

from reconciler.declare.settings import APP, REF

SEEN = "seen"  # in the app's folder: the last head, its tree and its ref
TRUSTED = "trusted"  # beside it: the head that a person accepted last


def folder_of(common: Path, app: str) -> Path:
    """What a checkout keeps of an app; `common` is its .git folder, which no commit holds."""
    return common / "reconcile" / app


def last_seen(folder: Path, app: str) -> tuple[str, str, str]:
    """The head of the app's record that a checkout last saw, its tree and its ref; empty where it saw none."""
    try:
        words = (folder / SEEN).read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        return "", "", ""
    if len(words) == 2:  # of versions that knew one place
        words.append(REF.replace(APP, app))
    return (words[0], words[1], words[2]) if len(words) == 3 else ("", "", "")


def trusted_head(folder: Path) -> str:
    """The head that a person accepted last on this machine; empty where there is none."""
    try:
        return (folder / TRUSTED).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
