"""The name that somebody probably meant. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.declare.model import fold

MISTYPED = 2  # edits, a swap of neighbours being one; people of one domain share most of their names' letters
ALIKE = 0.5  # of the letters; the words of a closed vocabulary differ more than that


def nearly(name: str, known: Iterable[str], most: int = 1) -> list[str]:
    """Up to `most` known names, folded, that are a slip of the keyboard away from one, nearest first."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    wanted = fold(name)
    edits = min(MISTYPED, len(wanted) // 3)
    return [found for found, *_ in process.extract(wanted, list(known), scorer=OSA.distance, score_cutoff=edits, limit=most)]


def likely(word: str, vocabulary: Iterable[str]) -> str | None:
    """The word of a closed vocabulary that is most like one, None where none is."""
    import difflib

    return next(iter(difflib.get_close_matches(word, list(vocabulary), 1, ALIKE)), None)


def hint(word: str, vocabulary: Sequence[str], otherwise: str = "one of ", quote: str = "") -> str:
    """What to say of a word that a closed vocabulary does not have."""
    near = likely(word, vocabulary)
    return f"did you mean {quote}{near}{quote}?" if near else otherwise + ", ".join(vocabulary)
