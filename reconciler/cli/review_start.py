"""reconcile review start: who has what, as files for those who decide."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.common import ERROR, chosen, guarded, load_checked, options, worst
from reconciler.cli.output import PERSON, say
from reconciler.cli.terminal import echo
from reconciler.cli.wrong_usage import BadValue
from reconciler.cycle.clock import today
from reconciler.declare.model import App, Declarations

if TYPE_CHECKING:
    from reconciler.plan.access_review.share import Choose, Row, Shared

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
MOST_NAMED = 5


@click.command()
@options
@click.option("--name", required=True, help="What the review is called, such as 2026-Q4.")
@click.option("--by", required=True, metavar="manager|FILE", help="Who decides: the declared manager, or who FILE names.")
@click.option("--due", required=True, metavar="DAY", help="The last day for decisions, YYYY-MM-DD, UTC.")
@click.option(
    "--otherwise", default="", metavar="REVIEWER", help="Who decides where --by names nobody, or the person themselves."
)
@click.option("--role", "roles", multiple=True, help="Only this role; may be repeated.")
@click.option("--group", "groups", multiple=True, help="Only this group; may be repeated.")
@click.option("--privileged", is_flag=True, help="Only what is privileged.")
@click.option("--offline", is_flag=True, help="By the record alone: what was last applied, and not what is there.")
def start(
    desired: Path, apps: tuple[str, ...], no_color: bool, name: str, by: str, due: str, otherwise: str, roles: tuple[str, ...],
    groups: tuple[str, ...], privileged: bool, offline: bool,
) -> int:  # fmt: skip
    """Write desired/reviews/NAME/<reviewer>.yaml: one row a person and access, decisions to be filled in.

    Nothing is written where an app could not be read, or somebody has no reviewer. `reconcile help review` has the whole of it.
    """
    from reconciler.cli.known_names import refuse_unknown
    from reconciler.plan.access_review.share import Named, share

    _check_name(name)
    _check_due(due)
    declarations = load_checked(desired, apps)
    _check_new(desired, name)
    choose = _chooser(by, declarations)
    named = Named(declarations.users)
    if otherwise and named.is_disabled(otherwise):
        raise BadValue(f"--otherwise {otherwise!r} is disabled in the directory: name somebody who can decide")
    scope = _scope([app.name for app in chosen(declarations, apps)], roles, groups, privileged, offline)
    rows: list[Row] = []

    def work(app: App) -> int:
        found = _read(app, declarations, offline)
        if found is None:
            say(f"Error: {app.displayName} has no record [NoRecord]")
            say("    leave out --offline")
            return ERROR
        rows.extend(found)
        return 0

    code = worst([guarded(lambda app=app: work(app)) for app in chosen(declarations, apps)])  # type: ignore[misc]
    if code:
        say("Nothing was written: a review that misses an app would look complete.")
        return code
    refuse_unknown(declarations, [row.held for row in rows], {"user": (), "role": roles, "group": groups})
    rows = _picked(rows, roles, groups, privileged)
    shared = share(rows, choose, named(otherwise) if otherwise else "")
    if not _told(shared, otherwise):
        return ERROR
    return _write(desired, declarations, shared, {"review": name, "started": today(), "due": due, "scope": scope})


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name) or len(name) > 100:
        raise BadValue(f"--name {name!r} cannot name a folder: use letters, digits, dots, - and _")


def _check_due(due: str) -> None:
    from reconciler.declare.assignments import is_day

    if not re.fullmatch(r"\d{4}-\d\d-\d\d", due, re.ASCII) or not is_day(due):
        raise BadValue(f"--due {due!r} is not a day: write YYYY-MM-DD")
    if due < today():
        raise BadValue(f"--due {due} has passed: name a day from today on")


def _check_new(desired: Path, name: str) -> None:
    """An empty folder, as it is left where files were removed, is no review; one that cannot be read may be."""
    from reconciler.declare.reviews import FOLDER

    folder = desired / FOLDER / name
    if folder.is_symlink() or (folder.exists() and not _is_empty(folder)):
        words = f"there is a review {name} in {folder}: nothing was written [ReviewExists]"
        raise click.ClickException(f"{words}\n    give this one another name")


def _is_empty(folder: Path) -> bool:
    try:
        return not any(folder.iterdir())
    except OSError:
        return False


def _chooser(by: str, declarations: Declarations) -> Choose:
    from reconciler.declare.reviews import read_rules
    from reconciler.plan.access_review.share import by_manager, by_rules
    from reconciler.report.problems import as_text

    if by == "manager":
        return by_manager(declarations.users)
    if not Path(by).is_file():
        raise BadValue(f"--by {by!r} is neither `manager` nor a file")
    rules, problems = read_rules(Path(by))
    if problems:
        echo(as_text(problems), err=True, nl=False)
        raise click.exceptions.Exit(ERROR)
    return by_rules(rules, declarations.users)


def _scope(
    apps: list[str], roles: Iterable[str], groups: Iterable[str], privileged: bool, offline: bool
) -> dict[str, Any]:  # fmt: skip
    source = "record" if offline else "service"
    return {"apps": sorted(apps), "roles": sorted(roles), "groups": sorted(groups), "privileged": privileged, "source": source}


def _read(app: App, declarations: Declarations, offline: bool) -> list[Row] | None:
    from reconciler.cycle.access_review import rows_now, rows_when_applied

    return rows_when_applied(app, declarations) if offline else rows_now(app, declarations, PERSON)


def _picked(rows: list[Row], roles: tuple[str, ...], groups: tuple[str, ...], privileged: bool) -> list[Row]:
    from reconciler.declare.names import fold
    from reconciler.plan.access.held import picked

    asked = (frozenset(map(fold, names)) for names in (roles, groups))
    found = set(map(id, picked((row.held for row in rows), frozenset(), *asked)))
    return [row for row in rows if id(row.held) in found and (row.held.privileged or not privileged)]


def _told(shared: Shared, otherwise: str) -> bool:
    """Whether everybody has a reviewer; who was given to the fallback is told."""
    for why, people in sorted(shared.fallen.items()):
        say(f"{otherwise} decides about {_named(people)}: {why}")
    for why, people in sorted(shared.alone.items()):
        say(f"Error: nobody decides about {_named(people)}: {why} [NoReviewer]")
    if shared.alone:
        say("    nothing was written: name somebody else for them with --otherwise")
    return not shared.alone


def _named(people: Collection[str]) -> str:
    from reconciler.report.safe import plain

    more = f" and {len(people) - MOST_NAMED} more" if len(people) > MOST_NAMED else ""
    return ", ".join(map(plain, sorted(people)[:MOST_NAMED])) + more


def _write(desired: Path, declarations: Declarations, shared: Shared, head: dict[str, Any]) -> int:
    """The files of a review, and whom CODEOWNERS should ask."""
    from reconciler.cli.review_log import each, put_and_tell
    from reconciler.cycle.review_log import tell_started
    from reconciler.declare.folders import readable_path
    from reconciler.declare.reviews import FOLDER
    from reconciler.plan.access_review.rows import data_of, head_of
    from reconciler.plan.access_review.share import Named
    from reconciler.record.here import inside
    from reconciler.report.access_review import codeowners, document, file_names

    if not shared.files:
        say("Nobody has any such access: there is nothing to review, and nothing was written.")
        return 0
    names, head = file_names(shared.files), {**head, "files": len(shared.files)}
    declared = Named(declarations.users).is_declared
    files = {who: data_of(head_of(head, who, declared(who)), rows) for who, rows in shared.files.items()}
    texts = {f"{FOLDER}/{head['review']}/{names[reviewer]}.yaml": document(data) for reviewer, data in files.items()}
    tell = partial(each, head["scope"]["apps"], declarations, lambda store: tell_started(store, head["review"], files.values()))
    if code := put_and_tell(desired, texts, tell):
        say("No review was started: one of whose start the log does not know cannot be closed.")
        return code
    for reviewer, path in zip(shared.files, texts, strict=True):
        rows = shared.files[reviewer]
        say(f"{desired / path}: {_count(rows)}")
    folder = inside(str(desired)) or readable_path(desired)  # CODEOWNERS counts from the top of the repository
    say("Lines for CODEOWNERS, so that each file waits for its reviewer:")
    click.echo(codeowners(folder, head["review"], names, _mails(declarations)), nl=False)
    return 0


def _count(rows: list[Row]) -> str:
    from reconciler.declare.wording import plural

    people = len({row.who for row in rows})
    return f"{plural(len(rows), 'row')} of {plural(people, 'person', 'people')}"


def _mails(declarations: Declarations) -> dict[str, str]:
    """Reviewer -> the address that is declared for them."""
    users = declarations.users
    pairs = zip(users.columns["userPrincipalName"], users.column("mail"), strict=True)
    return {str(name): mail for name, mail in pairs if isinstance(mail, str)}
