"""reconcile import of what Entra gives: its synchronization schema as mappings, its users and groups as a directory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reconciler.adopt import defaults, write
from reconciler.adopt.entra import graph
from reconciler.adopt.entra.graph import Tenant
from reconciler.adopt.entra.in_step import Lists, keep_in_step
from reconciler.adopt.entra.mappings_text import text
from reconciler.adopt.entra.pages import Page
from reconciler.adopt.entra.portal_csv import read_csv
from reconciler.adopt.entra.schema import translate
from reconciler.adopt.model import ImportRefused, Notes, Row
from reconciler.adopt.yaml_edit.edit import revise
from reconciler.adopt.yaml_edit.rows import document
from reconciler.cycle.declarations import checked
from reconciler.declare.folders import SUFFIXES
from reconciler.declare.names import fold
from reconciler.declare.yaml.document import parse

OWN = {"users": "directory/users/entra.yaml", "groups": "directory/groups/entra.yaml"}

SAVED = (
    "save there what Graph answers to /users, /groups?$expand=members, /servicePrincipals/{id} and its appRoleAssignedTo, "
    "as .json, or the portal's .csv files"
)


def take_schema(file: Path, out: Path, app: str, force: bool) -> tuple[list[str], list[str]]:
    """(files written, what could not be translated). Raises ImportRefused, and then nothing was written."""
    translated = translate(load_json(file))
    path = f"apps/{app}/mappings.yaml"
    texts = {path: text(translated, path)}
    fresh, other = write.differing(out, texts)
    if other and not force:
        raise ImportRefused(f"would overwrite {out / path}", "review what it holds, and add --force to replace it")
    for kind, made in (("app", defaults.app_file(app)), ("assignments", "assignments: []\n")):
        if not _there(out / f"apps/{app}", kind):
            fresh[f"apps/{app}/{kind}.yaml"] = made
    with write.staged(out) as stage:
        write.put(stage, fresh)
        _check(stage, path)
    write.put(out, fresh)
    return sorted(fresh), translated.all_left()


def _check(stage: Path, path: str) -> None:
    """What is made must be valid; what was there before is not judged here."""
    file = (stage / path).resolve()
    errors = [p for p in checked(stage)[1] if p.severity == "error" and Path(p.place.file).resolve() == file]
    if errors:
        raise ImportRefused(f"the mappings would not be valid: {errors[0].message}", errors[0].remedy)


def _there(folder: Path, kind: str) -> bool:
    return any((folder / f"{kind}{suffix}").exists() for suffix in (".yaml", ".yml", ".json", ""))


def load_json(file: Path) -> Any:
    """A JSON file, with or without a byte order mark. Raises ImportRefused."""
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ImportRefused(f"{file} cannot be read: {error.strerror}", "name a file that Entra or Graph gave") from None
    except (ValueError, RecursionError):
        raise ImportRefused(f"{file} is not JSON", "name a file that Entra or Graph gave") from None


def take_directory(folder: Path, out: Path, app: str | None) -> tuple[list[str], list[str]]:
    """(files written, what was left out). Raises ImportRefused, and then nothing was written."""
    notes = Notes()
    tenant = graph.read(_pages(folder), notes)
    if not tenant.has - {"members"}:
        raise ImportRefused("\n    ".join([f"{folder} holds no users, groups or assignments", *notes.lines()]), SAVED)
    if app is None and tenant.has & {"assignments", "app"}:
        raise ImportRefused(f"{folder} holds assignments of an app", "name the app with --app")
    files = _files(out)
    for kind in ("users", "groups"):
        if kind in tenant.has:
            _in_step(kind, files, tenant)
    fresh = _app_files(out, app) if app is not None else {}
    if app is not None:
        _roles(files, app, tenant)
        _assign(files, app, tenant)
    for path, lists in files.items():
        if lists.changed or lists.added or path in OWN.values() and not (out / path).exists() and lists.kind in tenant.has:
            fresh[path] = _text(out, path, lists)
    with write.staged(out) as stage:
        write.put(stage, fresh)
        _check_all(stage, out, () if (stage / "apps").is_dir() else ("no-app",))
    changed, _ = write.differing(out, fresh)
    write.put(out, changed)
    return sorted(changed), notes.lines()


def _in_step(kind: str, files: dict[str, Lists], tenant: Tenant) -> None:
    fresh: list[Row] = getattr(tenant, kind)
    own = files.setdefault(OWN[kind], Lists(kind, []))
    if own.rows and not fresh:
        raise ImportRefused(
            f"the export holds no {kind} at all, and {OWN[kind]} does", "export them again, or empty the file by hand"
        )
    keep_in_step(kind, files, OWN[kind], fresh)


def _pages(folder: Path) -> Iterator[Page]:
    for file in sorted(folder.rglob("*")):
        inside = file.parent.name if file.parent != folder else ""
        if file.suffix.lower() == ".json" and file.is_file():
            data = load_json(file)
            listed = data.get("value") if isinstance(data, dict) and "value" in data else data
            items = listed if isinstance(listed, list) else [listed]
            context, more = (data.get("@odata.context"), data.get("@odata.nextLink")) if isinstance(data, dict) else ("", None)
            yield Page(file.stem, inside, str(context or ""), bool(more), [item for item in items if isinstance(item, dict)])
        elif file.suffix.lower() == ".csv" and file.is_file():
            yield Page(file.stem, inside, "", False, read_csv(file))


def _files(out: Path) -> dict[str, Lists]:
    """Every list of users, groups and assignments below a folder. Raises ImportRefused where one is broken."""
    lists = {}
    for path in write.paths(out) if out.is_dir() else ():
        kind = _kind(path)
        if kind is not None and Path(path).suffix in SUFFIXES:
            parsed = parse((write.read(out, path) or "").encode(), path)
            rows = parsed.data.get(kind) if isinstance(parsed.data, dict) and not parsed.problems else None
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise ImportRefused(f"{out / path} is not valid as it is", "run `reconcile validate`")
            lists[path] = Lists(kind, rows)
    return lists


def _kind(path: str) -> str | None:
    parts = path.split("/")
    if any(part.startswith(".") for part in parts):
        return None
    if parts[0] == "directory" and len(parts) > 2 and parts[1] in OWN:
        return parts[1]
    if parts[0] == "apps" and len(parts) > 2 and parts[2].partition(".")[0] in ("assignments", "roles"):
        return parts[2].partition(".")[0]
    return None


def _app_files(out: Path, app: str) -> dict[str, str]:
    made = {
        "app": defaults.app_file(app),
        "mappings": defaults.mappings_file(app, "generic", []),
        "assignments": "assignments: []\n",
    }
    return {f"apps/{app}/{kind}.yaml": text for kind, text in made.items() if not _there(out / f"apps/{app}", kind)}


def _of_app(files: dict[str, Lists], app: str, kind: str) -> dict[str, Lists]:
    of_app = {path: lists for path, lists in files.items() if path.startswith(f"apps/{app}/") and lists.kind == kind}
    if not of_app:
        path = f"apps/{app}/{kind}.yaml"
        of_app[path] = files[path] = Lists(kind, [])
    return of_app


def _roles(files: dict[str, Lists], app: str, tenant: Tenant) -> None:
    """App roles that are not declared yet come to those that are."""
    lists = next(iter(_of_app(files, app, "roles").values()))
    known = {fold(str(row.get("displayName"))) for row in lists.rows}
    lists.added += [row for row in tenant.roles if fold(row["displayName"]) not in known]


def _assign(files: dict[str, Lists], app: str, tenant: Tenant) -> None:
    """Who is assigned as the export says; a row that stays keeps its reason, its expiry and its place."""
    if "assignments" not in tenant.has:
        return
    fresh = {_subject(row): row for row in tenant.assignments}
    by_path = _of_app(files, app, "assignments")
    seen = set()
    for lists in by_path.values():
        for number in range(len(lists.rows)):
            row = lists.now(number)
            if row is not None:
                seen.add(_subject(row))
                lists.set(number, row if _subject(row) in fresh else None)
    next(iter(by_path.values())).added += [row for subject, row in fresh.items() if subject not in seen]


def _subject(row: Row) -> tuple[str, ...]:
    return tuple(fold(str(row.get(key, ""))) for key in ("user", "group", "role"))


def _text(out: Path, path: str, lists: Lists) -> str:
    now = write.read(out, path)
    if now is None:
        return document(lists.kind, lists.added, path)
    removed = [number for number, row in lists.changed.items() if row is None]
    changed = {number: row for number, row in lists.changed.items() if row is not None}
    return revise(lists.kind, now, path, changed, lists.added, removed)


def _check_all(stage: Path, out: Path, missing: tuple[str, ...]) -> None:
    """The whole must be valid, but for errors with the codes of what is `missing` yet."""
    errors = [p for p in checked(stage)[1] if p.severity == "error" and p.code not in missing]
    if errors:
        lines = [write.told(p, stage, out) for p in errors[:10]]
        raise ImportRefused("the declarations would not be valid:\n    " + "\n    ".join(lines), errors[0].remedy)
