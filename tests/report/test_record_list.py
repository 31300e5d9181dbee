"""Who is in a record, as text and as JSON."""

from __future__ import annotations

import json

from reconciler.record.model import Record
from reconciler.report.record_list import as_json, as_text


def record() -> Record:
    kept = Record("wiki")
    kept.keep("User/grace@x.org", {"id": "2", "wanted": {"active": False}, "disabledAt": "2026-06-01T00:00:00Z"})
    kept.keep("User/ada@x.org", {"id": "1", "wanted": {"active": True}, "roles": ["admin", "user"]})
    kept.keep("Group/Net\x1b[31m", {"id": "3", "members": []})
    return kept


def test_everybody_stands_once_with_state_id_and_roles() -> None:
    lines = as_text({"wiki": record(), "zoo": Record("zoo")}).splitlines()
    assert lines[0] == "wiki: 3 in the record" and lines[-1] == "zoo: 0 in the record"
    assert [line.split() for line in lines[2:4]] == [
        ["active", "User/ada@x.org", "1", "admin,", "user"],
        ["disabled", "User/grace@x.org", "2"],
    ]
    assert "\x1b" not in lines[1] and lines[1].split()[0] == "group"


def test_json_says_the_same() -> None:
    rows = json.loads(as_json({"wiki": record()}))["wiki"]
    assert [(row["address"], row["state"]) for row in rows][1:] == [
        ("User/ada@x.org", "active"),
        ("User/grace@x.org", "disabled"),
    ]
    assert rows[2]["disabledAt"] == "2026-06-01T00:00:00Z" and rows[1]["roles"] == ["admin", "user"]
