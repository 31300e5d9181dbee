"""reconcile completion: what makes a shell complete commands, options, apps and names."""

from __future__ import annotations

import click

from reconciler.cli.common import no_color_option

SHELLS = ("bash", "zsh", "fish")


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
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(context.find_root().command, {}, "reconcile", "RECONCILE_COMPLETE").source())
