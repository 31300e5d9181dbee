"""reconcile access: who has what on a real server, in every form, and by the record where there is none."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

from jsonschema import Draft202012Validator

from tests.support.servers import ROOT, Desk, scim_server


def test_who_has_what_is_told_in_every_form_and_without_the_service(tmp_path: Path) -> None:
    with scim_server() as url:
        desk = Desk(tmp_path, f"{url}/{tmp_path.name}/v2")
        assert desk.reconcile("apply", "--auto-approve").code == 0
        told = desk.reconcile("access")
        assert told.code == 0 and "2 people have access, 0 of them something privileged" in told.out
        rows = json.loads(desk.reconcile("access", "--user", "ADA@x.org", "--format", "json").out)
        assert [(row["what"], row["through"]) for row in rows] == [("Net", None), ("User", "Net")]
        assert all(row["since"][:10] == row["confirmed"][:10] and row["since"] <= row["confirmed"] for row in rows)
        table = list(csv.DictReader(desk.reconcile("access", "--role", "User", "--format", "csv").out.splitlines()))
        assert [row["login"] for row in table] == ["ada@x.org", "grace@x.org"]
        for option, slip, name in (("--user", "adda@x.org", "ada@x.org"), ("--role", "Usr", "User"), ("--group", "Nett", "Net")):
            refused = desk.reconcile("access", option, slip)
            assert refused.code == 64 and f"no {option[2:]} '{slip}' [UnknownName]\n    did you mean '{name}'?" in refused.err, (
                refused
            )
        assert "Who has access" in desk.reconcile("access", "--format", "html").out
        late = desk.reconcile("report", "--out", "report.html", "--since", "9999-12-31")
        assert late.code == 64 and "is a time to come" in late.err and not (tmp_path / "report.html").exists(), late
        unused = desk.reconcile("access", "--unused", "90d", "--format", "json")
        assert unused.code == 1 and json.loads(unused.out) == [] and "whom --unused would list there is unknown" in unused.err
        assert json.loads(desk.reconcile("access", "--privileged", "--format", "json").out) == []
    gone = desk.reconcile("access", "--format", "json", WIKI_URL=f"http://127.0.0.1:9/{tmp_path.name}/v2")
    assert gone.code == 1 and json.loads(gone.out) == [] and "Error" in gone.err
    assert desk.reconcile("access", "--offline", "--unused", "90d").code == 64
    offline = json.loads(desk.reconcile("access", "--offline", "--format", "json").out)
    assert {row["login"] for row in offline} == {"ada@x.org", "grace@x.org"} and not any(row["shown"] for row in offline)
    assert {(row["since"], row["confirmed"]) for row in offline} == {(row["since"], row["since"]) for row in rows}
    desk.zoo("http://127.0.0.1:9/v2")  # which has neither a service nor a record
    for query in ((), ("--offline",)):
        part = desk.reconcile("access", *query, "--evidence", "part.zip")
        assert part.code == 1 and "No evidence is written" in part.err and "zoo" in part.err, part
        assert not (tmp_path / "part.zip").exists()


def test_whoever_has_another_name_now_is_found_by_the_one_before(tmp_path: Path) -> None:
    with scim_server() as url:
        desk = Desk(tmp_path, f"{url}/{tmp_path.name}/v2")
        assert desk.reconcile("apply", "--auto-approve").code == 0
        desk.people("ada@x.org, jobTitle: Engineer", "grace2@x.org, previously: [grace@x.org]")
        desk.write("directory/groups/a.yaml", "groups: [{displayName: Net, members: [ada@x.org, grace2@x.org]}]\n")
        for state in ("declared", "applied"):
            for name in ("grace@x.org", "grace2@x.org"):
                told = desk.reconcile("access", "--user", name, "--format", "json")
                assert told.code == 0 and {row["what"] for row in json.loads(told.out)} == {"Net", "User"}, (state, name, told)
            assert desk.reconcile("apply", "--auto-approve").code == 0


def test_what_nobody_manages_is_listed_with_what_it_holds_and_the_id_to_name_it_by(tmp_path: Path) -> None:
    with scim_server() as url:
        desk = Desk(tmp_path, f"{url}/{tmp_path.name}/v2")
        assert desk.reconcile("apply", "--auto-approve").code == 0
        none = desk.reconcile("access", "--unmanaged")
        assert none.code == 0 and "0 people have access" in none.out and "ada@x.org" not in none.out
        desk.seed("mallory@y.org", roles=[{"value": "admin"}])
        desk.seed("gone@y.org", active=False)
        id = desk.find("mallory@y.org")[0]["id"]
        told = desk.reconcile("access", "--unmanaged")
        assert told.code == 0 and f"mallory@y.org (#{id})" in told.out and "nobody declares this account" in told.out
        assert "ada@x.org" not in told.out and "gone@y.org" not in told.out
        (row,) = json.loads(desk.reconcile("access", "--unmanaged", "--format", "json").out)
        assert (row["address"], row["source"], row["declared"], row["approvals"]) == (f"#{id}", "unmanaged", None, [])
        assert {item["source"] for item in json.loads(desk.reconcile("access", "--format", "json").out)} == {
            "declared",
            "unmanaged",
        }
        for other in (("--at", "0s"), ("--diff", "1d", "0s")):
            refused = desk.reconcile("access", "--unmanaged", *other)
            assert refused.code == 64 and "--unmanaged and --offline are of now" in refused.err


def test_who_had_what_is_told_from_the_log_with_what_gave_and_took_it(tmp_path: Path) -> None:
    with scim_server() as url:
        desk = Desk(tmp_path, f"{url}/{tmp_path.name}/v2")
        early = desk.reconcile("access", "--at", "2020-01-01")
        assert early.code == 1 and "the log has no complete records yet" in early.err and not early.out.strip()
        assert desk.reconcile("apply", "--auto-approve").code == 0
    asked = ("access", "--at", "0s", "--user", "ada@x.org")
    (answer,) = json.loads(desk.reconcile(*asked, "--format", "json").out)
    group, role = answer["rows"]
    assert (group["kind"], role["kind"], role["known"], role["took"]) == ("group", "role", True, None)
    assert role["gave"]["file"].endswith("assignments.yaml") and role["gave"]["line"] and role["gave"]["readBack"] == "asWritten"
    shown = desk.reconcile(*asked)
    assert answer["notIncluded"] == ["accounts that nobody manages", "edits by hand that nothing put back"]
    for form in ("table", "csv", "json", "html"):
        told = desk.reconcile(*asked, "--format", form)
        assert "Not in it: accounts that nobody manages" in (told.out if form == "html" else told.err), told
    assert shown.code == 0 and "1 person had access at" in shown.out and "read back: asWritten" in shown.out
    table = list(csv.DictReader(desk.reconcile(*asked, "--format", "csv").out.splitlines()))
    assert [row["what"] for row in table] == ["Net", "User"]
    assert "Who had access" in desk.reconcile(*asked, "--format", "html").out
    before = desk.reconcile("access", "--at", "2020-01-01", "--format", "json")
    (answer,) = json.loads(before.out)
    assert before.code == 1 and answer["rows"] is None and "nobody knows who had what before" in answer["unknown"][0]
    told = desk.reconcile("access", "--diff", "1d", "0s", "--format", "json")
    assert told.code == 1 and json.loads(told.out)[0]["rows"] is None
    for form in ("table", "json", "csv", "html"):
        kept = desk.reconcile("access", "--diff", "0s", "0s", "--format", form)
        assert kept.code == 0 and "kept" in kept.out, kept
    explained = desk.reconcile("explain", "ada@x.org", "--offline")
    assert "By the log:\n  group Net: since " in explained.out and "read back: asWritten" in explained.out, explained
    for query in ((), ("--offline",), ("--at", "0s"), ("--diff", "0s", "0s")):
        with_service = desk.reconcile("access", *query, "--evidence", "e.zip")
        assert "e.zip is written, SHA-256" in with_service.err, with_service
        checked = desk.reconcile("access", "--verify", "e.zip")
        assert checked.code == 0 and " records of the log, without a gap" in checked.out, checked
    (desk.folder / "e.zip").write_bytes(b"PK")
    damaged = desk.reconcile("access", "--verify", "e.zip")
    assert damaged.code == 1 and "e.zip cannot be checked" in damaged.err
    for times in (("--at", "0s"), ("--diff", "0s", "0s")):
        for option, slip, name in (("--user", "adda@x.org", "ada@x.org"), ("--role", "Usr", "User"), ("--group", "Nett", "Net")):
            refused = desk.reconcile("access", *times, option, slip)
            assert refused.code == 64 and f"no {option[2:]} '{slip}' [UnknownName]\n    did you mean '{name}'?" in refused.err, (
                refused
            )
            assert refused.out == ""
    assert desk.reconcile("access", "--at", "tomorrow").code == 64
    assert desk.reconcile("access", "--at", "2999-01-01").code == 64


def test_of_whoever_was_adopted_it_is_told_which_assignment_gives_what_was_there(tmp_path: Path) -> None:
    with scim_server() as url:
        desk = Desk(tmp_path, f"{url}/{tmp_path.name}/v2")
        desk.write("apps/wiki/assignments.yaml", "assignments:\n- {group: Net, role: User, reason: NET-7, expires: 2999-12-31}\n")
        assert desk.reconcile("apply", "--auto-approve").code == 0
        shutil.rmtree(tmp_path / ".reconcile")
        taken = desk.reconcile("apply", "--auto-approve")
        assert taken.code == 0 and "Took 2 accounts and 1 group into the record" in taken.out, taken
    logged = [json.loads(line) for line in desk.reconcile("logs", "--format", "json").out.splitlines()]
    schema = Draft202012Validator(json.loads((ROOT / "schemas/provisioning-log.schema.json").read_text()))
    assert [problem for line in logged for problem in schema.iter_errors(line)] == []
    asked = desk.reconcile("access", "--at", "0s", "--user", "ada@x.org", "--format", "json")
    explained = desk.reconcile("explain", "ada@x.org", "--offline", "--format", "json")
    for rows in (json.loads(asked.out)[0]["rows"], json.loads(explained.out)["explanations"][0]["history"]):
        said = {row["kind"]: row["gave"] for row in rows}
        assert {gave["action"] for gave in said.values()} == {"adopt"}
        assert {(gave["reason"], gave["until"]) for gave in said.values()} == {("NET-7", "2999-12-31")}
        assert [said[kind]["file"].rpartition("/")[2] for kind in ("role", "group")] == ["assignments.yaml", "a.yaml"]
        assert said["role"]["line"] == 2
    assert "until 2999-12-31, reason: NET-7" in desk.reconcile("logs", "--user", "ada@x.org", "--action", "adopt").out


def test_explain_tells_in_json_too_when_each_thing_came_and_what_gave_it(tmp_path: Path) -> None:
    with scim_server() as url:
        desk = Desk(tmp_path, f"{url}/{tmp_path.name}/v2")
        assert desk.reconcile("apply", "--auto-approve").code == 0
    whole = json.loads(desk.reconcile("explain", "ada@x.org", "--offline", "--format", "json").out)
    Draft202012Validator(json.loads((ROOT / "schemas/explain.schema.json").read_text())).validate(whole)
    (said,) = whole["explanations"]
    group, role = said["history"]
    assert (group["kind"], group["what"], role["what"], role["known"]) == ("group", "Net", "User", True)
    assert role["gave"]["file"].endswith("assignments.yaml") and role["gave"]["readBack"] == "asWritten"
