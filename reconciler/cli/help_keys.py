"""What a key of the declarations means: the page of all keys in, the part of it about one key out. No I/O."""

from __future__ import annotations

import re
from collections import defaultdict

from reconciler.declare.names import fold

ROW = re.compile(r"\| \**`(?P<path>[^`]+)`\** \| .*", re.MULTILINE)
HEAD = "| key | value | what it is |\n|---|---|---|"
END = "[keys](keys.md) has every key of every file, and [files](files.md) says what the files are for."


def by_name(page: str) -> dict[str, str]:
    """Each key, folded, by its name and by its whole path, and its own page: the rows of it, under the files that have them."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for part in page.split("\n## ")[1:]:
        file = part.partition("\n")[0]
        for row in ROW.finditer(part):
            for name in {_last(row["path"]), row["path"], row["path"].replace("[]", "")}:
                found[name][file].append(row[0])
    return {fold(name): _page(name, rows) for name, rows in found.items() if name}


def names(page: str) -> list[str]:
    """The keys, as they are written, without what they are in."""
    return sorted({name for row in ROW.finditer(page) if (name := _last(row["path"]))})


def _last(path: str) -> str:
    """`plan` of `approvals[].plan`; nothing where any key may stand there."""
    return path.removesuffix("[]").rpartition(".")[2].removesuffix("[]").replace("*", "")


def _page(name: str, rows: dict[str, list[str]]) -> str:
    parts = [f"# {name}", *(f"## {file}\n\n{HEAD}\n" + "\n".join(lines) for file, lines in rows.items()), END]
    return "\n\n".join(parts) + "\n"
