"""reconcile import of what Entra gives: its synchronization schema as mappings, its users and groups as a directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reconciler.adopt import defaults, write
from reconciler.adopt.entra_schema import text, translate
from reconciler.adopt.model import ImportRefused
from reconciler.cli.common import checked


def take_schema(file: Path, out: Path, app: str, force: bool) -> tuple[list[str], list[str]]:
    """(files written, what could not be translated). Raises ImportRefused, and then nothing was written."""
    found = translate(load_json(file))
    path = f"apps/{app}/mappings.yaml"
    texts = {path: text(found, path)}
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
    return sorted(fresh), found.all_left()


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
        raise ImportRefused(f"{file} is no JSON", "name a file that Entra or Graph gave") from None
