"""A real SMTP server on loopback that keeps what it gets: plain, with STARTTLS or TLS from the start, with or without a login."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from reconciler.demo.mail import AnyPort

USER, PASSWORD = "robot", "p@ss/w:rd%"


@dataclass
class Mailbox:
    """What came: one envelope a message; `refuse` is the reply to every one as long as it is set."""

    envelopes: list[Envelope] = field(default_factory=list)
    over_tls: list[bool] = field(default_factory=list)
    refuse: str = ""
    url: str = ""

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if address.startswith("nobody@"):
            return "550 5.1.1 nobody of this name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuse:
            return self.refuse
        self.envelopes.append(envelope)
        assert server.transport is not None
        self.over_tls.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 kept"

    @property
    def mails(self) -> list[EmailMessage]:
        found = []
        for envelope in self.envelopes:
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content, policy=default)
            assert isinstance(mail, EmailMessage)
            found.append(mail)
        return found

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.mails]


@contextmanager
def mailbox(kind: str = "plain", login: bool = False) -> Iterator[Mailbox]:
    """`kind` is plain, starttls or tls; with `login` nobody writes without USER and PASSWORD."""
    box = Mailbox()
    context = None
    if kind != "plain":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=right)

    controller = AnyPort(
        box,
        hostname="127.0.0.1",
        port=0,
        ssl_context=context if kind == "tls" else None,
        tls_context=context if kind == "starttls" else None,
        require_starttls=kind == "starttls",
        authenticator=check if login else None,
        auth_required=login,
        auth_require_tls=kind == "starttls",
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS")  # it takes TLS from the start for none
        controller.start()
        try:
            who = "robot:p%40ss%2Fw%3Ard%25@" if login else ""
            box.url = f"{'smtps' if kind == 'tls' else 'smtp'}://{who}127.0.0.1:{controller.port}?from=reconcile@example.com"
            yield box
        finally:
            controller.stop()
