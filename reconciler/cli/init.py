"""reconcile init: a small working desired/, the schemas for editors, and the workflows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import partial
from pathlib import Path

import click

from reconciler.adopt.yaml_edit.rows import header
from reconciler.cli.common import ERROR, options
from reconciler.cli.init_next import Start, say_next
from reconciler.cli.terminal import echo
from reconciler.cli.workflow_lines import complete_workflows
from reconciler.cli.wrong_usage import BadValue
from reconciler.cycle.declarations import checked
from reconciler.cycle.old_record import MOVE, OLD, to_move
from reconciler.declare.folders import APP_NAME, SUFFIXES
from reconciler.declare.model import App
from reconciler.declare.warned import Warned
from reconciler.declare.wording import plural
from reconciler.github.shards import parts_for
from reconciler.github.workflow_files import (
    ACTION,
    TOKEN,
    URL,
    bound,
    branch_of,
    installed_from,
    pinned,
    token_variable,
    variables_of,
    workflow_files,
)
from reconciler.record.checkout import Checkout
from reconciler.record.here import checkout_here

SCHEMAS = "schemas/"
UNCHANGED = "unchanged"
IGNORED = """# Saved plans and pages hold personal data. A record in .reconcile/ is this machine's own.
/*plan*.json
/plans/
/*.html
.reconcile/
"""

NO_REMOTE = (
    "There is no remote, so the record stays on this machine, and a runner will apply nothing: run this again in a Git "
    "repository that has a remote"
)


@click.command()
@partial(options, app="The app to write; `example` if left out.")
def init(desired: Path, apps: tuple[str, ...], no_color: bool) -> int:
    """Write a small working desired/, the schemas for editors, and GitHub workflows. What somebody wrote is left as it is.

    A .gitignore keeps saved plans, which hold personal data, out of Git. Workflows that are as init wrote them get the variables
    of apps that came later.
    """
    app = apps[0] if apps else "example"
    if len(apps) > 1 or not APP_NAME.fullmatch(app):
        raise BadValue("init writes one app; its name has letters, digits, - and _")
    if desired.name != "desired":
        raise click.UsageError("the workflows look for a folder that is called desired")
    start = _existing(desired, apps) if desired.exists() else _new(desired, app)
    version, checkout = pinned(installed_from()), checkout_here()
    workflows = workflow_files(start.variables, branch_of(checkout), version, parts_for(len(start.apps)))
    record, notes = _record(checkout, desired)
    files = {**start.files, **record, ".gitignore": IGNORED, **dict(_schemas()), **dict(workflows)}
    new: set[str] = set()
    try:
        new |= {name for name, text in files.items() if _write(desired.parent, name, text)}
    except OSError as error:
        echo(f"Error: {error.filename} cannot be written: {error.strerror} [NotWritten]\n    fix its permissions", err=True)
        return ERROR
    _said_of_schemas(files, new)
    complete_workflows(desired, start.apps)
    if record and to_move():
        echo(f"First: what was applied up to now is recorded in {OLD}; {MOVE} moves it into Git", err=True)
    say_next(start)
    if "@" not in version and f".github/{ACTION}" in new:
        notes = (*notes, _of_an_index(version))
    for note in notes:
        echo(note, err=True)
    return 0


def _new(desired: Path, app: str) -> Start:
    """A folder that is not there yet, with one app."""
    token = token_variable(app)
    file = f"{desired}/apps/{app}/app.yaml"
    first = f"in {file} replace tenantUrl, which is a placeholder, "
    return Start(dict(_starter(app)), {TOKEN: [token], URL: []}, [token], first, f"https://ORIGIN={token}", [], file)


def _existing(desired: Path, asked: tuple[str, ...]) -> Start:
    """A declaration that is there already: it is left as it is."""
    apps = _declared(desired, asked)
    variables, needed = variables_of(apps)
    return Start({}, variables, needed, "", bound(apps), apps)


def _declared(desired: Path, asked: tuple[str, ...]) -> list[App]:
    """The apps of a declaration that is there already. Raises UsageError where one is asked for that it does not declare."""
    echo(f"{desired} is there already, and what it declares is left as it is", err=True)
    declarations, problems = checked(desired)
    if any(problem.severity == "error" for problem in problems):
        echo(f"Error: {desired} has errors, so what its apps need is not known [InvalidDeclaration]", err=True)
        echo("    fix what `reconcile validate` says, then run this again", err=True)
        raise click.exceptions.Exit(ERROR)
    if new := [name for name in asked if name not in declarations.apps]:
        raise click.UsageError(_not_added(desired, new[0]))
    return list(declarations.apps.values())


def _not_added(desired: Path, app: str) -> str:
    return (
        f"no app {app!r} was made: init writes one into a new folder only; write app.yaml, mappings.yaml and assignments.yaml"
        f" in {desired}/apps/{app}, or import what a service holds with `reconcile import --app {app}`"
    )


def _of_an_index(version: str) -> str:
    """Who runs what an index has under a name trusts whoever put it there, with tokens that write."""
    words = f"runners will install {version} from a package index, which may lack it, or have somebody else's"
    return (
        f"Warning: {Warned('PackageNotPinned', words).words()}\n"
        f"    set the default of `package` in .github/{ACTION} to a commit that you trust:\n"
        "    scim-reconciler @ git+https://HOST/REPOSITORY@COMMIT"
    )


def _write(root: Path, name: str, text: str) -> bool:
    """False where something has that name; either is said, but of schemas, which are many."""
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(file, "x", encoding="utf-8") as target:
            target.write(text)
        is_new = True
    except FileExistsError:
        is_new = False
    if not name.startswith(SCHEMAS):
        echo(f"{'written' if is_new else UNCHANGED} {name}")
    return is_new


def _said_of_schemas(files: Iterable[str], new: Collection[str]) -> None:
    every = [name for name in files if name.startswith(SCHEMAS)]
    written = [name for name in every if name in new]
    for word, count in (("written", len(written)), (UNCHANGED, len(every) - len(written))):
        if count:
            echo(f"{word} {SCHEMAS} ({plural(count, 'file')}, by which editors complete and check)")


def _starter(app: str) -> Iterator[tuple[str, str]]:
    """The declarations: every file of the folder `starter`, with the app's name put in."""
    folder = Path(__file__).parent / "starter"
    for file in sorted(folder.rglob("*.yaml")):
        name = file.relative_to(folder).as_posix().replace("apps/example/", f"apps/{app}/")
        text = file.read_text(encoding="utf-8").replace("EXAMPLE_SCIM_TOKEN", token_variable(app))
        yield f"desired/{name}", text.replace("app: example", f"app: {app}")


def _record(checkout: Checkout | None, desired: Path) -> tuple[dict[str, str], tuple[str, ...]]:
    """The record in Git, which every runner sees, where there is a remote and nobody has chosen yet; and what to say of it."""
    remotes = checkout.remotes() if checkout else []
    if any((desired / f"reconciler{suffix}").exists() for suffix in SUFFIXES):
        return {}, ()
    if not remotes:
        return {}, (NO_REMOTE,)
    remote = "origin" if "origin" in remotes else remotes[0]
    text = header("reconciler", "reconciler.yaml") + f"record: {{backend: git, remote: {remote}}}\n"
    return {"desired/reconciler.yaml": text}, ()


def _schemas() -> Iterator[tuple[str, str]]:
    from reconciler.declare.schema import folder

    for file in sorted(folder().glob("*.schema.json")):
        yield f"{SCHEMAS}{file.name}", file.read_text(encoding="utf-8")
