"""Whoever hears of what the running service does: metrics, and those who deliver messages. No I/O."""

from __future__ import annotations

from reconciler.service.result import CycleResult, Standing


class Observer:
    """Each hears what it has a method for."""

    def result(self, result: CycleResult) -> None:
        """A cycle has ended."""

    def stands(self, standing: Standing) -> None:
        """How an app stands, before a cycle or in place of one."""

    def gone(self, app: str) -> None:
        """An app is no longer declared."""

    def outbox(self, folder: str) -> None:
        """Something may wait in this outbox."""

    def pulled(self, trouble: str) -> None:
        """The remote was looked at; `trouble` is the code of why nothing comes from there, empty where all is well."""


class Observers(Observer):
    """Several as one."""

    def __init__(self, *observers: Observer) -> None:
        self._all = observers

    def result(self, result: CycleResult) -> None:
        for one in self._all:
            one.result(result)

    def stands(self, standing: Standing) -> None:
        for one in self._all:
            one.stands(standing)

    def gone(self, app: str) -> None:
        for one in self._all:
            one.gone(app)

    def outbox(self, folder: str) -> None:
        for one in self._all:
            one.outbox(folder)

    def pulled(self, trouble: str) -> None:
        for one in self._all:
            one.pulled(trouble)
