"""A server whose classes are not lost while they are made: patches scim2-models in the process that runs it, and does no I/O.

scim2-models 0.12.3 keeps the classes that it binds to a resource by weak references alone, and looks each one up again after it
has made it: a garbage collection in between loses it, and the request is answered with 500.
"""

from __future__ import annotations

import threading
from typing import Any
from weakref import WeakValueDictionary


class _Held(WeakValueDictionary[Any, Any]):
    """What a thread has last put in, or found to be there, stays until its next look."""

    last = threading.local()

    def __setitem__(self, key: Any, value: Any) -> None:
        self.last.value = value
        super().__setitem__(key, value)

    def __contains__(self, key: Any) -> bool:
        self.last.value = self.get(key)
        return self.last.value is not None


def hold_classes() -> None:
    """Call it before the first request. Where scim2-models no longer keeps its classes so, nothing is done."""
    from scim2_models.path import binding

    kept = getattr(binding, "_BOUND_CLASSES", None)
    if isinstance(kept, WeakValueDictionary) and not isinstance(kept, _Held):
        binding._BOUND_CLASSES = _Held(kept)
