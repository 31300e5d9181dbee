"""A file and a line in, a link to that line of a commit out, where it is known which commit GitHub shows. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from reconciler.declare.wording import plural
from reconciler.report.blocks import Place
from reconciler.report.safe import code

MOST = 30  # links below a list
LONGEST = 300  # characters of a path that is linked
PLACE = re.compile(r"((?:[^\s:`]+/)?[^\s:`/\"'()]+\.(?:yaml|yml|json|csv)):(\d{1,9})")


def linked(shown: str, place: Place, blob: str) -> str:
    """Markdown that shows a place, as a link; as it is where `blob`, the address of the commit's files, is empty.

    No path leads out of the commit: a browser, too, resolves `..`, however it is encoded. What else a path holds is encoded.
    """
    if not blob or not 0 < len(place.file) <= LONGEST or {"", ".", ".."} & set(place.file.split("/")):
        return shown
    return f"[{shown}]({blob}/{quote(place.file, safe='/', errors='surrogatepass')}#L{place.line})"


def at_commit(blob: str, commit: str) -> str:
    """The address of another commit's files; empty stays empty, as does where no other commit is said."""
    return f"{blob.rpartition('/')[0]}/{quote(commit, safe='')}" if blob and commit else blob


def place_in(text: str) -> Place | None:
    """The place that a word of a sentence is."""
    match = PLACE.fullmatch(text)
    return Place(match[1], int(match[2])) if match else None


def below(found: Iterable[Place], blob: str) -> str:
    """The links to the lines that a fence names, which can hold none itself; empty where nothing is linked."""
    every = list(dict.fromkeys(place for place in found if place.file))
    if not blob or not every:
        return ""
    more = f" and {plural(len(every) - MOST, 'more line')}" if len(every) > MOST else ""
    shown = (linked(code(f"{place.file}:{place.line}"), place, blob) for place in every[:MOST])
    return f"\n\nDeclared in {', '.join(shown)}{more}."
