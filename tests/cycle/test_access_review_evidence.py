"""The evidence of a review: what its files say, and that hostile text stays text."""

from __future__ import annotations

import csv
import io
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from reconciler.cycle.bundle import zipped
from reconciler.cycle.evidence import opened
from reconciler.declare.reviews import Review, read_reviews
from reconciler.plan.access.held import Held, Source
from reconciler.plan.access_review.read_back import ReadBack, Verdict, read_back
from reconciler.plan.access_review.rows import data_of
from reconciler.plan.access_review.share import Row
from reconciler.report.access_review import document
from reconciler.report.access_review_evidence import (
    Closing,
    answers_of,
    counted,
    files_of,
    obstacles,
    query_of,
    table_of,
    words_of,
)
from reconciler.report.evidence import Beside, contents, head, problems, summary
from tests.plan.test_access_review import HEAD
from tests.report.test_markdown import HOSTILE
from tests.support.world import World

EVIL = "=HYPERLINK(1)" + " ".join(HOSTILE.values())


def review_of(folder: Path, *rows: Row, decision: str = "remove") -> Review:
    text = document(data_of(HEAD, rows)).replace("decision:\n", f"decision: {decision}\n")
    file = folder / "desired/reviews/Q4/boss.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    found = read_reviews(folder / "desired")
    assert found.problems == []
    return found.by_name["Q4"][0]


def row(address: str, what: str = "Admin", kind: str = "role", login: str = "") -> Row:
    id = address[1:] if address.startswith("#") else ""
    return Row("wiki", Held(address, login or address.partition("/")[2], EVIL, kind, what, True, Source.DECLARED, id=id))


def closing_of(review: Review, verdict: Verdict = Verdict.NOT_SHOWN) -> Closing:
    return Closing([review], [ReadBack(row, verdict) for row in review.rows], "2026-12-14T08:00:00Z", "1a2b", ["wiki"])


def packed(closing: Closing, **changed: Any) -> dict[str, bytes]:
    """The files of its evidence, some of them made of something else."""
    answers = answers_of(closing)
    (rows,) = (answer["rows"] for answer in answers)
    parts: dict[str, Any] = {"answers": answers, "table": table_of(rows), "query": {**query_of(closing), "apps": ["wiki"]},
                             "counts": {"wiki": counted(rows)}, "heads": {"wiki": head(None)},
                             "versions": {"reconcile": "0.1.0", "evidence": "1.1"},
                             "beside": Beside(files_of(closing), words_of(closing))}  # fmt: skip
    return opened(zipped(contents(**{**parts, **changed})))


def test_the_same_review_gives_the_same_bytes_and_no_cell_is_a_formula(tmp_path: Path) -> None:
    closing = closing_of(review_of(tmp_path, row("User/ada@x.org", EVIL)))
    files = packed(closing)
    (cells,) = csv.DictReader(io.StringIO(files["access.csv"].decode(), newline=""))
    assert cells["role"] == "'" + EVIL and cells["readBack"] == "notShown" and cells["privileged"] == "yes"
    (said,) = json.loads(files["access.json"])
    assert said["rows"][0]["role"] == EVIL and said["review"] == "Q4" and said["at"] == "2026-12-14T08:00:00Z"
    assert json.loads(files["counts.json"])["wiki"]["readBack"] == {"notShown": 1}
    words = files["README.txt"].decode()
    assert "1 row, 0 to keep" in words and "Commit of the declarations: 1a2b" in words and "access --verify" in words
    assert zipped(files) == zipped(packed(closing)) and problems(files) == []
    assert f"{sha256(files['files/boss.yaml']).hexdigest()}  files/boss.yaml\n" in files["SHA256SUMS"].decode()
    assert summary(files)[0].startswith("wiki: 1 row of 1 person, 0 kept and 1 removed by a review; ")


def test_evidence_whose_parts_do_not_fit_is_found_out_though_the_sums_do(tmp_path: Path) -> None:
    review = review_of(tmp_path, row("User/ada@x.org"), row("User/bob@x.org"))
    closing = closing_of(review)
    given = files_of(closing)
    kept = given["files/boss.yaml"].replace(b"    decision: remove", b"    decision: keep", 1)
    other = given["files/boss.yaml"].replace(b"ada@x.org", b"eve@x.org")
    asked = {**query_of(closing), "apps": ["wiki"], "digest": "x"}
    wrong: dict[str, dict[str, Any]] = {
        "access.json does not have the rows of the reviewers' files": {"beside": Beside({"files/boss.yaml": kept})},
        "the digest in files/boss.yaml is not of what it says": {"beside": Beside({"files/boss.yaml": other})},
        "the digest in query.json is not of the reviewers' files": {"query": asked},
        "files/boss.yaml is not a reviewer's file": {"beside": Beside({"files/boss.yaml": b"a: ["})},
        "a file does not have its form": {"beside": Beside({"files/boss.yaml": b"[]"})},
    }  # fmt: skip
    for words, changed in wrong.items():
        assert any(line.startswith(words) for line in problems(packed(closing, **changed))), words
    (still,) = problems(packed(closing_of(review, Verdict.THERE)))
    assert "a removal that was not read back as gone" in still
    assert "access.json does not have the rows of the reviewers' files" in problems(packed(closing, beside=Beside()))
    whole = packed(closing)
    lacking = {name: data for name, data in whole.items() if name != "files/boss.yaml"}
    assert problems(lacking)[0] == "files/boss.yaml, which SHA256SUMS names, is missing"
    assert problems({**whole, "files/more.yaml": b""})[0] == "files/more.yaml is not the file that SHA256SUMS names"


def test_what_was_removed_is_looked_for_by_name_earlier_name_login_and_id(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.users("userPrincipalName: ada@x.org", "userPrincipalName: bea@x.org, previously: [bob@x.org]")
    world.groups("displayName: Team, members: [ada@x.org]")
    world.assign("user: ada@x.org, role: Admin", "user: bea@x.org, role: User", "group: Team, role: User")
    world.converge()
    world.seed("ghost", active=True)
    context = world.session().planned.context
    ghost = next(id for id, item in context.live.users.items() if item.name == "ghost")
    rows = [
        row("User/ada@x.org"),
        row("User/ada@x.org", "User"),
        row("User/bob@x.org", "User"),
        row("User/bob@x.org", "Admin"),
        row("User/ada@x.org", "Team", "group"),
        row("User/bob@x.org", "Team", "group"),
        row(f"#{ghost}", "an account", "account", "ghost"),
        row("#nobody", "an account", "account", "nobody"),
    ]
    review = review_of(tmp_path, *rows)
    seen = read_back(context, review.rows)
    assert [item.verdict is Verdict.THERE for item in seen] == [True, True, True, False, True, False, True, False]
    (first, *_, last) = obstacles([], {}, seen)
    assert first.startswith("ada@x.org still has Admin in wiki on the service, by ") and first.endswith("/assignments.yaml:2")
    assert last.startswith("ghost still has an account") and f"`reconcile revoke --app wiki --id {ghost}`" in last


def test_a_role_that_no_service_shows_is_gone_by_the_record_alone(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.users("userPrincipalName: ada@x.org")
    world.groups("[]")
    world.assign("user: ada@x.org, role: Default Access")
    world.converge()
    (seen,) = read_back(world.session().planned.context, review_of(tmp_path, row("User/ada@x.org")).rows)
    assert seen.verdict is Verdict.NOT_SHOWN and not seen.stands_in_the_way


def test_a_missing_decision_is_told_with_its_line(tmp_path: Path) -> None:
    review = review_of(tmp_path, row("User/ada@x.org"), decision="")
    assert [line.replace(review.file, "FILE") for line in obstacles([review], {review.file: review.rows}, ())] == [
        "1 decision is missing of boss@x.org, the first at FILE:11"
    ]
