"""Which apps are declared, looked at whenever their files have changed: a folder in, surveys out. Starts processes."""

from __future__ import annotations

from pathlib import Path

from reconciler.service import worker
from reconciler.service.app_files import app_files
from reconciler.service.child import Child
from reconciler.service.ends import Survey


class Surveys:
    """`child` is the process that looks now; None where none does."""

    def __init__(self, desired: Path) -> None:
        self._desired, self._files = desired, app_files(desired)
        self.child: Child | None = None

    def first(self) -> Survey | None:
        """What a process says that is waited for; None where it died."""
        end = Child(worker.survey, self._desired).heard()
        return end if isinstance(end, Survey) else None

    def compare(self) -> None:
        """Look where the apps' files are others than before, whoever has changed them."""
        if (files := app_files(self._desired)) != self._files:
            self._files = files
            self.look()

    def look(self) -> None:
        """See which apps there are now."""
        if self.child is None:
            self.child = Child(worker.survey, self._desired)

    def over(self) -> None:
        """The process has ended."""
        self.child = None
