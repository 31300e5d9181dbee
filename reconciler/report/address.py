"""The address of a plan's service, as `scim.references.shown` gives it, in words. Pure."""

from __future__ import annotations

import re

_MARK = re.compile(r"#[0-9a-f]{12}\Z")


def address_words(base_url: str) -> str:
    """The address; of one whose path a variable gave, also what stands for it: nobody can guess that."""
    return f"{base_url} (the digits stand for the whole of it)" if _MARK.search(base_url) else base_url
