"""What a tenantUrl and a reference to the environment may look like. Text in, a problem or none out. Pure."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from reconciler.declare.dot_segments import has_dot_segment

REFERENCE = re.compile(r"\$\{(env:[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?|file:[^}]+)\}")
TOKEN = re.compile(r"\$\{(env:[A-Za-z_][A-Za-z0-9_]*|file:[^}]+)\}\Z")
PLACEHOLDER = "https://scim.example.com/v2"  # what `reconcile init` writes as tenantUrl
DOTS = "a URL has no dot segments, plain or encoded, and each % in it begins an encoded byte"
CHARACTERS = "a URL holds only letters, digits and marks of ASCII"
USER_INFORMATION = "a URL must not hold user information"
QUERY = "a base URL has no query and no fragment"
URL_REMEDIES = {
    DOTS: "write the path as it is without them",
    USER_INFORMATION: "leave out what is before @; the token is given as secretToken",
    QUERY: "leave out what begins with ? or #",
}


def _stand_in(match: re.Match[str]) -> str:
    """Something sound in place of what is known only where the URL is used, so that the rest can be judged."""
    before, after = match.string[: match.start()], match.string[match.end() :]
    if match[2] and match[2] != ":-":
        return match[2][2:]
    if not before:
        return "https" if after.startswith("://") else "https://127.0.0.1"
    return "1" if before.endswith(":") else "127.0.0.1"


def url_problem(url: str) -> str | None:
    """Why a URL cannot be a service's base, or None."""
    if not _is_written_in_ascii(url):
        return CHARACTERS
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return "not a URL"
    if not host or parts.scheme not in ("http", "https"):
        return "not an https URL"
    if parts.username is not None or parts.password is not None:
        return USER_INFORMATION
    if "?" in url or "#" in url:
        return QUERY
    if has_dot_segment(url):
        return DOTS
    if parts.scheme == "http" and not is_loopback(host):
        return "only https is used, except to this machine (loopback)"
    return None


def webhook_problem(url: str) -> str | None:
    """Why a URL cannot be a webhook's address, or None; beside what a base may be it may have a query."""
    address, _, query = url.partition("?")
    return url_problem(address) or (None if _is_written_in_ascii(query) else CHARACTERS) or (QUERY if "#" in query else None)


def _is_written_in_ascii(url: str) -> bool:
    """urlsplit drops tabs and takes a backslash for a letter, where others read another host."""
    return url.isascii() and url.isprintable() and not any(c in ' \\"<>^`{|}' for c in url)


def is_loopback(host: str | None) -> bool:
    """Whether what is sent to a host leaves this machine in no case."""
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
