"""Declarations that are too much: each ends within five seconds of computing and 200 MB, with errors that can be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.declare.circles import circles
from reconciler.declare.load import load
from reconciler.resolve.scope import Ways, flatten
from tests.support.command_server import command_server
from tests.support.world import APP, MAPPINGS, World

U, G, A = "directory/users/a.yaml", "directory/groups/a.yaml", "apps/wiki/assignments.yaml"
M, P, V, Y = "apps/wiki/mappings.yaml", "apps/wiki/app.yaml", "apps/wiki/approvals.yaml", "policies/a.yaml"
MEASURED = """
import sys, time
import reconciler.cli.main as command
run = command.run
def measured(arguments):
    code = run(arguments)
    peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print("\\nBUDGET", code, time.process_time(), int(peak) // 1024, file=sys.stderr)
    return code
command.run = measured
"""


def rows(key: str, count: int, row: str) -> str:
    return f"{key}:\n" + "".join(f"- {row.replace('%n', str(n)).replace('%m', str(n + 1))}\n" for n in range(count))


def mapped(count: int, row: str) -> str:
    head, _, rest = MAPPINGS.partition("  groups:")
    return head + "".join(f"      - {{{row.replace('%n', str(n))}}}\n" for n in range(count)) + "  groups:" + rest


def inside(count: int, name: str) -> str:
    return "groups: [{displayName: g, members: [" + ", ".join(f"{name}{n}" for n in range(count)) + "]}]\n"


NUMBER, URN = "9" * 5_000, "urn:example:2.0:User"
ATTACKS = {  # what is written, and the errors that are said
    "circle of 3,000 groups": ({G: rows("groups", 2_999, "{displayName: g%n, members: [{group: g%m}]}")
                                + "- {displayName: g2999, members: [{group: g0}]}\n"}, 3_000),
    "20,000 nested groups": ({G: rows("groups", 20_000, "{displayName: g%n, members: [{group: g%m}, ada@x.org]}")
                              + "- {displayName: g20000}\n", A: "assignments: [{group: g0, role: User}]"}, 0),
    "10,000 mappings": ({M: mapped(10_000, f"target: '{URN}:a%n', constant: x")}, 0),
    "10,000 bad expressions": ({M: mapped(10_000, f"target: '{URN}:a%n', expression: ToUper(mail)")}, 10_000),
    "10,000 unknown members": ({U: rows("users", 20_000, "userPrincipalName: user%n@x.org"), A: "assignments: []",
                                G: rows("groups", 10_000, "{displayName: g%n, members: [usr%n@y.org]}")}, 10_000),
    "text repeated": ({U: "users:\n- {userPrincipalName: ada@x.org, city: &c " + "x" * 100_000 + "}\n"
                       + "".join(f"- {{userPrincipalName: u{n}, city: *c}}\n" for n in range(1_000))}, None),
    "values repeated": ({U: "a: &a [" + "x, " * 1_000 + "]\nb: [" + "*a, " * 1_000 + "]\n"}, None),
    "a number of 5,000 digits": ({U: f"users: [{{userPrincipalName: ada@x.org, employeeId: {NUMBER}}}]"}, 1),
    "many long numbers": ({P: APP + "safeguards: {protected: [" + (NUMBER + ", ") * 500 + "]}\n"}, 500),
    "20,000 keys": ({P: APP + "".join(f"key{n}: 1\n" for n in range(20_000))}, 20_000),
    "30,000 keys twice": ({U: "users:\n- userPrincipalName: ada@x.org\n" + "  city: a\n" * 30_000}, 29_999),
    "20,000 conflicts": ({U: "users: [\n" + "<<<<<<< HEAD\n{a: b},\n=======\n{a: @},\n>>>>>>> other\n" * 20_000}, 20_000),
    "names of 2 MB": ({U: "users: [{userPrincipalName: " + "x" * 2_000_000
                           + "}, {userPrincipalName: ada@x.org, manager: " + "y" * 2_000_000 + "}]"}, 1),
    "nested 500,000 deep": ({U: "users: " + "[" * 500_000}, 1),
    "50,000 unknown members of a group": ({G: inside(50_000, "x"), A: "assignments: []"}, 50_000),
    "50,000 unknown managers": ({U: rows("users", 50_000, "{userPrincipalName: u%n, manager: x%n}"), A: "assignments: []"},
                                50_000),
    "200 policies that 5,000 people break": (
        {U: rows("users", 5_000, "userPrincipalName: u%n"), A: "assignments: [{group: g, role: User}, {group: g, role: Admin}]",
         G: inside(5_000, "u"),
         Y: rows("policies", 200, "{name: p%n, remedy: b, separationOfDuties: [Admin, User]}")}, 0),
    "5,000 policies": ({Y: rows("policies", 5_000, "{name: p%n, remedy: b, separationOfDuties: [A%n, B%n]}")}, 10_000),
}  # fmt: skip


def validated(folder: Path, form: str = "text") -> tuple[str, int, float, int]:
    """What a process of its own prints, its exit code, seconds of computing, and its peak in MB."""
    arguments = ("validate", "--desired", str(folder / "desired"), "--format", form)
    process = command_server().start(arguments, folder, {**os.environ, "RECONCILE_CACHE_DIR": ""}, before=(MEASURED,))
    out, err = ((stream or b"").decode() for stream in process.communicate(300))
    _, code, seconds, peak = err.splitlines()[-1].split()
    return out + err, int(code), float(seconds), int(peak)


@pytest.mark.parametrize("name", ATTACKS)
def test_it_ends_within_its_budget_and_says_how_many_errors_there_are(tmp_path: Path, name: str) -> None:
    files, errors = ATTACKS[name]
    world = World(tmp_path)
    world.users("userPrincipalName: ada@x.org")
    world.assign("user: ada@x.org, role: User")
    for file, text in files.items():
        world.write(file, text)
    said, code, seconds, peak = validated(tmp_path)
    assert seconds < 5 and peak < 200 and len(said) < 1_000_000
    assert code == (0 if errors == 0 else 1) and "Traceback" not in said
    assert errors is None or f"{errors:,} error{'s' * (errors != 1)}, " in said


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_in_every_form_2_000_of_a_kind_are_listed_and_the_rest_is_counted(tmp_path: Path, form: str) -> None:
    world = World(tmp_path)
    world.assign()
    world.write(G, rows("groups", 4_980, "{displayName: g%n, members: [nobody]}"))
    said, *_ = validated(tmp_path, form)
    assert "2,980 more errors are not listed" in said and 2_000 <= said.count("nobody") < 2_010 * (1 + (form == "sarif"))


def test_warnings_of_policies_that_are_not_listed_are_counted(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.users(*(f"userPrincipalName: u{n}" for n in range(600)))
    world.groups(f"displayName: g, members: [{', '.join(f'u{n}' for n in range(600))}]")
    world.assign("group: g, role: User", "group: g, role: Admin")
    world.write(Y, rows("policies", 4, "{name: p%n, remedy: b, separationOfDuties: [Admin, User]}"))
    said, code, *_ = validated(tmp_path)
    assert code == 0 and "400 more warnings are not listed" in said and "0 errors, 2,400 warnings" in said


def test_what_is_large_and_sound_is_no_error(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write(
        U,
        "users:\n- &a {userPrincipalName: ada@x.org, employeeId: '"
        + NUMBER
        + "'}\n"
        + "".join(f"- {{<<: *a, userPrincipalName: u{n}}}\n" for n in range(1_000)),
    )
    world.write(G, rows("groups", 200, "{displayName: g%n, members: [{group: g%m}]}") + "- {displayName: g200, members: [u7]}\n")
    world.assign("group: g0, role: User")
    found = load(tmp_path / "desired")
    assert found.problems == [] and flatten(found.declarations.groups, "expand")["g0"] == {"u7"}


def test_the_way_to_each_of_many_members_looks_through_a_group_once(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write(
        G,
        rows("groups", 300, "{displayName: g%n, members: [{group: g%m}]}")
        + inside(3_000, "u").removeprefix("groups: [").replace("{displayName: g,", "- {displayName: g300,").replace("]}]", "]}"),
    )
    world.assign("group: g0, role: User")
    groups = load(tmp_path / "desired").declarations.groups
    looks = 0

    class Counted(dict[str, object]):
        def __getitem__(self, name: str) -> object:
            nonlocal looks
            looks += 1
            return groups[name]

    ways = Ways(Counted.fromkeys(groups))  # type: ignore[arg-type]
    assert {len(ways.chain("g0", f"u{n}")) for n in range(3_000)} == {301} and looks == 301
    assert ways.chain("g300", "u7") == ["g300"] and ways.chain("g299", "u7") == ["g299", "g300"]
    assert ways.chain("g0", "nobody") == ["g0"]


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.assign()
    world.write(U, "")
    with open(world.folder / "desired" / U, "wb") as file:
        file.truncate(40 << 30)
    said, code, seconds, peak = validated(tmp_path)
    assert code == 1 and "larger than 64 MiB" in said and seconds < 5 and peak < 200


def test_circles_are_found_apart_from_what_leads_to_them() -> None:
    edges = {"a": ["b"], "b": ["c", "d"], "c": ["b"], "d": ["e"], "e": [], "f": ["f"], "g": ["a", "f"]}
    assert sorted(map(sorted, circles(edges))) == [["b", "c"], ["f"]]
