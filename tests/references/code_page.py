"""The page of codes: the registry, and what `validate` says of each example, each tried in a folder of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reconciler.cli.main import run
from reconciler.codes import samples
from reconciler.codes.model import Code, Example
from reconciler.codes.plans import SKIPS
from reconciler.codes.registry import PARTS
from reconciler.declare.load import load
from reconciler.resolve.model import Skipped
from reconciler.resolve.resolution import resolve
from tests.references.produced import seen

SOUND = {
    "directory/users/people.yaml": "users:\n  - {userPrincipalName: ada@example.com, companyName: Example}\n"
    "  - {userPrincipalName: grace@example.com, companyName: Example}\n",
    "apps/wiki/app.yaml": samples.app(),
    "apps/wiki/mappings.yaml": samples.mappings(),
    "apps/wiki/assignments.yaml": "assignments:\n  - {user: ada@example.com, role: User}\n"
    "  - {user: grace@example.com, role: User}\n",
}
WIDEST, DAY = 110, "2026-06-01"
HEAD = """# Codes: what each means, why it matters and how to fix it

Every problem has a code that stays the same when the words change: in text it stands in brackets at the end of the line, in JSON
as `code`, in SARIF as `ruleId`, in annotations as the title. `reconcile help CODE` prints its part of this page. The examples of
declarations are files of a small `desired/`; below each is what is said of it.

What `reconcile validate` finds has names in small letters. What ends a command, a plan, a cycle or a change, who is skipped and
why, what blocks a plan, what cannot be planned, what stands under Caution and what else a warning says has a name in capitals.
"""


@contextlib.contextmanager
def inside(files: dict[str, str]) -> Iterator[None]:
    """Works in a folder whose `desired/` holds these files."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder, "desired", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def said(example: Example, form: str) -> str:
    """What `validate` prints of an example."""
    out, err = io.StringIO(), io.StringIO()
    with inside(SOUND | {example.file: example.text}), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        run(["validate", "--format", form])
    return out.getvalue()


def skipped(example: Example) -> list[Skipped]:
    """Who is left out of the app wiki by an example, on a day on which none of its assignments is yet to begin."""
    with inside(SOUND | {example.file: example.text}):
        loaded = load(Path("desired"))
    found = resolve(loaded.declarations.apps["wiki"], loaded.declarations, DAY)
    return list(found.skipped.values())


def problems(example: Example) -> list[dict[str, Any]]:
    """The problems of an example, as JSON has them."""
    found: list[dict[str, Any]] = json.loads(said(example, "json"))["problems"]
    return found


def _cut(text: str) -> str:
    return "\n".join(line if len(line) <= WIDEST else line[:WIDEST] + " ..." for line in text.splitlines())


def _wrapped(text: str) -> str:
    """As a terminal would show it: what goes on is indented."""
    return "\n".join(part for line in text.splitlines() for part in _parts(line))


def _parts(line: str) -> list[str]:
    margin = line[: len(line) - len(line.lstrip())]
    further = margin if margin else f"{margin}    "
    return textwrap.wrap(
        line, WIDEST, subsequent_indent=further, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    ) or [""]


def _example(code: Code) -> str:
    if code.example is None:
        return _filled(f"For example: {code.shown}") + "\n" + _produced(code.name)
    printed = _skips(code.name, code.example) if code in SKIPS else _problems(code.name, code.example)
    file = f"# desired/{code.example.file}\n" + _cut(code.example.text)
    return f"```yaml\n{file}\n```\n\n```text\n{_wrapped(printed)}\n```\n"


def _produced(name: str) -> str:
    """What a world of the corpus shows of it."""
    if (one := seen().get(name)) is None:
        return ""
    return f"\n```text\n{_wrapped(chr(10).join((one.command, *one.lines)))}\n```\n"


def _problems(name: str, example: Example) -> str:
    shown = said(example, "text").strip().splitlines()
    blocks = [shown[at : at + 2] for at in range(0, len(shown) - 1, 2) if shown[at].endswith(f"[{name}]")]
    return "\n".join(line for block in blocks for line in block)


def _skips(name: str, example: Example) -> str:
    """As a plan shows them."""
    found = [skip for skip in skipped(example) if skip.code == name]
    rows = "".join(f"\n  {skip.address}: {skip.reason}" for skip in found)
    return f"{name} ({len(found)}): {found[0].remedy}{rows}"


def _section(code: Code) -> str:
    paragraphs = map(_filled, (f"**{code.title}.** {code.means} {code.matters}", f"To fix it: {code.fix}"))
    return "\n\n".join((f"### {code.name}", *paragraphs, _example(code)))


def _filled(text: str) -> str:
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


def page() -> str:
    """The whole page, as Markdown."""
    parts = (f"## {name}\n\n" + "\n".join(map(_section, codes)) for name, codes in PARTS.items())
    return HEAD + "\n" + "\n".join(parts)
