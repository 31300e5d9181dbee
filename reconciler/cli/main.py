"""The command `reconcile`: commands are imported when they are called, so that --help is instant."""

from __future__ import annotations

import gc
import importlib
import keyword
import os
import signal
import sys
from typing import NoReturn

import click

from reconciler.cli.examples import ending
from reconciler.cli.streams import finish, prepare

INTERRUPTED = 130
COMMANDS = {
    "init": "Write a small working desired/, the schemas for editors, and GitHub workflows.",
    "apps": "List the apps, and whether each one's token is set.",
    "validate": "Check every declaration and report all errors at once.",
    "test-connection": "Ask the service for what provisioning needs, and say what works and what does not.",
    "plan": "Show what an apply would do. Writes nothing to the service.",
    "show": "Show a saved plan again.",
    "diff": "Show what differs between two saved plans, and whether the declaration or the service changed.",
    "apply": "Plan, ask and write; or do exactly what saved plans say.",
    "run": "Run a cycle of every app each interval, until stopped.",
    "status": "Show how each app's cycles go, from the record.",
    "restart": "End an escrow or a quarantine, or have the next cycle look at everything.",
    "notify": "Send test notifications, or send earlier ones again.",
    "import": "Write what a service has already as declarations.",
    "explain": "Show step by step what becomes of one user, and why.",
    "access": "Show who has which role and group, and what gives it.",
    "review": "Review who has what, in files that reviewers fill in.",
    "eval": "Show what an expression or a mapping gives for one user, call by call.",
    "logs": "Show the provisioning log: what was done to whom, when, why and with whose approval.",
    "report": "Write one page about all apps, for a browser.",
    "lock": "Show who holds the lock.",
    "unlock": "Break a lock whose holder will never return.",
    "record": "Show, fix, move or prune what was last applied.",
    "revoke": "Disable a person's account in every app at once.",
    "github": "Comments, issues and reviewed plans on GitHub, for the workflows.",
    "help": "Show a page of the documentation, or the options of a command.",
    "completion": "Print the completion script of a shell.",
    "demo": "The whole story against real SCIM servers that it starts itself.",
}

SECTIONS = {
    "Begin": ("init", "import", "demo", "help", "completion"),
    "Declare, plan and apply": ("validate", "eval", "test-connection", "plan", "show", "diff", "apply", "explain", "revoke"),
    "Who has what": ("access", "review", "logs", "report"),
    "Cycles by themselves": ("run", "status", "restart", "notify"),
    "The record of what was applied": ("record", "lock", "unlock"),
    "In workflows": ("apps", "github"),
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS and ctx.resilient_parsing:  # a shell asks how it might go on
            return None
        if cmd_name not in COMMANDS:
            from reconciler.cli.wrong_usage import no_command

            raise no_command(cmd_name, list(COMMANDS), ctx)
        name = cmd_name.replace("-", "_") + "_" * keyword.iskeyword(cmd_name)
        command: click.Command = getattr(importlib.import_module(f"reconciler.cli.{name}"), name)
        command.epilog = ending(cmd_name)
        for name, inner in command.commands.items() if isinstance(command, click.Group) else ():
            inner.epilog = ending(f"{cmd_name} {name}")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(max(map(len, COMMANDS))), COMMANDS[name]) for name in names])


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="New here? Run `reconcile init` in an empty folder and do what it prints, or read `reconcile help tutorial`.",
)
@click.version_option(package_name="scim-reconciler", prog_name="reconcile")
def cli() -> None:
    """Identity as code: declare users, groups, roles and mappings in YAML; plan and apply them over SCIM."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run, and leave with one of the exit codes that `reconcile help commands` lists."""
    prepare()
    # Until it writes, a run makes millions of objects that live to its end: looking for dead ones takes a third of it.
    gc.disable()
    gc.set_threshold(100_000, 50, 100)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends us in order gets an orderly end
    _leave(run(arguments))


def _leave(code: int) -> NoReturn:
    """At once: Python would take a million objects apart first, and wait for threads that wait for a service that hangs."""
    os._exit(code or 1 if finish() else code)


def _shown(error: click.ClickException) -> str:
    """Its message, which may hold a name, or what somebody typed."""
    from reconciler.report.safe import plain

    message = error.format_message().replace(":\n\t", " ").replace(",\n\t", ", ")  # a list of choices, one a line
    return "\n".join(map(plain, message.expandtabs(4).split("\n")))


def run(arguments: list[str] | None = None) -> int:
    """The exit code of a command line, by default the process's own."""
    if "RECONCILE_COMPLETE" in os.environ:
        importlib.import_module("reconciler.cli.completion")  # which tells click of our Bash
    try:
        code = cli.main(arguments, "reconcile", "RECONCILE_COMPLETE", standalone_mode=False)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 64
    except click.UsageError as error:
        from reconciler.cli.wrong_usage import show

        show(error, _shown(error), sys.argv[1:] if arguments is None else arguments)
        return 64
    except click.ClickException as error:
        click.ClickException(_shown(error)).show()
        return 1
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    return code if isinstance(code, int) else 0
