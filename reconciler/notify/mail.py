"""An event as mail to a server that the environment names: STARTTLS or TLS to all but loopback. Speaks SMTP."""

from __future__ import annotations

import base64
import re
import smtplib
import ssl
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

from reconciler.declare.urls import is_loopback
from reconciler.notify.errors import DeliveryError
from reconciler.report.event.mail import html, text
from reconciler.report.event.model import Event
from reconciler.report.event.words import cut, subject
from reconciler.scim.errors import CredentialError

VARIABLE = "RECONCILE_SMTP_URL"
FORM = "smtp://USER:PASSWORD@mail.example.com:587?from=reconcile@example.com, or smtps://... for TLS from the start"
POLICY = SMTP.clone(max_line_length=200)  # a subject stays on one line: folded at 78 it would begin with a space
PORTS = {"smtp": 587, "smtps": 465}
TIMEOUT = 30.0  # seconds between two answers
WHOLE = 30.0  # seconds for all of a mail
ADDRESS = re.compile(r"[!#-'*+\-./-9=?A-Z^-~]{1,64}@[A-Za-z0-9.-]{1,190}")


@dataclass(frozen=True)
class Server:
    """A mail server and who writes there; without a user nobody logs in."""

    host: str
    port: int
    tls_first: bool
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)


def server_of(environ: Mapping[str, str]) -> Server:
    """The server of RECONCILE_SMTP_URL. Raises CredentialError, in whose words no part of the URL stands."""
    url = environ.get(VARIABLE, "")
    if not url:
        raise CredentialError(f"mail is wanted, and {VARIABLE} is not set", f"set it to {FORM}")
    try:
        parts = urlsplit(url.strip())
        port, options = parts.port, parse_qs(parts.query, strict_parsing=bool(parts.query))
    except ValueError:
        raise CredentialError(f"{VARIABLE} is not a URL", f"set it to {FORM}") from None
    sender = options.get("from", [""])[-1]
    if problem := _problem(parts, options, sender):
        raise CredentialError(f"{VARIABLE}: {problem}", f"set it to {FORM}")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Server(parts.hostname or "", port or PORTS[parts.scheme], parts.scheme == "smtps", sender, user, password)


def message(event: Event, to: tuple[str, ...], sender: str) -> EmailMessage:
    """The mail; nothing of the event can become a header or an address. Raises ValueError for what is not an address."""
    if wrong := [address for address in to if not ADDRESS.fullmatch(address)]:
        raise ValueError(f"{wrong[0]!r} is not an address")
    mail, domain = EmailMessage(policy=POLICY), sender.rpartition("@")[2]
    mail["From"] = Address("reconcile", addr_spec=sender)
    mail["To"] = [Address(addr_spec=address) for address in to]
    mail["Subject"] = subject(event)
    mail["Date"] = format_datetime(datetime.fromisoformat(event.at))
    mail["Message-ID"] = f"<{event.id}@{domain}>"
    if event.thread:
        mail["In-Reply-To"] = f"<{event.thread[0]}@{domain}>"
        mail["References"] = " ".join(f"<{id}@{domain}>" for id in event.thread)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence is answered
    mail.set_content(text(event))
    mail.add_alternative(html(event), subtype="html")
    return mail


def send(event: Event, to: tuple[str, ...], server: Server) -> list[str]:
    """Hand the mail over; the recipients that the server refused while it took others. Raises DeliveryError."""
    try:
        mail = message(event, to, server.sender)
        refused = _in_time(mail, to, server)
    except (smtplib.SMTPException, OSError, MessageError, ValueError) as error:
        raise DeliveryError(f"the mail server {server.host}:{server.port}: {_words(error, server)}", _remedy(error)) from None
    return sorted(refused)


def _in_time(mail: EmailMessage, to: tuple[str, ...], server: Server) -> dict[str, tuple[int, bytes]]:
    """As `_hand_over`, but no longer than WHOLE, however little at a time the server says. Raises TimeoutError, too."""
    ended: Future[dict[str, tuple[int, bytes]]] = Future()
    threading.Thread(target=_hand_over, args=(mail, to, server, ended), name="mail", daemon=True).start()
    try:
        return ended.result(WHOLE)
    except FutureTimeout:
        raise TimeoutError(f"it has not taken the mail within {WHOLE:.0f} seconds") from None
    finally:
        del ended  # which holds the error, whose frames hold this one


def _hand_over(mail: EmailMessage, to: tuple[str, ...], server: Server, ended: Future[dict[str, tuple[int, bytes]]]) -> None:
    """Those whom the server refused while it took others, or what went wrong, into `ended`."""
    try:
        with _connected(server) as connection:
            refused = connection.send_message(mail, server.sender, list(to))
        ended.set_result(refused)
    except Exception as error:
        if not ended.done():
            ended.set_exception(error.with_traceback(None))  # whose frames hold the connection


def _problem(parts: SplitResult, options: Mapping[str, list[str]], sender: str) -> str | None:
    if parts.scheme not in PORTS or not parts.hostname or parts.path not in ("", "/") or parts.fragment:
        return "it does not name a mail server"
    if options.keys() - {"from"}:
        return "it has options beside from"
    if not ADDRESS.fullmatch(sender):
        return "it does not say from whom the mail comes"
    if bool(parts.username) != bool(parts.password):
        return "it has a user or a password, and not both"
    return None


def _connected(server: Server) -> smtplib.SMTP:
    """A connection on which nobody else reads, logged in. Raises what smtplib and ssl raise."""
    if server.tls_first:
        connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=_context(server.host))
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
    try:
        _begin(connection, server)
    except BaseException:
        connection.close()
        raise
    return connection


def _begin(connection: smtplib.SMTP, server: Server) -> None:
    connection.ehlo()
    if not server.tls_first and connection.has_extn("starttls"):
        connection.starttls(context=_context(server.host))
        connection.ehlo()
    elif not server.tls_first and not is_loopback(server.host):
        raise smtplib.SMTPNotSupportedError("it offers no TLS")
    if server.user:
        connection.login(server.user, server.password)


def _context(host: str) -> ssl.SSLContext:
    """What is sent to loopback leaves this machine in no case, and its server's certificate is nobody's."""
    context = ssl.create_default_context()
    if is_loopback(host):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _words(error: Exception, server: Server) -> str:
    """What went wrong, in one line without the password, whatever the server says."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        said = "; ".join(f"{address}: {_reply(reply)}" for address, reply in error.recipients.items())
        said = f"it refuses every recipient ({said})"
    elif isinstance(error, smtplib.SMTPResponseException):
        said = _reply((error.smtp_code, error.smtp_error))
    elif isinstance(error, ssl.SSLCertVerificationError):
        said = f"its certificate is not accepted: {error.verify_message}"
    else:
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__  # words, without the number of the system
    return cut(_without(said, server), 300)


def _without(said: str, server: Server) -> str:
    """A server may repeat what it was sent: the password, or what AUTH PLAIN (RFC 4616) and LOGIN make of it."""
    user, password = server.user.encode(), server.password.encode()
    sent = [b"\0%s\0%s" % (user, password), b"%s\0%s\0%s" % (user, user, password), password]
    forms = [*(base64.b64encode(part).decode() for part in sent), server.password]
    spelled = [spelling for form in forms for spelling in (form, form.rstrip("="), quote(form, safe=""))]
    for secret in sorted(spelled, key=len, reverse=True) if password else ():
        said = said.replace(secret, "***")
    return said


def _reply(reply: tuple[int, bytes | str]) -> str:
    code, said = reply
    return f"{code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"


def _remedy(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"correct user and password in {VARIABLE}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"correct the host in {VARIABLE}, or name the authority's certificate in SSL_CERT_FILE"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"use a server that offers STARTTLS or TLS, or log in as {VARIABLE} says elsewhere"
    if isinstance(error, (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused)):
        return f"correct email in app.yaml, and from in {VARIABLE}"
    return f"see whether the server that {VARIABLE} names can be reached"
