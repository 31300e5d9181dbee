"""What people are told of cycles, by a real mail server: one message a cause, and one at its end."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from reconciler.notify.deliver import Means, attempt, deliver
from reconciler.notify.mail import VARIABLE
from reconciler.notify.message import Delivery
from reconciler.notify.outbox import Outbox
from reconciler.record.local import LocalStore
from reconciler.record.model import Record
from reconciler.record.store import LeaseLost, RecordError, Unreachable, Unsaved
from reconciler.service.events import of_result
from reconciler.service.order import Postponed
from tests.support.mailbox import Mailbox, mailbox
from tests.support.rounds import Rounds, declare, staff
from tests.support.servers import answer

ALL = "notification: {email: [ops@example.com], on: [failure, blocked, quarantine, recovery, drift, approvalNeeded]}\n"
REFUSED = answer(
    401, {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": "the token is unknown", "status": "401"}
)
CONFLICT = answer(409, {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "scimType": "uniqueness", "status": "409"})
UNRECORDED = "the whole app could not be provisioned (RecordError)"
LEFT = "User/p00@x.org is still in Group/Net: Generic SCIM service answered, and did not take that member out"
DOWN = answer(503, {"detail": "maintenance"})


class Office:
    """Cycles forty minutes apart, each with the delivery of what waits then."""

    def __init__(self, service: Rounds, box: Mailbox) -> None:
        self.service, self.box, self.tried = service, box, list[Delivery]()
        self.means = Means({VARIABLE: box.url}, lambda: datetime.fromisoformat(service.now()).astimezone(UTC), lambda: 0.0)
        service.sends = lambda message: attempt(message, self.means)

    def cycle(self, hours: float = 2 / 3) -> list[str]:
        """The subjects of the mails that came of it."""
        before = len(self.box.mails)
        self.service.later(hours=hours)
        result = self.service.cycle()
        self.deliver(Path(result.outbox))
        return [subject.removeprefix("[reconcile] wiki: ") for subject in self.box.subjects[before:]]

    def deliver(self, folder: Path) -> None:
        deliver(Outbox(folder), self.means, self.tried.append)


@pytest.fixture
def office(service: Rounds) -> Office:  # type: ignore[misc]
    service.app(ALL)
    with mailbox() as box:
        yield Office(service, box)


def test_a_token_that_is_revoked_is_one_mail_and_one_more_once_it_works_again(office: Office) -> None:
    assert office.cycle() == []
    office.service.refuse = lambda call: REFUSED
    assert office.cycle() == ["in quarantine (EncounteredQuarantineException)"]
    assert [office.cycle(24) for _ in range(5)] == [[]] * 5
    office.service.refuse = lambda call: None
    assert office.cycle(24) == ["over: quarantine (EncounteredQuarantineException)"]
    assert office.cycle() == []
    begun, ended = office.box.mails
    assert ended["In-Reply-To"] == begun["Message-ID"]
    text = begun.get_body(("plain",)).get_content()
    assert "Why: " in text and "401" in text and "reconcile test-connection --app wiki" in text
    assert "reconcile restart --app wiki --scope quarantine" in text
    assert "set WIKI_TOKEN to a valid token where `reconcile run` is started, and start it again: once" in " ".join(text.split())
    assert "told" in {name for name in office.service.record.head()} and office.service.record.told["causes"] == []


def test_four_weeks_later_the_app_is_off_and_that_is_told(office: Office) -> None:
    office.cycle()
    office.service.refuse = lambda call: REFUSED
    told = [subject for _ in range(29) for subject in office.cycle(24)]
    assert told == [
        "in quarantine (EncounteredQuarantineException)",
        "for another reason now, provisioning is off after four weeks in quarantine",
    ]
    assert isinstance(office.service.end(), Postponed)


def test_people_whose_write_fails_are_named_once_however_often_they_are_tried(office: Office) -> None:
    declare(office.service, staff(20))
    office.cycle()
    people = staff(22)
    office.service.refuse = lambda call: CONFLICT if call.method == "POST" and call.path.endswith("Users") else None
    declare(office.service, people)
    assert office.cycle() == ["2 objects could not be provisioned (Conflict)"]
    text = office.box.mails[-1].get_body(("plain",)).get_content()
    assert "User/p20@x.org" in text and "reconcile explain User/p20@x.org --app wiki" in text
    assert [office.cycle(hours) for hours in (1, 6, 12, 24)] == [[]] * 4
    office.service.refuse = lambda call: None
    assert office.cycle(24) == ["over: a failure (Conflict)"]


def test_whoever_is_given_up_after_28_days_is_said_to_be_once_as_another_reason_of_the_same_cause(office: Office) -> None:
    service = office.service
    office.cycle()
    declare(service, ["ada@x.org", "grace@x.org", "p20@x.org"])
    service.refuse = lambda call: CONFLICT if call.method == "POST" and call.path.endswith("Users") else None
    assert office.cycle() == ["1 object could not be provisioned (Conflict)"]
    assert [office.cycle(24) for _ in range(27)] == [[]] * 27
    posts = len(service.front.writes)
    assert office.cycle(24) == ["for another reason now, 1 object could not be provisioned (Conflict, given up)"]
    text = office.box.mails[-1].get_body(("plain",)).get_content()
    assert "nothing is tried any more" in text and "reconcile restart --app wiki --scope escrows" in text
    assert len(service.front.writes) == posts + 1 and office.cycle(24) == [] and len(service.front.writes) == posts + 1
    (line,) = [event for event in of_result(service.cycle()) if event.kind in ("escrowed", "givenUp")]
    assert line.message == "given up: `reconcile restart --app wiki --scope escrows` tries again: User/p20@x.org"
    service.refuse = lambda call: None
    assert service.reconcile("restart", "--scope", "escrows").code == 0
    service.later(days=40)  # by the clock of that command it is another day
    assert office.cycle() == ["over: a failure (Conflict, given up)"]


def test_a_service_that_is_down_hides_no_cause_and_ends_none(office: Office) -> None:
    office.cycle()
    office.service.edit("ada@x.org", "title", "Boss")
    assert office.cycle() == ["1 object was changed at the service by somebody else"]
    office.service.refuse = lambda call: DOWN
    assert office.cycle() == ["the whole app could not be provisioned (ServiceUnavailable)"]
    assert office.cycle() == []
    office.service.refuse = lambda call: None
    assert office.cycle() == ["over: a failure (ServiceUnavailable)"]
    office.service.edit("ada@x.org", "title", "Engineer")
    assert office.cycle() == ["over: drift (ChangedAtTheService)"]


def test_what_is_repaired_is_told_once_however_often_somebody_does_it_again_and_once_that_it_is_over(office: Office) -> None:
    service = office.service
    service.app(ALL + "provisioning: {drift: repair}\n")
    assert office.cycle() == []
    service.edit("ada@x.org", "title", "Boss")
    assert office.cycle() == ["1 object was changed at the service by somebody else, and written over"]
    text = office.box.mails[-1].get_body(("plain",)).get_content()
    assert 'User/ada@x.org: title is "Boss", not "Engineer"' in text and "reconcile logs --app wiki --cause drift" in text
    assert service.find("ada@x.org")[0]["title"] == "Engineer" and "drift" not in service.service
    service.edit("ada@x.org", "title", "Chief")
    assert office.cycle() == [], "whoever does it again and again is told of once"
    service.edit("ada@x.org", "title", "Boss")
    service.refuse = lambda call: CONFLICT if call.method == "PATCH" else None
    assert "for another reason now, 1 object was changed at the service by somebody else" in office.cycle()
    service.refuse = lambda call: None
    assert "for another reason now, 1 object was changed at the service by somebody else, and written over" in office.cycle(24)
    assert office.cycle() == ["over: drift (Repaired)"] and office.cycle() == []


def test_a_repair_that_is_cut_off_is_one_mail_and_what_it_left_is_the_next_cycle_s(office: Office) -> None:
    """What is only left to do was left so by nobody: it is no drift, and nobody is asked to repair it."""
    service, told = office.service, list[str]()
    service.app(ALL + "provisioning: {drift: repair}\n")
    declare(service, staff(40))
    service.people(*(f"{name}, jobTitle: Engineer" for name in staff(40)))
    office.cycle()
    for name in staff(40):
        service.edit(name, "title", "Boss")
    service.tell = lambda outcome: told.append(outcome.change.address)
    service.stopped = lambda: len(told) >= 3
    (mail,) = office.cycle()
    assert mail == f"{len(told)} objects were changed at the service by somebody else, and written over"
    assert "drift" not in service.service and service.service["cycle"]["counts"]["drifted"] == 0
    assert service.service["cycle"]["left"] == 40 - len(told)
    service.stopped = lambda: False
    assert office.cycle() == [] and {service.find(name)[0]["title"] for name in staff(40)} == {"Engineer"}
    assert office.cycle() == ["over: drift (Repaired)"] and office.cycle() == []


def test_what_repair_could_not_write_over_is_told_without_the_advice_to_repair(office: Office) -> None:
    service = office.service
    service.app(ALL + "provisioning: {drift: repair}\n")
    office.cycle()
    service.edit("ada@x.org", "title", "Boss")
    service.refuse = lambda call: CONFLICT if call.method == "PATCH" else None
    assert "1 object was changed at the service by somebody else" in office.cycle()
    texts = [" ".join(mail.get_body(("plain",)).get_content().split()) for mail in office.box.mails]
    assert any("see why it was not written over" in text for text in texts)
    assert not any("drift: repair" in text for text in texts)


def test_what_a_safeguard_holds_back_is_one_mail_with_the_entry_that_lets_it_through(office: Office) -> None:
    declare(office.service, staff(30))
    office.cycle()
    declare(office.service, staff(10))
    subjects = office.cycle()
    assert subjects == ["the safeguards accidentalDeletions, empty hold back 21 changes"]
    text = office.box.mails[-1].get_body(("plain",)).get_content()
    assert "approvals.yaml" in text and "and 16 more" in text
    entries = [row for row in text.splitlines() if row.startswith("  - {plan: ")]
    pasted = yaml.safe_load("approvals:\n" + "\n".join(entries))["approvals"]
    assert [entry["safeguard"] for entry in pasted] == ["accidentalDeletions", "empty"]
    html = office.box.mails[-1].get_body(("html",)).get_content()
    assert html.count("\n- {plan: ") == 2
    assert office.cycle(24) == []
    declare(office.service, staff(30))
    (over,) = office.cycle(24)
    assert over.startswith("over: ") and "held back by a safeguard (accidentalDeletions, empty)" in over


def test_nobody_is_told_of_what_they_do_not_want_and_whoever_comes_later_is(office: Office) -> None:
    office.service.app("")
    office.cycle()
    office.service.edit("ada@x.org", "title", "Boss")
    assert office.cycle() == [] and office.service.record.told == {}
    assert not (office.service.folder / ".reconcile/wiki/outbox").exists()
    office.service.app(ALL)
    assert office.cycle() == ["1 object was changed at the service by somebody else"]


def test_a_mail_server_that_is_down_costs_no_cycle_and_gets_it_later(office: Office) -> None:
    office.cycle()
    office.box.refuse = "451 later"
    office.service.edit("ada@x.org", "title", "Boss")
    assert office.cycle() == [] and [delivery.succeeded for delivery in office.tried] == [False]
    assert "451 later" in office.tried[0].error and office.service.service["cycle"]["result"] == "success"
    office.box.refuse = ""
    assert office.cycle() == ["1 object was changed at the service by somebody else"]
    assert office.cycle() == []


def in_the_way(office: Office) -> Path:
    """A file where the outbox would be."""
    blocked = office.service.folder / ".reconcile/wiki/outbox"
    blocked.write_text("in the way")
    return blocked


def told_from_memory(office: Office) -> list[str]:
    """The subjects of the mails of a cycle in a process of its own, which nothing delivers from an outbox."""
    before = len(office.box.mails)
    office.service.later(minutes=40)
    office.service.unkept = None
    assert office.service.cycle().result == "success"
    return [subject.removeprefix("[reconcile] wiki: ") for subject in office.box.subjects[before:]]


def test_an_outbox_that_cannot_be_written_costs_no_cycle_and_no_second_message_whichever_process_is_next(office: Office) -> None:
    office.cycle()
    office.service.edit("ada@x.org", "title", "Boss")
    blocked = in_the_way(office)
    assert told_from_memory(office) == ["1 object was changed at the service by somebody else"]
    assert [told_from_memory(office) for _ in range(3)] == [[]] * 3, "the record says that it was told"
    shown = office.service.reconcile("status").out
    assert "outbox cannot be written: something else than a folder is there" in " ".join(shown.split())
    blocked.unlink()
    assert office.cycle() == []
    assert "cannot be written" not in office.service.reconcile("status").out
    office.service.edit("ada@x.org", "title", "Engineer")
    assert office.cycle() == ["over: drift (ChangedAtTheService)"]


def test_what_no_outbox_can_hold_is_tried_by_each_cycle_until_it_arrives(office: Office) -> None:
    office.cycle()
    office.service.edit("ada@x.org", "title", "Boss")
    in_the_way(office)
    office.box.refuse = "451 later"
    found = office.service.cycle()
    assert found.unkept is not None and [(one.succeeded, one.next) for one in found.unkept.tried] == [(False, "the next cycle")]
    assert told_from_memory(office) == [] and "told" not in office.service.record.head()
    office.box.refuse = ""
    assert told_from_memory(office) == ["1 object was changed at the service by somebody else"]
    assert told_from_memory(office) == []


def test_what_an_unusable_outbox_could_not_hold_is_over_once_it_can_be_used(office: Office) -> None:
    office.cycle()
    blocked = in_the_way(office)
    office.service.write("apps/wiki/assignments.yaml", "assignments: [{group: Nett, role: User}]\n")
    found = office.service.cycle()
    assert found.unkept is not None and [one.succeeded for one in found.unkept.tried] == [True]
    assert "(InvalidDeclaration)" in office.box.subjects[-1]
    blocked.unlink()
    office.service.write("apps/wiki/assignments.yaml", "assignments: [{group: Net, role: User}]\n")
    assert office.cycle() == ["over: a failure (InvalidDeclaration)"] and office.cycle() == []


def test_another_plan_needs_another_approval_and_that_is_told(office: Office) -> None:
    declare(office.service, staff(30))
    office.cycle()
    declare(office.service, staff(10))
    assert len(office.cycle()) == 1  # the approval that is needed stands in the same mail
    declare(office.service, staff(9))
    (told,) = office.cycle(24)
    assert told.startswith("for another reason now, a plan waits for an approval (sha256:")
    assert office.cycle(24) == []


def test_declarations_in_error_are_told_as_long_as_the_app_can_be_made_out(office: Office) -> None:
    office.cycle()
    right = (office.service.folder / "desired/apps/wiki/assignments.yaml").read_text()
    office.service.write("apps/wiki/assignments.yaml", "assignments: [{group: Nett, role: User}]\n")
    assert office.cycle() == ["the whole app could not be provisioned (InvalidDeclaration)"]
    assert office.cycle() == []
    office.service.write("apps/wiki/assignments.yaml", right)
    assert office.cycle() == ["over: a failure (InvalidDeclaration)"]


def test_what_is_wrong_in_files_that_all_apps_share_is_no_cause_of_an_app(office: Office) -> None:
    """It is told for all, although the record says it of each; what was told before is over once a cycle could see that."""
    office.cycle()
    office.service.refuse = lambda call: DOWN
    assert office.cycle() == ["the whole app could not be provisioned (ServiceUnavailable)"]
    office.service.write("directory/groups/b.yaml", "groups: [{displayName: Odd, members: [nobody@x.org]}]\n")
    office.service.refuse = lambda call: None
    assert office.cycle() == ["the whole app could not be provisioned (InvalidDeclaration)"]
    assert [cause["reason"] for cause in office.service.record.told["causes"]] == ["ServiceUnavailable"]
    result = office.service.cycle()
    assert result.is_of_checkout and office.service.service["cycle"]["error"] == "InvalidDeclaration"
    assert result.error is not None and "directory/groups/b.yaml" in result.error.message
    (office.service.folder / "desired/directory/groups/b.yaml").unlink()
    assert sorted(office.cycle()) == ["over: a failure (InvalidDeclaration)", "over: a failure (ServiceUnavailable)"]


def test_a_declaration_in_error_ends_no_quarantine(office: Office) -> None:
    office.cycle()
    office.service.refuse = lambda call: REFUSED
    assert office.cycle() == ["in quarantine (EncounteredQuarantineException)"]
    right = (office.service.folder / "desired/apps/wiki/assignments.yaml").read_text()
    office.service.write("apps/wiki/assignments.yaml", "assignments: [{group: Nett, role: User}]\n")
    assert office.cycle() == ["the whole app could not be provisioned (InvalidDeclaration)"]
    office.service.write("apps/wiki/assignments.yaml", right)
    assert office.cycle() == ["over: a failure (InvalidDeclaration)"] and "quarantine" in office.service.service


def test_what_was_told_although_the_record_could_not_be_saved_is_told_once_and_its_end_too(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also days later, when an id would be another one."""
    office.cycle()
    office.service.edit("ada@x.org", "title", "Boss")

    def full(store: LocalStore, record: Record, adopted: int = 0) -> None:
        raise RecordError("the disk is full", "make room")

    folder = office.service.folder / ".reconcile/wiki/outbox"
    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "save", full)
        told = office.cycle()
        assert sorted(told) == ["1 object was changed at the service by somebody else", UNRECORDED]
        assert office.service.record.told == {} and (folder / "telling.json").exists()
        assert office.cycle() == []
    assert office.cycle(48) == [] and not (folder / "telling.json").exists()
    assert office.cycle() == ["over: a failure (RecordError)"]
    office.service.edit("ada@x.org", "title", "Engineer")
    assert office.cycle() == ["over: drift (ChangedAtTheService)"]


def test_a_first_cycle_that_fails_is_told_once_and_its_end_too(office: Office) -> None:
    office.service.refuse = lambda call: DOWN
    assert office.cycle() == ["the whole app could not be provisioned (ServiceUnavailable)"]
    assert office.cycle() == []
    office.service.refuse = lambda call: None
    assert office.cycle() == ["over: a failure (ServiceUnavailable)"]


def test_what_the_service_was_told_and_did_not_do_lasts_until_it_is_so_whatever_else_happens(office: Office) -> None:
    """Also while a safeguard blocks or the service is down; it is not told twice, and ends when somebody does it by hand."""
    names, service = staff(30), office.service
    declare(service, names)
    office.cycle()
    service.refuse = lambda call: answer(204, {}) if call.method == "PATCH" and "/Groups/" in call.path else None

    def inside(*members: str) -> None:
        service.write("directory/groups/a.yaml", f"groups: [{{displayName: Net, members: [{', '.join(members)}]}}]\n")

    service.write("apps/wiki/assignments.yaml", "assignments: [{group: Net, role: User}, {user: p00@x.org, role: User}]\n")
    inside(*names[1:])
    assert office.cycle() == ["1 object could not be provisioned (NotAsTold)"]
    sent = len(service.front.writes)
    assert office.cycle() == [] and service.service["cycle"]["result"] == "partial" and "escrows" not in service.service
    assert service.service["notAsTold"] == {"Group/Net": LEFT}
    inside(*names[1:10])
    assert [subject.partition(" hold")[0] for subject in office.cycle()] == ["the safeguards accidentalDeletions, empty"]
    assert service.service["notAsTold"] == {"Group/Net": LEFT}
    inside(*names[1:])
    assert [subject.partition(" (")[0] for subject in office.cycle()] == ["over: held back by a safeguard"]
    decide, service.refuse = service.refuse, lambda call: DOWN
    assert office.cycle() == ["the whole app could not be provisioned (ServiceUnavailable)"]
    service.refuse = decide
    assert office.cycle() == ["over: a failure (ServiceUnavailable)"] and len(service.front.writes) == sent
    with service.client() as client:
        net, ada = client.find("Groups", "displayName", "Net")[0], service.find("p00@x.org")[0]
        service.refuse = lambda call: None
        client.patch("Groups", net["id"], [{"op": "remove", "path": f'members[value eq "{ada["id"]}"]'}])
    assert office.cycle() == ["over: a failure (NotAsTold)"] and "notAsTold" not in service.service
    assert service.service["cycle"]["result"] == "success"


WRONG = "app: wiki\nadminCredentials: {tenantUrl: [1], secretToken: 7}\nnotification: {email: 7}\n"


@pytest.mark.parametrize("text", [WRONG, "app: [\n", ""], ids=["wrong", "not YAML", "empty"])
def test_an_app_yaml_in_error_is_told_to_whom_it_named_last(office: Office, text: str) -> None:
    office.cycle()
    right = office.service.folder / "desired/apps/wiki/app.yaml"
    before = right.read_text()
    office.service.write("apps/wiki/app.yaml", text)
    assert office.cycle() == ["the whole app could not be provisioned (InvalidDeclaration)"]
    words = office.box.mails[-1].get_body(("plain",)).get_content()
    assert "apps/wiki/app.yaml" in words and "reconcile validate --app wiki" in words
    assert office.cycle() == []
    assert "InvalidDeclaration" in office.service.reconcile("status").out
    right.write_text(before)
    assert office.cycle() == ["over: a failure (InvalidDeclaration)"]


def test_a_record_that_cannot_be_read_is_told_once_and_its_end_too(office: Office) -> None:
    """Also one that was in error for another reason before, and that nobody can look up now."""
    office.cycle()
    office.service.edit("ada@x.org", "title", "Boss")
    assert office.cycle() == ["1 object was changed at the service by somebody else"]
    record = office.service.folder / ".reconcile/wiki/record.json"
    before = record.read_bytes()
    record.write_bytes(before[:100])
    assert office.cycle() == [UNRECORDED]
    words = office.box.mails[-1].get_body(("plain",)).get_content()
    assert "record.json" in words and "reconcile record verify --app wiki" in words
    assert office.cycle(24) == []
    record.write_bytes(before)
    assert [office.cycle(), office.cycle(), office.cycle()] == [[], ["over: a failure (RecordError)"], []]
    office.service.edit("ada@x.org", "title", "Engineer")
    assert office.cycle() == ["over: drift (ChangedAtTheService)"]


@pytest.mark.parametrize("kind", [RecordError, Unreachable, LeaseLost, Unsaved])
def test_a_record_that_is_out_of_reach_again_is_told_again_and_each_end_too(
    office: Office, monkeypatch: pytest.MonkeyPatch, kind: type[RecordError]
) -> None:
    """On one day, too: a beginning has an id of its own, and its end is told as that one's."""

    error = kind("the record does not answer", "try again later")

    def away(store: LocalStore) -> Record:
        raise error

    office.cycle()
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(LocalStore, "load", away)
            told = [office.cycle(0.1), office.cycle(0.1)]
        assert told == [[f"the whole app could not be provisioned ({error.code})"], []]
        assert [subject for _ in range(4) for subject in office.cycle(0.1)] == [f"over: a failure ({error.code})"]
        assert office.box.mails[-1]["In-Reply-To"] == office.box.mails[-2]["Message-ID"]


def test_where_nothing_can_be_kept_one_message_is_tried_from_memory_and_its_end_is_told(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk without room takes neither the record nor the outbox: the process that runs remembers what people know."""
    service = office.service
    office.cycle()

    def full(*_: object, **__: object) -> None:
        raise RecordError("no space left on device", "make room")

    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "save", full)
        patch.setattr(Outbox, "_replace", full)
        first, second, third = (service.cycle() for _ in range(3))
        assert first.unkept is not None and [(one.succeeded, one.kind) for one in first.unkept.tried] == [(True, "failure")]
        assert [cycle.unkept and cycle.unkept.tried for cycle in (second, third)] == [(), ()]
    assert office.cycle() == [] and service.unkept is None
    assert office.cycle() == ["over: a failure (RecordError)"]
    assert office.cycle() == []
