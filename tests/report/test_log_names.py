"""The log of somebody, of a group or of a role is found by the name of any time: a log with renames in, its records out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from unicodedata import normalize

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.declare.names import fold, group_address, name_of, user_address
from reconciler.record.log.audit import Kind, audit_record
from reconciler.report import log_names
from reconciler.report.log_names import with_other_names
from reconciler.report.log_query import Query, asked
from reconciler.report.log_record import address_of, id_of, ours_of
from reconciler.report.log_watch import Watch
from tests.report.test_logs import NOW, record


def of(id: str, address: str, at: str, **more: Any) -> dict[str, Any]:
    return record(address, at, targetIdentity={"id": id}, **more)


def members(*names: str) -> list[dict[str, Any]]:
    return [{"displayName": "members", "oldValue": [], "newValue": list(names)}]


def roles(*names: str) -> list[dict[str, Any]]:
    return [{"displayName": "appRoleAssignments", "oldValue": [], "newValue": list(names)}]


LOG = {
    "hired": of("a1", "User/linus@x.org", "2026-04-01T08:00:00Z", modifiedProperties=roles("Viewer")),
    "ada": of("a2", "User/ada@x.org", "2026-04-01T08:00:00Z"),
    "in": of("g1", "Group/Net", "2026-04-02T08:00:00Z", modifiedProperties=members("User/Linus@x.org")),
    "renamed": of("a1", "User/lt@x.org", "2026-05-01T08:00:00Z"),
    "group": of("g1", "Group/Netze – Süd", "2026-05-01T08:00:00Z"),
    "role": audit_record(Kind.CONFIGURATION_CHANGED, "wiki", NOW, "", starter={}, details={"renamedRoles": {"Reader": "Viewer"}}),
    "later": of("a2", "User/ada@x.org", "2026-06-01T08:00:00Z", modifiedProperties=roles("Reader")),
}
WORDS = {"action": "update", "status": "failure", "cause": "drift", "cycle": "c3532124"}
LINES = [orjson.dumps(row) + b"\n" for row in LOG.values()]
NAMES = dict(zip(LINES, LOG, strict=True))


def asked_of(query: Query, blocks: Callable[[], Iterable[bytes]]) -> tuple[Query, list[bytes] | None]:
    """As a log is asked: whoever walks it first watches it."""
    watch = Watch()
    first = iter([watch.over("wiki", blocks())])
    return with_other_names(query, lambda: next(first, None) or blocks(), lambda: watch.told("wiki"))


def found(query: Query, blocks: list[bytes] = LINES) -> list[str]:
    query, lines = asked_of(query, lambda: blocks)
    return [NAMES[line + b"\n"] for line, _ in query.select(blocks if lines is None else lines)]


@pytest.mark.parametrize("name", ["lt@x.org", "LINUS@x.org"])
def test_a_person_is_found_under_each_name_and_nobody_else_is(name: str) -> None:
    assert found(Query(user=name)) == ["hired", "in", "renamed"]
    assert found(Query(user=name, since="2026-04-01", until="2026-04-30")) == ["hired", "in"]
    assert found(Query(user=name, action="create")) == [] and found(Query(user=name, group="Netze – Süd")) == ["in"]


@pytest.mark.parametrize("query", [Query(group="net"), Query(group="netze – süd")])
def test_a_group_is_found_under_each_name(query: Query) -> None:
    assert found(query) == ["in", "group"]


@pytest.mark.parametrize("query", [Query(role="viewer"), Query(role="Reader")])
def test_a_role_is_found_under_each_name(query: Query) -> None:
    assert found(query) == ["hired", "later"]


def test_whoever_has_one_name_is_asked_for_by_it_alone() -> None:
    for query in (Query(user="ada@x.org"), Query(role="Admin"), Query(user="nobody@x.org")):
        assert asked_of(query, lambda: LINES)[0] == query
    assert asked(asked_of(Query(user="lt@x.org"), lambda: LINES)[0]) == "--user 'lt@x.org'"


@pytest.mark.parametrize(
    ("query", "walks"),
    [
        (Query(user="ada@x.org"), 2),  # once more for what is before the record that tells of the id
        (Query(user="linus@x.org"), 2),  # and of the other name
        (Query(user="nobody@x.org"), 1),
        (Query(role="Admin"), 1),
        (Query(role="Reader"), 1),  # the lines of one name are not all
    ],
)
def test_a_log_is_walked_again_only_for_what_is_before_the_line_that_tells_of_it(query: Query, walks: int) -> None:
    walked = list[int]()
    _, lines = asked_of(query, lambda: walked.append(1) or LINES)  # type: ignore[func-returns-value]
    assert len(walked) == walks and (lines is None) is (query.role == "Reader")


def test_many_lines_are_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_names, "MOST_KEPT", 2)
    assert asked_of(Query(user="lt@x.org"), lambda: LINES)[1] is None
    assert found(Query(user="lt@x.org")) == ["hired", "in", "renamed"]


# Whatever the log: as one that reads each record, and knows of each what it says

names = st.text(st.sampled_from('aAkK\u212a\u017fiI\u0130\u0307é\u0301ä"\\/;\u037e .'), min_size=1, max_size=3)


def plainly(query: Query, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same without any search in bytes: all records of whoever bore an id, in the order of the log."""
    other: dict[str, frozenset[str]] = {}
    for kind, form in (("user", user_address), ("group", group_address)):
        if (name := getattr(query, kind)) is not None:
            ids = {id_of(row) for row in rows if fold(address_of(row)) == fold(form(name))} - {""}
            borne = {address_of(row) for row in rows if id_of(row) in ids and address_of(row).startswith(form(""))}
            other[kind] = frozenset(map(name_of, borne))
    if query.role is not None:
        pairs = [pair for row in rows for pair in (ours_of(row).get("details") or {}).get("renamedRoles", {}).items()]
        known = {fold(query.role)}
        for _ in pairs:
            known |= {fold(name) for pair in pairs if known & set(map(fold, pair)) for name in pair}
        other["role"] = frozenset(name for pair in pairs for name in pair if fold(name) in known)
    return [row for row in rows if replace(query, other=other).matches(row)]


@st.composite
def logs(draw: st.DrawFn) -> list[dict[str, Any]]:
    few = draw(st.lists(names, min_size=1, max_size=4))
    name, number = st.sampled_from(few), st.integers(0, 3)
    rows = []
    for at in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(["User", "Group", "audit"]))
        when = f"2026-0{draw(number) + 1}-0{at + 1}T08:00:00Z"
        if kind == "audit":
            renamed: dict[str, Any] = {"renamedRoles": {draw(name): draw(name)}}
            details = draw(st.sampled_from([renamed, {"address": f"User/{draw(name)}"}]))
            starter = {"actor": draw(name)}
            rows.append(audit_record(Kind.CONFIGURATION_CHANGED, "wiki", when, "", starter=starter, details=details))
            continue
        row = {"address": f"User/{draw(name)}", "kind": "role", "what": draw(name), "through": f"{draw(name)} > {draw(name)}"}
        ours = {"access": draw(st.sampled_from([[], [row]])), "causes": [draw(st.sampled_from(["drift", "config"]))]}
        more = {"status": draw(st.sampled_from(["success", "failure"])), "ours": ours | {"roles": [draw(name)]}}
        changed = draw(st.sampled_from([[], members(f"User/{draw(name)}"), roles(draw(name))]))
        id = draw(st.sampled_from(["", "7", "id-7", "2819C223-7f76-453a-919d-413861904646"]) | name)
        rows.append(of(id, f"{kind}/{draw(name)}", when, modifiedProperties=changed, **more))
    return rows


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_what_is_found_in_bytes_is_what_each_record_says(data: st.DataObject) -> None:
    rows = data.draw(logs())
    lines = [orjson.dumps(row) + b"\n" for row in rows]
    if data.draw(st.booleans()):  # as JSON may be written, and we do not
        lines = [json.dumps(row).encode() + b"\n" for row in rows]
    known = st.sampled_from(re.findall(r"(?<=User/|roup/)[^/]+", "".join(address_of(row) for row in rows)) or ["a"])
    name = names | known.flatmap(lambda word: st.sampled_from([word, fold(word), word.upper(), normalize("NFD", word)]))
    asks: dict[str, Any] = {kind: data.draw(name | st.none()) for kind in ("user", "group", "role", "by")}
    asks |= {kind: data.draw(st.sampled_from([None, None, word])) for kind, word in WORDS.items()}
    query = Query(
        since=data.draw(st.sampled_from(["", "2026-02", "2026-02-02T08:00:00Z"])),
        until=data.draw(st.sampled_from(["", "2026-03-03", "2026-02-02T08:00:00Z", "2026-03-03T23:59:59Z"])),
        **asks,
    )
    size = data.draw(st.integers(1, len(lines)))
    blocks = [b"".join(lines[start : start + size]) for start in range(0, len(lines), size)]
    named, kept = (query, None) if query.user is query.group is query.role is None else asked_of(query, lambda: blocks)
    assert [row for _, row in named.select(blocks if kept is None else kept)] == plainly(query, rows)
