"""The page of options: each command's own help, as click has it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import click

from reconciler.cli.main import COMMANDS, cli

HEAD = """# Every command with all its options

What `reconcile COMMAND --help` prints. [Commands](commands.md) has them all at a glance, and what the exit codes
mean.
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _rows(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record is not None:
            yield f"| `{record[0].replace('|', chr(92) + '|')}` | {_cell(record[1])} |"


def _section(command: click.Command, context: click.Context, title: str) -> Iterator[str]:
    usage = " ".join(command.collect_usage_pieces(context))
    words, _, lines = (command.help or "").partition("\b\n")  # click's mark for lines that stay as they are
    said = textwrap.fill(" ".join(words.split()), 120)
    yield f"## {title}\n\n```text\nreconcile {title} {' '.join(usage.split())}\n```\n\n{said}\n"
    yield from ([f"```text\n{textwrap.dedent(lines).strip()}\n```\n"] if lines else [])
    yield "| option | what it does |\n|---|---|\n" + "\n".join(_rows(command, context)) + "\n"
    codes, _, example = (command.epilog or "").partition("\b\nExample:\n  ")
    yield from ([f"{codes.strip()}\n"] if codes.strip() else [])
    yield from ([f"```text\n{example}\n```\n"] if example else [])
    for name, part in sorted(command.commands.items()) if isinstance(command, click.Group) else ():
        yield from _section(part, click.Context(part, context, name), f"{title} {name}")


def page() -> str:
    """The whole page, as Markdown."""
    context = click.Context(cli, info_name="reconcile", **cli.context_settings)
    parts = [HEAD]
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        parts += _section(command, click.Context(command, context, name), name)
    return "\n".join(parts)
