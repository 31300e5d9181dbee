"""`reconcile run` as a process: a token that is revoked is one mail to a real server, and its return one more."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.notify.mail import VARIABLE
from tests.support.mailbox import mailbox
from tests.support.rounds import rounds
from tests.support.servers import answer

REFUSED = answer(401, {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": "unknown token", "status": "401"})


def test_a_token_that_is_revoked_is_one_mail_and_its_return_one_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with rounds(tmp_path, monkeypatch) as service, mailbox() as box:
        service.app("notification: {email: [ops@example.com]}\n")
        service.environ[VARIABLE] = box.url
        assert service.reconcile("run", "--once").code == 0 and box.mails == []
        service.refuse = lambda call: REFUSED
        first = service.reconcile("run", "--once", "--listen", "127.0.0.1:0")
        assert first.code == 1 and "notified of quarantine by email" in first.out
        assert service.reconcile("run", "--once").code == 1 and len(box.mails) == 1
        service.refuse = lambda call: None
        assert service.reconcile("run", "--once").code == 0
        assert [subject.partition("wiki: ")[2] for subject in box.subjects] == [
            "in quarantine (EncounteredQuarantineException)",
            "over: quarantine (EncounteredQuarantineException)",
        ]
        assert "notifications: " not in service.reconcile("status").out
