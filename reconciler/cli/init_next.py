"""What reconcile init says is to be done next, in the order in which it is done."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from reconciler.cli.terminal import echo, echo_form
from reconciler.declare.model import App
from reconciler.demo import install
from reconciler.github.workflow_files import Variables
from reconciler.record.here import checkout_here

FIRST_PLAN = """
To see a first plan and a merged change now, against a service on this machine:"""
# What is done, and the commands that do it, each of which is one line that can be pasted.
STEPS: tuple[tuple[str, ...], ...] = (
    ("in {file} write `tenantUrl: http://127.0.0.1:8101/v2`",),
    ("in a second terminal, start an empty service:", "SCIM_TOKEN=secret {python} -m reconciler.demo generic --port 8101"),
    ("set its token:", "export {token}=secret"),
    ("see a first plan:", "reconcile validate && reconcile plan"),
    ("apply it:", "reconcile apply"),
    ("commit it:", "git add .gitignore .github desired schemas", "git commit --message 'A first plan'"),
    ("begin a branch:", "git switch --create ada"),
    ("in {people} change the displayName of ada@example.com",),
    ("save the plan, which is what a reviewer reads:", "reconcile plan --out plan.json"),
    ("commit and merge it:", "git commit --all --message 'Ada has another name'", "git switch - && git merge ada"),
    ("apply what was reviewed and nothing else (more in `reconcile help tutorial`):", "reconcile apply plan.json"),
)
BEGIN = ("make this a repository:", "git init --initial-branch=main")
COMMIT = STEPS[5]
PUSH = (
    "Then commit it on a branch, `git push --set-upstream origin BRANCH`, and open a pull request: its plan is a comment "
    "there, and the merge applies it"
)


class Start(NamedTuple):
    """What the declarations are or become: new files, variables of the workflows, those to set, what to do first, origins.

    `apps` are those that are declared already; `file` is the new app's, where there is one.
    """

    files: dict[str, str]
    variables: Variables
    needed: list[str]
    first: str
    origins: str
    apps: list[App]
    file: str = ""


def say_next(start: Start) -> None:
    """What to do now, in the order in which it is done."""
    if start.file:
        echo(FIRST_PLAN, err=True)
        for number, (words, *commands) in enumerate(_steps(start), 1):
            echo(f"    {number}. {words}", err=True)
            for command in commands:
                echo_form("command", f"            {command}\n", err=True)  # whole: what is broken cannot be pasted
        echo("", err=True)
    tokens = ", ".join(start.needed) or "the tokens"
    whose = ", for a service of yours" if start.file else ""
    echo(f"Next{whose}: {start.first}set {tokens}, then `reconcile validate` and `reconcile plan`", err=True)
    echo(PUSH, err=True)
    echo("On GitHub: see `reconcile help github`; the repository variable RECONCILE_ALLOWED_ORIGINS is", err=True)
    echo(f"    {start.origins}", err=True)


def _steps(start: Start) -> Iterator[list[str]]:
    """From an empty service to a merged change, each with its commands: what is there already is no step."""
    people = Path(start.file).parents[2] / "directory/users/people.yaml"
    if command := install():
        yield ["install the service:", command]
    for step in STEPS:
        if step is COMMIT and not checkout_here():
            yield [*BEGIN]
        yield [
            text.format(file=start.file, token=start.needed[0], people=people, python=shlex.quote(sys.executable))
            for text in step
        ]
