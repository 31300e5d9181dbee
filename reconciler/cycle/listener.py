"""Who hears of a pass while it goes on. No I/O of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

Tell = Callable[[str], None]


class Listener(NamedTuple):
    """`waits` hears, from any thread, of each wait for a service; `says` what a person should know; `notes` what to keep.

    `answered` hears, from any thread, of each request: its method and the status of the answer, 0 where none came.
    """

    waits: Tell
    says: Tell
    notes: Tell
    answered: Callable[[str, int], None] = lambda method, status: None


SILENT = Listener(lambda words: None, lambda words: None, lambda words: None)
