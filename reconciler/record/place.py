"""A local record that came with the change is no record of what was applied: what Git tracks, and in CI the whole checkout."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from reconciler.declare.settings import RecordSettings
from reconciler.record.here import ask, checkout_here, inside
from reconciler.record.store import RecordError

FOLDER = "RECONCILE_RECORD_FOLDER"


def refuse_brought_record(folder: Path, desired: str, chosen: str | None) -> None:
    """Raises RecordError where the record is one that Git tracks, or CI would take one from the checkout.

    Unless the environment names the folder. `folder` is that of the app's record; `chosen` is the place that reconciler.yaml
    names, if any: one would be made there.
    """
    ci = bool(os.environ.get("CI"))
    if not ((ci and chosen is not None) or os.path.lexists(folder.parent)):
        return
    named, places = os.environ.get(FOLDER), (Path(os.path.abspath(folder)), folder.resolve())
    if named and all(place.is_relative_to(Path(named).resolve()) for place in places):
        return
    if item := _tracked(folder):
        raise RecordError(
            f"the record would be in {folder}, and Git tracks {item}: a change can bring one",
            f"take it out of Git (`git rm -r --cached {item}`), or write `record: {{backend: git, remote: "
            "origin}` in reconciler.yaml",
        )
    if not ci or not (chosen is not None or os.path.lexists(folder)):
        return
    roots = _checkouts(os.getcwd(), desired, os.environ.get("GITHUB_WORKSPACE", ""))
    if any(place.is_relative_to(root) for place in places for root in roots):
        raise RecordError(
            f"the record would be in {folder}, inside of the checkout, where the change itself can bring one",
            "write `record: {backend: git, remote: origin}` in reconciler.yaml; or, if that folder is kept from "
            f"run to run and no change can write to it, set {FOLDER} to it",
        )


def is_lost_with_the_machine(settings: RecordSettings) -> bool:
    """Whether a CI runner would take the record with it when it goes."""
    return bool(os.environ.get("CI")) and settings.backend == "local" and settings.path is None


def _tracked(folder: Path) -> str | None:
    """What Git tracks in the folder, or the link behind which it lies; named from the top level of the checkout."""
    links = [item for item in (folder, *folder.parents) if item.is_symlink()]
    for item in (folder, *links):
        path = inside(os.path.join(item.parent.resolve(), item.name))
        listed = (ask("ls-files", "-z", "--full-name", "--", path) or "") if path is not None else ""
        if listed:
            return listed.split("\0")[0] if item in links else path
    return None


@cache
def _checkouts(here: str, desired: str, workspace: str) -> frozenset[Path]:
    """What was checked out here, as far as can be told."""
    checkout = checkout_here()
    folders = [here, str(Path(desired).parent), str(checkout.top) if checkout else here, workspace or here]
    return frozenset(Path(folder).resolve() for folder in folders)
