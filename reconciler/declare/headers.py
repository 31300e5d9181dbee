"""Which headers a profile may add to requests, and why another may not be: a name in, words out. Pure.

A header that rewrites a request turns a read into a write, or sends it, token and all, where no list of origins would allow it.
"""

from __future__ import annotations

import re

ALLOWED = ("accept-language", "user-agent")
CREDENTIAL = re.compile(r"key|token|secret|passw|auth|credential|cookie|session", re.IGNORECASE)
# What proxies, gateways and frameworks take the method, the address, the client or the body's length from has one of these in its
# name: X-HTTP-Method-Override, X-Original-URL, X-Rewrite-URL, X-Forwarded-*, X-Real-IP, X-MS-Client-Principal and their likes.
REWRITES = re.compile("override|method|forward|origin|rewrite|redirect|impersonat|sendfile|proxy|host|client|destination", re.I)
WORDS = re.compile(
    "(accel|addr|address|amz|azure|backend|behalf|connection|dest|encoding|envoy|https?|ip|length|middleware|ms|path|port|prefix"
    "|proto|protocol|real|remote|route|scheme|ssl|sudo|te|tls|trailer|transfer|upgrade|ur[il]|user|username|verb|via)", re.I
)  # fmt: skip


def refusal(name: str) -> tuple[str, str, str] | None:
    """The code of what is wrong with a header, the reason and the remedy; None where nothing is."""
    if CREDENTIAL.search(name):
        return (
            "literal-secret",
            f"the header {name} looks like a credential, and none is declared but as secretToken",
            "remove the header, and revoke what was written here",
        )
    if name.lower() in ALLOWED:
        return None
    first, *words = name.split("-")
    if first.upper() == "X" and words and not REWRITES.search(name) and not any(map(WORDS.fullmatch, words)):
        return None
    return (
        "header",
        f"the header {name} can change what a request does, or where it goes",
        "remove it: a header that is added is User-Agent, Accept-Language, or an X- one that no proxy acts on",
    )
