"""A desk in a checkout, whose record lies in Git on a remote."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from tests.support.gitworld import GitWorld
from tests.support.servers import Desk

IN_GIT = "record: {backend: git, remote: origin}\n"


def applied_in_git(folder: Path, url: str) -> tuple[GitWorld, Desk]:
    """The remote with its checkout, and a desk in there that has applied, to a tenant of its own of the service at `url`."""
    remote = GitWorld(folder)
    desk = Desk(remote.checkout, f"{url}/{uuid4().hex}/v2")
    desk.write("reconciler.yaml", IN_GIT)
    assert desk.reconcile("apply", "--auto-approve").code == 0
    return remote, desk
