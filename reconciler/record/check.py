"""What was read from a record or a journal against their nouns: any JSON in, a Record or a RecordError out. Pure.

The nouns' own annotations say what fits, so that a new field is checked as soon as it is declared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from itertools import chain
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

from reconciler.record.entries import Entries, Entry
from reconciler.record.model import RECORD_VERSION, Record
from reconciler.record.store import RecordError
from reconciler.record.values import JournalLine

Checker = Callable[[Any], str | None]  # what is wrong with a value, None where nothing is
WORDS = {str: "text", dict: "an object", list: "a list", bool: "true or false", int: "a number", NoneType: "null"}
KINDS = ("User/", "Group/")
LOST = "restore it from a backup, or move it away: accounts are then matched afresh"


def record_of(data: object, app: str, where: str, remedy: str = LOST) -> Record:
    """The record of `app` that `data`, a JSON value, holds. Raises RecordError; `where` names the place in it."""
    if not isinstance(data, dict) or type(data.get("version")) is not int:
        raise RecordError(f"{where} is damaged: it is not a record", remedy)
    if data["version"] != RECORD_VERSION:
        raise RecordError(f"{where} has version {data['version']}", "use the newer reconcile")
    fields = record_fields()
    plain = _plain(data.get("entries"))
    looked = data.keys() & fields.keys() - ({"entries"} if plain else set())
    problem = next((p for name in looked if (p := _below(name, fields[name](data[name])))), None)
    problem = problem or ("app is missing" if "app" not in data else None) or (None if plain else _entries(data.get("entries")))
    if problem:
        raise RecordError(f"{where} is damaged: {problem[:300]}", remedy)
    if app and data["app"] != app:
        raise RecordError(
            f"{where} is the record of the app {data['app'][:100]!r}, not of {app!r}",
            "put each app's record back in its own place",
        )
    return Record(**{name: data[name] for name in fields if name in data})


def journal_of(lines: list[Any], where: str) -> list[dict[str, Any]]:
    """The lines of a journal. Raises RecordError where one is JSON, but nothing that a journal holds."""
    check = checker(JournalLine)
    for number, line in enumerate(lines, 1):
        problem = check(line) or _line(line)
        if problem:
            raise RecordError(
                f"{where} is damaged in line {number}: {problem[:300]}",
                "take that line out, or move the file away: what it knew is found by reading the service",
            )
    return lines


def log_of(lines: list[Any], where: str) -> list[dict[str, Any]]:
    """The records of a provisioning log. Raises RecordError."""
    wrong = next((number for number, line in enumerate(lines, 1) if not isinstance(line, dict)), None)
    if wrong is not None:
        raise RecordError(f"{where} is damaged in line {wrong}: it is not an object", "take that line out")
    return lines


@cache
def record_fields() -> dict[str, Checker]:
    """Field of a Record -> its checker."""
    return {name: checker(dict[str, Entry] if hint is Entries else hint) for name, hint in get_type_hints(Record).items()}


def checker(hint: Any) -> Checker:
    """What tells whether a JSON value fits a type annotation."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return lambda value: None
    if is_typeddict(hint):
        return _object({name: checker(kind) for name, kind in get_type_hints(hint).items()}, sorted(hint.__required_keys__))
    if origin in (Union, UnionType):
        return _either([checker(kind) for kind in arguments])
    if origin is list or origin is dict:
        return _container(list if origin is list else dict, None if arguments[-1] is Any else checker(arguments[-1]))
    return lambda value: None if type(value) is hint else f"{_shown(value)} is not {WORDS[hint]}"


def _object(known: dict[str, Checker], required: list[str]) -> Checker:
    """Keys that nobody knows are a newer version's, and are left alone."""

    def check(value: Any) -> str | None:
        if type(value) is not dict:
            return f"{_shown(value)} is not an object"
        for name, item in value.items():
            if name in known and (problem := known[name](item)) is not None:
                return _below(name, problem)
        return next((f"{name} is missing" for name in required if name not in value), None)

    return check


def _container(kind: type[list[Any]] | type[dict[str, Any]], inner: Checker | None) -> Checker:
    def check(value: Any) -> str | None:
        if type(value) is not kind:
            return f"{_shown(value)} is not {WORDS[kind]}"
        if inner is None:
            return None
        pairs: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
        return next((_below(str(name), p) for name, item in pairs if (p := inner(item)) is not None), None)

    return check


def _either(kinds: list[Checker]) -> Checker:
    def check(value: Any) -> str | None:
        problems = [kind(value) for kind in kinds]
        return None if None in problems else problems[0]

    return check


@cache
def _entry_kinds() -> dict[str, type]:
    hints = get_type_hints(Entry)
    assert all(hint in (str, bool, list[str], dict[str, Any]) for hint in hints.values()), "_plain knows no other"
    return {name: get_origin(hint) or hint for name, hint in hints.items()}


def _plain(entries: Any) -> bool:
    """Whether every entry is sound, looked at a column at a time: of 100,000 that takes a fifth of one by one."""
    if type(entries) is not dict or set(map(type, entries.values())) - {dict}:
        return False
    for name, kind in _entry_kinds().items():
        column = [entry[name] for entry in entries.values() if name in entry]
        inner = chain.from_iterable(column) if kind is list and set(map(type, column)) <= {list} else ()
        if set(map(type, column)) - {kind} or set(map(type, inner)) - {str}:
            return False
        if name == "id" and not (len(column) == len(entries) and all(column)):
            return False
    return all([type(address) is str and address.startswith(KINDS) for address in entries])


def _entries(entries: Any) -> str | None:
    """Each entry has an id and stands under an address."""
    if entries is None:
        return "entries is missing"
    for address, entry in entries.items():
        if not entry.get("id"):
            return f"entries: {address}: id is missing"
        if not (isinstance(address, str) and address.startswith(KINDS)):
            return f"entries: {address} is not an address"
    return None


def _line(line: dict[str, Any]) -> str | None:
    """An entry without an id would be nobody's account; where it goes is its address."""
    if "address" not in line:
        return None if "settled" in line else "address is missing"
    if not line["address"].startswith(KINDS):
        return f"{line['address']} is not an address"
    return "entry: id is missing" if line.get("entry") is not None and not line["entry"].get("id") else None


def _below(name: str, problem: str | None) -> str | None:
    return None if problem is None else f"{name}: {problem}"


def _shown(value: Any) -> str:
    return repr(value)[:60]
