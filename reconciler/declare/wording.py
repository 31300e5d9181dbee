"""A word and those that are known in, what to say of it out: did you mean, how many. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from reconciler.declare.names import fold

MISTYPED = 2  # edits, a swap of neighbours being one; people of one domain share most of their names' letters
ALIKE = 0.5  # of the letters; the words of a closed vocabulary differ more than that
SURE = 0.61  # for one of few values, where a wrong one does something else: `read` shares 0.6 with `create`
LONGEST = 200  # letters: what is longer is no slip, and takes the square of its length to be compared
CLOSE = 0.6  # where the words are many and short, as names of functions are


def did_you_mean(near: str | Iterable[str] | None, otherwise: str) -> str:
    """A remedy that names what was probably meant, also one of several; the other one where nothing is near."""
    names = [repr(name) for name in ((near,) if isinstance(near, str) else near or ()) if name]
    listed = ", ".join(names[:-1]) + " or " * (len(names) > 1) + (names[-1] if names else "")
    return f"did you mean {listed}?" if names else otherwise


def hint(word: str, vocabulary: Sequence[str], otherwise: str = "one of ", alike: float = ALIKE) -> str:
    """What to say of a word that a closed vocabulary does not have."""
    return did_you_mean(likely(word, vocabulary, alike), otherwise + ", ".join(vocabulary))


def nearly(name: str, known: Iterable[str], most: int = 1) -> list[str]:
    """Up to `most` known names, folded, that are a slip of the keyboard away from one, nearest first."""
    from rapidfuzz.distance import OSA

    wanted = fold(name)
    return _nearest(wanted, known, OSA.distance, min(MISTYPED, len(wanted) // 3), most)


def likely(word: str, vocabulary: Iterable[str], alike: float = ALIKE) -> str | None:
    """The word of a closed vocabulary that is most like one, whatever its case, None where none is."""
    from rapidfuzz import fuzz

    known = {fold(name): name for name in vocabulary}
    near = _nearest(fold(word), sorted(known, reverse=True), fuzz.ratio, 100 * alike, 1)
    return known[near[0]] if near else None


def _nearest(wanted: str, known: Iterable[str], scorer: Any, cutoff: float, most: int) -> list[str]:
    from rapidfuzz import process

    if len(wanted) > LONGEST:
        return []
    return [name for name, *_ in process.extract(wanted, list(known), scorer=scorer, score_cutoff=cutoff, limit=most)]


def plural(number: int, noun: str, several: str = "") -> str:
    """`1 user`, `2,000 users`; `several` is the noun of more than one where that is not the one noun with an s."""
    return f"{number:,} {noun if number == 1 else several or noun + 's'}"
