"""What reconcile review tells the logs of a review's apps, and asks them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reconciler.adopt.model import ImportRefused
from reconciler.adopt.write import put
from reconciler.cli.common import ERROR, guarded, worst
from reconciler.cli.output import say
from reconciler.declare.model import Declarations
from reconciler.declare.reviews import CLOSED, FOLDER, Review, Reviews
from reconciler.record.open import store_named
from reconciler.record.store import Store

if TYPE_CHECKING:
    from reconciler.cycle.review_log import End


def each(apps: Iterable[str], declarations: Declarations, work: Callable[[Store], None]) -> int:
    """Do it with the record of each app; the exit code. What goes wrong is said."""

    def one(app: str) -> int:
        work(store_named(app, declarations))
        return 0

    return worst([guarded(lambda app=app: one(app)) for app in apps])  # type: ignore[misc]


def apps_of(files: Iterable[Review]) -> list[str]:
    """The apps that a review asks about."""
    return sorted({app for review in files for app in review.apps})


def put_and_tell(desired: Path, texts: Mapping[str, str], tell: Callable[[], int]) -> int:
    """Write new files of a review, by their path below `desired`, and tell the logs; the exit code.

    What was told stays, so files come first: where one cannot be written, or a log cannot be told, there are none.
    """
    try:
        put(desired, texts)
        code = tell()
    except ImportRefused as error:
        say(f"Error: {error} [NotWritten]")
        say("    make room, or change the permissions")
        code = ERROR
    if code:
        for file in (desired / path for path in texts):
            with suppress(OSError):
                file.unlink(missing_ok=True)
                file.parent.rmdir()  # where nothing else is in it
    return code


class Told(NamedTuple):
    """What the logs say of a review: exit code, what is against its files, in words, and when it was closed, if all know that."""

    code: int
    doubts: list[str]
    end: End | None


def told(name: str, files: list[Review], declarations: Declarations) -> Told:
    """Whether these are the files with which an open review was started, and whether it was closed already."""
    from reconciler.cycle.review_log import end_of, not_as_started

    doubts: list[str] = []
    found: list[End | None] = []

    def ask(store: Store) -> None:
        doubts.append(not_as_started(store, name, files))
        found.append(end_of(store, name))

    code = each(apps_of(files), declarations, ask)
    return Told(code, [words for words in doubts if words], _of_all(found))


def ends(name: str, evidence: str, files: list[Review], declarations: Declarations) -> tuple[int, End | None]:
    """Exit code, and when a review was closed with this evidence, if the log of each of its apps knows that."""
    from reconciler.cycle.review_log import end_of

    found: list[End | None] = []
    code = each(apps_of(files), declarations, lambda store: found.append(end_of(store, name, evidence)))
    return code, None if code else _of_all(found)


def _of_all(ends: list[End | None]) -> End | None:
    """One that could be told to some logs alone is no end: it is told again."""
    return ends[-1] if ends and all(ends) else None


def gone(reviews: Reviews, apps: Iterable[str], declarations: Declarations, name: str | None) -> tuple[int, list[str]]:
    """Exit code, and what is said of reviews that a log knows as started and not closed, and that have no files here."""
    from reconciler.cycle.review_log import left_open

    found = dict[str, str]()

    def ask(store: Store) -> None:
        begun = left_open(store)
        found.update({review: f"{when}, by the log of {store.app}" for review, when in begun.items() if review not in found})

    code = each(apps, declarations, ask)
    here = {review for review, files in reviews.by_name.items() if files or review in reviews.broken | reviews.closed.keys()}
    lines = []
    for review in sorted(found.keys() - here) if name is None else found.keys() & {name} - here:
        lines += [
            f"Error: the review {review} was started {found[review]}, was not closed, and has no files here [ReviewOpen]",
            f"    restore {FOLDER}/{review} from Git, or start it again under this name: it is over once it is closed",
        ]
    return code, lines


def was_closed(files: list[Review], end: End) -> list[str]:
    """What is said of a review that has no closed.yaml any more."""
    folder = files[0].file.rpartition("/")[0]
    return [
        f"Error: the review {files[0].name} was closed {end}, by the log [ReviewClosed]",
        f'    restore {folder} from Git as it was then, its {CLOSED}.yaml with `evidence: "{end.evidence}"`; '
        "for other decisions start another one: `reconcile review start`",
    ]
