"""The pages of the documentation: commands and options in them exist, links lead somewhere, and each page is found."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from reconciler.cli import help_keys
from reconciler.cli.examples import ENDINGS
from reconciler.cli.help import KINDS, text_of
from reconciler.cli.main import COMMANDS, SECTIONS, cli, run
from reconciler.declare.names import fold
from tests.support.servers import ROOT

DOCS = ROOT / "reconciler/docs"
README = ROOT / "README.md"
PAGES = (README, *sorted(DOCS.glob("*.md")))
LONGEST = 150  # lines of the README
NOT_BY_HAND = ("codes", "commands", "environment", "functions", "keys", "options", "profile-values")
WRONG = r"^### Unknown(Command|Option)$.*?(?=^### )"  # what these codes show is not there
# Of the nightly workflow, importing or adopting (a lock alone is taken over), a checkout, what is disabled.
TAKEN = r"(?<!lock )(?<!is )(?<!was )tak(?:en?|es) (?:it |them )?over(?! \w+ minutes)"
OTHER_NAMES = rf"night(?:ly)? (?:job|apply|run)|{TAKEN}|\b(?:work tree|working copy|clone)\b|deactivated"


def options(command: click.Command) -> set[str]:
    inner = [options(item) for item in command.commands.values()] if isinstance(command, click.Group) else []
    return {"--help"}.union(*inner, *([o for o in p.opts if o.startswith("--")] for p in command.params))


def known() -> dict[str, set[str]]:
    """Each command's long options, those of its own commands included."""
    context = click.Context(cli)
    return {name: options(command) for name in COMMANDS if (command := cli.get_command(context, name))}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_and_option_of_a_page_exists(page: Path) -> None:
    text = re.sub(WRONG, "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for name, rest in re.findall(r"(?:`|\$ |^)reconcile ([a-z][a-z-]*)([^`\n]*)", text, re.MULTILINE):
        assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", rest)) <= known()[name], name
    for row in text.splitlines():
        if command := re.match(r"\| `reconcile ([a-z-]+)", row):
            assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", row)) <= known()[command[1]], row


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_inside_the_project_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).is_file()] == []


def test_the_readme_is_short_and_leads_to_every_page() -> None:
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST
    assert [page.name for page in DOCS.glob("*.md") if f"(reconciler/docs/{page.name})" not in text] == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.stem not in NOT_BY_HAND], ids=lambda page: page.stem)
def test_a_page_calls_a_thing_by_its_one_name(page: Path) -> None:
    """The words of the glossary in ARCHITECTURE: the provisioning log by its whole name first, and no second name for another."""
    text = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", " ", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = " ".join(text.split())
    logs = re.findall(r"(?<!activity )(provisioning log|\blog\b)(?! of (?:a|its) run)", text.replace("[log", ""), re.IGNORECASE)
    assert not logs or logs[0].lower() == "provisioning log"
    assert re.findall(OTHER_NAMES, text, re.IGNORECASE) == []


def test_help_lists_and_shows_every_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help"]) == 0
    listed = capsys.readouterr().out
    assert sorted(name for names in KINDS.values() for name in names) == sorted(page.stem for page in DOCS.glob("*.md"))
    assert all(len(line) <= 80 for line in listed.splitlines())
    for page in DOCS.glob("*.md"):
        assert re.search(rf"^  {page.stem} +\S", listed, re.MULTILINE), page
        assert run(["help", page.stem]) == 0
        assert capsys.readouterr().out == page.read_text(encoding="utf-8")


def test_help_shows_a_command_s_options_and_says_what_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", "plan"]) == 0
    assert "--detailed-exitcode" in capsys.readouterr().out
    assert run(["help", "safegards"]) == 64
    assert "did you mean 'safeguards'?" in capsys.readouterr().err
    assert run(["help", "safeguard"]) == 0
    assert "`reconcile help safeguards` is a page on it.\n" in capsys.readouterr().out
    assert run(["help", "zzzzzzzz"]) == 64
    assert "did you mean" not in capsys.readouterr().err


def test_help_says_what_a_key_is_and_in_which_file(capsys: pytest.CaptureFixture[str]) -> None:
    table = "| key | value | what it is |\n|---|---|---|\n| **`adminCredentials.tenantUrl`** | string | The SCIM"
    row = f"\n## apps/APP/app.yaml\n\n{table}"
    for typed in ("tenantUrl", "tenanturl", "adminCredentials.tenantUrl"):
        assert run(["help", typed]) == 0
        assert row in capsys.readouterr().out
    assert run(["help", "approvals.plan"]) == 0
    assert "`approvals[].plan`" in capsys.readouterr().out
    assert run(["help", "displayName"]) == 0
    assert {"directory/users/*.yaml", "apps/APP/roles.yaml"} < set(re.findall("^## (.*)", capsys.readouterr().out, re.MULTILINE))
    assert run(["help", "secretTokn"]) == 64
    assert "did you mean 'secretToken'?" in capsys.readouterr().err
    assert run(["help", "nonsense"]) == 64
    assert "did you mean" not in capsys.readouterr().err


def test_every_key_of_the_schemas_has_its_help() -> None:
    names = help_keys.names(text_of("keys"))
    assert {"tenantUrl", "plan", "matchingPrecedence", "minimumActive", "displayName"} < set(names) and "" not in names
    assert {fold(name) for name in names} <= help_keys.by_name(text_of("keys")).keys()


def test_help_finds_variables_and_lists_the_how_to_pages(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", "RECONCILE_ALLOWED_ORIGINS"]) == 0
    assert capsys.readouterr().out.startswith("# RECONCILE_ALLOWED_ORIGINS\n")
    assert run(["help", "howto"]) == 0
    assert "howto-recover " in capsys.readouterr().out


def test_choices_that_lack_are_said_in_one_line_that_ends_in_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion"]) == 64
    said = capsys.readouterr().err
    assert "Choose from bash, zsh, fish [MissingArgument]\n" in said


def test_help_has_each_command_in_one_section_and_says_where_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    assert sorted(name for names in SECTIONS.values() for name in names) == sorted(COMMANDS)
    assert run(["--help"]) == 0
    said = capsys.readouterr().out
    assert [title for title in SECTIONS if f"\n{title}:\n" not in said] == []
    assert "`reconcile init`" in said and all(len(line) <= 80 for line in said.splitlines())


def walked() -> Iterator[str]:
    """Every command, and those inside of others by both names."""
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        yield from (name, *(f"{name} {inner}" for inner in (command.commands if isinstance(command, click.Group) else ())))


@pytest.mark.parametrize("name", list(walked()))
def test_a_command_s_help_names_its_exit_codes_and_an_example_that_can_be_typed(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for file in ("plan.json", "reviewed.json"):
        Path(file).touch()
    first, *inner = name.split()
    assert run([first, *inner, "--help"]) == 0
    said = capsys.readouterr().out
    assert "xit code" in said and f"  {ENDINGS[name][1]}\n" in said
    assert [line for line in said.splitlines() if len(line) > 80 or re.search(r"[\w,]\.\.\.$", line)] == []
    words = shlex.split(ENDINGS[name][1].partition(" > ")[0])
    assert words[: 2 + len(inner)] == ["reconcile", first, *inner]
    command = cli.get_command(click.Context(cli), first)
    for part in inner:
        assert isinstance(command, click.Group)
        command = command.commands[part]
    assert command is not None
    with command.make_context(name, words[2 + len(inner) :]):
        pass
    assert {word for word in words if word.startswith("--")} <= options(command)


@pytest.mark.parametrize("name", ["ARCHITECTURE", "CONTRIBUTING"])
def test_what_a_page_for_contributors_names_is_there(name: str) -> None:
    text = (ROOT / ".github" / f"{name}.md").read_text(encoding="utf-8")
    paths = [path for path in re.findall(r"`([\w./-]+)`", text) if "/" in path and not path.startswith(("User/", "desired/"))]
    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path).exists() and not (ROOT / "reconciler" / path).exists()] == []
