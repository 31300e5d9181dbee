"""How long after its commit a leaver was out, where the commit's date may be anything that somebody's clock says."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from reconciler.record.service import Sighting
from reconciler.service.commit_age import first_sight, measured_from, seconds_until_out
from reconciler.service.events import of_result
from reconciler.service.metrics import Metrics
from reconciler.service.result import CycleResult, Since
from tests.service.test_metrics import series
from tests.support.gitworld import ENV, git
from tests.support.rounds import Rounds
from tests.support.servers import answer

SEEN = "2026-06-01T12:00:00Z"
OUT = replace(
    CycleResult("wiki", "generic", "c1", "incremental", SEEN, SEEN, "success"), commit="c", read_back="2026-06-01T12:00:07Z"
)


@pytest.mark.parametrize(("date", "at", "doubt"), [
    (SEEN, SEEN, ""), ("2026-06-01T11:20:00Z", "2026-06-01T11:20:00Z", ""), ("2026-05-31T12:00:00Z", "2026-05-31T12:00:00Z", ""),
    ("2026-05-31T11:59:59Z", SEEN, "is more than a day earlier"), ("1970-01-01T00:00:00Z", SEEN, "is more than a day earlier"),
    ("2026-06-01T12:00:01Z", SEEN, "is later"), ("2106-01-01T00:00:00Z", SEEN, "is later"), ("", SEEN, "no date"),
])  # fmt: skip
def test_a_date_that_cannot_be_is_not_believed(date: str, at: str, doubt: str) -> None:
    since = measured_from(date, SEEN)
    assert since.at == at and doubt in since.doubt and bool(since.doubt) is bool(doubt)


def test_the_first_sight_of_a_commit_is_the_earliest_that_is_known() -> None:
    pulled, before = Sighting(commit="c", at="2026-06-01T11:58:00Z"), Sighting(commit="c", at="2026-06-01T11:00:00Z")
    assert first_sight("c", SEEN, None, None) == Sighting(commit="c", at=SEEN)
    assert first_sight("c", SEEN, None, pulled) == pulled and first_sight("c", SEEN, before, pulled) == before
    assert first_sight("d", SEEN, before, pulled) == Sighting(commit="d", at=SEEN) and first_sight("", SEEN, before) is None
    ahead = Sighting(commit="c", at="2027-01-01T00:00:00Z")
    assert first_sight("c", SEEN, ahead) == Sighting(commit="c", at=SEEN), "a clock was ahead"


def test_the_log_says_from_when_it_counts_and_the_metric_counts_the_same() -> None:
    metrics = Metrics(lambda: 0.0)
    by_date, by_sight = (
        replace(OUT, since=Since("2026-06-01T11:59:00Z")),
        replace(OUT, since=measured_from("2106-01-01T00:00:00Z", SEEN)),
    )
    told = [next(event for event in of_result(result) if event.kind == "readBack") for result in (by_date, by_sight)]
    assert told[0].message == "out at the service 67 s after the commit" and told[0].data["measuredFrom"] == "commit"
    assert told[1].message == (
        "out at the service 7 s after the service first saw the commit (the commit's date, 2106-01-01T00:00:00Z, is later)"
    )
    assert (told[1].data["seconds"], told[1].data["measuredFrom"]) == (7, "firstSeen")
    for result in (by_date, by_sight, OUT):
        metrics.result(result)
    found = series(metrics)
    assert (
        found["reconcile_deprovision_seconds_count{app=wiki}"] == 2 and found["reconcile_deprovision_seconds_sum{app=wiki}"] == 74
    )
    assert seconds_until_out(OUT) is None
    assert seconds_until_out(replace(OUT, since=Since("2026-06-01T13:00:00Z"))) == 0, "the clock was set back meanwhile"


@pytest.fixture
def merged(service: Rounds) -> Rounds:
    """Declarations in a repository, applied."""
    git(service.folder, "init", "--quiet", "--initial-branch=main")
    (service.folder / ".git/info/exclude").write_text(".reconcile\n")
    commit(service, "2026-11-02T07:59:00Z")
    assert service.cycle().result == "success"
    return service


def commit(service: Rounds, date: str) -> str:
    """By somebody whose clock says this."""
    git(service.folder, "add", "desired")
    subprocess.run(
        ["git", "-C", str(service.folder), "commit", "--quiet", "--allow-empty", "-m", "a change"],
        env=ENV | {"GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": date}, check=True,
    )  # fmt: skip
    return git(service.folder, "rev-parse", "HEAD").strip()


def leave(service: Rounds) -> None:
    service.write("directory/groups/a.yaml", "groups: [{displayName: Net, members: [grace@x.org]}]\n")


@pytest.mark.parametrize("date", ["2098-01-01T00:00:00Z", "@86400 +0000"])
def test_a_commit_of_another_century_counts_from_its_first_cycle_also_where_that_one_failed(merged: Rounds, date: str) -> None:
    leave(merged)
    commit(merged, date)
    merged.refuse = lambda call: answer(503, {})
    merged.later(minutes=40)
    seen = merged.now()
    assert merged.cycle().result == "failed"
    merged.refuse = lambda call: None
    merged.later(minutes=10)
    result = merged.cycle()
    assert result.since.at == seen and seconds_until_out(result) == 600 and result.since.doubt


def test_what_a_pull_brought_counts_from_then(merged: Rounds) -> None:
    leave(merged)
    merged.later(minutes=40)
    merged.pulled = Sighting(commit=commit(merged, "2098-01-01T00:00:00Z"), at=merged.now())
    merged.later(seconds=50)
    assert seconds_until_out(merged.cycle()) == 50


def test_a_date_within_reason_counts_and_a_last_day_that_has_come_is_nobody_s_commit(merged: Rounds) -> None:
    merged.later(minutes=40)
    rows = "{group: Net, role: User, expires: 2026-11-02}"
    merged.write("apps/wiki/assignments.yaml", f"assignments: [{rows}, {{user: grace@x.org, role: User}}]\n")
    commit(merged, "2026-11-02T08:39:30Z")
    assert merged.cycle().result == "success"
    merged.later(days=1)
    expired = merged.cycle()
    assert expired.written.get("disable") == 1 and seconds_until_out(expired) is None and not expired.read_back
    merged.write("apps/wiki/assignments.yaml", "assignments: []\n")
    commit(merged, merged.now())
    merged.later(seconds=30)
    result = merged.cycle()
    assert (result.since.doubt, seconds_until_out(result)) == ("", 30)


@pytest.mark.parametrize("fails", ["reads", "writes", "declaration"])
def test_the_time_counts_from_the_leaver_s_own_commit_whatever_was_merged_since(merged: Rounds, fails: str) -> None:
    merged.later(minutes=40)
    leave(merged)
    if fails == "declaration":
        merged.write("directory/users/b.yaml", "users: nobody\n")
    commit(merged, merged.now())
    merged.refuse = lambda call: answer(503, {}) if fails == "reads" or call.method == "PATCH" else None
    for _ in range(2):
        merged.later(seconds=10)
        assert merged.cycle().result in ("failed", "partial")
    merged.refuse = lambda call: None
    (merged.folder / "desired/directory/users/b.yaml").unlink(missing_ok=True)
    merged.people("ada@x.org, jobTitle: Boss", "grace@x.org")
    commit(merged, merged.now())
    merged.later(seconds=8)
    end = merged.end(urgent=True, again=True)
    assert isinstance(end, CycleResult) and seconds_until_out(end) == 28 and not end.since.doubt
    assert "left" not in merged.service


def test_of_two_commits_that_come_at_once_the_older_counts(merged: Rounds) -> None:
    merged.later(minutes=40)
    leave(merged)
    commit(merged, merged.now())
    merged.later(seconds=20)
    commit(merged, merged.now())
    merged.later(seconds=2)
    assert seconds_until_out(merged.cycle()) == 22
