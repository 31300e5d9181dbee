"""The base of the errors that say what to do about them. No I/O."""

from __future__ import annotations


class ReconcileError(Exception):
    """`message` says what is wrong, where and why; `remedy` what to do next, empty where nothing can be said.

    The `code` of its kind stays the same when the words change: `reconcile help CODE` says what it means.
    """

    @property
    def code(self) -> str:
        """The class's own name, but for kinds that are told together."""
        return type(self).__name__

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy
