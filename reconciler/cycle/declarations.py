"""A folder in, its declarations and all that is to be said of them out. Reads files."""

from __future__ import annotations

import os
from pathlib import Path

from reconciler.declare.model import Declarations, Problem


def checked(desired: Path) -> tuple[Declarations, list[Problem]]:
    """The declarations and all that is to be said of them."""
    from reconciler.declare.listed import listed
    from reconciler.declare.load import load
    from reconciler.resolve.check import check
    from reconciler.scim.shared_tokens import check_credentials

    loaded = load(desired)
    ours = check_credentials(loaded.declarations.apps.values(), os.environ)
    return loaded.declarations, listed([*loaded.problems, *check(loaded.declarations), *ours])
