"""What a shell offers while somebody types: apps, users, addresses and pages, from the declarations at hand. Reads files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from reconciler.declare.names import group_address, user_address

MOST = 200  # what a shell lists


def apps(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Folders of apps."""
    folder = Path(context.params.get("desired") or "desired", "apps")
    return _beginning(begun, sorted(item.name for item in folder.iterdir())) if folder.is_dir() else []


def users(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Everybody who is declared, by userPrincipalName; with `User/` or `Group/` begun, addresses."""
    names, groups = _declared(context)
    kinds = ("user/", "group/")
    if begun.lower().startswith(kinds):
        return _beginning(begun, [*(user_address(name) for name in names), *(group_address(name) for name in groups)])
    starts = [CompletionItem(kind.capitalize()) for kind in kinds if len(begun) > 1 and kind.startswith(begun.lower())]
    return _beginning(begun, names) or starts


def addresses(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Addresses of all that is declared."""
    return _beginning(begun, declared(context))


def declared(context: click.Context) -> list[str]:
    """Addresses of all that is declared; none where the declarations cannot be read."""
    names, groups = _declared(context)
    return [*(user_address(name) for name in names), *(group_address(name) for name in groups)]


def _declared(context: click.Context) -> tuple[list[str], list[str]]:
    """Names of users and of groups; none where the declarations cannot be read."""
    from reconciler.declare.load import load

    found = load(Path(context.params.get("desired") or "desired")).declarations
    return found.users.column("userPrincipalName"), found.groups.column("displayName")


def _beginning(begun: str, names: Iterable[str]) -> list[CompletionItem]:
    """Those that begin so, in any case; control characters are not for a shell."""
    known = (name for name in names if name.lower().startswith(begun.lower()) and name.isprintable())
    return [CompletionItem(name) for name, _ in zip(known, range(MOST), strict=False)]
