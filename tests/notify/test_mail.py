"""Mail goes to a real SMTP server, over TLS where it is to be had, and takes no header from a name or a service."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from email.errors import MessageError
from email.policy import default

import pytest

from reconciler.notify import mail
from reconciler.notify.errors import DeliveryError
from reconciler.notify.mail import VARIABLE, _context, message, send, server_of
from reconciler.scim.errors import CredentialError
from tests.report.test_event import EVENT, EVIL
from tests.support.mailbox import PASSWORD, mailbox

TO = ("ops@example.com", "net@example.com")


@pytest.mark.parametrize(("kind", "login"), [("plain", False), ("starttls", True), ("tls", True), ("tls", False)])
def test_a_mail_arrives_in_both_forms(kind: str, login: bool) -> None:
    with mailbox(kind, login) as box:
        assert send(EVENT, TO, server_of({VARIABLE: box.url})) == []
        (mail,) = box.mails
    assert box.envelopes[0].rcpt_tos == list(TO) and box.envelopes[0].mail_from == "reconcile@example.com"
    assert box.over_tls == [kind != "plain"]
    assert mail["Subject"] == "[reconcile] Wiki: 7 objects could not be provisioned (Conflict)"
    assert mail["To"] == "ops@example.com, net@example.com" and mail["From"] == "reconcile <reconcile@example.com>"
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == (f"<{EVENT.id}@example.com>", "auto-generated")
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    plain, html = (part.get_content() for part in mail.iter_parts())
    assert "User/u4@x.org" in plain and "and 2 more" in plain and "<h1" in html


def test_what_belongs_together_is_one_thread() -> None:
    mail = message(replace(EVENT, thread=("msg_1", "msg_2")), TO, "a@example.com")
    assert mail["In-Reply-To"] == "<msg_1@example.com>" and mail["References"] == "<msg_1@example.com> <msg_2@example.com>"


def test_no_name_and_no_error_becomes_a_header() -> None:
    with mailbox() as box:
        send(EVIL, TO, server_of({VARIABLE: box.url}))
        (mail,) = box.mails
    calm = message(EVENT, TO, "reconcile@example.com")
    assert {name.lower() for name in mail} - {"x-peer", "x-mailfrom", "x-rcptto"} == {name.lower() for name in calm}
    assert len(mail["Subject"]) <= 150 and "\n" not in mail["Subject"] and mail["Bcc"] is None
    assert box.envelopes[0].rcpt_tos == list(TO)


@pytest.mark.parametrize(
    "address", ["a@x.org\r\nBcc: b@x.org", "a@x.org, b@x.org", "a@x.org>", "<a@x.org>", "", "a", "ü\n@x.org"]
)
def test_no_address_becomes_two_or_a_header(address: str) -> None:
    with pytest.raises((ValueError, MessageError)):
        message(EVENT, (address,), "a@example.com")
    with mailbox() as box:
        with pytest.raises(DeliveryError):
            send(EVENT, (address,), server_of({VARIABLE: box.url}))
        assert box.envelopes == []


def test_one_recipient_who_is_refused_keeps_it_from_nobody_else() -> None:
    with mailbox() as box:
        assert send(EVENT, ("nobody@example.com", *TO), server_of({VARIABLE: box.url})) == ["nobody@example.com"]
        with pytest.raises(DeliveryError, match="refuses every recipient .*550 5.1.1"):
            send(EVENT, ("nobody@example.com",), server_of({VARIABLE: box.url}))
    assert len(box.envelopes) == 1


def test_a_wrong_password_is_said_and_not_shown() -> None:
    with mailbox("tls", login=True) as box:
        wrong = server_of({VARIABLE: box.url.replace("p%40ss", "geheim")})
        with pytest.raises(DeliveryError, match="535") as refused:
            send(EVENT, TO, wrong)
    assert "geheim" not in f"{refused.value}{refused.value.remedy}{wrong!r}" and VARIABLE in refused.value.remedy


def test_a_server_that_is_not_there_or_takes_nothing_is_said() -> None:
    with mailbox() as box:
        server, box.refuse = server_of({VARIABLE: box.url}), "451 come back \x1b[31mlater"
        with pytest.raises(DeliveryError, match="451 come back .*later") as refused:
            send(EVENT, TO, server)
        assert str(refused.value).isprintable()
    with pytest.raises(DeliveryError, match="Connection refused") as refused:
        send(EVENT, TO, server)
    assert "Errno" not in str(refused.value)


def test_beyond_loopback_a_certificate_counts_and_without_tls_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _context("mail.example.com").verify_mode == ssl.CERT_REQUIRED and _context("mail.example.com").check_hostname
    assert _context("127.0.0.1").verify_mode == ssl.CERT_NONE
    monkeypatch.setattr("reconciler.notify.mail.is_loopback", lambda host: False)
    for kind, why in (("plain", "no TLS"), ("starttls", "certificate"), ("tls", "certificate")):
        with mailbox(kind) as box:
            with pytest.raises(DeliveryError, match=why) as refused:
                send(EVENT, TO, server_of({VARIABLE: box.url}))
            assert box.envelopes == [] and refused.value.remedy and "_ssl.c" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    ["", "mail.example.com", "http://x?from=a@b", "smtp://?from=a@b", "smtp://x", "smtp://x?from=a", "smtp://x?from=a@b%0d%0aBcc:c@d",
     "smtp://x:y?from=a@b", "smtp://u@x?from=a@b", "smtp://x/path?from=a@b", "smtp://x?from=a@b&tls=no", "smtp://u:hunter2@x"],
)  # fmt: skip
def test_a_variable_that_names_no_server_is_an_error_that_does_not_show_it(url: str) -> None:
    with pytest.raises(CredentialError, match=VARIABLE) as wrong:
        server_of({VARIABLE: url})
    assert "hunter2" not in str(wrong.value) and wrong.value.remedy


def test_the_variable_s_parts_are_decoded_and_the_password_is_in_no_representation() -> None:
    server = server_of({VARIABLE: "smtp://robot:p%40ss%2Fw%3Ard%25@mail.example.com?from=a%2Bb@example.com"})
    assert (server.user, server.password, server.port, server.sender) == ("robot", PASSWORD, 587, "a+b@example.com")
    assert PASSWORD not in repr(server) and server_of({VARIABLE: "smtps://m?from=a@b"}).port == 465
    assert message(EVENT, TO, server.sender).policy.linesep != default.linesep


class _Repeats(socketserver.StreamRequestHandler):
    """Says what it was sent; with `drips` it says a letter at a time and never ends."""

    drips = False

    def handle(self) -> None:
        if self.drips:
            with suppress(OSError):
                while not self.server.over.wait(0.02):  # type: ignore[attr-defined]
                    self.wfile.write(b"2")
            return
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            if line.upper().startswith(b"EHLO"):
                self.wfile.write(b"250-here\r\n250 AUTH " + self.server.offers + b"\r\n")  # type: ignore[attr-defined]
            elif line.upper().startswith(b"AUTH LOGIN"):
                self.wfile.write(b"334 UGFzc3dvcmQ6\r\n")
            else:
                self.wfile.write(b"535 not this: " + line.strip() + b"\r\n")


@contextmanager
def repeating(offers: bytes = b"PLAIN", drips: bool = False) -> Iterator[int]:
    """The port of such a server."""
    handler = type("Handler", (_Repeats,), {"drips": drips})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.offers, server.over = offers, threading.Event()  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1]
        server.over.set()  # type: ignore[attr-defined]
        server.shutdown()


@pytest.mark.parametrize("offers", [b"PLAIN", b"LOGIN"])
def test_a_server_that_repeats_the_login_shows_nobody_the_password(offers: bytes) -> None:
    with repeating(offers) as port:
        server = server_of({VARIABLE: f"smtp://robot:hunter22hunter@127.0.0.1:{port}?from=a@example.com"})
        with pytest.raises(DeliveryError, match=r"not this: .*\*\*\*") as refused:
            send(EVENT, ("ops@example.com",), server)
    shown = str(refused.value)
    for secret in (b"\0robot\0hunter22hunter", b"hunter22hunter"):
        assert base64.b64encode(secret).decode().rstrip("=") not in shown and secret.decode() not in shown


def test_a_server_that_says_a_letter_at_a_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "WHOLE", 0.3)
    with repeating(drips=True) as port, pytest.raises(DeliveryError, match="has not taken the mail within"):
        send(EVENT, ("ops@example.com",), server_of({VARIABLE: f"smtp://127.0.0.1:{port}?from=a@example.com"}))
