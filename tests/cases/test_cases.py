"""The planner's rules, a folder each: what is declared, what is there and what was recorded in, the plan out. No service.

`desired/` holds the files that differ from those of `base/`, `live.json` what the service answers (Users and Groups as SCIM, and
as `unknown` address -> why the service did not say whether that one is there),
`record.json` what was last applied (absent: there is no record). `plan.json` and `plan.md` are what must come of it;
`REWRITE_GOLDEN=1 pytest tests/cases` writes them anew, and what changed is then reviewed as a diff.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from reconciler.declare.load import load
from reconciler.plan.live import Live, project_groups, project_users, with_members
from reconciler.plan.model import Plan
from reconciler.plan.planner import make_plan
from reconciler.plan.selection import Selection
from reconciler.record.model import Record
from reconciler.report.jsonform import to_json
from reconciler.report.markdown import render
from reconciler.resolve.check import check
from reconciler.resolve.model import Resolution
from reconciler.resolve.resolution import resolve

HERE = Path(__file__).parent
REWRITE = bool(os.environ.get("REWRITE_GOLDEN"))
RULES = sorted(file.parent.name for file in HERE.glob("*/live.json"))
TODAY, URL = "2026-06-01", "https://wiki.example/scim/v2"


def live_of(rule: Path, resolution: Resolution) -> Live:
    answer = json.loads((rule / "live.json").read_text(encoding="utf-8"))
    users = project_users(resolution.user_mapping, answer["Users"])
    groups = project_groups(resolution.group_mapping, answer["Groups"])
    groups = with_members(groups, resolution.limited.capabilities.members, False)
    return Live({item.id: item for item in users}, {item.id: item for item in groups}, unknown=answer.get("unknown", {}))


def record_of(rule: Path) -> Record | None:
    file = rule / "record.json"
    return Record("wiki", URL, **json.loads(file.read_text(encoding="utf-8"))) if file.exists() else None


def plan_of(rule: Path) -> Plan:
    """The plan of the declarations in the current folder."""
    loaded = load(Path("desired"))
    assert [problem for problem in (*loaded.problems, *check(loaded.declarations)) if problem.severity == "error"] == []
    app = loaded.declarations.apps["wiki"]
    resolution = resolve(app, loaded.declarations, TODAY)
    return make_plan(app, resolution, live_of(rule, resolution), record_of(rule), Selection(), URL).plan


@pytest.mark.parametrize("name", RULES)
def test_a_rule_gives_the_plan_that_stands_beside_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for source in (HERE / "base", HERE / name / "desired"):
        if source.is_dir():
            shutil.copytree(source, "desired", dirs_exist_ok=True)
    plan = plan_of(HERE / name)
    texts = {"plan.json": json.dumps(to_json(plan), indent=1, ensure_ascii=False) + "\n", "plan.md": render(plan)}
    for file, text in texts.items():
        if REWRITE:
            (HERE / name / file).write_text(text, encoding="utf-8")
        assert text.splitlines() == (HERE / name / file).read_text(encoding="utf-8").splitlines()
