"""What is made from the code is as the code is: `make docs` writes it anew."""

from __future__ import annotations

import re

import click
import pytest

from reconciler.cli import common
from reconciler.cli.examples import ENDINGS, EXIT_CODES
from reconciler.cli.main import COMMANDS, INTERRUPTED, cli
from tests.references.environment_page import NOT_LISTED, VARIABLES, read_by_the_code
from tests.references.pages import LIST, MADE, PAGES


@pytest.mark.parametrize("name", MADE)
def test_a_page_that_is_made_is_current(name: str) -> None:
    assert (PAGES / name).read_text(encoding="utf-8") == MADE[name](), "write it anew with `make docs`, and read what changed"


def test_the_list_for_programs_is_in_the_package_and_names_every_page() -> None:
    listed = (PAGES / LIST).read_text(encoding="utf-8")
    assert [page.name for page in PAGES.glob("*.md") if f"]({page.name})" not in listed] == []


def test_the_page_of_environment_variables_has_what_the_code_reads() -> None:
    beside = {"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "SCIM_TOKEN"}  # read by names that are no constants
    assert read_by_the_code() - NOT_LISTED - beside == VARIABLES.keys() - beside


def test_the_page_of_commands_has_each_command_and_each_exit_code() -> None:
    text = (PAGES / "commands.md").read_text(encoding="utf-8")
    context = click.Context(cli)
    commands = {name: cli.get_command(context, name) for name in COMMANDS}
    whole = [
        f"{name} {inner}".strip()
        for name, command in commands.items()
        for inner in (command.commands if isinstance(command, click.Group) else ("",))
    ]
    assert sorted(re.findall(r"^\| `reconcile ([a-z -]+)` \| [A-Z].*[a-z.]", text, re.MULTILINE)) == sorted(whole)
    ours = {common.ERROR, common.CHANGES, common.BLOCKED, common.STALE, common.PARTIAL, common.LOCKED, INTERRUPTED}
    assert set(common.FIRST_OF) == EXIT_CODES.keys() - {64} == ours | {0}
    named = {int(code) for codes, _ in ENDINGS.values() for code in re.findall(r"(?:^|, )(\d+) ", codes)}
    assert named <= EXIT_CODES.keys()
