"""Codes of what was typed wrongly: the exit code is 64, and nothing was read or done. Pure."""

from __future__ import annotations

from reconciler.codes.model import told

NOTHING = "Nothing was read, asked or written."
HELP = "`reconcile COMMAND --help` prints what a command takes, with an example."

CODES = (
    told(
        "UnknownCommand",
        "There is no such command",
        "The word after `reconcile`, or after a command that holds others, is not a command.",
        f"{NOTHING} The nearest command is named where there is one.",
        "Type the command that was meant: `reconcile --help` lists all of them.",
        "`reconcile plann`",
    ),
    told(
        "UnknownOption",
        "The command has no such option",
        "An option was typed that this command does not take.",
        NOTHING,
        HELP,
        "`reconcile plan --aap wiki`",
    ),
    told(
        "BadValue",
        "The option does not take this value",
        "The value of an option or an argument is none of those that it takes, or has another form.",
        NOTHING,
        f"The message says which values there are, or which form they have. {HELP}",
        "`reconcile plan --format yaml`",
    ),
    told(
        "MissingArgument",
        "Something has to be named",
        "An argument that cannot be left out, or the value of an option, was not typed.",
        NOTHING,
        HELP,
        "`reconcile explain` without a name",
    ),
    told(
        "WrongUsage",
        "What was typed does not go together",
        "Options exclude each other, one needs another beside it, there is a word too many, or there is nobody to ask.",
        NOTHING,
        f"Do what the message says. {HELP}",
        "`reconcile access --at 2026-01-01 --diff 2025-01-01 2026-01-01`",
    ),
)
