"""`desired/` is the tour: it shows every key of its files' schemas, but for those that are listed here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from reconciler.demo.extension import EXTENSION
from tests.support.servers import ROOT

FILES = {
    "users": "directory/users/*.yaml",
    "groups": "directory/groups/*.yaml",
    "app": "apps/*/app.yaml",
    "roles": "apps/*/roles.yaml",
    "assignments": "apps/*/assignments.yaml",
    "mappings": "apps/*/mappings.yaml",
    "approvals": "apps/*/approvals.yaml",
    "policies": "policies/*.yaml",
    "reconciler": "reconciler.yaml",
}
# What the tour does not show, and why.
PROFILE = (  # what a service is like: the profiles themselves show it
    "description", "discovery", "paging", "cursor", "filter", "operators", "attributes", "supported", "valueFilters", "etag",
    "enforced", "users", "stored", "modifiable", "single", "groups", "membersPerPatch", "membersReadable", "deprovision",
    "inactive", "delete", "burst", "concurrency", "counts", "retryAfter", "headers", "limit", "remaining", "reset",
    "errors", "roleSource",
)  # fmt: skip
UNSHOWN = {
    "app": {
        *PROFILE,
        "confirmed",
        "onFailure",
        "apiUrl",
        "token",
    },  # a profile's; older than `on`; an address and a token of its own for roles beside SCIM, which few have
    "reconciler": {
        "remote",
        "ref",
        "path",
        "sign",
        "allowedSigners",
        "allowedIdentities",
        "identity",
        "issuer",
        "unsignedUntil",
    },  # a record in Git needs a remote that takes it, and knows no path
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


@pytest.mark.parametrize(
    "file",
    ["policies/access.yaml"]
    + [f"apps/{app}/{kind}.yaml" for app in ("wiki", "thousandeyes") for kind in ("app", "mappings", "assignments")]
    + [f"apps/tickets/{kind}.yaml" for kind in ("app", "approvals")],
)
def test_the_tour_says_why(file: str) -> None:
    text = (ROOT / "desired" / file).read_text(encoding="utf-8")
    assert sum(" # " in line or line.lstrip().startswith("# ") for line in text.splitlines()) >= 3


def test_the_tour_shows_nothing_as_a_comment_alone() -> None:
    """What is commented out is checked by nobody: each line of a comment is a sentence, and no YAML."""
    for file in (ROOT / "desired").rglob("*.yaml"):
        commented = [line.lstrip() for line in file.read_text(encoding="utf-8").splitlines()[1:] if line.lstrip().startswith("#")]
        assert [line for line in commented if re.match(r"#\s*([-{[]|[a-z]\w*:( |$))", line)] == [], file


def test_the_tour_writes_an_extension_that_its_service_has() -> None:
    """The one of the demo, whose /Schemas lists it: of another one every plan would warn."""
    text = (ROOT / "desired/apps/wiki/mappings.yaml").read_text(encoding="utf-8")
    assert f"target: '{EXTENSION}:costCenter'" in text
