"""Who hears of a pass while it goes on. No I/O of its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

Tell = Callable[[str], None]
Paged = Callable[[str, int, int], None]
Counting = AbstractContextManager[Callable[[], object]]  # yields what is called, from any thread, as each of many ends


class Listener(NamedTuple):
    """`waits` hears, from any thread, of each wait for a service; `says` what a person should know; `notes` what to keep.

    `answered` hears, from any thread, of each request: its method and the status of the answer, 0 where none came.
    `paged` hears, from any thread, of each page of a list: of what, how many it holds, and how many the service says there are.
    `counts` is entered for a long row of reads: how many, of what, and what tells the seconds that requests have waited.
    """

    waits: Tell
    says: Tell
    notes: Tell
    answered: Callable[[str, int], None] = lambda method, status: None
    paged: Paged = lambda resource, length, total: None
    counts: Callable[[int, str, Callable[[], float]], Counting] = lambda total, what, waited: nullcontext(lambda: None)


SILENT = Listener(lambda words: None, lambda words: None, lambda words: None)
