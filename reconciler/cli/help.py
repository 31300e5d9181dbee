"""reconcile help: the pages of this package, and the options of a command."""

from __future__ import annotations

import sys
from importlib.resources import files
from importlib.resources.abc import Traversable

import click

from reconciler.cli.common import meant, no_color_option


@click.command()
@click.argument("topic", default="", shell_complete=lambda context, _, begun: _beginning(context, begun))
@no_color_option
@click.pass_context
def help(context: click.Context, topic: str, no_color: bool) -> None:
    """Show a page on TOPIC, or the options of a command; without one, list the pages.

    On a terminal a page is laid out; in a pipe it is Markdown.
    """
    titles = pages()
    commands = context.find_root().command
    assert isinstance(commands, click.Group)
    if not topic:
        click.echo(_listed(titles))
    elif topic in titles:
        _show(text_of(topic), no_color)
    elif topic in commands.list_commands(context):
        command = commands.get_command(context, topic)
        assert command is not None
        with command.make_context(topic, [], parent=context.find_root(), resilient_parsing=True) as found:
            click.echo(command.get_help(found))
    else:
        raise click.UsageError(f"no page and no command {topic!r}; " + meant(topic, [*titles, *commands.list_commands(context)]))


def _beginning(context: click.Context, begun: str) -> list[str]:
    """Pages and commands that begin so."""
    commands = context.find_root().command
    assert isinstance(commands, click.Group)
    return [name for name in (*pages(), *commands.list_commands(context)) if name.startswith(begun)]


def pages() -> dict[str, str]:
    """Name of each page -> its title, in the order of names."""
    names = sorted(page.name.removesuffix(".md") for page in _folder().iterdir() if page.name.endswith(".md"))
    return {name: text_of(name).partition("\n")[0].lstrip("# ") for name in names}


def text_of(name: str) -> str:
    """A page, as Markdown."""
    return (_folder() / f"{name}.md").read_text(encoding="utf-8")


def _folder() -> Traversable:
    return files("reconciler") / "docs"


def _listed(titles: dict[str, str]) -> str:
    width = max(map(len, titles))
    lines = [f"  {name.ljust(width)}  {title}" for name, title in titles.items()]
    return "\n".join(
        ["Pages, each shown by `reconcile help NAME`:", "", *lines, "", "Commands are listed by `reconcile --help`."]
    )


def _show(text: str, no_color: bool) -> None:
    """A page, laid out for a person or raw for a program."""
    if not sys.stdout.isatty():
        click.echo(text, nl=False)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console(no_color=no_color or None).print(Markdown(text, hyperlinks=False))
