"""The whole way of a tutorial on provisioning, step by step, as somebody types it: a real SCIM server, a real mail server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.notify.mail import VARIABLE
from tests.support.mailbox import Mailbox, mailbox
from tests.support.rounds import Rounds, rounds
from tests.support.servers import Ran, answer

REFUSED = answer(401, {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": "unknown token", "status": "401"})
MAIL = "notification: {email: [ops@example.com]}\n"
ADA, NET = "{user: ada@x.org, role: User}", "{group: Net, role: User}"


class Tutorial:
    """A desk, from which one cycle after the other is run."""

    def __init__(self, service: Rounds, box: Mailbox) -> None:
        self.service, self.box = service, box
        service.environ[VARIABLE] = box.url
        service.people("ada@x.org, jobTitle: Engineer", "grace@x.org", "joan@x.org")

    def assigned(self, *rows: str) -> None:
        self.service.write("apps/wiki/assignments.yaml", f"assignments: [{', '.join(rows)}]\n")

    def types(self, *words: str, code: int = 0) -> Ran:
        ran = self.service.reconcile(*words)
        assert ran.code == code, ran
        return ran

    def cycle(self, code: int = 0) -> str:
        """What the service says of one cycle."""
        return self.types("run", "--once", code=code).out

    def logged(self, name: str) -> list[str]:
        """What the provisioning log says was done to somebody."""
        lines = self.types("logs", "--user", name, "--format", "json").out.splitlines()
        found: list[dict[str, Any]] = [json.loads(line) for line in lines]
        assert all(line["provisioningStatusInfo"]["status"] == "success" for line in found), found
        return [line["provisioningAction"] for line in found if line["sourceIdentity"]["displayName"] == f"User/{name}"]

    def is_active(self, name: str) -> bool:
        (account,) = self.service.find(name)
        return bool(account["active"])

    def members(self) -> int:
        with self.service.client() as client:
            (group,) = client.find("Groups", "displayName", "Net")
            return len(group.get("members") or ())


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    with rounds(tmp_path, monkeypatch) as service, mailbox() as box:
        yield Tutorial(service, box)


def test_from_the_first_assignment_to_a_page_of_members_that_was_lost(team: Tutorial) -> None:
    # One user is assigned, the connection is tested, a mail address is set, and provisioning is still off.
    team.assigned(ADA)
    team.types("test-connection")
    team.service.app(MAIL + "provisioning: {status: off}\n")
    assert "off" in team.cycle() and team.service.find("ada@x.org") == []

    # It is turned on: the initial cycle, which the log describes.
    team.service.app(MAIL)
    assert "initial cycle ended" in team.cycle() and team.is_active("ada@x.org")
    assert team.logged("ada@x.org") == ["create"]

    # A group is assigned: the next cycle picks it up.
    team.service.write("directory/groups/a.yaml", "groups: [{displayName: Net, members: [grace@x.org, joan@x.org]}]\n")
    team.assigned(ADA, NET)
    assert "incremental cycle ended" in team.cycle()
    assert team.is_active("grace@x.org") and team.members() == 2

    # The user is unassigned, and disabled in the next cycle.
    team.assigned(NET)
    team.cycle()
    assert not team.is_active("ada@x.org") and team.logged("ada@x.org") == ["create", "disable"]
    assert team.types("status").out.startswith("wiki: ") and team.box.mails == []

    # The token is revoked: quarantine, one mail, and no second one.
    team.service.refuse = lambda call: REFUSED
    team.cycle(code=1)
    team.cycle(code=1)
    assert [subject.partition("wiki: ")[2] for subject in team.box.subjects] == ["in quarantine (EncounteredQuarantineException)"]
    assert "quarantine" in team.types("status", code=1).out

    # The token is back: recovery, and one mail.
    team.service.refuse = lambda call: None
    team.cycle()
    assert len(team.box.mails) == 2 and "over: quarantine" in team.box.subjects[1]
    team.types("status")

    # A page of members is lost on the service: found in the next cycle, reported or repaired as the app says.
    with team.service.client() as client:
        (net,) = client.find("Groups", "displayName", "Net")
        client.patch("Groups", net["id"], [{"op": "remove", "path": "members"}])
    assert "without User/grace@x.org, User/joan@x.org" in team.cycle() and team.members() == 0
    team.service.app(MAIL + "provisioning: {drift: repair}\n")
    team.cycle()
    assert team.members() == 2
    assert len(team.box.mails) == 2
