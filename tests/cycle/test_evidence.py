"""Evidence of an answer: the same bytes for the same answer, and whatever was altered is found."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from reconciler.cycle.bundle import zipped
from reconciler.cycle.evidence import BadEvidence, opened
from reconciler.plan.access.had import Had, Past
from reconciler.plan.access.held import Held, Source
from reconciler.plan.access.moved import Moved
from reconciler.record.log.chain import NOTHING, chained
from reconciler.record.signatures import Head, Verdict
from reconciler.report import had, held, moved
from reconciler.report.evidence import NAMES, contents, counted, head, problems, summary
from reconciler.report.sums import MANIFEST

HELD = (Held("User/ada", "ada", "Ada", "role", "Admin", True, Source.DECLARED, reason="NET-7"),
        Held("User/ada", "ada", "Ada", "role", "=1+1", False, Source.BY_HAND))  # fmt: skip
ROWS = [held.fields("wiki", row) for row in HELD]
TABLE = held.as_csv({"wiki": HELD})
(RECORD,), _ = chained([{"activityDateTime": "2026-01-01T00:00:00Z", "reconcile": {"kind": "object"}}], NOTHING)


SIGNED = Head("a" * 40, "2026-01-01T00:00:00Z", "save", Verdict.GOOD, "ada@x.org", "SHA256:k")


NOW = "2026-05-01T12:00:00Z"
QUERY = {"apps": ["wiki"], "askedAt": NOW, "at": None, "diff": None, "users": [], "roles": [], "groups": [],
         "privileged": False, "unmanaged": False, "offline": False}  # fmt: skip
VERSIONS = {"reconcile": "0.1.0", "evidence": "1.1"}


def made(**changed: Any) -> bytes:
    parts: dict[str, Any] = {"answers": [{"app": "wiki", "at": NOW, "rows": ROWS}], "table": TABLE, "query": QUERY,
                             "counts": {"wiki": counted(ROWS)}, "heads": {"wiki": head(RECORD)},
                             "versions": VERSIONS}  # fmt: skip
    return zipped(contents(**{**parts, **changed}))


def rezipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_sound_evidence_is_the_same_bytes_and_has_no_problem() -> None:
    assert made() == made() and problems(opened(made())) == []
    assert summary(opened(made()))[0].startswith("wiki: 2 rows of 1 person")


@pytest.mark.parametrize("name", sorted(NAMES - {MANIFEST}))
def test_every_file_that_was_altered_is_named(name: str) -> None:
    files = opened(made())
    assert problems(opened(rezipped({**files, name: files[name] + b" "})))[0] == f"{name} is not the file that {MANIFEST} names"


@pytest.mark.parametrize(
    "changed, expected",
    [
        ({"counts": {"wiki": counted(ROWS[:1])}}, "counts.json does not count the rows of access.json for wiki"),
        ({"table": TABLE.replace("NET-7", "NET-8")}, "access.csv does not have the rows of access.json"),
        ({"table": TABLE.replace(",yes,", ",no,")}, "access.csv does not have the rows of access.json"),
        ({"answers": [], "table": TABLE[: TABLE.index("\n") + 1]}, "access.json is not of the apps that were asked: wiki"),
        ({"heads": {}}, "record.json is not of the apps that were asked: wiki"),
        ({"heads": {"wiki": {**head(RECORD), "signature": "-----BEGIN SSH SIGNATURE-----"}}}, "a file does not have its form"),
        ({"heads": {"wiki": head(RECORD, SIGNED._replace(commit="abc"))}}, "the signature of wiki is not of a commit"),
        ({"heads": {"wiki": {**head(RECORD), "head": None}}}, "the head of wiki is not the hash of its record"),
        ({"table": TABLE.replace("Admin", "User")}, "access.csv does not have the rows of access.json"),
        ({"heads": {"wiki": {**head(RECORD), "head": "sha256:0"}}}, "the head of wiki is not the hash of its record"),
        ({"query": []}, "a file does not have its form"),
        ({"counts": {"wiki": {**counted(ROWS), "gaps": "x"}}}, "a file does not have its form"),
    ],
)
def test_what_does_not_fit_together_is_said_though_the_sums_do(changed: dict[str, Any], expected: str) -> None:
    (told,) = problems(opened(made(**changed)))
    assert told.startswith(expected)


ASKED_FOR = "access.json has {} of wiki that query.json does not ask for"
TIME = "access.json is not of the time that query.json asks for in wiki"


@pytest.mark.parametrize(
    "changed, expected",
    [
        ({"query": {**QUERY, "users": ["eve"]}}, ASKED_FOR.format("2 rows")),
        ({"query": {**QUERY, "users": ["ADA"]}}, ""),
        ({"query": {**QUERY, "roles": ["Admin"]}}, ASKED_FOR.format("1 row")),
        ({"query": {**QUERY, "groups": ["Admin"]}}, ASKED_FOR.format("2 rows")),
        ({"query": {**QUERY, "privileged": True}}, ASKED_FOR.format("1 row")),
        ({"query": {**QUERY, "unmanaged": True}}, ASKED_FOR.format("2 rows")),
        ({"query": {**QUERY, "offline": True}}, ASKED_FOR.format("2 rows")),
        ({"query": {**QUERY, "unusedSince": "2026-02-01T00:00:00Z"}}, ASKED_FOR.format("2 rows")),
        ({"query": {**QUERY, "askedAt": "2026-05-02T12:00:00Z"}}, TIME),
        ({"query": {**QUERY, "at": "2026-05-01"}}, TIME),
        ({"query": {**QUERY, "diff": ["2026-04-01", "2026-05-01"]}}, TIME),
        ({"query": {name: said for name, said in QUERY.items() if name != "users"}}, "a file does not have its form: 'users'"),
        ({"versions": {**VERSIONS, "evidence": "9.0"}},
         "versions.json says that the evidence is of form 9.0, and this program knows 1.0 and 1.1"),
        ({"versions": {}}, "a file does not have its form: 'evidence'"),
    ],
)  # fmt: skip
def test_the_answer_is_of_what_was_asked(changed: dict[str, Any], expected: str) -> None:
    assert problems(opened(made(**changed))) == ([expected] if expected else [])


@pytest.mark.parametrize(
    "asked, fits",
    [
        ({"at": "2026-04-25"}, True),
        ({"at": "2026-04-24"}, False),
        ({"at": "2026-04-25T23:59"}, True),
        ({"at": "2026-04-25T23:59:59Z", "users": ["lt@x.org"], "roles": ["reader"]}, True),
        ({"at": "2026-04-25", "users": ["eve@x.org"]}, False),
        ({"at": "2026-04-25", "roles": ["Admin"]}, False),
        ({"at": "5d", "askedAt": "2026-05-01T00:00:03Z"}, True),
        ({"at": "6d", "askedAt": "2026-05-01T00:00:03Z"}, False),
        ({}, False),
    ],
)
def test_an_answer_of_the_past_is_of_its_time_and_of_any_name(asked: dict[str, Any], fits: bool) -> None:
    row = Had("User/linus@x.org", "linus@x.org", "1", "role", "Viewer", False, True)
    names = {"users": {"linus@x.org": ["lt@x.org"]}, "roles": {"Viewer": ["Reader"]}, "groups": {}}
    rows = [had.fields("wiki", row)]
    answer = {"app": "wiki", "at": "2026-04-25T23:59:59Z", "logBegins": "2026-01-01T00:00:00Z", "otherNames": names, "rows": rows}
    counts = {"wiki": {**counted(rows), "logBegins": answer["logBegins"]}}
    parts = {"answers": [answer], "table": had.as_csv({"wiki": [row]}), "counts": counts, "query": {**QUERY, **asked}}
    assert (problems(opened(made(**parts))) == []) is fits


@pytest.mark.parametrize(
    "how, now, before, fits",
    [
        ("gained", True, None, True),
        ("gained", False, None, False),
        ("lost", True, True, True),
        ("kept", False, True, True),  # it was, and is no longer
        ("kept", False, None, True),  # nobody knows what it was
        ("kept", False, False, False),
    ],
)
def test_a_difference_of_what_is_privileged_holds_nothing_else(how: str, now: bool, before: bool | None, fits: bool) -> None:
    row = Had("User/linus@x.org", "linus@x.org", "1", "role", "Viewer", now, True)
    item = Moved(how, row, None if how == "gained" else row._replace(privileged=before))
    begins, since, until = (f"2026-0{month}-01T23:59:59Z" for month in (1, 2, 3))
    (answer,) = moved.answers({"wiki": Past(begins=begins)}, {"wiki": [item]}, since, until)
    counts = {"wiki": {**counted(answer["rows"]), "logBegins": begins}}
    query = {**QUERY, "diff": ["2026-02-01", "2026-03-01"], "privileged": True}
    parts = {"answers": [answer], "table": moved.as_csv({"wiki": [item]}), "counts": counts, "query": query}
    assert problems(opened(made(**parts))) == ([] if fits else [ASKED_FOR.format("1 row")])


def test_what_the_sums_prove_and_what_they_do_not_is_said() -> None:
    text = " ".join(opened(made())["README.txt"].decode().split())
    assert "prove only that nothing was altered by accident" in text and "Of a review the log of each app keeps it" in text
    assert "that no row is missing" in text


@pytest.mark.parametrize("form, found", [("1.0", []), ("1.1", ["a file does not have its form: 'stays'"])])
def test_evidence_of_an_earlier_form_is_judged_by_the_columns_of_that(form: str, found: list[str]) -> None:
    gave = Had("User/linus@x.org", 'lin,"us\n@x.org', "1", "role", "Viewer", False, True)
    rows = [{name: value for name, value in had.fields("wiki", gave).items() if name != "stays"}]
    names: dict[str, Any] = {"users": {}, "roles": {}, "groups": {}}
    answer = {"app": "wiki", "at": NOW, "logBegins": "2026-01-01T00:00:00Z", "otherNames": names, "rows": rows}
    table = held.without_columns(had.as_csv({"wiki": [gave]}), {"stays"})
    counts = {"wiki": {**counted(rows), "logBegins": answer["logBegins"]}}
    parts = {"answers": [answer], "table": table, "counts": counts, "query": {**QUERY, "at": NOW}}
    assert problems(opened(made(**parts, versions={**VERSIONS, "evidence": form}))) == found


def test_a_zip_with_other_files_and_what_is_none_are_refused() -> None:
    files = opened(made())
    for data in (
        b"PK",
        made()[:-30],
        rezipped({**files, "../x": b""}),
        rezipped({name: files[name] for name in list(files)[1:]}),
    ):
        with pytest.raises(BadEvidence):
            opened(data)


def test_a_zip_that_would_be_huge_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.cycle.evidence.MOST", 100)
    with pytest.raises(match="over 0 MiB"):
        opened(made())


def test_a_signature_is_told_as_what_was_claimed_and_never_as_proved() -> None:
    told = {
        verdict: summary(opened(made(heads={"wiki": head(RECORD, SIGNED._replace(verdict=verdict))})))[2] for verdict in Verdict
    }
    assert told[Verdict.GOOD].strip() == (
        f"by what git said when this was written, the signature of commit {'a' * 40} is good, by ada@x.org (SHA256:k); "
        "this file cannot prove it: see `reconcile record verify` where the log lies"
    )
    assert all(f"is {verdict}, by" in line and "cannot prove it" in line for verdict, line in told.items())
    assert "nothing is said of a signature" in summary(opened(made()))[2]
