"""Problems as many as somebody can read: of each file the first, with how many more there are. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from reconciler.declare.place import Problem

MOST_LISTED = 2_000  # of one file and one severity
LONGEST = 1_000  # characters of a message: a name in it may be of any length


def listed(problems: Iterable[Problem]) -> list[Problem]:
    """Sorted; what is not listed is counted in one problem at the place of the last one of its file that is."""
    kept: list[Problem] = []
    seen: Counter[tuple[str, str]] = Counter()
    left: Counter[tuple[str, str]] = Counter()
    last: dict[tuple[str, str], Problem] = {}
    for problem in sorted(problems):
        key = (problem.place.file, problem.severity)
        if problem.stands_for > 1 or problem.code == MORE or seen[key] >= MOST_LISTED:
            left[key] += problem.stands_for
        else:
            seen[key] += 1
            kept.append(_short(problem))
        last[key] = problem
    return sorted([*kept, *(more(last[key], count) for key, count in left.items())])


MORE = "more-errors"


def _short(problem: Problem) -> Problem:
    if len(problem.message) <= LONGEST and len(problem.remedy) <= LONGEST:
        return problem
    return problem._replace(message=shortened(problem.message), remedy=shortened(problem.remedy))


def shortened(text: str) -> str:
    """The beginning of a long text, and how long it is."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text):,} characters)"


def more(last: Problem, left: int) -> Problem:
    """What is said of those that are not listed, at the place of the last that is."""
    what = f"1 more {last.severity} is" if left == 1 else f"{left:,} more {last.severity}s are"
    return Problem(last.place, last.severity, MORE, f"{what} not listed", "fix those that are, and validate again", left)
