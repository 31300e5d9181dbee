"""Declared rows and the rows of an export in, what has to change out: by id, else by name, and nothing else. Pure."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.adopt.model import Row
from reconciler.declare.names import fold

KEYS = {"users": "userPrincipalName", "groups": "displayName"}


@dataclass
class Lists:
    """The rows of one file as they are, and as they are to be: by number, None where one goes; `added` come to them."""

    kind: str
    rows: list[Row]
    changed: dict[int, Row | None] = field(default_factory=dict)
    added: list[Row] = field(default_factory=list)

    def now(self, number: int) -> Row | None:
        """The row of this number as it is to be; None where it goes."""
        return self.changed.get(number, self.rows[number])

    def set(self, number: int, row: Row | None) -> None:
        """What the row of this number is to be; None takes it away."""
        if row == self.rows[number]:
            self.changed.pop(number, None)
        else:
            self.changed[number] = row


Files = Mapping[str, Lists]


def keep_in_step(kind: str, files: Files, own: str, fresh: Sequence[Row]) -> None:
    """Bring every declared row of a kind to what the export says, and all that refers to one that is renamed or gone.

    Rows stay in the file where they are; new ones go to the file `own`, and only from there one that the export no
    longer holds is taken. Keys that a fresh row does not have are a person's, and stay; those that are None in it go.
    """
    key, places, mine = KEYS[kind], _places(kind, files, fresh), files[own]
    stays = [(row, files[place[0]], place[1]) for row, place in zip(fresh, places, strict=True) if place is not None]
    held = {*places}
    gone = [number for number, row in enumerate(mine.rows) if "id" in row and (own, number) not in held]
    renames: dict[str, str | None] = {fold(mine.rows[number][key]): None for number in gone}
    renames |= {fold(lists.rows[at][key]): row[key] for row, lists, at in stays if lists.rows[at][key] != row[key]}
    _refer(files, kind, renames)
    for row, lists, at in stays:
        lists.set(at, _updated(lists.now(at) or {}, row, key))
    for number in gone:
        mine.set(number, None)
    new = (row for row, place in zip(fresh, places, strict=True) if place is None)
    mine.added += [{name: value for name, value in row.items() if value is not None} for row in new]


def _places(kind: str, files: Files, fresh: Sequence[Row]) -> list[tuple[str, int] | None]:
    """Where each fresh row is declared, by id, else by name; no place is given twice."""
    by_id, by_name = {}, {}
    for path, lists in files.items():
        for number, row in enumerate(lists.rows if lists.kind == kind else ()):
            by_name[fold(row[KEYS[kind]])] = (path, number)
            by_id.update({row["id"]: (path, number)} if "id" in row else {})
    taken: dict[tuple[str, int] | None, None] = {}
    places = []
    for row in fresh:
        place = by_id.get(row.get("id")) or by_name.get(fold(row[KEYS[kind]]))
        places.append(None if place in taken else place)
        taken[place] = None
    return places


def _updated(old: Row, fresh: Row, key: str) -> Row:
    differ = {name: value for name, value in fresh.items() if not _same(name, old.get(name), value)}
    row = {name: value for name, value in old.items() if differ.get(name, value) is not None}
    row.update({name: _merged(name, old.get(name), value) for name, value in differ.items() if value is not None})
    if fold(old[key]) != fold(fresh[key]):
        row["previously"] = [*old.get("previously", []), old[key]]
    return row


def _merged(name: str, old: Any, new: Any) -> Any:
    """Members keep the order and the spelling that they have."""
    if name != "members" or not isinstance(old, list):
        return new
    wanted, held = _names(new), _names(old)
    return [m for m in old if _names([m]) <= wanted] + [m for m in new if not _names([m]) <= held]


def _same(name: str, old: Any, new: Any) -> bool:
    """Members are a set, and written names may differ in case."""
    if name == "members" and isinstance(old, list):
        return _names(old) == _names(new)
    if name == "accountEnabled":
        return (old is not False) == (new is not False)
    return bool(old == new)


def _names(members: Iterable[Any]) -> set[tuple[bool, str]]:
    return {(isinstance(m, dict), fold(m["group"] if isinstance(m, dict) else m)) for m in members}


def _refer(files: Files, kind: str, renames: Mapping[str, str | None]) -> None:
    """Carry renames into everything that refers to users or groups (`kind`), and take out what refers to one that is gone."""
    for lists in files.values():
        for number in range(len(lists.rows)) if renames else ():
            row = lists.now(number)
            if row is not None:
                lists.set(number, _referring(lists.kind, row, kind, renames))


def _referring(own: str, row: Row, kind: str, renames: Mapping[str, str | None]) -> Row | None:
    single = {"users": ("manager", "user"), "groups": ("", "group")}[kind][own == "assignments"]
    renamed = copy.copy(row)
    name = row.get(single)
    if isinstance(name, str) and fold(name) in renames and own != "groups":
        new = renames[fold(name)]
        if new is None and own == "assignments":
            return None
        renamed.pop(single) if new is None else renamed.update({single: new})
    if own == "groups" and isinstance(row.get("members"), list):
        members = [_member(member, kind, renames) for member in row["members"]]
        renamed["members"] = [member for member in members if member is not None]
    return renamed


def _member(member: Any, kind: str, renames: Mapping[str, str | None]) -> Any:
    inner = str(member.get("group") if isinstance(member, dict) else member)
    if isinstance(member, dict) is not (kind == "groups") or fold(inner) not in renames:
        return member
    new = renames[fold(inner)]
    return None if new is None else {"group": new} if isinstance(member, dict) else new
