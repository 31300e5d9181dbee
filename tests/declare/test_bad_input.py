"""Broken declarations: each is reported at its place, all in one run, and nothing is raised."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from reconciler.declare.load import load
from reconciler.plan.policies import check_policies
from reconciler.report.problems import as_text
from reconciler.resolve.check import check
from tests.support.world import APP, MAPPINGS, World

U, G, A = "directory/users/a.yaml", "directory/groups/a.yaml", "apps/wiki/assignments.yaml"
M, P, R = "apps/wiki/mappings.yaml", "apps/wiki/app.yaml", "apps/wiki/roles.yaml"
V, DIGEST = "apps/wiki/approvals.yaml", "sha256:" + "0f" * 32
MESSAGES = Path(__file__).parent.parent / "data/bad_input.txt"
ADA = "users: [{userPrincipalName: ada@x.org}, {userPrincipalName: grace@x.org}]\n"


def expression(text: str) -> str:
    return MAPPINGS.replace("source: jobTitle", f"expression: '{text}'")


def filtered(clause: str) -> str:
    return MAPPINGS.replace("  users:\n", f"  users:\n    scopingFilters: [{{clauses: [{{{clause}}}]}}]\n", 1)


def plain(text: str) -> str:
    """As a scalar without quotes, which a flow mapping does not allow for brackets: one line of a block."""
    return MAPPINGS.replace("{target: title, source: jobTitle}", f"target: title\n        expression: {text}")


CASES = [
    (U, "", (1, 1), "empty-file"),
    (U, "people: []", (1, 1), "unknown-key"),
    (U, "{}", (1, 1), "no-top-level-key"),
    (U, "users: {", (2, 1), "syntax"),
    (U, "users: [\n<<<<<<< HEAD\n{a: é},\n=======\n{a: @},\n>>>>>>> other\n]", (2, 1), "merge-conflict"),
    (U, "users:\n  - userPrincipalName: ada@x.org\n    <<: foo\n    displayName: A\n", (3, 9), "merge"),
    (U, "users:\n  - <<: [{mail: x}, 5]\n    userPrincipalName: ada@x.org\n", (2, 21), "merge"),
    (M, MAPPINGS.replace("source: jobTitle", 'expression: \'PCase([mail], "-", "x")\''), (7, 38), "expression"),
    (M, MAPPINGS.replace("source: jobTitle", "expression: 'Mid([mail])'"), (7, 38), "expression"),
    (U, "users:\n- a: b\n=======\n>>>>>>> other", (3, 1), "merge-conflict"),
    (U, "users:\n- a: é\n\tmail: b", (3, 1), "syntax"),
    (U, "users:\n-\ta: b", (2, 2), "syntax"),
    (U, "users: [@\tb]", (1, 9), "syntax"),
    (U, "users:\n  - userPrincipalName: a\n    displayName: A: B\n", (3, 19), "syntax"),
    (U, "users:\n  - userPrincipalName: a\n   displayName: A\n", (3, 4), "syntax"),
    (U, "users:\n  - userPrincipalName: a\n    displayName A\n    mail: x\n", (4, 5), "syntax"),
    (U, "users:\n  - userPrincipalName\n    displayName: A\n", (3, 16), "syntax"),
    (U, "users: !!set {}", (1, 8), "tag"),
    (U, "users: *x", (1, 8), "unknown-alias"),
    (U, "users: []\nusers: []", (2, 1), "duplicate-key"),
    (U, "users: []\n---\nusers: []", (2, 1), "several-documents"),
    (U, "users: " + "[" * 200 + "]" * 200, (1, 107), "too-deep"),
    (U, "users: [{}]", (1, 9), "missing-key"),
    (U, "users: [1]", (1, 9), "wrong-type"),
    (U, "users: [{userPrincipalName: 1}]", (1, 29), "wrong-type"),
    (U, "users: [{userPrincipalName: a, postalCode: 010}]", (1, 44), "wrong-type"),
    (U, "users: [{userPrincipalName: a, jobTitle: true}]", (1, 42), "wrong-type"),
    (U, "users:\n  - userPrincipalName: a\n    displayName: 'é\x01'", (3, 20), "syntax"),
    (U, 'users: [{userPrincipalName: a, displayName: "a\\0b"}]', (1, 45), "nul"),
    (U, '{"users": [{"userPrincipalName": "a", "displayName": "\\ud83d"}]}', (1, 57), "syntax"),
    (U, '{"users": [{"userPrincipalName": "a", "displayName": "\\ud83d\\ude00", "x": 1}]}', (1, 70), "unknown-key"),
    (U, 'users: [{userPrincipalName: a, extensionAttributes: {"a\\x00": b}}]', (1, 54), "nul"),
    (U, "users: [{userPrincipalName: ''}]", (1, 29), "schema-minLength"),
    (U, "users: [{userPrincipalName: a, mail: }]", (1, 38), "wrong-type"),
    (U, "users: [{userPrincipalName: a, maill: b}]", (1, 32), "unknown-key"),
    (U, "users: [{userPrincipalName: a, accountEnabled: yes}]", (1, 48), "wrong-type"),
    (U, "users: [{userPrincipalName: a}, {userPrincipalName: A}]", (1, 53), "duplicate"),
    (U, "users: [{userPrincipalName: a, manager: b}]", (1, 41), "unknown-user"),
    (U, "users: [{userPrincipalName: a, id: x}, {userPrincipalName: b, id: x}]", (1, 67), "duplicate-id"),
    (U, "users: [{userPrincipalName: a, previously: [b]}, {userPrincipalName: b}]", (1, 45), "previously-taken"),
    (U, 'users: [{userPrincipalName: "a\\nb"}]', (1, 29), "schema-pattern"),
    (G, "groups:\n", (1, 8), "wrong-type"),
    (G, "groups: [{displayName: a, members: [nobody@x.org]}]", (1, 37), "unknown-user"),
    (G, "groups: [{displayName: a, members: [{group: b}]}]", (1, 45), "unknown-group"),
    (G, "groups: [{displayName: a, members: [{group: a}]}]", (1, 36), "group-cycle"),
    (A, "assignments: [{user: nobody@x.org, role: User}]", (1, 22), "unknown-user"),
    (A, "assignments: [{group: None, role: User}]", (1, 23), "unknown-group"),
    (A, "assignments: [{user: ada@x.org, role: Boss}]", (1, 39), "unknown-role"),
    (A, "assignments: [{user: ada@x.org}]", (1, 15), "missing-key"),
    (A, "assignments: [{user: adda@x.org}, {group: Nte, role: 5}]", (1, 22), "unknown-user"),
    (A, "assignments: [{role: User}]", (1, 15), "one-of"),
    (A, "assignments: [{user: ada@x.org, role: User, expires: soon}]", (1, 54), "date"),
    (A, "assignments: [{user: ada@x.org, role: User, expires: 2026-02-30}]", (1, 54), "date"),
    (A, "assignments: [{user: ada@x.org, role: User}, {user: ADA@x.org, role: user}]", (1, 46), "duplicate"),
    (R, "roles: [{value: a}]", (1, 9), "missing-key"),
    (R, "roles: [{value: a, displayName: User}, {value: b, displayName: user}]", (1, 64), "duplicate"),
    (R, "roles: [{value: a, displayName: User}, {value: b, displayName: Default Access}]", (1, 64), "duplicate"),
    (R, "roles: [{value: a, displayName: User}, {value: a, displayName: Boss}]", (1, 48), "duplicate"),
    (V, "approvals: [{plan: sha256:abc, safeguard: empty, reason: x}]", (1, 20), "schema-pattern"),
    (V, f"approvals: [{{plan: {DIGEST}, safeguard: empty, reason: x, expires: 2026-02-31}}]", (1, 131), "date"),
    (V, f"approvals: [{{plan: {DIGEST}, safeguard: empty, reason: x, expires: soon}}]", (1, 131), "date"),
    (P, APP + "profile: {base: generic, headers: {X-Api-Key: hunter2}}\n", (3, 36), "literal-secret"),
    (P, APP + "profile: {base: generic, headers: {Authorization: hunter2}}\n", (3, 35), "schema-pattern"),
    (P, APP + "profile: {base: generic, headers: {X-HTTP-Method-Override: GET}}\n", (3, 36), "header"),
    (P, APP.replace("wiki", "blog"), (1, 6), "app-name"),
    (P, APP.replace("${env:TOKEN}", "hunter2"), (2, 67), "literal-secret"),
    (P, APP.replace("${env:TOKEN}", "${file:a\\0b}"), (2, 67), "nul"),
    (P, APP.replace("${env:TOKEN}", "${env:TOKEN:-hunter2}"), (2, 67), "literal-secret"),
    (P, APP.replace("http://127.0.0.1", "http://example.com"), (2, 31), "tenant-url"),
    (P, APP.replace("http://", "https://user:pw@"), (2, 31), "tenant-url"),
    (P, APP.replace("http://127.0.0.1", "${env:}"), (2, 31), "reference"),
    (P, APP + "profile: wonder\n", (3, 10), "not-one-of"),
    (P, APP + "deprovisioning: {deleteAfter: 30}\n", (3, 31), "wrong-type"),
    (P, APP + "provisioning: {status: paused}\n", (3, 24), "not-one-of"),
    (P, APP + "deprovisioning: {outOfScope: vanish}\n", (3, 30), "not-one-of"),
    (M, expression("Upper([jobTitle])"), (7, 38), "expression"),
    (M, expression('iif([city], "", "")'), (7, 38), "expression"),
    (M, expression("Foo([city])"), (7, 38), "expression"),
    (M, filtered("attribute: department, operator: equals, value: x"), (3, 67), "not-one-of"),
    (M, filtered("attribute: department, operator: about, value: x"), (3, 67), "not-one-of"),
    (M, filtered("attribute: department, operator: Greater_Than, value: x"), (3, 88), "scoping-filter"),
    (M, MAPPINGS.replace("  users:\n", "  users:\n    scopingFilters: [{clauses: []}]\n", 1), (3, 32), "schema-minItems"),
    (M, expression("ToUpper()"), (7, 38), "expression"),
    (M, expression("Left([jobTitle])"), (7, 38), "expression"),
    (M, expression("ToUpper([jobTitle]"), (7, 56), "expression"),
    (M, expression("ToUpper([jobTitel])"), (7, 47), "unknown-source"),
    (M, plain("Upper([jobTitle])"), (8, 21), "expression"),
    (M, plain("ToUpper([jobTitel])"), (8, 30), "unknown-source"),
    (M, plain('"Append(\\"a\\", \\u0054oUper([mail]))"'), (8, 36), "expression"),
    (M, plain("'Switch([mail], \"''\", \"a\", ToUper())'"), (8, 48), "expression"),
    (M, plain("|\n          Append([mail],\n            ToUper([mail]))"), (10, 13), "expression"),
    (M, plain(">-\n          Append([mail],\n\n          ToUper([mail]))"), (11, 11), "expression"),
    (M, plain("Append([mail],\n          ToUpper([mial]))"), (9, 20), "unknown-source"),
    (M, plain("&a ToUper([mail])"), (8, 21), "expression"),
    (M, MAPPINGS.replace("target: title", r'target: "emails[type eq \"work\"].valu/e"'), (7, 48), "target-path"),
    (M, expression("Append([jobTitle], Now())"), (7, 57), "generated-value"),
    (M, expression('FormatDateTime([mail], , "YYYY", "yyyy")'), (7, 63), "expression"),
    (M, expression("SelectUniqueValue([mail], [jobTitle])"), (7, 38), "expression"),
    (M, plain("ToUpper([jobTitle])").replace("title", "emails[type"), (7, 24), "target-path"),
    (M, MAPPINGS.replace("source: userPrincipalName", "apply: create, expression: Guid()", 1), (4, 55), "generated-value"),
    (M, MAPPINGS.replace("source: jobTitle", "source: jobTitel"), (7, 33), "unknown-source"),
    (M, MAPPINGS.replace("source: jobTitle", "source: appRoleAssignments"), (7, 33), "unknown-source"),
    (M, MAPPINGS.replace("target: title", "target: 'emails[type'"), (7, 26), "target-path"),
    (M, MAPPINGS.replace("target: title", "target: id"), (7, 18), "target"),
    (M, MAPPINGS.replace("target: title", "target: userName"), (7, 18), "duplicate"),
    (M, MAPPINGS.replace(", matchingPrecedence: 1", "", 1), (3, 5), "no-matching-attribute"),
    (M, MAPPINGS.replace("source: jobTitle", "source: jobTitle, matchingPrecedence: 1"), (7, 63), "duplicate-precedence"),
    (M, MAPPINGS.replace("source: jobTitle", "source: jobTitle, constant: x"), (7, 9), "one-of"),
    ("policies/a.yaml", "policies: [{name: a, remedy: b, holders: {role: User}}]", (1, 42), "schema-minProperties"),
    (A, "assignments:\n  -\n", (2, 4), "wrong-type"),
    (A, "assignments: [{usr: ada@x.org, role: User}]", (1, 16), "unknown-key"),
    (A, "assignments: [{user: ada@x.org, rol: User}]", (1, 33), "unknown-key"),
    (A, "assignments: [{user: ada@x.org, role: User, expires: [2027-01-01]}]", (1, 54), "wrong-type"),
    (G, "groups:\n  - displayName: a\n    members:\n      - ada@x.org\n      -\n", (5, 8), "wrong-type"),
    (G, "groups: [{displayName: a, members: 3}]", (1, 36), "wrong-type"),
    (G, "groups: [{displayName: a, members: [{grp: b}]}]", (1, 38), "unknown-key"),
    (G, "groups: [{displayName: a, members: [{group: 42}]}]", (1, 45), "wrong-type"),
    (G, "groups: [{displayName: a, members: [b d]}, {displayName: B D}]", (1, 37), "unknown-user"),
    (U, ADA[:-2] + ", {userPrincipalName: a, previously: 3}]", (1, 110), "wrong-type"),
    (U, ADA[:-2] + ", {userPrincipalName: a, city: !!str 010}]", (1, 104), "tag"),
    (U, ADA[:-2] + ", {userPrincipalName: a, city: &a 010, state: *a}]", (1, 104), "wrong-type"),
    (R, "roles: {}", (1, 8), "wrong-type"),
    (R, "rolls: []", (1, 1), "unknown-key"),
    ("reconciler.yaml", "safeguards: {budget: {requests: 9}}", (1, 1), "unknown-key"),
    (P, APP + "defaultDomain: x.org\n", (3, 1), "unknown-key"),
    (P, APP + "provisioning: {status: true}\n", (3, 24), "wrong-type"),
    (P, APP + "safeguards: {accidentalDeletions: {percent: 200}}\n", (3, 45), "schema-maximum"),
    (P, APP + "safeguards: {accidentalDeletions: {count: -1}}\n", (3, 43), "schema-minimum"),
    (P, APP.replace("/v2", "/v2?a=b"), (2, 31), "tenant-url"),
    (P, APP.replace("http://127.0.0.1", "ftp://${env:HOST}"), (2, 31), "tenant-url"),
    (P, APP.replace("http://127.0.0.1/v2", "http://evil.example/${env:TENANT}"), (2, 31), "tenant-url"),
    (P, APP.replace("http://127.0.0.1/v2", "https://wiki.example/${env:TENANT}#x"), (2, 31), "tenant-url"),
    (P, APP.replace("http://127.0.0.1", "http://127.999.1.1"), (2, 31), "tenant-url"),
    (P, APP.replace("http://127.0.0.1", "https://me:secret@${env:HOST}"), (2, 31), "tenant-url"),
    (M, "mappings: [a]", (1, 11), "wrong-type"),
    (M, MAPPINGS.replace("    attributes:\n", "    attributes:\n      -\n", 1), (4, 8), "wrong-type"),
    (M, MAPPINGS.replace("source: jobTitle", 'source: jobTitle, matchingPrecedence: "2"'), (7, 63), "wrong-type"),
    (M, MAPPINGS.replace("matchingPrecedence: 1", 'matchingPrecedence: "1"', 1), (4, 75), "wrong-type"),
    (M, MAPPINGS.replace("source: jobTitle", "source: {attribute: jobTitle}"), (7, 33), "wrong-type"),
    (M, MAPPINGS.replace("source: jobTitle", "source: []"), (7, 33), "wrong-type"),
    (M, MAPPINGS.replace("source: jobTitle", "source: jobTitle, default: {value: Staff}"), (7, 18), "target"),
    (M, MAPPINGS.replace("source: jobTitle", "constant: {value: Staff}"), (7, 18), "target"),
    (M, MAPPINGS.replace("source: jobTitle", "none: false"), (7, 31), "schema-const"),
    (M, MAPPINGS.replace("  users:\n", "  users:\n    targetObjectActions: true\n", 1), (3, 26), "wrong-type"),
    (M, MAPPINGS.replace("  users:\n", "  users:\n    targetObjectActions: [{create: true}]\n", 1), (3, 27), "wrong-type"),
    (M, filtered("attribute: department, operator: EQUALS, value: [x]"), (3, 82), "wrong-type"),
    ("reconciler.yaml", "record: [local]", (1, 9), "wrong-type"),
    ("reconciler.yaml", "record: {backend: 3, remote: x}", (1, 19), "wrong-type"),
    ("policies/a.yaml", "policies:\n  -\n", (2, 4), "wrong-type"),
    ("policies/a.yaml", "policies: [{name: a, remedy: b, separationOfDuties: [User]}]", (1, 53), "schema-minItems"),
    ("policies/a.yaml", "policies: [{name: a, remedy: b, separationOfDuties: [User, User]}]", (1, 53), "schema-uniqueItems"),
    ("directory/users.yaml", "users: []", (1, 1), "no-meaning"),
    ("directory/user/a.yaml", "users: []", (1, 1), "no-meaning"),
    ("directroy/users/a.yaml", "users: []", (1, 1), "no-meaning"),
    ("apps/wiki/role.yaml", "roles: []", (1, 1), "no-meaning"),
    ("directory/users/notes.txt", "x", (1, 1), "no-meaning"),
    ("apps/blog/app.yaml", APP.replace("wiki", "blog"), (1, 1), "missing-file"),
    ("apps/wiki/app.yml", APP, (1, 1), "duplicate"),
    ("apps/wiki/mappings.json", MAPPINGS, (1, 1), "duplicate"),
    ("apps/wiki/roles.json", "roles: []", (1, 1), "duplicate"),
    ("apps/wiki/assignments.json", "assignments: []", (1, 1), "duplicate"),
    ("apps/Wiki/app.yaml", APP, (1, 1), "duplicate"),
]
FILTERS = [  # with what the error points at
    ("attribute: department, operator: EQUAL, value: x", "not-one-of", "EQUAL"),
    ("attribute: department, operator: EQUALS", "scoping-filter", "EQUALS"),
    ("attribute: department, operator: IS NULL, value: x", "scoping-filter", "x"),
    ("attribute: manager, operator: IS NULL", "scoping-filter", "manager"),
    ("attribute: otherMails, operator: IS NULL", "scoping-filter", "otherMails"),
    ("attribute: departmnet, operator: IS NULL", "scoping-filter", "departmnet"),
    ("attribute: department, operator: REGEX MATCH, value: '('", "scoping-filter", "'('"),
    ("attribute: department, operator: REGEX MATCH, value: '(?=a)'", "scoping-filter", "'(?=a)'"),
    ("attribute: employeeId, operator: Greater_Than, value: x", "scoping-filter", "x"),
]


def findings(folder: Path) -> list[tuple[tuple[int, int], str, str]]:
    loaded = load(folder)
    problems = [*loaded.problems, *check(loaded.declarations), *check_policies(loaded.declarations, "2026-06-01")]
    assert all(p.message and p.remedy for p in problems)
    return [((p.place.line, p.place.column), p.code, p.place.file) for p in problems if p.severity == "error"]


def sound(folder: Path) -> World:
    world = World(folder)
    world.write(U, ADA)
    world.assign("user: ada@x.org, role: User")
    assert findings(folder / "desired") == []
    return world


@pytest.mark.parametrize("number", range(len(CASES)))
def test_each_error_is_reported_at_its_place(tmp_path: Path, number: int) -> None:
    file, text, place, code = CASES[number]
    sound(tmp_path).write(file, text)
    assert (place, code) in [(where, name) for where, name, _ in findings(tmp_path / "desired")]


def test_every_message_says_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    """Held word by word in a file that is read as a reviewer reads it; `REWRITE=1 pytest` writes it anew."""
    said = []
    for number, (file, text, (line, _), _) in enumerate(CASES):
        folder = tmp_path / str(number)
        sound(folder).write(file, text)
        loaded = load(folder / "desired")
        words = as_text(sorted([*loaded.problems, *check(loaded.declarations)]))
        shown = [*text.splitlines(), ""][line - 1]
        said.append(f"# {file}: {shown}"[:120] + "\n" + words.replace(f"{folder}/", ""))
    if os.environ.get("REWRITE"):
        MESSAGES.write_text("\n".join(said), encoding="utf-8")
    assert "\n".join(said) == MESSAGES.read_text(encoding="utf-8")


def test_a_reference_by_an_earlier_name_is_told_todays(tmp_path: Path) -> None:
    world = sound(tmp_path)
    world.users("userPrincipalName: ada@x.org, previously: [Byron@x.org]", "userPrincipalName: bob@x.org, manager: byron@x.org")
    world.groups("displayName: Care, previously: [Support]", "displayName: All, members: [{group: Support}]")
    world.assign("user: byron@x.org, role: User", "group: support, role: User")
    assert sorted(p.remedy for p in load(tmp_path / "desired").errors) == [
        *["it is called Care now: write that"] * 2,
        *["it is called ada@x.org now: write that"] * 2,
    ]


@pytest.mark.parametrize(("clause", "code", "at"), FILTERS)
def test_a_clause_that_means_nothing_is_refused_where_it_does(tmp_path: Path, clause: str, code: str, at: str) -> None:
    sound(tmp_path).write(M, filtered(clause))
    assert [(where, name) for where, name, _ in findings(tmp_path / "desired")] == [((3, 34 + clause.rindex(at)), code)]
    rows = "".join(f"          {'- ' if not n else '  '}{row}\n" for n, row in enumerate(clause.split(", ")))
    block = MAPPINGS.replace("  users:\n", f"  users:\n    scopingFilters:\n      - clauses:\n{rows}", 1)
    sound(tmp_path / "block").write(M, block)
    line = next(number for number, row in enumerate(clause.split(", ")) if at in row)
    assert [(where[0], name) for where, name, _ in findings(tmp_path / "block/desired")] == [(5 + line, code)]


def test_every_conflict_of_a_file_is_reported_and_of_its_syntax_nothing_else(tmp_path: Path) -> None:
    conflict = "<<<<<<< HEAD\n- {userPrincipalName: a}\n=======\n- {userPrincipalName: b}\n>>>>>>> other\n"
    World(tmp_path).write(U, "users:\n" + conflict + conflict)
    found = [(where, code) for where, code, file in findings(tmp_path / "desired") if file.endswith(U)]
    assert found == [((2, 1), "merge-conflict"), ((7, 1), "merge-conflict")]


def test_what_looks_like_a_conflict_in_a_text_is_none(tmp_path: Path) -> None:
    sound(tmp_path).write(U, ADA + "# <<<<<<< HEAD\n# =======\n")
    assert findings(tmp_path / "desired") == []


def test_an_assignment_without_a_role_or_a_member_is_no_repetition_of_another(tmp_path: Path) -> None:
    rows = "{user: ada@x.org}, {user: ada@x.org}, {role: User}, {role: User}"
    sound(tmp_path).write(A, f"assignments: [{rows}]")
    assert [code for _, code, _ in findings(tmp_path / "desired")] == ["missing-key", "missing-key", "one-of", "one-of"]
    assert [item.role for item in load(tmp_path / "desired").declarations.apps["wiki"].assignments] == ["user", "user"]


@pytest.mark.parametrize(
    ("members", "column", "name"),
    [
        ("ada@x.org, grace@x.org, ADA@x.org", 54, "ADA@x.org"),
        ("{group: b}, grace@x.org, {group: B}", 55, "the group B"),
        ("a, {group: a}", 0, ""),
        ("ada@x.org, grace@x.org", 0, ""),
    ],
)
def test_a_member_who_is_written_twice_is_a_warning(tmp_path: Path, members: str, column: int, name: str) -> None:
    sound(tmp_path).write(U, ADA.replace("]", ", {userPrincipalName: a}]"))
    World(tmp_path).write(G, f"groups:\n- {{displayName: b}}\n- {{displayName: a}}\n- {{displayName: c, members: [{members}]}}")
    found = [p for p in load(tmp_path / "desired").problems if p.place.file.endswith(G)]
    said = [(p.place.line, p.place.column, p.severity, p.message) for p in found]
    assert said == ([(4, column, "warning", f"{name} is a member already, in line 4")] if column else [])


def test_an_approval_in_a_second_file_counts_for_nothing(tmp_path: Path) -> None:
    world = sound(tmp_path)
    world.write("apps/wiki/approvals.yaml", "approvals: []")
    world.write("apps/wiki/approvals.yml", "approvals: []")
    assert [(name, file) for _, name, file in findings(tmp_path / "desired")] == [
        ("duplicate", str(tmp_path / "desired/apps/wiki/approvals.yml"))
    ]


def test_a_generated_value_may_stand_where_it_is_made_once(tmp_path: Path) -> None:
    text = MAPPINGS.replace("source: jobTitle", "apply: create, expression: 'Guid()'")
    sound(tmp_path).write(M, text)
    assert findings(tmp_path / "desired") == []


def test_all_errors_come_in_one_run(tmp_path: Path) -> None:
    world = sound(tmp_path)
    world.write(U, ADA + "poeple: []\n")
    world.write(A, "assignments: [{user: adda@x.org, role: User}]")
    world.write(M, expression("Upper([jobTitle])"))
    assert {name for _, name, _ in findings(tmp_path / "desired")} == {"unknown-key", "unknown-user", "expression"}


def test_a_key_that_stands_twice_hides_nothing_else(tmp_path: Path) -> None:
    world = sound(tmp_path)
    world.write(U, ADA[:-2] + ", {userPrincipalName: joan@x.org, city: a, city: b, displayNam: J, manager: adda@x.org}]\n")
    world.write(A, "assignments: [{user: graze@x.org, role: User}]")
    codes = [name for _, name, _ in findings(tmp_path / "desired")]
    assert codes == ["unknown-user", "duplicate-key", "unknown-key", "unknown-user"]


@pytest.mark.parametrize("name", ["A 😀", "😀😀", "a\\😀", "\\ud83d\\ude00"])
def test_json_with_escapes_means_what_it_means_in_json(tmp_path: Path, name: str) -> None:
    declared = {"users": [{"userPrincipalName": "ada@x.org", "displayName": name}]}
    sound(tmp_path).write(U, json.dumps(declared))
    found = load(tmp_path / "desired")
    assert found.problems == [] and found.declarations.users.column("displayName") == [name]


def test_in_yaml_two_escapes_in_single_quotes_stay_text(tmp_path: Path) -> None:
    text = "\\ud83d\\ude00"
    sound(tmp_path).write(U, f"users: [{{userPrincipalName: ada@x.org, displayName: '{text}'}}]")
    assert load(tmp_path / "desired").declarations.users.column("displayName") == [text]


def test_yaml_1_2_reads_yes_and_dates_as_text(tmp_path: Path) -> None:
    sound(tmp_path).write(U, "users: [{userPrincipalName: ada@x.org, city: no, postalCode: '010', state: 2026-01-01}]")
    assert findings(tmp_path / "desired") == []


def only(folder: Path) -> list[tuple[str, str]]:
    """Every error: its code, and the name of its file or folder."""
    return [(name, Path(file).name) for _, name, file in findings(folder / "desired")]


RULES = ["separationOfDuties: [User, Admin]", "holders: {role: User, minimum: 1}", "mustCarry: {roles: [User], reason: true}"]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("member", ["", "3", "[a]", "{grp: a}", "{group: 42}", "{}"])
def test_a_member_that_is_none_is_left_out_of_what_policies_look_at(tmp_path: Path, rule: str, member: str) -> None:
    world = sound(tmp_path)
    world.write("policies/a.yaml", f"policies: [{{name: a, remedy: b, {rule}}}]")
    world.write(G, f"groups:\n  - displayName: G\n    members:\n      - ada@x.org\n      - {member}\n")
    ((place, _, file),) = findings(tmp_path / "desired")
    assert (place[0], Path(file).parent.name) == (5, "groups")


@pytest.mark.parametrize("broken", ["app", "mappings", "roles", "approvals"])
def test_a_file_that_is_no_yaml_hides_nothing_in_the_others_of_its_app(tmp_path: Path, broken: str) -> None:
    world = sound(tmp_path)
    world.write(P, APP + "profile: wonder\n")
    world.write(M, expression("Upper([jobTitle])"))
    world.write(A, "assignments: [{user: adda@x.org, role: Boss}]")
    world.write(f"apps/wiki/{broken}.yaml", f"{broken}: [")
    expected = {
        ("syntax", broken),
        ("not-one-of", "app"),
        ("unknown-user", "assignments"),
        ("unknown-role", "assignments"),
        ("expression", "mappings"),
    }
    hidden = {(code, file) for code, file in expected if file == broken and code != "syntax"}
    hidden |= {("unknown-role", "assignments")} if broken == "roles" else set()
    assert {(code, file.removesuffix(".yaml")) for code, file in only(tmp_path)} == expected - hidden


def test_an_app_with_a_file_that_is_no_yaml_is_known_to_policies(tmp_path: Path) -> None:
    world = sound(tmp_path)
    world.write(M, "mappings: [")
    world.write("policies/a.yaml", "policies: [{name: a, remedy: b, apps: [wiki], holders: {role: User, minimum: 1}}]")
    assert only(tmp_path) == [("syntax", "mappings.yaml")]
    assert load(tmp_path / "desired").declarations.apps == {}


def test_an_app_that_lacks_a_file_is_checked_all_the_same(tmp_path: Path) -> None:
    world = sound(tmp_path)
    (tmp_path / "desired" / M).unlink()
    world.write(A, "assignments: [{user: ada@x.org, role: Boss}]")
    assert only(tmp_path) == [("missing-file", "wiki"), ("unknown-role", "assignments.yaml")]


@pytest.mark.parametrize(
    ("name", "slip"),
    [
        (R, "role.yaml"),
        (A, "assignements.yaml"),
        (M, "mapping.yml"),
        (P, "App.yaml"),
        ("directory/users", "user"),
        ("directory", "directroy"),
        ("apps", "app"),
        (U, "../users.yaml"),
    ],
)
def test_a_slip_in_a_name_is_one_error_and_what_stands_there_is_checked(tmp_path: Path, name: str, slip: str) -> None:
    sound(tmp_path)
    path = tmp_path / "desired" / name
    path.rename(target := path.parent / slip)
    if slip.startswith(".."):
        path.parent.rmdir()
    assert only(tmp_path) == [("no-meaning", target.name)]


def test_a_slip_beside_the_right_name_counts_for_nothing(tmp_path: Path) -> None:
    sound(tmp_path).write("apps/wiki/role.yaml", "roles: [")
    assert only(tmp_path) == [("no-meaning", "role.yaml")]


@pytest.mark.parametrize("name", ["directory/users/b.yaml", "apps/wiki/approvals.yaml", "policies/a.yaml", "reconciler.yaml"])
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    sound(tmp_path)
    pipe = tmp_path / "desired" / name
    pipe.parent.mkdir(exist_ok=True)
    os.mkfifo(pipe)
    assert only(tmp_path) == [("no-regular-file", pipe.name)]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (U, "users: [" + "".join(f"{{userPrincipalName: u{n}, colour: red}}, " for n in range(3_000)) + "]"),
        (U, "users:\n" + "  -\n" * 3_000),
        (P, APP + "".join(f"colour{number}: red\n" for number in range(3_000))),
    ],
)
def test_of_too_many_errors_the_rest_is_counted(tmp_path: Path, file: str, text: str) -> None:
    sound(tmp_path).write(file, text)
    codes = ("unknown-key", "wrong-type", "more-errors")
    found = [problem for problem in load(tmp_path / "desired").problems if problem.code in codes]
    assert len(found) == 2_001 and found[-1].message == "1,000 more errors are not listed"


MORE = [
    (U, "users: [{userPrincipalNam: a}, {userPrincipalNam: b}, {x: 1, userPrincipalName: ''}, {mail: 1}]"),
    (G, "groups: [{displayName: a, members: [{a: 1, b: 2}, 3, {}, {group: 1}, {grup: x}]}]"),
    (A, "assignments: [{usr: a, role: x}, {user: a, group: b, role: x}, {rle: x}, {grup: x}, {user: a, expires: 3}]"),
]


@pytest.mark.parametrize("number", range(len(CASES) + len(MORE)))
def test_errors_that_are_not_listed_are_as_many_as_would_be(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    file, text = (*(case[:2] for case in CASES), *MORE)[number]
    sound(tmp_path).write(file, text)
    before = len(load(tmp_path / "desired").problems)
    monkeypatch.setattr("reconciler.declare.schema.MOST_EXPLAINED", 1)
    assert sum(problem.stands_for for problem in load(tmp_path / "desired").problems) == before


def test_a_whole_number_may_be_written_with_a_fraction_of_nothing(tmp_path: Path) -> None:
    limits = "accidentalDeletions: {count: 3.0}, lockout: {role: User, minimumActive: 2.0}"
    sound(tmp_path).write(P, APP + f"safeguards: {{{limits}}}\n")
    found = load(tmp_path / "desired").declarations.apps["wiki"].safeguards
    assert (found.accidentalDeletions.count, found.lockout and found.lockout.minimumActive) == (3, 2)
