"""A record as a document: what was written is read, lazily or not, and nothing of an edited one is taken from its index."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.record import document
from reconciler.record.entries import Entries, Entry
from reconciler.record.local import LocalStore
from reconciler.record.model import Record
from reconciler.record.store import RecordError

texts = st.text(max_size=8)
entries = st.fixed_dictionaries(
    {"id": st.text(min_size=1, max_size=8)},
    optional={"wanted": st.dictionaries(st.sampled_from(["active", "title"]), st.booleans() | texts),
              "declaredId": texts, "roles": st.lists(texts, max_size=2), "retained": st.booleans(),
              "disabledAt": texts},
)  # fmt: skip
records = st.dictionaries(st.builds("{}/{}".format, st.sampled_from(["User", "Group"]), texts), entries, max_size=5).map(
    lambda found: Record("wiki", "https://x", found, commit="3f2c1ab")
)


def parsed(raw: bytes) -> Record:
    return document.parse(raw, "wiki", "here", "restore it")


def dumped(record: Record) -> bytes:
    return b"".join(document.dump(record))


def answers(record: Record) -> tuple[object, ...]:
    return record.entries.ids(), record.entries.identities(), record.entries.active()


@given(records)
def test_what_is_read_is_what_was_written(record: Record) -> None:
    raw = dumped(record)
    assert answers(parsed(raw)) == answers(Record("wiki", "", dict(sorted(record.entries.items()))))
    assert parsed(raw) == record and dumped(parsed(raw)) == raw


@given(records, st.data())
def test_entries_that_were_read_and_changed_are_written_as_they_are_now(record: Record, data: st.DataObject) -> None:
    found, plain = parsed(dumped(record)), dict(record.entries)
    for address in data.draw(st.sets(st.sampled_from(sorted(plain)))) if plain else ():
        found.entries[address]["id"] = "another"
        plain[address] = {**plain[address], "id": "another"}
    if data.draw(st.booleans()):
        found.entries["User/new"] = plain["User/new"] = {"id": "new"}
    raw = dumped(found)
    again = parsed(raw)
    assert raw == dumped(replace(record, entries=Entries(plain)))
    assert again.entries == plain and answers(again) == answers(Record("", "", dict(sorted(plain.items()))))


def test_an_entry_that_is_settled_reads_as_before() -> None:
    """As text it takes half the memory; what is then changed is the entry, and no copy of it."""
    plain: dict[str, Entry] = {
        "User/ada@x.org": {"id": "1", "wanted": {"active": True}, "declaredId": "a", "created": True},
        "User/grace@x.org": {"id": "2", "wanted": {"active": False}},
        "Group/Net": {"id": "3", "wanted": {}, "members": ["User/ada@x.org"]},
    }
    settled, before = Entries({address: {**entry} for address, entry in plain.items()}), Entries(plain)
    for address in (*plain, "User/nobody@x.org"):
        settled.settle(address)
    assert (settled.ids(), settled.identities(), settled.active()) == (before.ids(), before.identities(), before.active())
    assert settled.written()._replace(pieces=[]) == before.written()._replace(pieces=[])
    assert b"".join(settled.written().pieces) == b"".join(before.written().pieces)
    assert dict(settled) == plain
    settled.settle("User/ada@x.org")
    settled["User/ada@x.org"]["wanted"]["title"] = "Countess"
    assert settled["User/ada@x.org"]["wanted"] == {"active": True, "title": "Countess"}


def test_an_entry_edited_by_hand_counts_and_not_the_index(tmp_path: Path) -> None:
    store = LocalStore(tmp_path, "wiki")
    store.save(Record("wiki", "https://x", {"User/a": {"id": "1"}, "User/b": {"id": "2"}}))
    store.record_file.write_bytes(store.record_file.read_bytes().replace(b'{"id":"2"}', b'{"id":"3"}'))
    found = store.load()
    assert found is not None and found.entries.ids() == {"User/a": "1", "User/b": "3"}


def test_a_bit_that_flips_is_never_taken_for_what_was_written() -> None:
    record = Record("wiki", "https://x", {"User/a": {"id": "1"}, "Group/b": {"id": "2", "members": ["User/a"]}})
    raw = dumped(record)
    for place in range(len(raw)):
        flipped = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        try:
            found = parsed(flipped)
        except RecordError:
            continue
        assert found.entries == orjson.loads(flipped)["entries"]


def test_a_document_is_one_json_object_with_an_entry_a_line() -> None:
    raw = dumped(Record("wiki", "https://x", {"User/a": {"id": "1"}, "User/b": {"id": "2"}}))
    assert json.loads(raw)["entries"] == {"User/a": {"id": "1"}, "User/b": {"id": "2"}}
    assert raw.split(b"\n")[1:3] == [b'"User/a":{"id":"1"},', b'"User/b":{"id":"2"}']


def test_a_newer_version_is_refused_whatever_its_form() -> None:
    raw = dumped(Record("wiki"))
    newer = raw[: -document.LENGTH].replace(b'"version":1', b'"version":2').replace(b'"index"', b'"other"')
    with pytest.raises(RecordError, match="version 2"):
        parsed(newer + document.SUM % document.digest(newer))
