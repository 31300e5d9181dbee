"""Small files beside an app's record, which help on this machine and are no record: JSON in and out. Reads and writes files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def keep(file: Path, data: object) -> None:
    """Write it whole or not at all. Raises OSError."""
    waiting = file.with_name(f"{file.name}.{os.getpid()}")
    with open(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "w") as handle:
        json.dump(data, handle)
    os.replace(waiting, file)


def kept(file: Path) -> Any:
    """What was written there last; None where that cannot be told."""
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
