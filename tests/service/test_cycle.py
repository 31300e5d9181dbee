"""One cycle after the other against a real server, on a clock that the test sets: what is written, held, recorded and said."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from reconciler.cycle.declarations import checked
from reconciler.cycle.listener import SILENT
from reconciler.declare.model import App, Declarations
from reconciler.notify.outbox import Outbox
from reconciler.record.local import LocalStore
from reconciler.record.log.chain import OURS
from reconciler.report.colours import uncoloured
from reconciler.service.ends import Busy, Removed, Survey, told
from reconciler.service.events import Event, of_result
from reconciler.service.failures import CODES
from reconciler.service.looked_up import look_up, restart
from reconciler.service.loop import Loop
from reconciler.service.order import Postponed
from reconciler.service.quarantine import PROPORTION, REFUSED, TOO_MANY_DELETES
from reconciler.service.result import CycleResult
from reconciler.service.status_text import as_text
from reconciler.service.turns import Settings
from reconciler.service.worker import _survey
from tests.support.rounds import Rounds, declare, staff
from tests.support.servers import Answer, Call, answer

CONFLICT = answer(409, {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "scimType": "uniqueness", "status": "409"})
REPAIR = "provisioning: {drift: repair}\n"


def refusing(method: str, with_what: Answer) -> object:
    return lambda call: with_what if call.method == method else None


def test_the_first_cycle_is_initial_the_next_incremental_and_finds_nothing(service: Rounds) -> None:
    first = service.cycle()
    assert (first.kind, first.result, first.written) == ("initial", "success", {"create": 3})
    assert (first.counts.in_scope, first.counts.provisioned, first.counts.failed) == (3, 3, 0)
    service.later(minutes=40)
    record, writes = service.record, len(service.front.writes)
    second = service.cycle(forced=False)
    assert (second.kind, second.result, second.written) == ("incremental", "success", {})
    assert len(service.front.writes) == writes and service.record.runs == record.runs
    assert service.service["steadySince"] == first.ended and service.service["lastSuccess"] == second.ended


def test_an_initial_one_comes_again_after_24_hours_and_with_another_mapping(service: Rounds) -> None:
    service.cycle()
    service.later(hours=23)
    assert service.cycle().kind == "incremental"
    service.later(hours=1)
    assert service.cycle().kind == "initial"
    mappings = service.folder / "desired/apps/wiki/mappings.yaml"
    service.write("apps/wiki/mappings.yaml", mappings.read_text().replace("jobTitle", "department"))
    assert service.cycle().kind == "initial"
    service.later(minutes=40)
    assert service.cycle().kind == "incremental"


def audited(service: Rounds) -> list[tuple[str, int]]:
    """Kind of each cycle that the log has a record of, and how many came before it without one."""
    blocks = LocalStore(service.folder / ".reconcile", "wiki").log_blocks()
    records = [orjson.loads(line) for block in blocks for line in block.splitlines()]
    told = [record["reconcile"] for record in records if record["reconcile"]["kind"] == "cycle"]
    return [(item["details"]["kind"], item["details"].get("quiet", 0)) for item in told]


def test_the_log_has_a_record_of_each_cycle_or_their_number_in_the_next_one(service: Rounds) -> None:
    service.cycle()
    for _ in range(3):
        service.later(minutes=40)
        service.cycle()
    assert audited(service) == [("initial", 0)] and service.service["quiet"] == 3
    service.people("ada@x.org, jobTitle: Architect", "grace@x.org")
    assert service.cycle().written and audited(service)[1:] == [("incremental", 3)] and "quiet" not in service.service
    service.later(hours=25)
    assert service.cycle().written == {} and audited(service)[2:] == [("initial", 0)]
    service.refuse = lambda call: answer(503, {})
    service.later(minutes=40)
    assert service.cycle().result == "failed" and audited(service)[3:] == [("incremental", 0)]
    service.later(minutes=40)
    assert service.cycle().result == "failed" and len(audited(service)) == 4


def test_a_cycle_that_is_not_due_is_none_until_the_declaration_changes(service: Rounds) -> None:
    service.cycle()
    service.later(minutes=10)
    requests = len(service.front.calls)
    end = service.end(forced=False)
    assert isinstance(end, Postponed) and end.next == "2026-11-02T08:40:00Z"
    assert len(service.front.calls) == requests
    service.people("ada@x.org, jobTitle: Architect", "grace@x.org")
    assert service.cycle(forced=False).written == {"update": 1}


def test_somebody_who_leaves_is_out_and_was_asked_for_again(service: Rounds) -> None:
    service.cycle()
    service.write("directory/groups/a.yaml", "groups: [{displayName: Net, members: [grace@x.org]}]\n")
    service.later(minutes=40)
    result = service.cycle()
    assert result.written == {"disable": 1, "update": 1} and result.read_back == service.now()
    assert service.find("ada@x.org")[0]["active"] is False


def test_a_deletion_that_falls_due_is_done_by_the_cycle_of_that_day_and_by_no_earlier_one(service: Rounds) -> None:
    """Nobody changed anything then: time alone brings it."""
    service.app("deprovisioning: {deleteAfter: 30d}\n")
    service.cycle()
    declare(service, ["grace@x.org"])
    service.people("ada@x.org", "grace@x.org")
    service.later(minutes=40)
    assert service.cycle().written.get("disable") == 1
    service.later(days=29)
    assert service.cycle().written == {} and len(service.find("ada@x.org")) == 1
    service.later(days=1, hours=1)
    result = service.cycle(forced=False)
    assert (result.result, result.written) == ("success", {"delete": 1}) and not service.find("ada@x.org")
    assert ("delete", "User/ada@x.org") in service.log
    service.later(minutes=40)
    assert service.cycle().written == {}


def test_an_account_that_stays_active_although_the_service_said_so_is_a_failure(service: Rounds) -> None:
    """The service shows it as done right after the write, and otherwise to whoever asks once more."""
    service.cycle()
    ada, seen = service.find("ada@x.org")[0], []
    service.write("directory/groups/a.yaml", "groups: [{displayName: Net, members: [grace@x.org]}]\n")

    def lying(call: Call) -> Answer | None:
        mine = call.path.endswith(ada["id"])
        if mine and (call.method == "PATCH" or seen):
            seen.append(call.method)
        return answer(200, ada) if mine and seen.count("GET") > 1 else None

    service.refuse = lying
    result = service.cycle()
    assert ("User/ada@x.org", "StillActive") in {(failure.address, failure.code) for failure in result.failures}
    assert result.result == "partial" and "User/ada@x.org" in service.service["escrows"]


@pytest.mark.parametrize(("more", "title"), [("", "Boss"), (REPAIR, "Engineer")])
def test_drift_is_reported_in_every_cycle_or_repaired_as_the_app_says(service: Rounds, more: str, title: str) -> None:
    service.app(more)
    service.cycle()
    service.edit("ada@x.org", "title", "Boss")
    for _ in range(2):
        service.later(minutes=40)
        result = service.cycle()
        assert service.find("ada@x.org")[0]["title"] == title
        assert result.result == "success"
        shown = [(item.address, item.line) for item in result.drift]
        if not more:
            assert shown == [("User/ada@x.org", 'title is "Boss", not "Engineer"')] and result.counts.drifted == 1
            assert service.service["drift"] == dict(shown) and "steadySince" not in service.service
    if more:
        assert shown == [] and "drift" not in service.service


def test_what_was_declared_is_written_beside_drift_that_is_only_reported(service: Rounds) -> None:
    """One object, changed on both sides: the declaration's part is done, the service's stays."""
    service.people("ada@x.org, jobTitle: Engineer, displayName: Ada", "grace@x.org")
    service.cycle()
    service.edit("ada@x.org", "title", "Boss")
    service.people("ada@x.org, jobTitle: Engineer, displayName: Ada L", "grace@x.org")
    service.later(minutes=40)
    assert service.cycle().written == {"update": 1}
    ada = service.find("ada@x.org")[0]
    assert (ada["displayName"], ada["title"]) == ("Ada L", "Boss")
    service.later(minutes=40)
    assert [item.address for item in service.cycle().drift] == ["User/ada@x.org"]


def test_members_who_were_taken_out_by_hand_are_drift_and_repaired(service: Rounds) -> None:
    service.app(REPAIR)
    service.cycle()
    with service.client() as client:
        net = client.find("Groups", "displayName", "Net")[0]
        client.patch("Groups", net["id"], [{"op": "remove", "path": "members"}])
    service.later(minutes=40)
    result = service.cycle()
    assert result.drift == () and result.written == {"update": 1}, "nobody is asked to repair what is repaired"
    (said,) = [event for event in of_result(result) if event.kind == "repaired"]
    assert said.message == "somebody else changed it at the service, and it is written over: Group/Net"
    with service.client() as client:
        assert len(client.find("Groups", "displayName", "Net")[0]["members"]) == 2


# Escrow


def test_a_failed_object_waits_in_escrow_while_the_others_go_on(service: Rounds) -> None:
    service.cycle()
    service.refuse = lambda call: CONFLICT if call.method == "PATCH" and "/Users/" in call.path else None
    service.people("ada@x.org, jobTitle: Architect", "grace@x.org")
    service.later(minutes=40)
    result = service.cycle()
    assert (result.result, result.counts.failed, result.counts.escrowed) == ("partial", 1, 1)
    (failure,) = result.failures
    assert (failure.address, failure.action, failure.code, failure.status) == ("User/ada@x.org", "update", "Conflict", 409)
    assert failure.remedy and failure.code in CODES
    escrow = service.service["escrows"]["User/ada@x.org"]
    assert (escrow["since"], escrow["next"], escrow["tries"]) == (result.ended, "2026-11-02T14:40:00Z", 1)

    tried = len(service.front.writes)
    service.later(hours=5)
    assert service.cycle().result == "partial" and len(service.front.writes) == tried, "it is not due"
    service.people("ada@x.org, jobTitle: Architect", "grace@x.org, jobTitle: Admiral")
    service.refuse = lambda call: None
    assert service.cycle().written == {"update": 1} and service.find("ada@x.org")[0]["title"] == "Engineer"
    service.later(hours=1)
    again = service.cycle()
    assert (again.result, again.written) == ("success", {"update": 1}) and "escrows" not in service.service
    assert service.find("ada@x.org")[0]["title"] == "Architect"


def test_a_leaver_whom_an_outage_left_in_is_out_with_the_next_try_and_other_escrows_wait(service: Rounds) -> None:
    service.cycle()
    service.people("ada@x.org, jobTitle: Boss", "grace@x.org")
    service.write("directory/groups/a.yaml", "groups: [{displayName: Net, members: [ada@x.org]}]\n")
    ada = service.find("ada@x.org")[0]["id"]
    refused = {True: CONFLICT, False: answer(503, {})}
    service.refuse = lambda call: refused[ada in call.path] if call.method == "PATCH" else None
    assert {failure.code for failure in hurried(service).failures} == {"InternalServerError", "Conflict"}
    service.refuse = lambda call: None
    service.later(seconds=15)
    result = hurried(service, again=True)
    assert result.written == {"disable": 1, "update": 1} and service.find("grace@x.org")[0]["active"] is False
    assert result.escrowed == ("User/ada@x.org",)


def hurried(service: Rounds, again: bool = False) -> CycleResult:
    result = service.end(urgent=True, again=again)
    assert isinstance(result, CycleResult)
    return result


def test_whoever_corrects_the_declaration_waits_for_nothing(service: Rounds) -> None:
    service.cycle()
    service.refuse = lambda call: CONFLICT if call.method == "PATCH" and "/Users/" in call.path else None
    service.people("ada@x.org, jobTitle: Architect", "grace@x.org")
    service.cycle()
    service.refuse = lambda call: None
    service.people("ada@x.org, jobTitle: Captain", "grace@x.org")
    service.later(minutes=40)
    assert service.cycle().result == "success"
    assert service.find("ada@x.org")[0]["title"] == "Captain" and "escrows" not in service.service


def test_a_group_waits_for_no_member_who_is_in_escrow(service: Rounds) -> None:
    """The rest of it is done; the member comes in once the account is there."""
    service.refuse = lambda call: CONFLICT if call.method == "POST" and call.path.endswith("/Users") and not done else None
    done: list[int] = []
    people = ["ada@x.org", "grace@x.org"]
    declare(service, people)
    service.cycle()
    service.later(minutes=40)
    assert service.cycle().result == "partial"
    with service.client() as client:
        assert client.find("Groups", "displayName", "Net")[0].get("members", []) == []
    done.append(1)
    service.later(hours=6)
    service.cycle()
    service.later(minutes=40)
    assert service.cycle().result == "success"
    with service.client() as client:
        assert len(client.find("Groups", "displayName", "Net")[0]["members"]) == 2


def test_who_has_still_to_be_enabled_is_not_provisioned(service: Rounds) -> None:
    people = staff(10)
    declare(service, people)
    service.cycle()
    declare(service, people[1:])
    service.cycle()
    declare(service, people)
    service.refuse = lambda call: CONFLICT if call.method == "PATCH" and "/Users/" in call.path else None
    result = service.cycle()
    assert [(failure.address, failure.action) for failure in result.failures] == [("User/p00@x.org", "enable")]
    assert (result.counts.provisioned, result.counts.in_scope, result.counts.failed) == (10, 11, 1)
    assert (result.objects["User"]["provisioned"], result.objects["User"]["failed"]) == (9, 1)
    assert of_result(result)[-1].message.endswith("10 of 11 in scope provisioned")
    service.refuse = lambda call: None
    service.later(hours=6)
    assert service.cycle().counts.provisioned == 11


# Quarantine


def test_refused_credentials_are_a_quarantine_that_ends_with_a_success(service: Rounds, monkeypatch: pytest.MonkeyPatch) -> None:
    service.cycle()
    service.refuse = lambda call: answer(401, {"detail": "no"})
    service.later(minutes=40)
    result = service.cycle()
    assert result.result == "failed" and result.error is not None and result.error.code == "Unauthorized"
    assert result.quarantine is not None and result.quarantine.reason == REFUSED
    assert result.quarantine.next_attempt == "2026-11-02T10:00:00Z" and result.counts.in_scope == 3
    service.later(minutes=40)
    with monkeypatch.context() as patch:
        patch.setenv(
            "WIKI_TOKEN", "later"
        )  # which tells its requests from one side by side that the cycle before did not wait for
        assert isinstance(service.end(forced=False), Postponed)
    assert not [call for call in service.front.calls if "later" in call.authorization]
    service.refuse = lambda call: None
    service.later(minutes=40)
    well = service.cycle(forced=False)
    assert (well.result, well.quarantine) == ("success", None) and "quarantine" not in service.service


def test_a_page_that_is_not_scim_is_a_quarantine_and_a_service_that_is_down_is_none(service: Rounds) -> None:
    service.cycle()
    service.refuse = lambda call: Answer(200, b"<html>Sign in</html>", "text/html")
    found = service.cycle()
    assert found.error is not None and found.error.code == "ServiceIncompatible" and found.quarantine is not None
    assert found.quarantine.reason == REFUSED


def test_a_first_cycle_that_fails_leaves_its_figures_and_no_record_of_an_apply(service: Rounds) -> None:
    service.refuse = lambda call: answer(401, {"detail": "no"})
    assert service.cycle().quarantine is not None
    assert not service.record.is_of_an_apply and "quarantine" in service.service
    service.refuse = lambda call: None
    assert service.cycle().written == {"create": 3} and "quarantine" not in service.service


def test_an_app_of_ten_whose_every_write_fails_is_quarantined_and_each_attempt_is_a_whole_one(service: Rounds) -> None:
    declare(service, staff(10))
    service.refuse = lambda call: CONFLICT if call.method == "POST" else None
    result = service.cycle()
    assert result.quarantine is not None and result.quarantine.reason == PROPORTION
    tried = len(service.front.writes)
    service.later(minutes=80)
    again = service.cycle(forced=False)
    assert len(service.front.writes) > tried and again.quarantine is not None, "in quarantine nothing waits for its six hours"
    service.refuse = lambda call: None
    service.later(hours=3)
    well = service.cycle(forced=False)
    assert (well.result, well.quarantine) == ("success", None) and "escrows" not in service.service


def test_who_restarts_a_quarantine_has_what_it_held_tried_by_the_next_cycle(service: Rounds) -> None:
    declare(service, staff(10))
    service.refuse = lambda call: CONFLICT if call.method == "POST" else None
    assert service.cycle().quarantine is not None
    service.refuse = lambda call: None
    service.later(minutes=1)
    app, declarations = app_of(service)
    restart(app, declarations, "quarantine", SILENT, 0)
    well = service.cycle()
    assert (well.result, well.quarantine, well.written) == ("success", None, {"create": 11})


def test_after_four_weeks_the_app_is_off_until_somebody_restarts_it(service: Rounds) -> None:
    service.cycle()
    service.refuse = lambda call: answer(401, {"detail": "no"})
    service.cycle()
    service.later(days=28)
    end = service.cycle(forced=False)
    assert end.quarantine is not None and end.quarantine.next_attempt is None
    service.refuse = lambda call: None
    service.people("ada@x.org, jobTitle: Architect", "grace@x.org")
    service.later(days=1)
    service.front.calls.clear()
    for forced in (False, True):  # by the clock; by `run --once`, or by a commit that --pull brings
        end = service.end(forced=forced)
        assert isinstance(end, Postponed) and (end.next, end.is_well) == ("", False)
        (said,) = told("wiki", end, service.now())
        assert (said.kind, said.level) == ("off", "error") and "`reconcile restart --app wiki`" in said.message
    assert service.front.calls == []
    ran = service.reconcile("run", "--once")
    assert ran.code == 1 and "no cycle: off since it was in quarantine for four weeks" in ran.out
    assert service.front.calls == [] and service.reconcile("status").code == 1
    assert service.reconcile("restart").code == 0
    assert service.cycle().written == {"update": 1}


def test_a_commit_that_is_pulled_begins_no_cycle_of_an_app_that_is_off() -> None:
    """It asks for one whatever the clock says: the cycle itself looks whether the app is off, and where it is says so."""
    loop = Loop(Settings(Path("desired"), ("wiki",)), (said := list[Event]()).append)
    loop._surveyed(Survey({"wiki": 60}))
    loop.turns["wiki"].urgent, due = True, loop.turns["wiki"].due
    assert loop.turns["wiki"].order("wiki", "2026-11-02T08:00:00Z", loop.settings, None).forced
    loop._ended("wiki", Postponed("wiki", "2026-11-02T08:00:00Z", "", "off", is_well=False))
    assert [event.kind for event in said] == ["off"] and not loop.turns["wiki"].urgent
    assert loop.turns["wiki"].due == due, "it is looked at again when the clock bids it"


# Safeguards


def test_a_blocked_cycle_writes_nothing_and_says_once_in_the_log_what_it_holds_back(service: Rounds) -> None:
    people = staff(40)
    declare(service, people)
    service.cycle()
    declare(service, people[:20])
    service.later(minutes=40)
    writes = len(service.front.writes)
    result = service.cycle()
    assert (result.result, len(service.front.writes)) == ("blocked", writes)
    assert "accidentalDeletions" in {item.safeguard for item in result.blocked}
    assert len([address for address in result.held if address.startswith("User/")]) == 20
    assert result.quarantine is not None and result.quarantine.reason == TOO_MANY_DELETES
    staged = [address for action, address in service.log if action == "stageddelete"]
    assert len(staged) == len(set(staged)) and "User/p39@x.org" in staged
    service.later(days=1)
    service.cycle()
    assert [address for action, address in service.log if action == "stageddelete"] == staged

    (needed,) = [item for item in result.approvals_needed if item.safeguard == "accidentalDeletions"]
    assert service.service["approvals"][0]["plan"] == needed.digest
    approve(service, result.approvals_needed)
    service.later(minutes=1)
    done = service.cycle(forced=False)
    assert done.result == "success" and done.quarantine is None and done.written["disable"] == 20
    assert "approvals" not in service.service and "held" not in service.service


def test_log_status_and_mail_count_alike_what_is_held_back_whatever_the_safeguards_count(service: Rounds) -> None:
    """Enables among it, which no safeguard counts."""
    service.app("notification: {email: [ops@example.com]}\n")
    people = staff(40)
    declare(service, people)
    service.cycle()
    declare(service, people[5:])
    assert service.cycle().written["disable"] == 5
    declare(service, people[:20])
    result = service.cycle()
    assert result.result == "blocked" and len(result.held) == 26  # 20 leave, 5 come back, and their group
    assert {event.message.rpartition("; ")[2] for event in of_result(result) if event.kind == "blocked"} == {
        "26 changes held back"
    }
    assert "): 26 changes held back" in as_text([look_up(*app_of(service))], uncoloured)
    (told,) = Outbox(Path(result.outbox)).messages()
    assert told.event.total == 26 and set(service.service["held"]) == set(result.held)


def app_of(service: Rounds) -> tuple[App, Declarations]:
    declarations, _ = checked(Path("desired"))
    return declarations.apps["wiki"], declarations


def approve(service: Rounds, needed: object) -> None:
    rows = "".join(
        f'  - {{plan: "{item.digest}", safeguard: {item.safeguard}, reason: they have left, expires: 2026-12-31}}\n'
        for item in needed  # type: ignore[attr-defined]
    )
    service.write("apps/wiki/approvals.yaml", "approvals:\n" + rows)


def test_who_says_continue_has_the_rest_done_while_deletions_wait(service: Rounds) -> None:
    service.app("safeguards: {onBlocked: continue, groupMembership: {percent: 100}}\n")
    people = staff(40)
    declare(service, people)
    service.cycle()
    declare(service, [*people[:20], "new@x.org"])
    service.later(minutes=40)
    result = service.cycle()
    assert result.result == "blocked" and result.written.get("create") == 1 and "disable" not in result.written
    assert service.find("p39@x.org")[0]["active"] is True and service.find("new@x.org")


def digest_of_plan(service: Rounds) -> str:
    return str(orjson.loads(service.reconcile("plan", "--format", "json").out)["plans"][0]["digest"])


def test_what_waits_beside_what_was_done_is_approved_by_the_digest_that_it_is_told_with(service: Rounds) -> None:
    """Result, mail, log and record say that of the plan which is left, not of the one that the cycle began with."""
    service.app("safeguards: {onBlocked: continue}\nnotification: {email: [ops@example.com], on: [approvalNeeded]}\n")
    people = staff(10)
    declare(service, people)
    service.cycle()
    declare(service, [*people[:5], "new@x.org"])
    result = service.cycle()
    assert result.result == "blocked" and result.written.get("create") == 1 and result.approvals_needed
    left = digest_of_plan(service)
    assert {item.digest for item in result.approvals_needed} == {item.digest for item in result.blocked} == {left}
    assert {item["plan"] for item in service.service["approvals"]} == {left}
    (told,) = Outbox(Path(result.outbox)).messages()
    assert left in told.event.remedy and told.event.reason in left
    lines = LocalStore(service.folder / ".reconcile", "wiki").read_log()
    assert {line[OURS]["planDigest"] for line in lines if line["provisioningAction"] == "stageddelete"} == {left}
    approve(service, result.approvals_needed)
    done = service.cycle()
    assert (done.result, done.written.get("disable")) == ("success", 5)


def test_what_failed_beside_what_waits_is_in_the_plan_whose_digest_is_told(service: Rounds) -> None:
    service.app("safeguards: {onBlocked: continue}\n")
    people = staff(10)
    declare(service, people)
    service.cycle()
    declare(service, [*people[:5], "new@x.org"])
    service.refuse = lambda call: CONFLICT if (call.method, call.path[-6:]) == ("POST", "/Users") else None
    result = service.cycle()
    assert result.result == "blocked" and "create" not in result.written
    left = digest_of_plan(service)
    assert {item.digest for item in result.approvals_needed} == {left}


def test_an_approval_of_what_plan_shows_holds_for_a_cycle_that_leaves_drift_alone(service: Rounds) -> None:
    people = staff(40)
    declare(service, people)
    service.cycle()
    service.edit("p00@x.org", "displayName", "Zero")
    with service.client() as client:
        found = client.find("Users", "userName", "p01@x.org")[0]
        client.patch("Users", found["id"], [{"op": "replace", "path": "active", "value": False}])
    declare(service, people[:20])
    result = service.cycle()
    assert result.result == "blocked"
    approve(service, result.approvals_needed)
    done = service.cycle()
    assert done.written.get("disable") == 20 and [item.address for item in done.drift] == ["User/p01@x.org"]
    assert service.find("p01@x.org")[0]["active"] is False


# Other ends


def test_an_app_that_takes_no_writes_gets_none(service: Rounds) -> None:
    service.app("provisioning: {status: off}\n")
    assert (service.cycle().result, service.front.calls) == ("off", [])
    service.app("provisioning: {mode: manual}\n")
    found = service.cycle()
    assert found.error is not None and (found.result, found.error.code, service.front.calls) == ("failed", "Manual", [])


def test_a_declaration_with_an_error_is_the_cycle_s_error(service: Rounds) -> None:
    service.cycle()
    service.write("apps/wiki/assignments.yaml", "assignments: [{group: Nett, role: User}]\n")
    found = service.cycle()
    assert found.error is not None and found.error.code == "InvalidDeclaration" and "Nett" in found.error.message


def test_an_app_that_is_declared_no_longer_is_no_error(service: Rounds) -> None:
    service.write("apps/zoo/app.yaml", (service.folder / "desired/apps/wiki/app.yaml").read_text().replace("wiki", "zoo"))
    for name in ("mappings", "assignments", "roles"):
        shutil.copy(service.folder / f"desired/apps/wiki/{name}.yaml", service.folder / f"desired/apps/zoo/{name}.yaml")
    service.cycle()
    shutil.rmtree(service.folder / "desired/apps/wiki")
    assert service.end() == Removed("wiki")


def test_a_cycle_of_an_app_that_is_off_says_so_and_ends_the_run_well(service: Rounds) -> None:
    service.app("provisioning: {status: off}\n")
    ran = service.reconcile("run", "--once")
    assert ran.code == 0 and "wiki: provisioning is off in app.yaml: no cycle reads or writes" in ran.out
    shown = service.reconcile("status")
    assert shown.code == 0 and shown.out.startswith("wiki: provisioning is off in app.yaml")


def test_an_error_in_one_app_costs_no_other_its_cycle(service: Rounds) -> None:
    """Both have their turn: the one that is wrong says so in its own."""
    service.write("apps/blog/app.yaml", "app: [\n")
    assert service.cycle().result == "success"
    found = _survey(Path("desired"))
    assert (sorted(found.apps), found.is_wrong) == (["blog", "wiki"], False) and "apps/blog/app.yaml" in found.problems
    ran = service.reconcile("run", "--once")
    assert ran.code == 1 and "wiki: initial cycle ended" not in ran.err and "Traceback" not in ran.err
    assert [line for line in ran.out.splitlines() if "cycle ended" in line and "wiki" in line and ": success" in line]
    assert [line for line in ran.out.splitlines() if "cycle ended" in line and "blog" in line and "InvalidDeclaration" in line]
    service.write("reconciler.yaml", "record: {backend: 7}\n")
    assert _survey(Path("desired")).is_wrong, "nobody knows where the records lie"
    assert service.cycle().is_of_checkout and service.cycle().outbox == "", "so nobody is told by the record"


def test_inside_github_actions_what_fails_is_a_notice_of_the_run(service: Rounds) -> None:
    """And no text of a service or of YAML is a command of its own."""
    service.refuse = refusing("POST", answer(409, {"detail": "taken\n::set-output name=x::y", "status": "409"}))
    service.environ["GITHUB_ACTIONS"] = "true"
    ran = service.reconcile("run", "--once")
    commands = [line for line in ran.out.splitlines() if line.startswith("::")]
    assert ran.code == 5 and len(commands) >= 2, ran
    assert all(line.startswith(("::error title=wiki::", "::warning title=wiki::")) for line in commands), commands
    assert any("User/ada@x.org failed (Conflict)" in line for line in commands) and "cycle ended" in commands[-1]
    del service.environ["GITHUB_ACTIONS"]
    assert not [line for line in service.reconcile("run", "--once").out.splitlines() if line.startswith("::")]


def test_inside_github_actions_the_notices_tell_and_no_mail_is_tried_that_nobody_set_up(service: Rounds) -> None:
    service.app("notification: {email: [ops@example.com]}\n")
    service.refuse = lambda call: answer(401, {"status": "401"})
    service.environ["GITHUB_ACTIONS"] = "true"
    ran = service.reconcile("run", "--once")
    assert ran.code == 1 and "::error title=wiki::in quarantine" in ran.out and "notif" not in ran.out, ran
    del service.environ["GITHUB_ACTIONS"]
    service.refuse = lambda call: None
    assert "could not notify of recovery by email: " in service.reconcile("run", "--once").out


def test_of_some_causes_a_cycle_writes_those_and_leaves_the_rest_to_its_review(service: Rounds) -> None:
    """An incremental one goes on looking at what was left."""
    service.app("deprovisioning: {deleteAfter: 30d}\n")
    service.cycle()
    declare(service, ["ada@x.org"])
    service.people("ada@x.org", "grace@x.org")
    service.cycle()
    declare(service, ["ada@x.org", "eve@x.org"])
    service.people("ada@x.org", "grace@x.org", "eve@x.org")
    service.later(days=31)
    result = service.end(forced=True, causes=("time", "drift"))
    assert isinstance(result, CycleResult) and result.written == {"delete": 1} and result.result == "success", result
    assert "User/eve@x.org" in result.unreviewed and "declared" not in service.service["watermark"]
    assert not service.find("eve@x.org")
    assert any(event.kind == "unreviewed" for event in of_result(result))
    service.later(minutes=40)
    assert service.cycle().written.get("create") == 1


NIGHT = ("time", "drift")


def test_what_an_apply_could_not_write_is_in_escrow_and_the_night_tries_it_again_when_it_is_due(service: Rounds) -> None:
    """It was reviewed, or nobody would have applied it; once it is declared anew, it has to be reviewed again."""
    service.time = datetime.now(UTC)  # which is the clock of commands
    service.cycle()
    service.refuse = lambda call: CONFLICT if call.method == "POST" else None
    declare(service, ["ada@x.org", "grace@x.org", "eve@x.org"])
    assert service.reconcile("apply", "--auto-approve").code == 5
    escrow = service.service["escrows"]["User/eve@x.org"]
    assert (escrow["tries"], escrow["code"]) == (1, "Conflict")
    assert service.service["escrows"]["Group/Net"]["next"] == escrow["since"], "which waits for the account alone"
    assert "eve@x.org" in service.reconcile("status").out
    service.refuse = lambda call: None
    service.later(hours=5)
    early = service.end(causes=NIGHT)
    assert isinstance(early, CycleResult) and not early.written and early.escrowed
    service.later(hours=2)
    night = service.end(causes=NIGHT)
    assert isinstance(night, CycleResult) and night.written["create"] == 1 and night.unreviewed == (), night
    assert "escrows" not in service.service and len(service.find("eve@x.org")) == 1
    with service.client() as client:
        assert len(client.find("Groups", "displayName", "Net")[0]["members"]) == 3


def test_what_was_declared_anew_since_it_failed_is_left_to_its_own_review_by_the_night(service: Rounds) -> None:
    service.cycle()
    service.refuse = lambda call: CONFLICT if call.method == "POST" else None
    declare(service, ["ada@x.org", "grace@x.org", "eve@x.org"])
    assert "User/eve@x.org" in service.cycle().escrowed
    service.refuse = lambda call: None
    service.people("ada@x.org", "grace@x.org", "eve@x.org, jobTitle: Boss")
    service.later(hours=7)
    night = service.end(causes=NIGHT)
    assert isinstance(night, CycleResult) and "User/eve@x.org" in night.unreviewed and not service.find("eve@x.org")


def test_an_apply_that_does_what_waited_in_escrow_ends_it_and_leaves_the_rest(service: Rounds) -> None:
    service.cycle()
    service.refuse = lambda call: CONFLICT if call.method == "POST" else None
    declare(service, ["ada@x.org", "grace@x.org", "eve@x.org", "zed@x.org"])
    assert {"User/eve@x.org", "User/zed@x.org"} <= set(service.cycle().escrowed)
    service.refuse = lambda call: None
    assert service.reconcile("apply", "--auto-approve", "--only", "User/eve@x.org").code == 0
    assert "User/eve@x.org" not in service.service["escrows"] and "User/zed@x.org" in service.service["escrows"]


def test_an_apply_where_no_service_runs_leaves_no_escrow(service: Rounds) -> None:
    service.refuse = lambda call: CONFLICT if call.method == "POST" else None
    assert service.reconcile("apply", "--auto-approve").code == 5
    assert service.service == {}


def test_a_cycle_for_some_causes_hides_no_declared_change_from_the_next_one(service: Rounds) -> None:
    """Not where it left the change to its review, and not where it failed before it had looked at it."""
    service.cycle()
    service.people("ada@x.org, jobTitle: Architect", "grace@x.org")
    service.later(minutes=40)
    left = service.end(forced=False, causes=("time", "drift"))
    assert isinstance(left, CycleResult) and left.unreviewed == ("User/ada@x.org",)
    service.later(minutes=1)
    assert isinstance(service.end(forced=False, causes=("time", "drift")), Postponed), "it would leave it once more"
    assert service.cycle(forced=False).written == {"update": 1}
    assert isinstance(service.end(forced=False), Postponed)
    service.people("ada@x.org, jobTitle: Boss", "grace@x.org")
    service.later(minutes=40)
    service.refuse = lambda call: answer(401, {})
    failed = service.end(forced=False, causes=("time", "drift"))
    assert isinstance(failed, CycleResult) and failed.quarantine is not None
    service.refuse = lambda call: None
    service.later(minutes=1)
    assert isinstance(service.end(forced=False, causes=("time", "drift")), Postponed)
    assert service.cycle(forced=False).written == {"update": 1}, "in quarantine as soon as the declaration changes"


def test_a_lock_that_another_run_holds_puts_the_cycle_off(service: Rounds) -> None:
    from reconciler.record.local import LocalStore

    service.cycle()
    with LocalStore(service.folder / ".reconcile", "wiki").lock("reconcile apply", service.now()):
        assert isinstance(service.end(), Busy)


def test_who_is_told_to_stop_begins_no_write_and_the_next_cycle_does_the_rest(service: Rounds) -> None:
    declare(service, staff(10))
    told: list[str] = []
    service.tell = lambda outcome: told.append(outcome.change.address)
    service.stopped = lambda: len(told) >= 3
    result = service.cycle()
    assert result.interrupted and result.result == "partial" and result.failures == ()
    assert result.left == service.service["cycle"]["left"] == 11 - len(told)  # ten people and their group
    assert "lastSuccess" not in service.service
    service.stopped = lambda: False
    end = service.end(forced=False)  # at once, not an interval later: somebody may be waiting to be put out
    assert isinstance(end, CycleResult) and end.result == "success"
    created = [call for call in service.front.writes if call.method == "POST" and call.path.endswith("/Users")]
    assert len(created) == 10


def test_what_had_no_second_try_because_of_a_stop_waits_in_no_escrow(service: Rounds) -> None:
    """The next cycle does it, not one six hours later."""
    declare(service, staff(10))
    asked: list[int] = []

    def busy(call: Call) -> Answer | None:
        if call.method == "POST" and call.path.endswith("/Users") and len(service.front.writes) > 3:
            asked.append(1)
            return answer(503, {})
        return None

    service.refuse, service.stopped = busy, lambda: bool(asked)
    result = service.cycle()
    assert result.interrupted and (result.result, result.failures) == ("partial", ()) and "escrows" not in service.service
    failed = result.writes["User", "create", "failed"]
    assert failed and result.counts.failed == result.objects["User"]["failed"] == failed, "a write that failed is counted"
    assert result.counts.provisioned + failed + result.left == 11
    assert f" {failed} failed, 0 in escrow" in as_text([look_up(*app_of(service))], uncoloured)
    service.refuse, service.stopped = lambda call: None, lambda: False
    assert service.cycle().result == "success"
    assert [len(service.find(name)) for name in staff(10)] == [1] * 10


def test_the_record_of_an_older_version_is_read(service: Rounds) -> None:
    service.cycle()
    file = service.folder / ".reconcile/wiki/record.json"
    data = orjson.loads(file.read_bytes())
    for key in ("service", "sum", "index"):
        data.pop(key, None)
    file.write_bytes(orjson.dumps(data))
    assert service.record.service == {}
    found = service.cycle()
    assert (found.kind, found.result, found.written) == ("initial", "success", {})


def test_codes_are_a_closed_set_whatever_the_service_answers(service: Rounds) -> None:
    service.cycle()
    for status in (400, 403, 404, 405, 418, 422, 500, 599):
        service.refuse = lambda call, s=status: answer(s, {"detail": "x" * 50}) if call.method in ("PATCH", "PUT") else None  # type: ignore[misc]
        service.people(f"ada@x.org, jobTitle: T{status}", "grace@x.org")
        assert {failure.code for failure in service.cycle().failures} <= CODES


def test_an_account_with_a_generated_value_that_fails_is_in_escrow(service: Rounds) -> None:
    """What only an apply makes has no value to compare by."""
    mappings = service.folder / "desired/apps/wiki/mappings.yaml"
    made = "      - {target: nickName, expression: 'Guid()', apply: create}\n  groups:\n"
    service.write("apps/wiki/mappings.yaml", mappings.read_text().replace("  groups:\n", made, 1))
    service.refuse = lambda call: CONFLICT if call.method == "POST" and call.path.endswith("Users") else None
    assert service.cycle().counts.escrowed == 2
    assert service.cycle().counts.escrowed == 2


def test_a_cycle_whose_every_write_failed_is_no_success(service: Rounds) -> None:
    """One that has nothing to write but what waits is; so is one that did a part of it."""
    first = service.cycle()
    declare(service, ["ada@x.org", "grace@x.org", "eve@x.org"])
    service.refuse = lambda call: CONFLICT if call.method in ("POST", "PATCH") else None
    service.later(minutes=40)
    assert service.cycle().result == "partial" and service.service["lastSuccess"] == first.ended
    service.later(minutes=40)
    waiting = service.cycle()
    assert waiting.writes == {} and service.service["lastSuccess"] == waiting.ended
    service.refuse = lambda call: CONFLICT if call.method == "POST" else None
    service.people("ada@x.org, jobTitle: Admiral", "grace@x.org", "eve@x.org, jobTitle: Cook")
    service.later(minutes=40)
    part = service.cycle()
    assert part.written == {"update": 1} and part.failures and service.service["lastSuccess"] == part.ended


def test_what_is_running_says_how_far_it_has_got(service: Rounds) -> None:
    """On the machine that it runs on, to whoever asks for the app's status."""
    seen: list[str] = []

    def looking(call: Call) -> None:
        if call.method == "PATCH" or "startIndex" in call.query and not seen:
            seen.extend(line for line in service.reconcile("status").out.splitlines() if "running" in line)

    service.refuse = looking
    service.cycle()
    assert seen[0].startswith("    a cycle is running since ") and "reading" in seen[0]
    assert seen[-1].endswith(" of 3 changes written")
    assert not list((service.folder / ".reconcile/wiki").glob("progress*"))
    assert "running" not in service.reconcile("status").out


@pytest.mark.parametrize("first", [True, False], ids=["first cycle", "after another"])
def test_status_of_a_declaration_with_an_error_goes_by_the_interval_of_the_run(service: Rounds, first: bool) -> None:
    if not first:
        service.cycle()
    service.write("directory/groups/b.yaml", "groups: [{displayName: Odd, members: [nobody@x.org]}]\n")
    found = service.end(interval=15)
    assert isinstance(found, CycleResult) and found.standing is not None and found.standing.interval == 15
    assert service.service["interval"] == 15
    kept = service.end()
    assert isinstance(kept, CycleResult) and service.service["interval"] == 15, "where nothing else is said"
    (service.folder / "desired/directory/groups/b.yaml").unlink()
    service.cycle()
    assert service.service["interval"] == 2400


def test_a_declaration_with_an_error_is_in_the_record_until_it_is_fixed(service: Rounds) -> None:
    """So that `status` from another checkout says so, too."""
    first = service.cycle()
    service.write("directory/groups/b.yaml", "groups: [{displayName: Odd, members: [nobody@x.org]}]\n")
    service.later(minutes=40)
    found = service.cycle()
    assert service.service["cycle"]["error"] == "InvalidDeclaration" and "nobody@x.org" in service.service["cycle"]["message"]
    assert found.counts == first.counts and service.service["lastSuccess"] == first.ended
    (service.folder / "desired/directory/groups/b.yaml").unlink()
    service.later(minutes=1)
    assert service.cycle(forced=False).result == "success", "it is taken up at once"
