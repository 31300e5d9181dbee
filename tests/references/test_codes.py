"""Every code that a problem is raised with is in the registry, and the other way round; each example shows its code."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import reconciler
from reconciler.cli import wrong_usage
from reconciler.cli.main import run
from reconciler.codes import apps, cautions, commands, objects, plans, records, usage, warnings
from reconciler.codes.model import Code
from reconciler.codes.registry import CODES, PARTS
from reconciler.declare.errors import ReconcileError
from reconciler.record.log.known import LOST
from reconciler.record.signatures import NOT_SIGNED
from reconciler.scim.errors import ServiceError
from reconciler.service import failures, verdicts
from reconciler.service.metrics import SAFEGUARDS
from tests.references.code_page import problems, skipped
from tests.references.produced import seen
from tests.support.servers import ROOT

PACKAGE = ROOT / "reconciler"
# Calls that take a code: which argument it is, and how many there are at least.
TAKERS = {
    "Problem": (2, 4),
    "_broken": (1, 4),
    "Refused": (1, 4),
}
METHODS = {"note": (1, 3), "warning": (2, 4)}
NAME = re.compile(r"[a-z]+\d?(-[a-z]+\d?)*(-[a-z]+[A-Z]\w*)?")
# Codes that are put together or handed on: where they are written.
MADE = {
    "reconciler/declare/assignments.py": {"unknown-user", "unknown-group", "unknown-role"},
    "reconciler/declare/violations.py": {"missing-key", "no-top-level-key", *(c for c in CODES if c.startswith("schema-"))},
    "reconciler/declare/headers.py": {"literal-secret", "header"},
    "reconciler/declare/yaml/raw_text.py": {"merge-conflict"},
    "reconciler/declare/yaml/events.py": {"merge-conflict"},
    "reconciler/declare/listed.py": {"more-errors"},
    "reconciler/resolve/check.py": {"role-disabled", "role-member-type"},
}
# Keywords of JSON Schema whose violation is called by the keyword.
VALIDATING = {
    *("pattern", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "const", "not", "allOf", "if", "contains"),
}
WRITTEN_BY_US = ("plan", "record", "provisioning-log", "status", "explain", "notification")
EXAMPLES = [code for code in CODES.values() if code.example and code not in plans.SKIPS]
OF_PLANS = {code.name for part in (plans.SKIPS, plans.SAFEGUARDS, plans.ERRORS, cautions.CAUTIONS) for code in part}
OF_RUNS = {code.name for part in (usage.CODES, commands.CODES, apps.CODES, objects.CODES) for code in part}
# What no world shows: the fast validator refuses a value that the explaining one accepts, and no such value is known; the rest,
# which takes a machine, a port or a great number, is shown by tests/stories/test_codes_shown.py.
IN_WORDS = {"schema", "CannotListen", "CannotContinue", "DemoFailed", "TooManyJobs", "RecordedMissing"}
OF_WARNINGS = {code.name for part in (warnings.PLANS, warnings.COMMANDS) for code in part}
# Calls by which a warning is made of the code that is their first argument; a step of test-connection has it as `code`.
WARNING = {"Warned", "left", "keeps", "_note"}
BY_KEYWORD = {"Step", "_replace"}
# Where the code is another thing's own: an error's, a caution's; where it is handed on, and where a saved plan is read.
HANDED_ON = {
    "reconciler/cli/common.py": ["error.code"],
    "reconciler/cli/other_apps.py": ["record.code"],
    "reconciler/cycle/not_listed.py": ["code"],
    "reconciler/plan/explain/from_plan.py": ["caution.code"],
    "reconciler/plan/findings.py": ["code", "code"],
    "reconciler/report/plan_file.py": ["code"],
    "reconciler/report/redact.py": ["item.code"],
}
WORDS = re.compile(r"[A-Z][a-z]+([A-Z][a-z]+)+")
# Words of the same form that are no code: classes of apply's log, Entra's words, functions.
NO_CODES: set[str] = {"SingleAppRoleAssignment"}


def literals(file: Path) -> Iterator[str]:
    """Codes that a module raises by name."""
    for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        at = _argument(name, len(call.args))
        value = call.args[at] if at is not None else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and NAME.fullmatch(value.value):
            yield value.value


def _argument(name: str, count: int) -> int | None:
    if name == "error":  # (place, code, message, remedy), or with a row, a document or a path before them
        return count - 3 if count in (4, 5) else 2 if count in (3, 6) else None
    at, least = (TAKERS | METHODS).get(name, (0, 100))
    return at if count >= least else None


def raised() -> set[str]:
    rooms = ("declare", "resolve", "scim", "plan", "cycle")
    found = {code for room in rooms for file in (PACKAGE / room).rglob("*.py") for code in literals(file)}
    return found.union(*MADE.values())


def said_by_plans() -> set[str]:
    """Names in the planner's rooms: those of two words or more wherever they stand, others where they are raised or given."""
    found: set[str] = set()
    for file in (*(PACKAGE / "plan").rglob("*.py"), *(PACKAGE / "cycle").rglob("*.py"), PACKAGE / "resolve/scope.py"):
        nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        found |= {text for text in texts if WORDS.fullmatch(text) and "explain" not in file.parts}
        for call in (node for node in nodes if isinstance(node, ast.Call)):
            first = {"Caution": 0, "Safeguard": 0, "ObjectError": 1}.get(getattr(call.func, "id", ""))
            value = call.args[first] if first is not None and len(call.args) > first else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found.add(value.value)
            elif isinstance(value, ast.Name) and value.id == "NAME":
                found |= {text for text in texts if text in OF_PLANS}
    return found - NO_CODES


def test_every_code_that_is_raised_is_in_the_registry() -> None:
    assert sorted(raised() - CODES.keys()) == []


def test_every_code_of_the_registry_is_raised() -> None:
    assert sorted(CODES.keys() - raised() - OF_PLANS - OF_RUNS - OF_WARNINGS - said_of_records()) == []


def said_of_records() -> set[str]:
    """Names of two words or more that an error of the record is given as its code."""
    files = [*(PACKAGE / "record").rglob("*.py"), *(PACKAGE / "cycle").rglob("*.py")]
    calls = [
        node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    ]
    last = [call.args[-1] for call in calls if getattr(call.func, "id", "") == "RecordError" and len(call.args) == 3]
    named = {"LOST": LOST, "NOT_SIGNED": NOT_SIGNED}
    return {value.value for value in last if isinstance(value, ast.Constant) and isinstance(value.value, str)} | {
        named[value.id] for value in last if isinstance(value, ast.Name) and value.id in named
    }


def test_what_an_error_of_the_record_is_called_is_in_the_registry_and_the_other_way_round() -> None:
    assert said_of_records() == {code.name for code in records.CODES}


def kinds(base: type[ReconcileError]) -> Iterator[type[ReconcileError]]:
    for kind in base.__subclasses__():
        yield from (kind, *kinds(kind))


def code_of(kind: type[ReconcileError]) -> str:
    error = kind.__new__(kind)
    vars(error).update(status=None, _code="")
    return error.code


def of_errors() -> set[str]:
    """Codes of errors by their class; of an answer of a service they depend on its status."""
    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        importlib.import_module(module.name)
    return {code_of(kind) for kind in kinds(ReconcileError)} | {ServiceError("", status=404).code}


def messages() -> Iterator[str]:
    """First lines of what commands say in words of their own, with {} for what is filled in."""
    for file in (PACKAGE / "cli").glob("*.py"):
        nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
        formatted = [node for node in nodes if isinstance(node, ast.JoinedStr)]
        pieces = {part for node in formatted for part in node.values}
        for node in formatted:
            yield "".join(map(filled, node.values)).split("\n")[0]
        yield from (filled(node).split("\n")[0] for node in nodes if isinstance(node, ast.Constant) and node not in pieces)


def filled(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else "{}"


def of_commands() -> set[str]:
    """Codes with which messages of commands end."""
    return {found[1] for text in messages() if (found := re.search(r"[a-z}] \[([A-Z][A-Za-z]+)\]$", text))}


def test_what_ends_a_command_a_cycle_or_a_change_is_in_the_registry_and_the_other_way_round() -> None:
    of_cycles = {"InvalidDeclaration", verdicts.MANUAL.code, verdicts.LOST.code}
    of_changes = {code for code, _ in failures.BY_STATUS.values()} | {failures.NOT_PLANNED}
    of_changes |= {code for code, _ in (failures.NO_ANSWER, failures.SERVICE, failures.OTHERS, failures.NOT_DONE)}
    of_changes |= {failures.NOT_AS_TOLD[0], failures.STILL_ACTIVE[0]}
    of_usage = {*wrong_usage.OF_CLICK.values(), *(kind.__name__ for kind in wrong_usage.OURS), wrong_usage.ELSE}
    found = of_errors() | of_commands() | of_usage | of_cycles | of_changes
    assert sorted(found - CODES.keys()) == []
    assert sorted(OF_RUNS - found) == []
    assert of_changes | of_cycles <= failures.CODES


def test_every_error_of_a_command_ends_in_a_code() -> None:
    coded = re.compile(r"\[([A-Za-z]+|\{\})\]$")
    errors = [text for text in messages() if text.startswith("Error: ")]
    assert len(errors) > 15
    assert [text for text in errors if not coded.search(text)] == []


def codes_of_warnings() -> tuple[set[str], dict[str, list[str]]]:
    """Those that are written where a warning is made, and the expressions, by file, where one is not written there."""
    written: set[str] = set()
    others: dict[str, list[str]] = {}
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
            code = _code_of_warning(name, node) if isinstance(node, ast.Call) else None
            if isinstance(code, ast.Constant) and isinstance(code.value, str):
                written.add(code.value)
            elif code is not None and name == "Warned":
                others.setdefault(file.relative_to(ROOT).as_posix(), []).append(ast.unparse(code))
    return written, others


def _code_of_warning(name: str, call: ast.Call) -> ast.expr | None:
    if name in WARNING and len(call.args) > 1:
        return call.args[0]
    return next((item.value for item in call.keywords if item.arg == "code"), None) if name in BY_KEYWORD else None


def test_every_warning_has_a_code_of_the_registry_and_every_code_of_warnings_is_made() -> None:
    written, others = codes_of_warnings()
    assert sorted(written - CODES.keys()) == []
    assert sorted(OF_WARNINGS - written) == []
    assert others == HANDED_ON


def test_no_command_prints_a_warning_without_its_code() -> None:
    lines = [text for text in messages() if text.startswith("Warning")]
    assert lines and set(lines) == {"Warning: {}"}, "what is filled in is a warning's words, which end in its code"


def test_every_safeguard_has_a_page() -> None:
    assert sorted(SAFEGUARDS) == sorted(code.name for code in plans.SAFEGUARDS)


def test_what_a_plan_says_is_in_the_registry_and_the_other_way_round() -> None:
    assert sorted(said_by_plans() - CODES.keys()) == []
    assert sorted(OF_PLANS - said_by_plans()) == []


@pytest.mark.parametrize("code", plans.SKIPS, ids=lambda code: code.name)
def test_an_example_leaves_somebody_out_by_its_code(code: Code) -> None:
    assert code.example is not None
    assert "User/ada@example.com" in {skip.address for skip in skipped(code.example) if skip.code == code.name}


def keywords(schema: Any, names: bool = False) -> Iterator[str]:
    """What a schema asks of values, in JSON Schema's words; `names` where the keys are names of properties."""
    for key, part in schema.items() if isinstance(schema, dict) else ():
        if not names and key in VALIDATING:
            yield key
        yield from keywords(part, not names and key in ("properties", "$defs"))


def test_every_rule_of_the_schemas_has_a_code() -> None:
    kinds = [file for file in (ROOT / "schemas").glob("*.json") if file.name.partition(".")[0] not in WRITTEN_BY_US]
    used = {key for file in kinds for key in keywords(json.loads(file.read_text(encoding="utf-8")))}
    assert used and sorted(key for key in used if f"schema-{key}" not in CODES) == []


@pytest.mark.parametrize("file", MADE)
def test_a_code_that_is_put_together_is_written_where_it_is_said_to_be(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    parts = {code: (code.split("-")[0] + "-" if code.startswith(("schema-", "unknown-")) else code) for code in MADE[file]}
    assert [code for code, part in parts.items() if part not in text and code != "merge-conflict"] == []


def test_no_code_stands_twice_and_each_has_an_example_or_says_how_it_comes_about() -> None:
    assert len(CODES) == sum(map(len, PARTS.values()))
    assert [code.name for code in CODES.values() if bool(code.example) == bool(code.shown)] == []
    assert len(EXAMPLES) >= 60  # those that no file of declarations alone can show are few


@pytest.mark.parametrize("name", [code.name for code in EXAMPLES])
def test_an_example_shows_its_code(name: str) -> None:
    example = CODES[name].example
    assert example is not None
    assert name in {problem["code"] for problem in problems(example)}


def test_what_is_no_file_of_declarations_is_shown_by_a_world_of_the_corpus() -> None:
    """Its lines are on the page, and the corpus compares them; those that are told in words alone are listed here."""
    without = {code.name for code in CODES.values() if code.example is None and code.name not in seen()}
    assert without == IN_WORDS
    others = (ROOT / "tests/stories/test_codes_shown.py").read_text(encoding="utf-8")
    assert [code for code in IN_WORDS - {"schema"} if f'"{code}"' not in others] == []


def test_help_says_what_a_code_means_and_which_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    for code in CODES.values():
        assert run(["help", code.name]) == 0
        shown = capsys.readouterr().out
        assert shown.startswith(f"# {code.name}\n") and code.title in shown and code.fix in " ".join(shown.split())
    assert run(["help", "unknown-keys"]) == 64
    assert "did you mean 'unknown-key'?" in capsys.readouterr().err
