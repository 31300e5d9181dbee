"""reconcile completion: what makes a shell complete commands, options, apps and names."""

from __future__ import annotations

import os

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    get_completion_class,
)
from click.shell_completion import split_arg_string as words_of

from reconciler.cli.common import no_color_option

SHELLS = ("bash", "zsh", "fish")
BREAKS = "@=:"  # where bash breaks what is typed into words of its own, and completes the last of them
# As click's, but that it hands on the line itself, and that a name with a blank stays one word.
BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' line="${COMP_LINE:0:COMP_POINT}" completion type value
    COMPREPLY=()
    for completion in $(COMP_LINE="$line" COMP_WORDBREAKS="$COMP_WORDBREAKS" %(complete_var)s=bash_complete $1); do
        IFS=',' read type value <<< "$completion"
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                [[ ${COMP_WORDS[COMP_CWORD]} == [\\"\\']* ]] || printf -v value %%q "$value"
                COMPREPLY+=("$value") ;;
        esac
    done
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""


@add_completion_class
class Bash(BashComplete):
    """Bash, of whose words those of the line are made again: an address holds `@`, and `--app=wiki` a `=`."""

    source_template = BASH
    there = 0  # letters of a completion that bash does not want again

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the cursor, and the one that is begun."""
        line = os.environ["COMP_LINE"]
        words = [*words_of(line), *([""] if line[-1:].isspace() else [])]
        begun = words[-1]
        value = begun.partition("=")[2] if begun.startswith("-") else begun
        breaks = set(BREAKS) & set(os.environ.get("COMP_WORDBREAKS", BREAKS))
        self.there = max((value.rfind(sign) + 1 for sign in breaks), default=0)
        return words[1:-1], begun

    def format_completion(self, item: CompletionItem) -> str:
        """A completion without what stands before the last break."""
        return f"{item.type},{item.value[self.there :]}"


class _Whole(ShellComplete):
    """A shell that wants the whole word again, of `--app=wi` also the option."""

    option = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        before, begun = super().get_completion_args()
        name, sign, _ = begun.partition("=")
        self.option = name + sign if begun.startswith("-") and sign else ""
        return before, begun

    def format_completion(self, item: CompletionItem) -> str:
        """A completion behind the option that it is a value of."""
        return super().format_completion(CompletionItem(self.option + item.value, item.type, item.help))


@add_completion_class
class Zsh(_Whole, ZshComplete):
    """zsh, as click has it else."""


@add_completion_class
class Fish(_Whole, FishComplete):
    """fish, as click has it else."""


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@no_color_option
@click.pass_context
def completion(context: click.Context, shell: str, no_color: bool) -> None:
    """Print the script that completes commands, options, apps, users, groups, pages and codes in SHELL.

    \b
    bash: eval "$(reconcile completion bash)" in ~/.bashrc
    zsh:  eval "$(reconcile completion zsh)" in ~/.zshrc, after compinit
    fish: reconcile completion fish > ~/.config/fish/completions/reconcile.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(context.find_root().command, {}, "reconcile", "RECONCILE_COMPLETE").source())
