"""A warning as data: what should be known of a plan, a service or a command, with its code. Pure."""

from __future__ import annotations

from typing import NamedTuple


class Warned(NamedTuple):
    """`code` is a stable name, one for what has one remedy (reconciler/codes/warnings.py); `text` says it in words.

    `about` is the address of the one object that it concerns; empty where it concerns several, or none. `code` is empty where a
    plan file from before warnings had codes was read.
    """

    code: str
    text: str
    about: str = ""

    def words(self) -> str:
        """The text with its code behind it, as errors and cautions are shown."""
        return f"{self.text} [{self.code}]" if self.code else self.text
