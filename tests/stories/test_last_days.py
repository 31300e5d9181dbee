"""An assignment that gets another last day: compared with the commit that was applied last, and told in every form of a plan."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.gitworld import GitWorld, git
from tests.support.servers import Desk, scim_server

FILE = "desired/apps/wiki/assignments.yaml"


def committed(world: GitWorld, assignments: str, desk: Desk) -> str:
    desk.write("apps/wiki/assignments.yaml", f"assignments:\n  - {assignments}\n")
    git(world.checkout, "add", "--all")
    git(world.checkout, "commit", "--quiet", "-m", "change")
    return git(world.checkout, "rev-parse", "HEAD").strip()


def test_a_last_day_that_is_added_is_told_until_it_is_applied(tmp_path: Path) -> None:
    with scim_server() as url:
        world = GitWorld(tmp_path)
        desk = Desk(world.checkout, f"{url}/days/v2")
        (world.checkout / ".gitignore").write_text(".reconcile\n")
        first = committed(world, "{user: ada@x.org, role: Admin}", desk)
        assert desk.reconcile("apply", "--auto-approve").code == 0
        assert "Ends:" not in desk.reconcile("plan").out
        committed(world, "{user: ada@x.org, role: Admin, expires: 2127-01-31}", desk)
        told = f"ada@x.org: Admin (privileged) now ends on 2127-01-31 (was: no end), {FILE}:2; then the account is disabled"
        ran = desk.reconcile("plan", "--detailed-exitcode", "--out", "plan.json")
        assert ran.code == 0 and f"Ends:\n  {told}\n" in ran.out
        assert ran.out.startswith("wiki: no changes: 1 assignment ends on another day\n")
        assert "No changes. wiki matches the declaration." in ran.out and "1 last day changed." in ran.out
        (plan,) = json.loads((world.checkout / "plan.json").read_text())["plans"]
        assert [(row["was"], row["until"], row["declared_at"]["line"]) for row in plan["ends"]] == [(None, "2127-01-31", 2)]
        assert desk.reconcile("show", "plan.json").out == ran.out
        markdown = desk.reconcile("plan", "--format", "markdown").out
        assert "**Ends**\n\n- " in markdown and "now ends on 2127-01-31 (was: no end)" in markdown
        hidden = desk.reconcile("plan", "--redact").out
        assert "Admin (privileged) now ends on 2127-01-31" in hidden and "ada" not in hidden
        assert desk.reconcile("apply", "--auto-approve").code == 0
        assert "Ends:" not in desk.reconcile("plan").out, "applied, and so no news"
        committed(world, "{user: grace@x.org, role: Admin}", desk)
        second = git(world.checkout, "rev-parse", "HEAD~1").strip()
        lost = desk.reconcile("plan").out
        assert f"ada@x.org loses Admin (privileged), {FILE}:2 in {second[:7]}" in lost and first[:7] not in lost
