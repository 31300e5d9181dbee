"""A local record on a machine of CI: what lies in the checkout came with the change, and is no record of what was applied."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from reconciler.cli.revision import checkout_here
from reconciler.record.store import RecordError

FOLDER = "RECONCILE_RECORD_FOLDER"


def refuse_brought_record(folder: Path, desired: str, chosen: bool) -> None:
    """Raises RecordError where CI would take a record from the checkout, unless the environment names the folder.

    `folder` is that of the app's record; `chosen` says that reconciler.yaml names a place, so that one would be made there.
    """
    if not os.environ.get("CI") or not (chosen or os.path.lexists(folder)):
        return
    named, places = os.environ.get(FOLDER), (Path(os.path.abspath(folder)), folder.resolve())
    if named and all(place.is_relative_to(Path(named).resolve()) for place in places):
        return
    roots = _checkouts(os.getcwd(), desired, os.environ.get("GITHUB_WORKSPACE", ""))
    if any(place.is_relative_to(root) for place in places for root in roots):
        raise RecordError(f"the record would lie in {folder}, inside of the checkout, where the change itself can bring one",
                          "write `record: {backend: git, remote: origin}` in reconciler.yaml; or, if that folder is kept from "
                          f"run to run and no change can write to it, set {FOLDER} to it")  # fmt: skip


@cache
def _checkouts(here: str, desired: str, workspace: str) -> frozenset[Path]:
    """What was checked out here, as far as can be told."""
    checkout = checkout_here()
    found = [here, str(Path(desired).parent), str(checkout.top) if checkout else here, workspace or here]
    return frozenset(Path(folder).resolve() for folder in found)
