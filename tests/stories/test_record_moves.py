"""A record moves from place to place as reconciler.yaml says: a plan names where it was left, and is empty after the move."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.git_desk import IN_GIT, applied_in_git
from tests.support.gitworld import git
from tests.support.servers import scim_server

ON_A_BRANCH, LOCAL = (
    "record: {backend: git, remote: origin, ref: refs/heads/reconcile/<app>}\n",
    "record: {backend: local, path: keep}\n",
)
PLACES = [
    (ON_A_BRANCH, "refs/reconcile/wiki on origin"),
    (IN_GIT, "refs/heads/reconcile/wiki on origin"),
    (LOCAL, "refs/reconcile/wiki, as this checkout knew it"),
]


def test_each_move_is_told_in_the_plan_before_it_and_leaves_an_empty_one(tmp_path: Path) -> None:
    with scim_server() as url:
        remote, desk = applied_in_git(tmp_path, url)
        for text, left in PLACES:
            desk.write("reconciler.yaml", text)
            ran = desk.reconcile("plan")
            assert f"and one in {left}: people who left" in ran.out, ran.out + ran.err
            said = re.search("`reconcile (record migrate.*?)`", ran.out)
            assert said and desk.reconcile(*said[1].split()).code == 0
            ran = desk.reconcile("plan", "--detailed-exitcode")
            assert ran.code == 0 and "there is no record" not in ran.out, ran.out + ran.err
            assert desk.reconcile("record", "verify").code == 0
    refs = git(remote.bare, "for-each-ref", "--format=%(refname)").split()
    assert refs == ["refs/heads/main", "refs/heads/reconcile/wiki", "refs/reconcile/wiki"]
