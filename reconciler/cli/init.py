"""reconcile init: a small working desired/, the schemas for editors, and the workflows."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import click

from reconciler.adopt.yaml_edit.rows import header
from reconciler.cli.common import ERROR, options
from reconciler.cycle.declarations import checked
from reconciler.cycle.old_record import MOVE, OLD, to_move
from reconciler.declare.folders import APP_NAME, SUFFIXES
from reconciler.declare.model import App
from reconciler.record.checkout import Checkout
from reconciler.record.here import checkout_here

WORKFLOWS = ("workflows/plan.yml", "workflows/apply.yml", "workflows/drift.yml", "actions/reconcile/action.yml")
TOKEN, URL, DROPPED = "WIKI_SCIM_TOKEN", "WIKI_SCIM_URL", "THOUSANDEYES_SCIM_"  # what stands in this project's own workflows


@click.command()
@partial(options, app="The app to write; `example` if left out.")
def init(desired: Path, apps: tuple[str, ...], no_color: bool) -> int:
    """Write a small working desired/, the schemas for editors, and GitHub workflows. Nothing is ever overwritten."""
    app = apps[0] if apps else "example"
    if len(apps) > 1 or not APP_NAME.fullmatch(app):
        raise click.UsageError("init writes one app; its name has letters, digits, - and _")
    if desired.name != "desired":
        raise click.UsageError("the workflows look for a folder that is called desired")
    root = desired.parent
    address, bound = "", f"https://ORIGIN={_token(app)}"
    if desired.exists():
        files = {}
        declared = _declared(desired, apps)
        (variables, needed), bound = _variables(declared), ",".join(map(_bound, declared))
    else:
        address = f"in {desired}/apps/{app}/app.yaml replace tenantUrl, which is a placeholder, "
        files, variables, needed = dict(_starter(app)), {TOKEN: [_token(app)], URL: []}, [_token(app)]
    version, checkout = pinned(_installed_from()), checkout_here()
    files |= {**_record(checkout, desired), **dict(_schemas()), **dict(_github(variables, _branch(checkout), version))}
    try:
        new = [name for name, text in files.items() if _write(root, name, text)]
    except OSError as error:
        click.echo(f"Error: {error.filename} cannot be written: {error.strerror}\n    mend its permissions", err=True)
        return ERROR
    if "@" not in version and f".github/{WORKFLOWS[-1]}" in new:
        _warn(version)
    click.echo(
        f"Next: {address}set {', '.join(needed) or 'the tokens'}, then `reconcile validate` and `reconcile plan`; the "
        "README says what to set up on GitHub, where the repository variable RECONCILE_ALLOWED_ORIGINS is\n"
        f"    {bound}",
        err=True,
    )
    return 0


def _bound(app: App) -> str:
    """The entry of RECONCILE_ALLOWED_ORIGINS that lets the app's token go to its service, and nowhere else."""
    from reconciler.scim.errors import CredentialError
    from reconciler.scim.origins import origin
    from reconciler.scim.references import expanded, parts

    name = re.sub(r"\$\{(env:)?|\}", "", app.secretToken)
    try:
        return f"{origin(expanded(parts(app.tenantUrl, {}, '')))}={name}"
    except CredentialError:  # only the environment knows its URL
        return f"https://ORIGIN={name}"


def _declared(desired: Path, asked: tuple[str, ...]) -> list[App]:
    """The apps of a declaration that is there already. Raises UsageError where one is asked for that it does not declare."""
    click.echo(f"{desired} is there already, and what it declares is left as it is", err=True)
    found, problems = checked(desired)
    if any(problem.severity == "error" for problem in problems):
        click.echo(f"Error: {desired} has errors, so what its apps need is not known", err=True)
        click.echo("    mend what `reconcile validate` says, then run this again", err=True)
        raise click.exceptions.Exit(ERROR)
    if new := [name for name in asked if name not in found.apps]:
        raise click.UsageError(_not_added(desired, new[0]))
    return list(found.apps.values())


def _variables(apps: list[App]) -> tuple[dict[str, list[str]], list[str]]:
    """The variables that hold the apps' tokens and URLs, and those of them without a default."""
    from reconciler.scim.references import REFERENCE

    tokens = {name for app in apps for name, _, _ in REFERENCE.findall(app.secretToken) if name}
    urls = {name: default for app in apps for name, default, _ in REFERENCE.findall(app.tenantUrl) if name not in ("", *tokens)}
    return {TOKEN: sorted(tokens), URL: sorted(urls)}, sorted(tokens | {name for name in urls if not urls[name]})


def _not_added(desired: Path, app: str) -> str:
    return (
        f"no app {app!r} was made: init writes one into a new folder only; write app.yaml, mappings.yaml and assignments.yaml"
        f" in {desired}/apps/{app}, or take over what a service holds with `reconcile import --app {app}`"
    )


def _warn(version: str) -> None:
    """Who runs what an index has under a name trusts whoever put it there, with tokens that write."""
    click.echo(
        f"Warning: runners will install {version} from a package index, which may lack it, or have somebody else's\n"
        f"    set the default of `package` in .github/{WORKFLOWS[-1]} to a commit that you trust:\n"
        "    scim-reconciler @ git+https://HOST/REPOSITORY@COMMIT",
        err=True,
    )


def _write(root: Path, name: str, text: str) -> bool:
    """False where something has that name; either is said."""
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(file, "x", encoding="utf-8") as target:
            target.write(text)
    except FileExistsError:
        click.echo(f"left    {name}")
        return False
    click.echo(f"written {name}")
    return True


def _token(app: str) -> str:
    return re.sub(r"\W", "_", app.upper() if app[0].isalpha() else f"APP_{app}".upper()).replace("-", "_") + "_SCIM_TOKEN"


def _starter(app: str) -> Iterator[tuple[str, str]]:
    """The declarations: every file of the folder `starter`, with the app's name put in."""
    folder = Path(__file__).parent / "starter"
    for file in sorted(folder.rglob("*.yaml")):
        name = file.relative_to(folder).as_posix().replace("apps/example/", f"apps/{app}/")
        yield (
            f"desired/{name}",
            file.read_text(encoding="utf-8").replace("EXAMPLE_SCIM_TOKEN", _token(app)).replace("app: example", f"app: {app}"),
        )


def _record(checkout: Checkout | None, desired: Path) -> dict[str, str]:
    """The record in Git, which every runner sees, where there is a remote and nobody has chosen yet."""
    remotes = checkout.remotes() if checkout else []
    if any((desired / f"reconciler{suffix}").exists() for suffix in SUFFIXES):
        return {}
    if not remotes:
        click.echo(
            "There is no remote, so the record stays on this machine, and a runner will apply nothing: run this again in "
            "a Git repository that has a remote",
            err=True,
        )
        return {}
    if to_move():
        click.echo(f"What was applied up to now is recorded in {OLD}: {MOVE} moves it into Git", err=True)
    remote = "origin" if "origin" in remotes else remotes[0]
    return {"desired/reconciler.yaml": header("reconciler", "reconciler.yaml") + f"record: {{backend: git, remote: {remote}}}\n"}


def _schemas() -> Iterator[tuple[str, str]]:
    from reconciler.declare.schema import folder

    for file in sorted(folder().glob("*.schema.json")):
        yield f"schemas/{file.name}", file.read_text(encoding="utf-8")


def _github(variables: dict[str, list[str]], branch: str, version: str) -> Iterator[tuple[str, str]]:
    """This project's own workflows, with the team's variables and branch, and a fixed version instead of their own source."""
    package = Path(__file__).resolve().parent.parent
    folder = package / "github" if (package / "github" / "workflows").is_dir() else package.parent / ".github"
    for name in WORKFLOWS:
        lines = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
        text = "".join(new for line in lines if DROPPED not in line for new in _lines(line, variables))
        text = re.sub(r" +env: # .*\n(?=\n)", "", text)  # where no token is in the environment
        text = text.replace("branches: [main]", f"branches: [{branch}]")
        text = re.sub(r"Without it, .*\n    default: \"\"", f"A fixed version.\n    default: {version}", text)
        yield f".github/{name}", text.replace("inputs.package || format('{0}/../../..', github.action_path)", "inputs.package")


def _installed_from() -> str:
    """What pip noted of where it got this program (PEP 610); nothing where that was a registry."""
    try:
        return distribution("scim-reconciler").read_text("direct_url.json") or ""
    except PackageNotFoundError:
        return ""


def pinned(installed_from: str) -> str:
    """What pip installs on a runner: the very commit that this program was installed from, else its release."""
    from reconciler import __version__

    found = json.loads(installed_from or "{}")
    url, commit = str(found.get("url")), str(found.get("vcs_info", {}).get("commit_id"))
    if re.fullmatch(r"https://[\w.:-]+/[\w./~-]+", url) and re.fullmatch("[0-9a-f]{40,64}", commit):
        return f"scim-reconciler @ git+{url}@{commit}"
    return f"scim-reconciler=={__version__}"


def _lines(line: str, variables: dict[str, list[str]]) -> list[str]:
    ours = next((name for name in variables if name in line), None)
    return [line.replace(ours, name) for name in variables[ours]] if ours else [line]


def _branch(checkout: Checkout | None) -> str:
    found = (checkout.branch() if checkout else None) or os.environ.get("GIT_DEFAULT_BRANCH", "")
    return found if re.fullmatch(r"[A-Za-z][A-Za-z0-9._/-]*", found) else "main"
