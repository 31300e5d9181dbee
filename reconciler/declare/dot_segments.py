"""Dot segments in a URL's path, in every spelling that somebody on the way may take for one. Pure."""

from __future__ import annotations

import re
from unicodedata import normalize
from urllib.parse import unquote_to_bytes

ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")
MOST = 8  # times that a text can be encoded over and over; one that still changes then is meant to deceive


def decoded(text: str) -> list[str]:
    """A text and what it is after each further decoding. Raises ValueError for bytes that are no text, or no end to it."""
    readings = [text]
    while len(readings) < MOST:
        after = normalize("NFKC", unquote_to_bytes(readings[-1]).decode())
        if after == readings[-1]:
            return readings
        readings.append(after)
    raise ValueError("it is encoded again and again")


def has_dot_segment(url: str) -> bool:
    """Whether a part of the path is `.` or `..`, plain or encoded, also behind a backslash or before a semicolon."""
    path = url.partition("://")[2]
    if ESCAPE.search(path):
        return True
    try:
        texts = decoded(path)
    except ValueError:
        return True
    return any(part.partition(";")[0].strip() in (".", "..") for text in texts for part in re.split(r"[/\\]", text))
