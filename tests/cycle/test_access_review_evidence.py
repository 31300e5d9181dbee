"""The evidence of a review: what its files say, and that hostile text stays text."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from hashlib import sha256
from pathlib import Path

from reconciler.cycle.bundle import packed
from reconciler.declare.reviews import Review, read_reviews
from reconciler.plan.access.held import Held, Source
from reconciler.plan.access_review.read_back import ReadBack, Verdict, read_back
from reconciler.plan.access_review.rows import data_of
from reconciler.plan.access_review.share import Row
from reconciler.report.access_review import document
from reconciler.report.access_review_evidence import Closing, files_of, obstacles
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
    return Row("wiki", Held(address, login or address.partition("/")[2], EVIL, kind, what, True, Source.DECLARED))


def test_the_same_review_gives_the_same_bytes_and_no_cell_is_a_formula(tmp_path: Path) -> None:
    review = review_of(tmp_path, row("User/ada@x.org", EVIL))
    closing = Closing([review], [ReadBack(review.rows[0], Verdict.NOT_SHOWN)], "2026-12-14T08:00:00Z", "1a2b", "1.0")
    files = files_of(closing)
    (cells,) = csv.DictReader(io.StringIO(files["review.csv"], newline=""))
    assert cells["role"] == "'" + EVIL and cells["readBack"] == "notShown" and cells["privileged"] == "yes"
    said = json.loads(files["review.json"])
    assert said["rows"][0]["role"] == EVIL and said["counts"]["readBack"] == {"notShown": 1} and said["commit"] == "1a2b"
    assert "1 row, 0 to keep" in files["README.txt"] and "Commit of the declarations: 1a2b" in files["README.txt"]
    data = packed(files)
    assert data == packed(dict(reversed(files.items())))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sums = archive.read("SHA256SUMS").decode()
    assert f"{sha256(files['files/boss.yaml'].encode()).hexdigest()}  files/boss.yaml\n" in sums


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
    assert first == "ada@x.org still has Admin in wiki on the service" and last.startswith("ghost still has an account")


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
