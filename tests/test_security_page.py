"""The page on security says what is in the code and in the workflows, no more and no less."""

from __future__ import annotations

import json
import re

import yaml
from hatchling.builders.wheel import WheelBuilder

from tests.support.servers import ROOT

PAGE = (ROOT / "reconciler/docs/security.md").read_text(encoding="utf-8")
OWN = {"ci", "image"}  # this project's own, which no team gets


def rows(heading: str) -> list[list[str]]:
    """The cells of the table whose first column is called so."""
    lines = PAGE.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    found = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def text_of(pattern: str) -> str:
    return "".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "reconciler").rglob(pattern)))


def test_every_variable_of_ours_stands_on_the_page_and_none_that_no_code_reads() -> None:
    code = set(re.findall(r"RECONCILE_[A-Z_]+", text_of("*.py")))
    assert code == set(re.findall(r"RECONCILE_[A-Z_]+", PAGE)) == {cell.strip("`") for cell, _ in rows("variable")}


def test_the_permissions_and_environment_of_each_job_are_those_of_the_workflows() -> None:
    told = {
        (workflow.strip("`"), job.strip("`")): (environment.strip("`"), permissions)
        for workflow, job, environment, permissions in rows("workflow")
    }
    files = [file for file in (ROOT / ".github/workflows").glob("*.yml") if file.stem not in OWN]
    found = {
        (file.stem, name): (job.get("environment", ""), ", ".join(f"{k}: {v}" for k, v in job["permissions"].items()))
        for file in files
        for name, job in yaml.safe_load(file.read_text())["jobs"].items()
    }
    assert told == found


def test_the_workflows_use_no_cache_and_no_event_that_lends_a_pull_request_their_rights() -> None:
    for file in sorted((ROOT / ".github").rglob("*.yml")):
        text = file.read_text()
        assert not re.search(r"actions/cache|^\s*cache:|pull_request_target|workflow_run:|issue_comment", text, re.M), file


def test_the_ruleset_is_json_and_asks_for_the_job_that_validates() -> None:
    (ruleset,) = re.findall(r"```json\n(.*?)```", PAGE, re.S)
    (checks,) = (r for r in json.loads(ruleset)["rules"] if r["type"] == "required_status_checks")
    assert checks["parameters"]["required_status_checks"] == [
        {"context": yaml.safe_load((ROOT / ".github/workflows/plan.yml").read_text())["jobs"]["validate"]["name"]}
    ]


def test_the_page_is_found_from_the_readme_and_is_in_the_package() -> None:
    assert "(reconciler/docs/security.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    builder = WheelBuilder(str(ROOT))
    assert "reconciler/docs/security.md" in {file.distribution_path for file in builder.recurse_included_files()}
    assert "content_digest" in text_of("jsonform.py") and "content_digest" in PAGE
