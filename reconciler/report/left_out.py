"""Apps that nobody plans in, a comment on a pull request that names them out. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from reconciler.declare.wording import plural
from reconciler.report.markdown import COMMENT
from reconciler.report.markdown.fit import Section, fit
from reconciler.report.safe import code

OPENING = "<!-- reconcile:left-out "


class LeftOut(NamedTuple):
    """An app without a token, or one that is no longer declared; `new` where this change leaves it out.

    `token` is the name of the token that is missing. Of one that is not declared: `active` accounts are in its record, which
    lies at `where` (empty where it has none); `error` says why that could not be read.
    """

    app: str
    new: bool
    active: int = 0
    where: str = ""
    error: str = ""
    token: str = ""


def comment(apps: list[LeftOut], doubt: str = "") -> str:
    """The comment; `doubt` says why apps may be missing in it."""
    new, before = [app for app in apps if app.new], [app for app in apps if not app.new]
    first = f"### {_count(apps)}" if apps else "### Every app is planned"
    parts: list[str | Section] = [
        f"{OPENING}-->\n{first}",
        *([f"> [!WARNING]\n> {doubt[:1].upper()}{doubt[1:]}."] if doubt else []),
        *_section("apps that this change leaves out", 0, new, "", ""),
        *_section(
            "apps that were left out before",
            1,
            before,
            "<details><summary>Since before this change</summary>\n\n",
            "\n\n</details>",
        ),
        f"<sub>{_legend(apps)}</sub>" if apps else "",
    ]
    return fit([part for part in parts if part], COMMENT, "`reconcile github left-out`")


def _section(name: str, rank: int, apps: list[LeftOut], head: str, tail: str) -> Iterable[Section]:
    return [Section(name, rank, tuple(map(_line, apps)), head, tail)] if apps else []


def _count(apps: list[LeftOut]) -> str:
    removed, silent = sum(1 for app in apps if not app.token), sum(1 for app in apps if app.token)
    words = [f"{plural(removed, 'app')} {'is' if removed == 1 else 'are'} not declared"] if removed else []
    words += [f"{plural(silent, 'app')} {'has' if silent == 1 else 'have'} no token"] if silent else []
    return "Not planned here: " + " and ".join(words)


def _line(app: LeftOut) -> str:
    name = f"- **{code(app.app)}"
    if app.token:
        return f"{name} has no token here** ({code(app.token)}): what is declared there is neither planned nor applied."
    what = "is removed by this change" if app.new else "is not declared"
    return f"{name} {what}**{_record(app)}."


def _record(app: LeftOut) -> str:
    if app.error:
        return f", and its record cannot be read, so nobody knows which accounts stay active there: {code(app.error)}"
    if not app.where:
        return ", and it has no record: nothing was ever applied there"
    if not app.active:
        return f"; its record, {code(app.where)}, holds no active account"
    accounts = f"{plural(app.active, 'account')} that {'was' if app.active == 1 else 'were'} active"
    return f", and its record, {code(app.where)}, holds **{accounts}**: they stay, and nothing is planned or written there"


def _legend(apps: list[LeftOut]) -> str:
    """What to do, once for each kind."""
    silent = (
        "A token: make it a secret of the environments, and pass it where the workflows pass the others; `reconcile init` adds "
        "the lines to workflows that are as it wrote them, or says where they go."
    )
    removed = (
        "An app that is not declared: to end its access, restore its files with `assignments: []`, have that applied, and "
        "remove them then; if it is declared elsewhere, nothing is to be done."
    )
    return " ".join([*([silent] if any(a.token for a in apps) else []), *([removed] if any(not a.token for a in apps) else [])])
