"""reconcile access: who has what on a real server, in every form, and by the record where there is none."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.support.servers import Desk, scim_server


def test_who_has_what_is_told_in_every_form_and_without_the_service(tmp_path: Path) -> None:
    with scim_server() as url:
        desk = Desk(tmp_path, f"{url}/t/v2")
        assert desk.reconcile("apply", "--auto-approve").code == 0
        told = desk.reconcile("access")
        assert told.code == 0 and "2 people have access, 0 of them something privileged" in told.out
        rows = json.loads(desk.reconcile("access", "--user", "ADA@x.org", "--format", "json").out)
        assert [(row["what"], row["through"]) for row in rows] == [("Net", None), ("User", "Net")]
        table = list(csv.DictReader(desk.reconcile("access", "--role", "User", "--format", "csv").out.splitlines()))
        assert [row["login"] for row in table] == ["ada@x.org", "grace@x.org"]
        assert "Who has access" in desk.reconcile("access", "--format", "html").out
        assert json.loads(desk.reconcile("access", "--privileged", "--format", "json").out) == []
    gone = desk.reconcile("access", "--format", "json", WIKI_URL="http://127.0.0.1:9/t/v2")
    assert gone.code == 1 and json.loads(gone.out) == [] and "Error" in gone.err
    offline = json.loads(desk.reconcile("access", "--offline", "--format", "json").out)
    assert {row["login"] for row in offline} == {"ada@x.org", "grace@x.org"} and not any(row["shown"] for row in offline)
