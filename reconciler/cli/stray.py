"""A word after a command that takes none: what was meant by it, and what to type. Reads the names of apps and of files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from reconciler.declare.names import fold, user_address


def takes_no_words(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command refuses every word that is no option, and says which option was meant."""
    return click.argument("words", nargs=-1, metavar="", expose_value=False, callback=_refused)(command)


def _refused(context: click.Context, parameter: click.Parameter, words: tuple[str, ...]) -> None:
    if words and not context.resilient_parsing:
        name = context.info_name or ""
        raise click.UsageError(f"{name} takes no argument {words[0]!r}\n    {_instead(context, f'reconcile {name}', words[0])}")


def _instead(context: click.Context, typed: str, word: str) -> str:
    """What to type."""
    from reconciler.cli.main import COMMANDS
    from reconciler.declare.wording import likely

    takes = {option for parameter in context.command.params for option in parameter.opts}
    folder = Path(context.params.get("desired") or "desired", "apps")
    apps = sorted(entry.name for entry in folder.iterdir() if entry.name[0] != ".") if folder.is_dir() else []
    if word in COMMANDS:
        return f"`reconcile {word}` is a command of its own"
    if Path(word).is_file() and word.endswith(".json"):
        return f"a saved plan is shown by `reconcile show {word}`, and applied by `reconcile apply {word}`"
    if "--only" in takes and ("@" in word or fold(word).startswith(("user/", "group/"))):
        return f"for one object write `{typed} --only {word if '/' in word else user_address(word)}`"
    if "--desired" in takes and Path(word).is_dir():
        return f"for the declarations of a folder write `{typed} --desired {word}`"
    if "--app" in takes and (app := likely(word, apps)):
        return f"for one app write `{typed} --app {app}`"
    every = [(f"--app {apps[0] if apps else 'NAME'}", "one app"), ("--only ADDRESS", "one object")]
    known = [f"`{typed} {option}` for {what}" for option, what in every if option.split()[0] in takes]
    return "write " + ", ".join(known) if known else f"see `{typed} --help`"
