"""The page of commands: what each is for, by its own help, with its example; the exit codes."""

from __future__ import annotations

from collections.abc import Iterator

import click

from reconciler.cli.examples import ENDINGS, EXIT_CODES
from reconciler.cli.main import SECTIONS, cli

HEAD = """# Commands and exit codes

`reconcile COMMAND --help` prints what is said here, and its options, which are all in [options](options.md).
"""
NOTES = """
## Exit codes

The same everywhere; a command's help names those that it has. A name or an address that was typed and that nothing has is
wrong usage (64), and nothing is done, also where others beside it are known; what `record` does not find in the record is an
error (1). Where several hold, as with several apps, it is the first of
130, 6, 1, 4, 3, 5, 2.

{codes}

Every error and every warning ends in a code in brackets: `reconcile help CODE` says what it means, why it matters and how to
fix it ([codes](codes.md)). Where an app cannot be planned, `plan --format json` has it under `unplanned`, with its code, and the
other apps under `plans`; a plan's `warning_codes` are those of its `warnings`, in their order. A program that asks for JSON and
types something wrongly has that as JSON too: under `error` with `code`, `message` and `remedy`, under `problems` of `validate`,
and as a line of `run`.

## What is printed

What was asked for goes to stdout; errors, warnings and progress go to stderr. On a terminal, lines of text wrap at its width (80
where it says none), and what is in backticks stays together; in a pipe or a file each line stays whole, so that `grep` finds a
change by its line. Of many that are alike a few are named and the rest is counted; `--full` shows each, and JSON always has all.

On a terminal an apply shows how many changes of all are done, how many end in a second, the time left at that rate, and what
most of it is waited for: the rate limit or the service. Elsewhere each change has its line as it ends, in the order of the plan.

## One app of many

With `--app NAME` (which may be repeated) a command reads and checks the directory, that app's folder, `reconciler.yaml`, the
policies on it, and of every other app where its token goes. What else is wrong there is said by `validate`, which checks
everything.
"""


def _rows(name: str, command: click.Command) -> Iterator[str]:
    """A command, and those inside of it."""
    said = " ".join((command.help or "").partition("\b")[0].split()).replace("|", "\\|").replace("<", "&lt;")
    if not isinstance(command, click.Group):
        yield f"| `reconcile {name}` | {said} | `{ENDINGS[name][1]}` |"
    for part, inner in sorted(command.commands.items()) if isinstance(command, click.Group) else ():
        yield from _rows(f"{name} {part}", inner)


def _section(title: str, names: tuple[str, ...]) -> str:
    context = click.Context(cli)
    commands = {name: found for name in names if (found := cli.get_command(context, name)) is not None}
    rows = "\n".join(row for name, command in commands.items() for row in _rows(name, command))
    return f"## {title}\n\n| command | what it does | for example |\n|---|---|---|\n{rows}\n"


def page() -> str:
    """The whole page, as Markdown."""
    codes = "| code | what it says |\n|---|---|\n" + "\n".join(f"| {code} | {words} |" for code, words in EXIT_CODES.items())
    return "\n".join((HEAD, *(_section(title, names) for title, names in SECTIONS.items()))) + NOTES.format(codes=codes)
