"""Words in messages: did you mean, plurals, text as YAML spells it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from reconciler.declare.escapes import unseen
from reconciler.declare.names import fold

PLAIN = re.compile(r"[A-Za-z][\w.@-]*( [\w.@-]+)*\Z", re.ASCII)
WORDS = frozenset({"null", "true", "false"})
MISTYPED = 2  # edits, a swap of neighbours being one; people of one domain share most of their names' letters
ALIKE = 0.5  # of the letters; the words of a closed vocabulary differ more than that
SURE = 0.61  # for one of few values, where a wrong one does something else: `read` shares 0.6 with `create`
LONGEST = 200  # letters: what is longer is no slip, and takes the square of its length to be compared
CLOSE = 0.6  # where the words are many and short, as names of functions are


def nearly(name: str, known: Iterable[str], most: int = 1) -> list[str]:
    """Up to `most` known names, folded, that are a slip of the keyboard away from one, nearest first."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    wanted = fold(name)
    if len(wanted) > LONGEST:
        return []
    edits = min(MISTYPED, len(wanted) // 3)
    return [found for found, *_ in process.extract(wanted, list(known), scorer=OSA.distance, score_cutoff=edits, limit=most)]


def likely(word: str, vocabulary: Iterable[str], alike: float = ALIKE) -> str | None:
    """The word of a closed vocabulary that is most like one, whatever its case, None where none is."""
    import difflib

    from rapidfuzz import fuzz, process

    known = {fold(name): name for name in vocabulary}
    if len(word) > LONGEST:
        return None
    # No more alike by difflib's measure than by this one, which takes a hundredth of the time.
    some = [found for found, *_ in process.extract(fold(word), list(known), scorer=fuzz.ratio, score_cutoff=100 * alike - 1)]
    return next((known[found] for found in difflib.get_close_matches(fold(word), some, 1, alike)), None)


def hint(word: str, vocabulary: Sequence[str], otherwise: str = "one of ", quote: str = "", alike: float = ALIKE) -> str:
    """What to say of a word that a closed vocabulary does not have."""
    near = likely(word, vocabulary, alike)
    return f"did you mean {quote}{near}{quote}?" if near else otherwise + ", ".join(vocabulary)


def plural(number: int, noun: str) -> str:
    """`1 user`, `2 users`; the noun is one that takes an s."""
    return f"{number} {noun}" + "s" * (number != 1)


def spelled(text: str) -> str:
    """A text as YAML that reads as this text, inside of a flow mapping too: `Networks`, but `"2000"`."""
    if PLAIN.match(text) and text.lower() not in WORDS:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    hidden = unseen(quoted)
    return "".join(f"\\U{ord(c):08x}" if place in hidden or not c.isprintable() else c for place, c in enumerate(quoted))
