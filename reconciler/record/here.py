"""What git answers of the checkout around the current folder; None where there is none, or no git. Runs git, writes nothing."""

from __future__ import annotations

import os
from pathlib import Path

from reconciler.record.checkout import Checkout, find_checkout
from reconciler.record.store import RecordError

_found: dict[str, Checkout] = {}  # by folder, for as long as we run


def checkout_here() -> Checkout | None:
    """The checkout around the current folder; None where there is none, or no git. One that was found is not looked for again."""
    here = os.getcwd()
    if here not in _found:
        if not any(os.path.lexists(folder / ".git") for folder in (Path(here), *Path(here).parents)):
            return None  # git would say the same, a process later
        try:
            _found[here] = find_checkout(Path(here), os.environ)
        except RecordError:
            return None
    return _found[here]


def inside(file: str) -> str | None:
    """The path of a file from the top level of the checkout around the current folder; None where it lies elsewhere."""
    checkout = checkout_here()
    path = os.path.relpath(os.path.join(os.path.realpath(os.getcwd()), file), checkout.top) if checkout else ".."
    return None if path == ".." or path.startswith("../") else path


def ask(*arguments: str) -> str | None:
    """What git answers, or None where it refuses."""
    raw = output(*arguments)
    return None if raw is None else raw.decode("utf-8", "surrogateescape")


def output(*arguments: str) -> bytes | None:
    """The bytes that git answers of the current folder's checkout, at whose top level it stands; None where it refuses."""
    checkout = checkout_here()
    return checkout.output("--literal-pathspecs", *arguments) if checkout else None
