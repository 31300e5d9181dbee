"""`desired/` is the tour: it shows every key of its files' schemas, but for those that are listed here."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from reconciler.cli.main import run
from reconciler.demo.extension import EXTENSION
from tests.support.servers import ROOT

FILES = {
    "users": "directory/users/*.yaml",
    "groups": "directory/groups/*.yaml",
    "app": "apps/*/app.yaml",
    "roles": "apps/*/roles.yaml",
    "assignments": "apps/*/assignments.yaml",
    "mappings": "apps/*/mappings.yaml",
    "policies": "policies/*.yaml",
    "reconciler": "reconciler.yaml",
}
# What the tour does not show, and why.
PROFILE = (  # what a service is like: the profiles themselves show it
    "description", "discovery", "paging", "cursor", "filter", "operators", "attributes", "patch", "supported",
    "dialect", "valueFilters", "etag", "enforced", "users", "stored", "modifiable", "single", "groups",
    "membersPerPatch", "membersReadable", "deprovision", "inactive", "delete", "burst", "concurrency", "counts", "retryAfter",
    "headers", "limit", "remaining", "reset", "errors", "roleSource",
)  # fmt: skip
UNSHOWN = {
    "app": {
        *PROFILE,
        "confirmed",
        "onFailure",
        "roles",
        "driver",
        "apiUrl",
        "token",
    },  # a profile's; older than `on`; roles beside SCIM
    "roles": {"loginAccountGroup", "assertive"},  # of roles beside SCIM; both matter to few
    "reconciler": {
        "remote",
        "ref",
        "path",
        "sign",
        "allowedSigners",
        "unsignedUntil",
    },  # a record in Git needs a remote that takes it
}


def described(schema: Any) -> Iterator[str]:
    """Every key that a schema has a description of, at whatever depth."""
    for name, part in schema.items() if isinstance(schema, dict) else enumerate(schema if isinstance(schema, list) else ()):
        if name == "properties":
            yield from part
        yield from described(part)


def used(data: Any) -> Iterator[str]:
    """Every key in a document."""
    for name, part in data.items() if isinstance(data, dict) else enumerate(data if isinstance(data, list) else ()):
        if not isinstance(name, int) or name is True:
            yield "on" if name is True else name  # YAML 1.1 reads `on` as true
        yield from used(part)


@pytest.mark.parametrize("kind", FILES)
def test_the_tour_shows_every_key_but_those_that_are_listed(kind: str) -> None:
    schema = json.loads((ROOT / f"schemas/{kind}.schema.json").read_text(encoding="utf-8"))
    shown = {
        key for file in (ROOT / "desired").glob(FILES[kind]) for key in used(yaml.safe_load(file.read_text(encoding="utf-8")))
    }
    missing = set(described(schema)) - shown
    assert missing - UNSHOWN.get(kind, set()) == set(), "show it in desired/, with a line that says why one would want it"
    assert UNSHOWN.get(kind, set()) - missing == set(), "it is shown by now"


def test_the_tour_shows_every_operator_and_each_kind_of_policy() -> None:
    schema = (ROOT / "schemas/mappings.schema.json").read_text(encoding="utf-8")
    operators = next(part["enum"] for part in parts(json.loads(schema)) if "IS TRUE" in part.get("enum", ()))
    text = (ROOT / "desired/apps/wiki/mappings.yaml").read_text(encoding="utf-8")
    filters = yaml.safe_load(text)["mappings"]["users"]["scopingFilters"]
    assert {clause["operator"] for found in filters for clause in found["clauses"]} == set(operators)


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from parts(part)


def test_the_tour_shows_an_approval_that_lets_nothing_through() -> None:
    """An approval names the digest of one plan, and one for another plan is reported: so it stands there as a comment."""
    text = (ROOT / "desired/apps/wiki/approvals.yaml").read_text(encoding="utf-8")
    schema = json.loads((ROOT / "schemas/approvals.schema.json").read_text(encoding="utf-8"))
    shown = yaml.load(
        re.sub(r"(?m)^approvals: \[\]$", "approvals:", text).replace("\n#  ", "\n  "), Loader=yaml.BaseLoader
    )  # days stay text, as the reconciler reads them
    assert yaml.safe_load(text) == {"approvals": []}
    assert Draft202012Validator(schema).is_valid(shown) and set(described(schema)) == set(used(shown))


@pytest.mark.parametrize(
    "file",
    ["policies/access.yaml"]
    + [f"apps/{app}/{kind}.yaml" for app in ("wiki", "thousandeyes") for kind in ("app", "mappings", "assignments")],
)
def test_the_tour_says_why(file: str) -> None:
    text = (ROOT / "desired" / file).read_text(encoding="utf-8")
    assert sum(" # " in line or line.lstrip().startswith("# ") for line in text.splitlines()) >= 3


def test_what_the_tour_shows_as_a_comment_is_valid_in_the_place_of_the_line_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "desired", tmp_path / "desired")
    monkeypatch.chdir(tmp_path)
    mappings, app = (tmp_path / "desired/apps/wiki" / name for name in ("mappings.yaml", "app.yaml"))
    lines = mappings.read_text(encoding="utf-8").splitlines(keepends=True)
    (shown,) = [number for number, line in enumerate(lines) if line.lstrip().startswith("# - {target:")]
    lines[shown] = lines[shown].replace("# - ", "- ")
    del lines[shown - 2]
    mappings.write_text("".join(lines), encoding="utf-8")
    app.write_text(
        app.read_text(encoding="utf-8").replace("{base: generic, ", "{base: generic, patch: {dialect: entra}, "), "utf-8"
    )
    assert run(["validate"]) == 0, capsys.readouterr().out
    assert 'roles[primary eq "True"]' in mappings.read_text(encoding="utf-8")
    assert "0 errors, 2 warnings\n" in capsys.readouterr().out


def test_the_tour_writes_an_extension_that_its_service_has() -> None:
    """The one of the demo, whose /Schemas lists it: of another one every plan would warn."""
    text = (ROOT / "desired/apps/wiki/mappings.yaml").read_text(encoding="utf-8")
    assert f"target: '{EXTENSION}:costCenter'" in text
