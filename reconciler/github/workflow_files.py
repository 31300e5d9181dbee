"""The apps, a branch and a version in, the team's own GitHub workflows out, made of this project's. Reads its own files."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from reconciler import __version__
from reconciler.declare.model import App, AppHead
from reconciler.github.shards import parts_for, parts_of, spread
from reconciler.record.checkout import Checkout
from reconciler.scim.credentials import reaches
from reconciler.scim.errors import CredentialError
from reconciler.scim.origins import origin
from reconciler.scim.references import REFERENCE, expanded, parts

ACTION = "actions/reconcile/action.yml"
WORKFLOWS = ("workflows/plan.yml", "workflows/apply.yml", "workflows/drift.yml", ACTION)
TOKEN, URL, DROPPED = "WIKI_SCIM_TOKEN", "WIKI_SCIM_URL", "THOUSANDEYES_SCIM_"  # what stands in this project's own workflows
PASSED = {  # how a workflow passes a variable, but for those that are the program's own
    "secrets": re.compile(r"^ +(?!RECONCILE_)(\w+): \$\{\{ secrets\.\1(?: && 'present')? \}\}", re.M),
    "vars": re.compile(r"^ +(?!RECONCILE_)(\w+): \$\{\{ vars\.\1 \}\}", re.M),
}
Variables = dict[str, list[str]]  # TOKEN and URL -> the team's own variables in its place


def workflow_files(variables: Variables, branch: str, version: str, parts: int = 1) -> Iterator[tuple[str, str]]:
    """This project's own workflows, with the team's variables and branch, and a fixed version instead of their own source.

    `parts` is in how many matrices the apps are spread.
    """
    room = Path(__file__).resolve().parent
    folder = room if (room / "workflows").is_dir() else room.parent.parent / ".github"
    for name in WORKFLOWS:
        lines = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
        text = "".join(new for line in lines if DROPPED not in line for new in _lines(line, variables))
        text = re.sub(r" +env: # .*\n(?=\n)", "", text)  # where no token is in the environment
        text = text.replace("branches: [main]", f"branches: [{branch}]")
        text = re.sub(r"Without it, .*\n    default: \"\"", f"A fixed version.\n    default: {version}", text)
        text = text.replace("inputs.package || format('{0}/../../..', github.action_path)", "inputs.package")
        yield f".github/{name}", spread(text, parts)


def completed(desired: Path, apps: list[App]) -> Iterator[tuple[str, str, list[str]]]:
    """(workflow, its new text, the variables that come into it), of those that lack some, and are as they were written here.

    Where it lacks parts alone, there are no variables. A workflow that somebody edited, or that another version wrote, is left to
    that somebody. Reads the workflows.
    """
    needed, _ = variables_of(apps)
    for workflow in WORKFLOWS:
        file = desired.parent / ".github" / workflow
        text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() and not file.is_symlink() else ""
        branch = re.search(r"branches: \[(.*)\]", text)
        have = {TOKEN: sorted(set(PASSED["secrets"].findall(text))), URL: sorted(set(PASSED["vars"].findall(text)))}
        more = {kind: sorted({*names, *needed[kind]}) for kind, names in have.items()}
        on, parts = branch[1] if branch else "main", parts_of(text)
        old = _text(workflow, have, on, parts)
        new = _text(workflow, more, on, max(parts, parts_for(len(apps)) if "needs.apps" in text else 1))
        if text == old != new:
            yield f".github/{workflow}", new, [name for kind in more for name in more[kind] if name not in have[kind]]


def _text(workflow: str, variables: Variables, branch: str, parts: int) -> str:
    return dict(workflow_files(variables, branch, "", parts))[f".github/{workflow}"]


def _lines(line: str, variables: Variables) -> list[str]:
    ours = next((name for name in variables if name in line), None)
    return [line.replace(ours, name) for name in variables[ours]] if ours else [line]


def lacking(desired: Path, apps: list[App]) -> Iterator[tuple[str, list[str]]]:
    """(workflow, the lines of the apps' variables that it has nowhere), of those beside a folder of declarations. Reads them."""
    variables, _ = variables_of(apps)
    names = {name for listed in variables.values() for name in listed}
    for workflow, made in workflow_files(variables, "main", ""):
        file = desired.parent / workflow
        if file.is_file():
            have = set(map(_bare, file.read_text(encoding="utf-8", errors="replace").splitlines()))
            lines = [line for line in dict.fromkeys(map(_bare, made.splitlines())) if line.partition(":")[0] in names]
            if left := [line for line in lines if line not in have]:
                yield workflow, left


def _bare(line: str) -> str:
    return line.partition(" #")[0].strip()


def variables_of(apps: list[App]) -> tuple[Variables, list[str]]:
    """(the variables that hold the apps' tokens and URLs, those of them without a default)."""
    heads = reaches(apps)
    tokens = {name for app in heads for name, _, _ in REFERENCE.findall(app.secretToken) if name}
    urls = {name: default for app in heads for name, default, _ in REFERENCE.findall(app.tenantUrl) if name not in ("", *tokens)}
    return {TOKEN: sorted(tokens), URL: sorted(urls)}, sorted(tokens | {name for name in urls if not urls[name]})


def token_variable(app: str) -> str:
    """The variable for the token of an app that is new."""
    return re.sub(r"\W", "_", app.upper() if app[0].isalpha() else f"APP_{app}".upper()).replace("-", "_") + "_SCIM_TOKEN"


def bound(apps: list[App]) -> str:
    """RECONCILE_ALLOWED_ORIGINS that lets each app's tokens go to its service, and nowhere else."""
    return ",".join(dict.fromkeys(map(_bound, reaches(apps))))


def _bound(app: AppHead) -> str:
    name = re.sub(r"\$\{(env:)?|\}", "", app.secretToken)
    try:
        return f"{origin(expanded(parts(app.tenantUrl, {}, '')))}={name}"
    except CredentialError:  # only the environment knows its URL
        return f"https://ORIGIN={name}"


def branch_of(checkout: Checkout | None) -> str:
    """The branch that the workflows are about: the one that is checked out."""
    name = (checkout.branch() if checkout else None) or os.environ.get("GIT_DEFAULT_BRANCH", "")
    return name if re.fullmatch(r"[A-Za-z][A-Za-z0-9._/-]*", name) else "main"


def installed_from() -> str:
    """What pip noted of where it got this program (PEP 610); nothing where that was a registry."""
    try:
        return distribution("scim-reconciler").read_text("direct_url.json") or ""
    except PackageNotFoundError:
        return ""


def pinned(direct_url: str) -> str:
    """What pip installs on a runner: the very commit that `direct_url` says this program was installed from, else its release."""
    source = json.loads(direct_url or "{}")
    url, commit = str(source.get("url")), str(source.get("vcs_info", {}).get("commit_id"))
    if re.fullmatch(r"https://[\w.:-]+/[\w./~-]+", url) and re.fullmatch("[0-9a-f]{40,64}", commit):
        return f"scim-reconciler @ git+{url}@{commit}"
    return f"scim-reconciler=={__version__}"
