"""What is parsed by several processes is the same, with the same faults at the same places, as what one has parsed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, sys
from pathlib import Path
from reconciler.declare import reader
from reconciler.declare.load import load

begun, parsed = [], []
fork, parse = os.fork, reader.parse
os.fork = lambda: begun.append(1) or fork()
reader.parse = lambda raw, file: parsed.append(file) or parse(raw, file)
os.sched_getaffinity = lambda process: set(range(int(sys.argv[1])))
found = load(Path("desired"))
people = found.declarations.users
print(len(begun), len(parsed) > 40)
for name in people:
    print(people[name], people.line(people.index[name]))
print(*found.declarations.apps["wiki"].assignments, sep="\\n")
print(found.declarations.digest, *found.problems, sep="\\n")
"""
FILES, EACH = 40, 400
SLIP, DOUBLE = "  - {userPrincipalName: x@example.com, departmnt: IT}\n", "  - {userPrincipalName: u7x0@example.com}\n"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A folder with `desired/` in it: 40 files of 400 people, and their assignments."""
    users, app = tmp_path / "desired/directory/users", tmp_path / "desired/apps/wiki"
    users.mkdir(parents=True)
    app.mkdir(parents=True)
    for file in range(FILES):
        rows = (f"  - {{userPrincipalName: u{file}x{row}@example.com, displayName: Person {row}}}\n" for row in range(EACH))
        (users / f"part{file:02}.yaml").write_text("users:\n" + "".join(rows))
    rows = (f"  - {{user: u{file}x{row}@example.com, role: User}}\n" for file in range(FILES) for row in range(EACH))
    (app / "assignments.yaml").write_text("assignments:\n" + "".join(rows))
    (app / "mappings.yaml").write_text(
        "mappings:\n  users:\n    attributes:\n      - {target: userName, source: userPrincipalName}\n"
    )
    (app / "app.yaml").write_text("app: wiki\nadminCredentials: {tenantUrl: 'https://x.example', secretToken: '${env:T}'}\n")
    return tmp_path


def loaded(folder: Path, cores: int, cache: str = "") -> list[str]:
    """What was loaded, after a line of how many processes were begun and whether this one parsed all of the files."""
    place = str(folder / cache) if cache else ""
    environ = {"RECONCILE_CACHE_DIR": place, "PYTHONPATH": str(Path(__file__).parents[2])}
    program = [sys.executable, "-c", PROGRAM, str(cores)]
    done = subprocess.run(program, cwd=folder, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert not done.stderr
    return done.stdout.splitlines()


def test_files_that_nobody_has_parsed_are_parsed_by_several_processes_and_once(many: Path) -> None:
    alone = loaded(many, 1, "alone")
    several = loaded(many, 3, "several")
    assert (alone[0], several[0]) == ("0 True", "2 False") and len(alone) > FILES * EACH
    assert alone[1:] == several[1:] == loaded(many, 3, "several")[1:]
    assert loaded(many, 3, "several")[0] == "0 False"  # all are known


def test_what_is_wrong_is_told_as_by_one_process(many: Path) -> None:
    for number, row in ((20, SLIP), (39, DOUBLE)):
        with (many / f"desired/directory/users/part{number}.yaml").open("a") as file:
            file.write(row)
    alone, several = loaded(many, 1, "alone"), loaded(many, 3, "several")
    assert several[0] == "2 False" and alone[1:] == several[1:]
    assert "departmnt" in several[-2] and "declared twice, first at" in several[-1]


def test_where_nothing_is_kept_one_process_parses_all(many: Path) -> None:
    assert loaded(many, 3)[0] == "0 True"


def test_after_a_change_of_one_file_no_process_is_begun(many: Path) -> None:
    loaded(many, 1, "kept")
    with (many / "desired/directory/users/part07.yaml").open("a") as file:
        file.write("  - {userPrincipalName: new@example.com}\n")
    assert loaded(many, 3, "kept")[0] == "0 False"
