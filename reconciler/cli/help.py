"""reconcile help: the pages of this package, what a code or a key means, and the options of a command."""

from __future__ import annotations

import re
import sys
from importlib.resources import files
from importlib.resources.abc import Traversable

import click

from reconciler.cli import help_keys
from reconciler.cli.common import no_color_option
from reconciler.cli.examples import ENDINGS
from reconciler.cli.wrong_usage import UnknownName
from reconciler.declare.names import fold
from reconciler.declare.wording import did_you_mean, likely, nearly

CODES, VARIABLES, KEYS = "codes", "environment", "keys"  # the pages that hold a part for each
VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")
NEAR = 0.65  # of the letters; of so many names some share more than half with any word
END = """`reconcile help CODE` says what the code at the end of a message means, and
`reconcile help KEY` what a key of a YAML file is, such as tenantUrl.
`reconcile --help` lists the commands."""
KINDS = {
    "Begin": ("tutorial", "adopt", "github"),
    "How to": (
        "howto-leaver", "howto-temporary", "howto-rename", "howto-reorganisation", "howto-recover", "howto-private-record",
    ),
    "What there is": (
        "commands", "options", "environment", "files", "keys", "functions", "profile-values", CODES, "log", "metrics", "cost",
    ),
    "How it works": (
        "plans", "profiles", "safeguards", "leaving", "record", "service", "notifications", "access", "review", "security",
    ),
}  # fmt: skip


@click.command()
@click.argument("topics", nargs=-1, metavar="[TOPIC]", shell_complete=lambda context, _, begun: _beginning(context, begun))
@no_color_option
@click.pass_context
def help(context: click.Context, topics: tuple[str, ...], no_color: bool) -> None:
    """Show a page on TOPIC, what a code or a key of a file means, or the options of a command; without one, list the pages.

    On a terminal a page is laid out; in a pipe it is Markdown. A code is what messages end in, such as unknown-key; a key is
    one of the YAML files, such as tenantUrl.
    """
    titles, codes, topic = pages(), sections() | sections(VARIABLES), " ".join(topics)
    keys = help_keys.by_name(text_of(KEYS))
    if not topic:
        click.echo(_listed(titles))
    elif topic not in titles and (begun := [name for name in titles if name.startswith(f"{topic}-")]):
        click.echo("\n".join(f"{name.ljust(max(map(len, begun)))}  {titles[name]}" for name in begun))
    elif topic in titles:
        _show(text_of(topic), no_color)
    elif topic in codes:
        _show(codes[topic], no_color)
    elif topic in ENDINGS:
        click.echo(_of_command(context.find_root(), topic.split()))
    elif fold(topic) in keys:
        also = f"\n`reconcile help {topic}s` is a page on it.\n" if f"{topic}s" in titles else ""
        _show(keys[fold(topic)] + also, no_color)
    else:
        words = f"no page, command, code, variable or key {topic!r}"
        raise UnknownName(f"{words}\n    {_meant(topic, [*titles, *ENDINGS, *codes])}")


def _of_command(context: click.Context, names: list[str]) -> str:
    """The help of a command, or of one inside of another."""
    for name in names:
        assert isinstance(context.command, click.Group)
        command = context.command.get_command(context, name)
        assert command is not None
        context = command.make_context(name, [], parent=context, resilient_parsing=True)
    return context.get_help()


def _meant(topic: str, known: list[str]) -> str:
    """What to type instead; a variable that is not a slip of one of ours is most often one that an app names."""
    if VARIABLE.fullmatch(topic):
        own = f"app.yaml may name any variable; `reconcile help {VARIABLES}` lists those that reconcile itself reads"
        slip = nearly(topic, map(fold, sections(VARIABLES)))
        return did_you_mean(slip[0].upper() if slip else None, own)
    keys = {fold(name): name for name in help_keys.names(text_of(KEYS))}
    near = next((keys[name] for name in nearly(topic, keys)), None) or likely(topic, known, NEAR)
    return did_you_mean(near, "`reconcile help` lists the pages, `reconcile --help` the commands")


def _beginning(context: click.Context, begun: str) -> list[str]:
    """Pages, commands, codes, variables and keys that begin so, in any case."""
    commands = [name for name in ENDINGS if " " not in name]
    known = dict.fromkeys((*pages(), *commands, *sections(), *sections(VARIABLES), *help_keys.names(text_of(KEYS))))
    return [name for name in known if fold(name).startswith(fold(begun))]


def sections(page: str = CODES) -> dict[str, str]:
    """Each code, or each variable, and its part of the page of them."""
    parts = [part.partition("\n") for part in re.split(r"^(?:## .*\s+)?### ", text_of(page), flags=re.MULTILINE)[1:]]
    return {name: f"# {name}\n{text.rstrip()}\n" for name, _, text in parts}


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
    parts = ["Pages, each shown by `reconcile help NAME`:"]
    parts += [
        "\n".join([f"{kind}:", *(f"  {name.ljust(width)}  {titles[name]}" for name in names)]) for kind, names in KINDS.items()
    ]
    return "\n\n".join([*parts, END])


def _show(text: str, no_color: bool) -> None:
    """A page, laid out for a person or raw for a program."""
    if not sys.stdout.isatty():
        click.echo(text, nl=False)
        return
    from reconciler.cli.page_layout import show

    show(text, no_color)
