"""A command line that is wrong, which ends in 64: click's errors in, each with its code out. Prints."""

from __future__ import annotations

from collections.abc import Sequence

import click

from reconciler.cli import usage_json
from reconciler.cycle.clock import now


class UnknownName(click.UsageError):
    """Somebody or something is named that nothing is called."""


class UnknownCommand(click.UsageError):
    """A word that is no command."""


class BadValue(click.UsageError):
    """A value that its option or argument does not take."""


OURS = (UnknownName, UnknownCommand, BadValue)
# click's own, by name: its versions do not have the same ones.
OF_CLICK = {
    "NoSuchCommand": "UnknownCommand",
    "NoSuchOption": "UnknownOption",
    "MissingParameter": "MissingArgument",
    "BadParameter": "BadValue",
}
ELSE = "WrongUsage"
WHOLE = 1000  # letters, more than a sentence has


class Commands(click.Group):
    """A command that holds others, and says which of them was meant."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        if found is None and not ctx.resilient_parsing:
            raise no_command(cmd_name, self.list_commands(ctx), ctx)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each with its first sentence, whole: click would cut it at 45 letters."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.commands[name].get_short_help_str(WHOLE)) for name in self.list_commands(ctx)])


def no_command(name: str, known: list[str], context: click.Context) -> UnknownCommand:
    """What to say of a word that is no command."""
    from reconciler.declare.wording import SURE, did_you_mean, hint

    begun = [command for command in known if len(name) > 1 and command.startswith(name)]
    instead = did_you_mean(begun[0], "") if len(begun) == 1 else hint(name, known, "commands are ", SURE)
    return UnknownCommand(f"no command {name!r}\n    {instead}", context)


def code_of(error: click.UsageError) -> str:
    """The code of one of ours, or of click's."""
    if isinstance(error, click.BadOptionUsage):  # click has one kind, and no context, for a value too many and for none
        return "BadValue" if "does not take" in error.message else "MissingArgument"
    kinds = [kind.__name__ for kind in type(error).__mro__]
    ours = [kind.__name__ for kind in OURS if isinstance(error, kind)]
    return next((OF_CLICK[kind] for kind in kinds if kind in OF_CLICK), ours[0] if ours else ELSE)


def _with_an_example(error: click.UsageError, text: str, arguments: Sequence[str]) -> str:
    """What is wrong, with all that has to be named and what to type, where something is missing or too much."""
    from reconciler.cli.examples import ENDINGS

    if isinstance(error, click.NoSuchOption):
        text = _no_option(error)
    if isinstance(error, click.MissingParameter) and len(left := _missing(error, arguments)) > 1:
        text = f"Missing options {', '.join(map(repr, left))}."
    is_missing = code_of(error) == "MissingArgument" or "unexpected extra argument" in text
    path = error.ctx.command_path.partition(" ")[2] if error.ctx else usage_json.command_of(arguments)
    example = ENDINGS.get(path, ("", ""))[1]
    return f"{text}\n    for example: `{example}`" if is_missing and example and "\n" not in text else text


def _no_option(error: click.NoSuchOption) -> str:
    """In our words, with what was meant where something is near."""
    from reconciler.declare.wording import did_you_mean
    from reconciler.report.safe import plain

    path = error.ctx.command_path if error.ctx else "reconcile"
    meant = did_you_mean(sorted(error.possibilities or ()), f"`{path} --help` lists the options")
    return f"no option {plain(error.option_name)!r}\n    {meant}"


def _missing(error: click.MissingParameter, arguments: Sequence[str]) -> list[str]:
    """The options that a command needs and that were not typed."""
    command = error.ctx.command if error.ctx else None
    typed = {word.partition("=")[0] for word in arguments}
    needed = [item.opts for item in command.params if isinstance(item, click.Option) and item.required] if command else []
    return [names[0] for names in needed if not typed.intersection(names)]


def show(error: click.UsageError, text: str, arguments: Sequence[str]) -> None:
    """How the command is used, and what is wrong: `text`, which may hold what somebody typed, with the code.

    A program that asked for JSON has it on stdout, too, as it has other errors of the command.
    """
    from reconciler.cli.terminal import print_it

    if error.ctx is not None:
        print_it(f"{error.ctx.get_usage()}\nTry '{error.ctx.command_path} --help' for help.\n", err=True)
    first, end, rest = _with_an_example(error, text, arguments).partition("\n")
    line = f"Error: {first} [{code_of(error)}]"
    print_it(line + end + rest, err=True)
    if usage_json.is_asked(arguments):
        command = usage_json.command_of(arguments)
        remedy = " ".join(rest.split()) or f"`{error.ctx.command_path if error.ctx else 'reconcile'} --help` says what it takes"
        click.echo(usage_json.as_json(command, usage_json.Told(code_of(error), first, remedy), now()), nl=False)
