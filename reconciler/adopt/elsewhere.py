"""What files that an import does not write say already, and so is not declared or assigned again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.adopt import layout
from reconciler.adopt.model import Adopted, Known
from reconciler.declare.model import App, Declarations
from reconciler.declare.names import fold, name_of
from reconciler.declare.table import Table
from reconciler.record.model import Record


def known(declarations: Declarations, stage: Path, app: str, record: Record | None) -> Known:
    """Who is declared in other files than those that the import of `app` writes, and who is recorded."""
    recorded = {id: name_of(address) for address, id in record.entries.ids().items()} if record else {}
    users, user_ids = _elsewhere(declarations.users, stage, app)
    groups, group_ids = _elsewhere(declarations.groups, stage, app)
    return Known(users, groups, user_ids, group_ids, recorded)


def _elsewhere(table: Table[Any], stage: Path, app: str) -> tuple[dict[str, str], dict[str, str]]:
    """Names and ids."""
    ours = {file: _own(file, stage, app) for file in set(table.files)}
    rows = [row for row, file in enumerate(table.files) if not ours[file]]
    names, ids = table.column(table.key), table.column("id")
    return {fold(names[row]): names[row] for row in rows}, {ids[row]: names[row] for row in rows if ids[row] is not None}


def _own(file: str, stage: Path, app: str) -> bool:
    return layout.own_files(app, Path(file).resolve().relative_to(stage.resolve()).as_posix())


def leave_out_repeats(adopted: Adopted, app: App, stage: Path) -> None:
    """What another file assigns already is not said again."""
    said = {(item.user, item.group, item.role) for item in app.assignments if not _own(item.file, stage, app.name)}
    adopted.assignments = [
        row for row in adopted.assignments if (_folded(row, "user"), _folded(row, "group"), fold(row["role"])) not in said
    ]


def _folded(row: Mapping[str, Any], key: str) -> str | None:
    return fold(row[key]) if key in row else None
