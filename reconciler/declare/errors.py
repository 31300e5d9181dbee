"""The base of the errors that say what to do about them. No I/O."""

from __future__ import annotations


class ReconcileError(Exception):
    """`message` says what is wrong, where and why; `remedy` what to do next, empty where nothing can be said.

    `code` is one of the registry, where it has a part of that page.
    """

    def __init__(self, message: str, remedy: str, code: str = "") -> None:
        super().__init__(message)
        self.message, self.remedy, self.code = message, remedy, code
