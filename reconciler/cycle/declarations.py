"""A folder in, its declarations and all that is to be said of them out. Reads files."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from reconciler.declare.model import Declarations
from reconciler.declare.place import Problem


def checked(desired: Path, apps: Collection[str] = ()) -> tuple[Declarations, list[Problem]]:
    """The declarations and all that is to be said of them; where `apps` are named, of no other app more than these need."""
    from reconciler.declare.listed import listed
    from reconciler.declare.load import load
    from reconciler.resolve.check import check
    from reconciler.scim.shared_tokens import check_credentials

    loaded = load(desired, apps)
    declared = loaded.declarations
    ours = check_credentials(declared.apps.values(), os.environ, declared.others.values())
    return loaded.declarations, listed([*loaded.problems, *check(loaded.declarations), *ours])
