"""Evidence of an answer or of a review, as a file that an auditor checks on another machine with reconcile access --verify."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import reconciler
from reconciler.cli.common import ERROR, guarded, worst
from reconciler.cli.output import say
from reconciler.cli.output_files import write_bytes
from reconciler.cycle.bundle import zipped
from reconciler.cycle.clock import now
from reconciler.cycle.evidence import BadEvidence, opened
from reconciler.declare.model import App, Declarations
from reconciler.record.open import store_named
from reconciler.report.safe import plain

if TYPE_CHECKING:
    from reconciler.plan.access.had import Past
    from reconciler.plan.access.held import Held
    from reconciler.record.signatures import Head
    from reconciler.report.evidence import Beside

LARGEST = 64 << 20  # bytes of a zip that is looked at
Counts = Mapping[str, Mapping[str, int]]  # by app


@dataclass
class Evidence:
    """Where it goes, what was asked, and of which apps."""

    file: Path
    query: Mapping[str, Any]
    declarations: Declarations
    apps: Sequence[str]
    asked: str = field(default_factory=now)

    def write(self, answers: list[Any], table: str, pasts: Mapping[str, Past], more: Counts | None = None) -> int:
        """The zip; none where an app has no answer, since it would look complete. Raises NotWritten."""
        code, data = self.packed(answers, table, pasts, more)
        if not code:
            write_bytes(self.file, data)
            say(f"{plain(str(self.file))} is written, SHA-256 {hashlib.sha256(data).hexdigest()}")
        return code

    def packed(
        self, answers: list[Any], table: str, pasts: Mapping[str, Past], more: Counts | None = None, beside: Beside | None = None
    ) -> tuple[int, bytes]:
        """Exit code, and the bytes of the zip; `more` are counts by app, `beside` is what a review has more than an answer."""
        from reconciler.report import evidence, evidence_query

        heads: dict[str, Any] = {}

        def look(app: str) -> int:
            heads[app] = evidence.head(pasts[app].head, self._newest(app))
            return 0

        code = worst([guarded(lambda app=app: look(app)) for app in self.apps if app in pasts])  # type: ignore[misc]
        if lacking := [app for app in self.apps if app not in heads]:
            say(f"No evidence is written: {', '.join(lacking)} could not be answered, and without it the answer would look whole")
            say("    fix what is said above, or leave that out with --app")
            return code or ERROR, b""
        counts = {
            answer["app"]: {**evidence.counted_of(answer), **_log(pasts[answer["app"]]), **(more or {}).get(answer["app"], {})}
            for answer in answers
        }
        query = {**self.query, "askedAt": self.asked, "apps": list(self.apps)}
        versions = {"reconcile": reconciler.__version__, "evidence": evidence_query.FORM}
        return 0, zipped(evidence.contents(answers, table, query, counts, heads, versions, beside or evidence.ALONE))

    def _newest(self, app: str) -> Head | None:
        """The newest commit of the record. Raises RecordError."""
        return next(iter(store_named(app, self.declarations).signatures("").heads), None)

    def write_now(self, found: Mapping[str, list[Held]], counts: Counts) -> int:
        """Of who has what now; the log's head says until which record it is."""
        from reconciler.cycle.had import past_of
        from reconciler.report import held

        pasts: dict[str, Past] = {}

        def look(app: App) -> int:
            pasts[app.name] = past_of(app, self.declarations)
            return 0

        code = worst([guarded(lambda app=app: look(self.declarations.apps[app])) for app in found])  # type: ignore[misc]
        answers = [{"app": app, "at": self.asked, "rows": [held.fields(app, row) for row in found[app]]} for app in pasts]
        return worst([code, self.write(answers, held.as_csv({app: found[app] for app in pasts}), pasts, counts)])


def _log(past: Past) -> dict[str, Any]:
    """How much of the log there was to answer from."""
    gaps = [{"since": gap.since, "until": gap.until, "what": gap.what} for gap in past.gaps]
    problems = [problem.what for problem in past.problems]
    return {"logRecords": past.records, "logRecordsOfEarlierVersions": past.earlier, "logBegins": past.begins or None,
            "gaps": gaps, "problems": problems}  # fmt: skip


def check(file: Path) -> int:
    """Say whether the evidence is sound, and what its head is; 1 where it is not."""
    from reconciler.report import evidence

    try:
        data = _read(file)
        files = opened(data)
    except (OSError, BadEvidence) as error:
        why = getattr(error, "strerror", None) or error
        say(f"Error: {file} cannot be checked: {why} [EvidenceUnreadable]")
        say("    name a file that `reconcile access --evidence` or `reconcile review close` wrote, as it was handed over")
        return ERROR
    wrong = evidence.problems(files)
    for words in wrong:
        say(f"Error: {plain(words)} [EvidenceAltered]")
    if wrong:
        say("    this evidence was altered or damaged: ask for it again, and compare the SHA-256 of the file")
        return ERROR
    for line in evidence.summary(files):
        click.echo(plain(line))
    click.echo(f"SHA-256 {hashlib.sha256(data).hexdigest()}")
    return 0


def _read(file: Path) -> bytes:
    with file.open("rb") as zipped:
        data = zipped.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise BadEvidence(f"it is over {LARGEST >> 20} MiB")
    return data
