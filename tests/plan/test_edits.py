"""The edits that explain lists for a skipped user, done to the YAML as they are printed: the user is in scope then."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.declare.yaml.document import parse
from reconciler.declare.yaml.scalars import spelled
from reconciler.plan.explain.model import Edit
from reconciler.resolve.filters import OPERATORS
from tests.plan.test_explain import ONE, explained, mapped
from tests.stories.test_story import GRACE
from tests.support.world import World

ADA = {"userPrincipalName": "ada@x.org", "displayName": "Ada"}
SET = re.compile(r"(?:set|give) `(?P<yaml>[^`]+)`(?P<inside> in `extensionAttributes`)?( a value.*)?\Z", re.S)
REMOVE = re.compile(r"remove `(?P<key>\w+)`(?P<inside> from `extensionAttributes`)?\Z")

# Clauses as they stand in a filter, what Ada has, the edits, and the value that somebody picks where it is left to him.
CASES: list[tuple[list[str], dict[str, Any], list[str], str]] = [
    (["department &, 4"], {}, ["give `department` a value for which `department & 4` holds"], "12"),
    (["department !&, External Guest"], {"department": "External"},
     ["give `department` a value for which `department !& External Guest` holds"], "Networks"),
    (["mail ENDS_WITH, y.org"], {"mail": "a@x.org"}, ["give `mail` a value for which `mail ENDS_WITH y.org` holds"], "a@y.org"),
    (["employeeId EQUALS, '2000'"], {}, ['set `employeeId: "2000"`'], ""),
    (["employeeId EQUALS, 'null'"], {"employeeId": "7"}, ['set `employeeId: "null"`'], ""),
    (["department EQUALS, Networks"], {"department": "networks"}, ["set `department: Networks`"], ""),
    (["department EQUALS, 'R&D: a, b #1'"], {}, ['set `department: "R&D: a, b #1"`'], ""),
    (["employeeId Greater_Than, 5"], {"employeeId": "5"},
     ["give `employeeId` a value for which `employeeId Greater_Than 5` holds"], "6"),
    (["employeeId Greater_Than_OR_EQUALS, 5"], {},
     ["give `employeeId` a value for which `employeeId Greater_Than_OR_EQUALS 5` holds"], "5"),
    (["department Includes, Gu"], {}, ["give `department` a value for which `department Includes Gu` holds"], "Guild"),
    (["employeeType IS FALSE"], {"employeeType": "yes"}, ['set `employeeType: "False"`'], ""),
    (["employeeType IS TRUE"], {}, ['set `employeeType: "True"`'], ""),
    (["employeeId IS NOT NULL"], {}, ["give `employeeId` a value"], "7"),
    (["department IS NULL"], {"department": "Networks"}, ["remove `department`"], ""),
    (["department NOT EQUALS, External", "department NOT EQUALS, Networks"], {"department": "External"},
     ["give `department` a value for which `department NOT EQUALS External` and `department NOT EQUALS Networks` hold"], "Staff"),
    (["department NOT REGEX MATCH, ^Ext"], {"department": "External"},
     ["give `department` a value for which `department NOT REGEX MATCH ^Ext` holds"], "Staff"),
    (["department REGEX MATCH, ^St", "department IS NOT NULL"], {},
     ["give `department` a value for which `department REGEX MATCH ^St` holds"], "Staff"),
    (["department NOT EQUALS, External", "department EQUALS, Staff"], {"department": "External"},
     ["set `department: Staff`"], ""),
    (["employeeType EQUALS, 'true'", "employeeType IS TRUE"], {}, ['set `employeeType: "true"`'], ""),
    (["accountEnabled IS TRUE"], {"accountEnabled": False}, ["set `accountEnabled: true`"], ""),
    (["accountEnabled EQUALS, 'True'", "department EQUALS, Staff"], {"accountEnabled": False},
     ["set `accountEnabled: true`", "set `department: Staff`"], ""),
    (["extensionAttributes.costCenter EQUALS, '42'"], {}, ['set `extensionAttributes: {costCenter: "42"}`'], ""),
    (["extensionAttributes.costCenter EQUALS, '42'"], {"extensionAttributes": {"site": "B"}},
     ['set `costCenter: "42"` in `extensionAttributes`'], ""),
    (["extensionAttributes.costCenter EQUALS, '42'", "extensionAttributes.site EQUALS, B"], {},
     ['set `costCenter: "42"` in `extensionAttributes`', "set `site: B` in `extensionAttributes`"], ""),
    (["extensionAttributes.site IS NULL"], {"extensionAttributes": {"site": "B"}},
     ["remove `site` from `extensionAttributes`"], ""),
    (["extensionAttributes.site Includes, B"], {},
     ["give `site` in `extensionAttributes` a value for which `extensionAttributes.site Includes B` holds"], "AB"),
]  # fmt: skip


def clause(text: str) -> str:
    known, _, value = text.partition(", ")
    attribute, operator = known.split(" ", 1)
    return f"{{attribute: {attribute}, operator: '{operator}'{f', value: {value}' if value else ''}}}"


def filtered(world: World, *filters: list[str]) -> None:
    listed = "".join(f"      - {{name: F{i}, clauses: [{', '.join(map(clause, item))}]}}\n" for i, item in enumerate(filters))
    mapped(world, ("    attributes:\n", f"    scopingFilters:\n{listed}    attributes:\n"))


def declared(world: World, ada: dict[str, Any]) -> None:
    world.users(json.dumps(ada)[1:-1], GRACE)


def done(ada: dict[str, Any], edits: tuple[Edit, ...], picked: str) -> dict[str, Any]:
    """Ada after the edits, each taken by its letter."""
    ada = json.loads(json.dumps(ada))
    for edit in edits:
        found = REMOVE.match(edit.text) or SET.match(edit.text)
        assert found is not None, edit.text
        place = ada.setdefault("extensionAttributes", {}) if found["inside"] else ada
        if edit.text.startswith("remove"):
            del place[found["key"]]
        elif edit.text.startswith("set"):
            place.update(yaml.safe_load("{" + found["yaml"] + "}"))
        else:
            place[found["yaml"]] = picked
    return ada


@pytest.mark.parametrize(("clauses", "has", "edits", "picked"), CASES, ids=lambda value: str(value))
def test_whoever_is_edited_as_explain_says_is_in_scope(
    world: World, clauses: list[str], has: dict[str, Any], edits: list[str], picked: str
) -> None:
    filtered(world, clauses)
    declared(world, ADA | has)
    found = explained(world, ONE)
    assert not found.in_scope and [edit.text for edit in found.edits] == edits
    declared(world, done(ADA | has, found.edits, picked))
    mended = explained(world, ONE)
    assert mended.in_scope and mended.edits == ()


def test_every_operator_has_its_case() -> None:
    assert {text.partition(", ")[0].split(" ", 1)[1] for clauses, *_ in CASES for text in clauses} == set(OPERATORS)


def test_the_filter_that_asks_for_the_fewest_attributes_is_the_one_to_fulfil(world: World) -> None:
    filtered(world, ["department EQUALS, A", "jobTitle EQUALS, B"], ["mail ENDS_WITH, y.org", "mail Includes, a"])
    declared(world, ADA)
    assert [edit.text for edit in explained(world, ONE).edits] == [
        "give `mail` a value for which `mail ENDS_WITH y.org` and `mail Includes a` hold"
    ]


@pytest.mark.parametrize(
    "clauses",
    [
        ["accountEnabled IS FALSE"],
        ["IsSoftDeleted IS TRUE"],
        ["userPrincipalName IS NULL"],
        ["department EQUALS, A", "department EQUALS, B"],
    ],
)
def test_a_filter_that_nobody_can_pass_is_to_be_changed_itself(world: World, clauses: list[str]) -> None:
    filtered(world, clauses)
    declared(world, ADA)
    (edit,) = explained(world, ONE).edits
    assert edit.text.startswith("change the scoping filter: ") and edit.place.file.endswith("mappings.yaml")


def test_a_filter_that_can_be_passed_is_preferred_to_one_that_cannot(world: World) -> None:
    filtered(world, ["accountEnabled IS FALSE"], ["department EQUALS, A", "jobTitle EQUALS, B"])
    declared(world, ADA)
    assert [edit.text for edit in explained(world, ONE).edits] == ["set `department: A`", "set `jobTitle: B`"]


def test_an_account_that_passes_only_while_it_is_disabled_is_told_both(world: World) -> None:
    filtered(world, ["accountEnabled IS FALSE"])
    declared(world, ADA | {"accountEnabled": False})
    enable, change = explained(world, ONE).edits
    assert enable.text == "set `accountEnabled: true`" and change.text.startswith("change the scoping filter: ")


def test_a_matching_attribute_that_a_filter_asks_for_is_one_edit(world: World) -> None:
    filtered(world, ["mail IS NOT NULL"])
    world.write(
        "apps/wiki/mappings.yaml",
        (world.folder / "desired/apps/wiki/mappings.yaml").read_text().replace("source: userPrincipalName", "source: mail"),
    )
    declared(world, ADA)
    assert [edit.text for edit in explained(world, ONE).edits] == ["give `mail` a value"]


def test_a_key_that_must_change_is_a_declared_rename(world: World) -> None:
    filtered(world, ["userPrincipalName ENDS_WITH, y.org"])
    declared(world, ADA)
    (edit,) = explained(world, ONE).edits
    assert edit.text == (
        "give `userPrincipalName` a value for which `userPrincipalName ENDS_WITH y.org` holds, "
        "let `previously` hold ada@x.org, and rename it wherever it is named"
    )


def test_a_role_is_written_as_yaml_reads_it(world: World) -> None:
    world.write("apps/wiki/roles.yaml", "roles: [{value: a, displayName: 'Ops: 1, 2'}]\n")
    world.assign()
    assert explained(world, ONE).edits[0].text == 'add `- {user: ada@x.org, role: "Ops: 1, 2"}`'


@given(st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=50))
def test_a_text_is_spelled_so_that_it_is_read_as_that_text(text: str) -> None:
    assume(text != "<<")  # as a key that merges, in quotes as well: nothing that is declared has such a name
    assert parse(f"- {{{spelled(text)}: {spelled(text)}}}\n".encode(), "x.yaml").data == [{text: text}]
