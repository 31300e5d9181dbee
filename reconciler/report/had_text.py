"""Who had what at a time, as a table for a person, and what gave and took it in words: rows in, text out. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.declare.wording import plural
from reconciler.plan.access.had import Had
from reconciler.report.had import by_row, change, ended
from reconciler.report.safe import plain

MARKS = {True: " (privileged)", None: " (privileged then: not known)", False: ""}


def as_table(apps: Mapping[str, Iterable[Had]], at: str) -> str:
    """A block for each app, by its display name; one line for each thing that somebody had."""
    return "\n".join(line for app, rows in apps.items() for line in _block(app, list(rows), at))


def _block(app: str, rows: list[Had], at: str) -> list[str]:
    cells = [_cells(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)] if cells else []
    people = len({row.id for row in rows if row.known})
    counts = f"{plural(people, 'person', 'people')} had access at {at}"
    unsure = sum(not row.known for row in rows)
    more = f"; of {plural(unsure, 'more row')} nobody knows" if unsure else ""
    lines = ["  " + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return [f"{plain(app)}: {counts}{more}", *lines, ""]


def _cells(row: Had) -> tuple[str, str, str]:
    parts = ["" if row.known else f"NOT KNOWN: {unconfirmed(row) or 'changed by hand, or it is not known what was written'}"]
    parts.append(_since(row))
    parts.append(_standing(row))
    parts.append(f"taken {said}" if (said := taken(row)) else "")
    return *cells_of(row), plain("; ".join(filter(None, parts)))


def _standing(row: Had) -> str:
    """That somebody was revoked by then, who had it all the same."""
    return f"REVOKED {row.revoked.at} ({row.revoked.reason}), and it was not out yet" if row.revoked is not None else ""


def unconfirmed(row: Had) -> str:
    """What was declared of something that a gap of the log leaves unknown, in words; empty where nothing was."""
    said = row.declared
    return f"declared ({said.file}:{said.line}, commit {said.commit[:12]}), not confirmed by a log" if said is not None else ""


def cells_of(row: Had) -> tuple[str, str]:
    """Who, and what."""
    what = ("group " if row.kind == "group" else "") + row.what + MARKS[row.privileged]
    return plain(row.login or row.address), plain(what)


def came(rows: Iterable[Had]) -> str:
    """When somebody came to each thing that they have, and with whose approval, as a block of text; empty without rows."""
    lines = [_came(row) for row in rows]
    return "\n".join(["", "By the log:", *lines, ""]) if lines else ""


def _came(row: Had) -> str:
    what = cells_of(row)[1]
    return f"  {what}: {plain(_since(row))}" if row.known else f"  {what}: the log does not know whether it is still there"


def _since(row: Had) -> str:
    return f"since {said}" if (said := given(row)) else "from before the log, or by hand"


def given(row: Had) -> str:
    """What gave it, in words, and since when nothing assigns it; empty where no log says so."""
    said, end = change(row, row.gave), ended(row)
    gave = _words(said) if said is not None else "given by hand, or before the log" if end is not None else ""
    return gave + (f"; NOT ASSIGNED since {_words(end)}: it stays, as the mapping only adds" if end is not None else "")


def taken(row: Had) -> str:
    """What took it since, in words; empty where no log says so."""
    said = change(row, row.took)
    return _words(said, by_row(row)) if said is not None else ""


def _words(said: Mapping[str, Any], until_then: bool = False) -> str:
    """`2026-03-01T08:00:00Z (create) by ada, desired/...yaml:4, commit 1a2b3c4, pull request 12 (approved by grace), ...`.

    `until_then` is whether the line gave until then what was taken: the commit that took it may be the one without that line.
    """
    approvals = ", ".join(f"{item['reason']} ({item['safeguard']}, {item['file']}:{item['line']})" for item in said["approvals"])
    parts = (
        f"{said['at']} ({said['action']})" + (f" by {said['by']}" if said["by"] else ""),
        f"revoked: {said['revoked']}" if said["revoked"] else "",
        f"{'given until then by ' * until_then}{said['file']}:{said['line']}" if said["file"] else "",
        f"commit {said['commit'][:12]}" if said["commit"] else "",
        _pull(said),
        f"approved: {approvals}" if approvals else "",
        f"until {said['until']}" if said["until"] else "",
        f"reason: {said['reason']}" if said["reason"] else "",
        f"read back: {said['readBack']}" if said["readBack"] else "",
    )
    return ", ".join(filter(None, parts))


def _pull(said: Mapping[str, Any]) -> str:
    """The pull request and who approved it there; empty where none is known."""
    return f"pull request {said['pullRequest']} ({_approved(said)})" if said["pullRequest"] else ""


def _approved(said: Mapping[str, Any]) -> str:
    known = said["pullRequestApprovers"]
    return "approvers unknown" if known is None else f"approved by {', '.join(known) or 'nobody'}"
