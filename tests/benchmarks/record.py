"""A record in which every user of the benchmark was applied. Writes one file."""

from __future__ import annotations

from pathlib import Path

from reconciler.record.entries import Entries, Entry
from reconciler.record.local import LocalStore
from reconciler.record.model import Record
from tests.benchmarks.generate import ENTERPRISE, person


def write_record(folder: Path, count: int, commit: str = "") -> None:
    """`count` entries as an apply of a commit would leave them."""
    entries = {f"User/user{number:06}@example.com": _entry(number) for number in range(count)}
    LocalStore(folder, "bench").save(Record("bench", "http://127.0.0.1", Entries(entries), commit=commit))


def _entry(number: int) -> Entry:
    user = person(number)
    wanted = {
        "userName": user["userPrincipalName"],
        "externalId": user["id"],
        "active": True,
        "displayName": user["displayName"],
        "name.givenName": user["givenName"],
        "name.familyName": user["surname"],
        "title": user["jobTitle"],
        'emails[type eq "work"].value': user["mail"],
        f"{ENTERPRISE}:department": user["department"],
    }
    return {
        "id": f"{number:032x}",
        "wanted": wanted,
        "answered": {},
        "declaredId": user["id"],
        "created": True,
        "roles": ["user"],
    }
