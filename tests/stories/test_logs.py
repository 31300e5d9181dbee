"""`reconcile logs` on what applies have written: filters, forms, following, and no record at all."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli import logs
from reconciler.cli.main import run
from reconciler.record.local import LocalStore
from reconciler.report.log_query import Query
from tests.support.servers import Desk, scim_server


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with scim_server() as url:
        yield Desk(tmp_path, f"{url}/{tmp_path.name}/v2")


def test_what_was_done_to_somebody_is_shown_in_each_form(desk: Desk) -> None:
    desk.reconcile("apply", "--auto-approve")
    desk.people("ada@x.org, displayName: Ada Lovelace", "grace@x.org")
    desk.reconcile("apply", "--auto-approve")
    table = desk.reconcile("logs", "--user", "ada@x.org")
    assert table.code == 0, table
    assert table.out.splitlines()[0].startswith("TIME")
    assert [line.split()[2:5] for line in table.out.splitlines()[1:] if "User/ada" in line] == [
        ["create", "success", "User/ada@x.org"],
        ["update", "success", "User/ada@x.org"],
    ]
    rows = [json.loads(line) for line in desk.reconcile("logs", "--action", "update", "--format", "json").out.splitlines()]
    assert [row["reconcile"]["address"] for row in rows if row["reconcile"]["action"] == "update"] == ["User/ada@x.org"]
    (row,) = csv.DictReader(io.StringIO(desk.reconcile("logs", "--action", "update", "--since", "1h", "--format", "csv").out))
    assert (row["object"], row["causes"], row["file"]) == ("User/ada@x.org", "config", "desired/directory/users/a.yaml")
    assert desk.reconcile("logs", "--until", "2020-01-01").out.splitlines()[1:] == []


def test_a_report_is_one_page_by_the_record_alone(desk: Desk) -> None:
    desk.reconcile("apply", "--auto-approve")
    ran = desk.reconcile("report", "--out", "report.html", WIKI_URL="http://127.0.0.1:9/t/v2")
    assert ran.code == 0 and "report.html is written" in ran.out
    text = (desk.folder / "report.html").read_text(encoding="utf-8")
    assert "Provisioning report" in text and text.count("User/ada@x.org") > 1
    ran = desk.reconcile("report", "--out", "report.html", "--since", "soon")
    assert ran.code == 64 and "--since 'soon' is not a time" in ran.err


def test_a_report_reads_each_record_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.reconcile("apply", "--auto-approve")
    monkeypatch.chdir(desk.folder)
    loads: list[str] = []
    load = LocalStore.load
    monkeypatch.setattr(LocalStore, "load", lambda store: loads.append(store.app) or load(store))
    assert run(["report", "--out", "report.html"]) == 0 and loads == ["wiki"]


def test_a_name_that_nobody_ever_had_is_refused_and_one_of_the_past_is_not(desk: Desk) -> None:
    desk.people("ada@x.org", "grace@x.org", "left@x.org")
    desk.write("apps/wiki/assignments.yaml", "assignments: [{group: Net, role: User}, {user: left@x.org, role: Admin}]\n")
    desk.reconcile("apply", "--auto-approve")
    desk.people("ada@x.org", "grace@x.org")
    desk.write("apps/wiki/assignments.yaml", "assignments: [{group: Net, role: User}]\n")
    desk.write("apps/wiki/roles.yaml", "roles: [{value: user, displayName: User}]\n")
    desk.reconcile("apply", "--auto-approve")
    for option, slip, name in (("--user", "leftt@x.org", "left@x.org"), ("--role", "Admn", "Admin"), ("--group", "Nett", "Net")):
        refused = desk.reconcile("logs", option, slip)
        assert refused.code == 64 and f"no {option[2:]} '{slip}' [UnknownName]\n    did you mean '{name}'?" in refused.err, (
            refused
        )
        assert refused.out == ""
    for query in (("--user", "LEFT@x.org"), ("--role", "admin"), ("--group", "net")):
        assert len(desk.reconcile("logs", *query).out.splitlines()) > 1
    later = desk.reconcile("logs", "--user", "left@x.org", "--since", "2999-01-01", "--format", "json")
    assert (later.code, later.out) == (0, "")
    assert later.err == "No record of the log is of --since '2999-01-01', --user 'left@x.org'.\n"
    for query in (("--cycle", "nope"), ("--by", "nobody")):
        unseen = desk.reconcile("logs", *query)
        assert unseen.code == 0 and unseen.err == f"No record of the log is of {query[0]} '{query[1]}'.\n", unseen


def test_a_lost_part_of_the_log_is_named_below_the_table_beside_json_and_on_the_page(desk: Desk) -> None:
    desk.reconcile("apply", "--auto-approve")
    (file,) = (desk.folder / ".reconcile/wiki/log").glob("*.jsonl")
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([lines[0], *lines[2:]]))
    (desk.folder / ".reconcile/wiki/known.json").unlink(missing_ok=True)
    table = desk.reconcile("logs", "--status", "success")
    assert table.code == 1 and table.out.splitlines()[-1].startswith("Not in it: wiki: the log is not whole between "), table
    assert desk.reconcile("logs", "--since", "2999-01-01").code == 0
    rows = desk.reconcile("logs", "--format", "json")
    assert (
        rows.code == 1
        and len(rows.out.splitlines()) == len(lines) - 1
        and rows.err.startswith("Not in it: wiki: the log is not whole")
    ), rows
    assert desk.reconcile("report", "--out", "report.html").code == 0
    assert "<strong>Not on this page:</strong> Wiki: the log is not whole" in (desk.folder / "report.html").read_text() or (
        "<strong>Not on this page:</strong> wiki: the log is not whole" in (desk.folder / "report.html").read_text()
    )


def test_a_record_that_was_written_over_is_missed_as_one_that_was_taken_out(desk: Desk) -> None:
    desk.reconcile("apply", "--auto-approve")
    (file,) = (desk.folder / ".reconcile/wiki/log").glob("*.jsonl")
    lines = file.read_bytes().splitlines(keepends=True)
    told = []
    for instead in (b"", b'{"half\n'):
        file.write_bytes(b"".join([lines[0], instead, *lines[2:]]))
        report = desk.reconcile("report", "--out", "report.html")
        page = (desk.folder / "report.html").read_text(encoding="utf-8")
        told.append(
            (
                desk.reconcile("logs", "--format", "json"),
                desk.reconcile("explain", "ada@x.org", "--offline"),
                (report.code, "record 3 comes after record 1" in page),
            )
        )
    assert told[0] == told[1] and told[1][0].code == 1 and told[1][2] == (0, True), told
    assert "from before the log" not in told[1][1].out, told


def test_a_line_that_is_no_record_is_named_by_whatever_reads_the_log(desk: Desk) -> None:
    desk.reconcile("apply", "--auto-approve")
    (file,) = (desk.folder / ".reconcile/wiki/log").glob("*.jsonl")
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:2], b"garbage\n", *lines[2:]]))
    commands = (["logs"], ["access", "--at", "0s"], ["report", "--out", "r.html"], ["explain", "ada@x.org", "--offline"])
    for command in commands:
        ran = desk.reconcile(*command)
        assert ran.code == 1 and f"{file.name}:3: 'garbage' is not a record" in ran.err, ran


def test_who_was_renamed_is_found_by_either_name_in_the_log_in_access_and_in_its_evidence(desk: Desk) -> None:
    desk.people("linus@x.org", "grace@x.org")
    desk.write("directory/groups/a.yaml", "groups: [{displayName: Net, members: [linus@x.org]}]\n")
    assert desk.reconcile("apply", "--auto-approve").code == 0
    desk.people("lt@x.org, previously: [linus@x.org]", "grace@x.org")
    desk.write("directory/groups/a.yaml", "groups: [{displayName: Network, previously: [Net], members: [lt@x.org]}]\n")
    desk.write("apps/wiki/assignments.yaml", "assignments: [{group: Network, role: User}]\n")
    assert desk.reconcile("apply", "--auto-approve").code == 0
    for option, names in (("--user", ("linus@x.org", "lt@x.org")), ("--group", ("Net", "Network"))):
        logs = {desk.reconcile("logs", option, name, "--format", "json").out for name in names}
        assert len(logs) == 1 and logs.pop().count('"action":"create"') > 0
        for name in names:
            had = desk.reconcile("access", "--at", "0s", option, name, "--format", "json", "--evidence", "e.zip")
            (answer,) = json.loads(had.out)
            assert answer["rows"] and {row["login"] for row in answer["rows"]} == {"lt@x.org"}, had
            checked = desk.reconcile("access", "--verify", "e.zip")
            assert checked.code == 0 and "of 1 person" in checked.out, checked


def months(desk: Desk, *ats: str) -> LocalStore:
    """A log of its own, a record at each of these times."""
    store = LocalStore(desk.folder / ".reconcile", "wiki")
    for at in ats:
        store.log([{"activityDateTime": at, "reconcile": {"kind": "object", "address": "User/ada@x.org"}}])
    return store


TIMES = ("2026-01-10T00:00:00Z", "2026-02-01T00:00:00Z", "2026-02-20T00:00:00Z", "2026-03-10T00:00:00Z")


def test_a_lost_month_and_a_lost_day_are_missed_by_whoever_asks_from_then_on(desk: Desk) -> None:
    log = months(desk, *TIMES).log_files.folder
    assert desk.reconcile("logs", "--since", "2026-02-01").code == 0
    february = (log / "2026-02.jsonl").read_bytes().splitlines(keepends=True)
    (log / "2026-02.jsonl").write_bytes(february[1])
    day = desk.reconcile("logs", "--since", "2026-02-01", "--until", "2026-02-15")
    assert day.code == 1 and f"between {TIMES[0]} and {TIMES[2]}: record 3 comes after record 1" in day.out, day
    (log / "2026-02.jsonl").unlink()
    for times in (("--since", "2026-02-01"), ("--since", "2026-02-01", "--until", "2026-03-31"), ("--since", "2026-03-01")):
        month = desk.reconcile("logs", *times, "--format", "json")
        assert month.code == 1 and f"between {TIMES[0]} and {TIMES[3]}: record 4 comes after record 1" in month.err, month
    assert desk.reconcile("logs", "--since", "2026-03-11").code == 0
    (log / "2026-01.jsonl").unlink()
    begun = desk.reconcile("logs", "--since", "2026-02-01", "--format", "json")
    assert begun.code == 1 and f"before {TIMES[3]}: it begins with record 4" in begun.err, begun


def test_a_log_whose_end_was_cut_is_shown_and_refused(desk: Desk) -> None:
    log = months(desk, *TIMES).log_files.folder
    (log / "2026-03.jsonl").unlink()
    cut = desk.reconcile("logs", "--format", "json")
    assert cut.code == 1 and len(cut.out.splitlines()) == 3 and "[RecordLostHistory]" in cut.err, cut


def test_what_cannot_be_asked_is_said(desk: Desk) -> None:
    assert desk.reconcile("logs").code == 0
    ran = desk.reconcile("logs", "--since", "yesterday")
    assert ran.code == 64 and "--since 'yesterday' is not a time: write 7d, 12h, 2026-06-01" in ran.err
    ran = desk.reconcile("logs", "--action", "creat")
    assert ran.code == 64 and "did you mean 'create'" in ran.err


def test_the_log_is_shown_and_proved_while_declarations_have_errors(desk: Desk) -> None:
    desk.reconcile("apply", "--auto-approve")
    head = desk.reconcile("record", "verify").out.splitlines()[-1].split()[-1]
    desk.write("apps/wiki/roles.yaml", "roles: [{value: 1]")
    ran = desk.reconcile("logs", "--user", "ada@x.org")
    assert ran.code == 0 and "User/ada@x.org" in ran.out and "1 error in the declarations" in ran.err
    ran = desk.reconcile("record", "verify", "--app", "wiki", "--since", head, "--format", "json")
    assert ran.code == 0 and json.loads(ran.out)["apps"][0]["verified"] is True
    (file,) = (desk.folder / ".reconcile/wiki/log").glob("*.jsonl")
    file.write_text(file.read_text().replace('"create"', '"delete"', 1))
    ran = desk.reconcile("record", "verify")
    assert ran.code == 1 and f"{file.name}:1: record 1: it was altered" in ran.out
    assert desk.reconcile("record", "verify", "--since", "soon").code == 64
    desk.write("reconciler.yaml", "record: {backend: tape}")
    ran = desk.reconcile("logs")
    assert ran.code == 1 and "reconciler.yaml:1" in ran.err


def test_following_shows_what_is_added(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    store = LocalStore(desk.folder / ".reconcile", "wiki")
    store.log([{"activityDateTime": "2026-06-01T00:00:00Z", "sourceIdentity": {"displayName": "User/a"}}])
    names = iter("bc")

    def pause(seconds: float) -> None:
        name = next(names, "")
        if not name:
            raise KeyboardInterrupt
        store.log([{"activityDateTime": "2026-06-01T00:00:00Z", "sourceIdentity": {"displayName": f"User/{name}"}}])

    with pytest.raises(KeyboardInterrupt):
        logs._follow({"wiki": store}, {"wiki": 1}, Query(), "table", pause)
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()] == ["User/b", "User/c"]
