"""The base of the errors that say what to do about them. No I/O."""

from __future__ import annotations

import copyreg
from typing import Any


class ReconcileError(Exception):
    """`message` says what is wrong, where and why; `remedy` what to do next, empty where nothing can be said.

    Its `code` stays the same when the words change: one of the registry, by default that of its kind. `reconcile help CODE` says
    what it means.
    """

    def __init__(self, message: str, remedy: str, code: str = "") -> None:
        super().__init__(message)
        self.message, self.remedy, self._code = message, remedy, code

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process gets it as it is: kinds differ in what they are made of."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]

    @property
    def code(self) -> str:
        """The class's own name, but for kinds that are told together."""
        return self._code or type(self).__name__
