"""The demo's server answers whenever garbage is collected."""

from __future__ import annotations

import gc
from typing import Any
from weakref import WeakValueDictionary

from scim2_models.path import binding

from reconciler.demo.held import hold_classes


class Thing:
    """What a weak reference can lose."""


def test_what_has_just_been_put_in_or_found_is_not_lost_before_it_is_looked_up(monkeypatch: Any) -> None:
    monkeypatch.setattr(binding, "_BOUND_CLASSES", WeakValueDictionary())
    hold_classes()
    kept: Any = binding._BOUND_CLASSES
    kept["a"] = Thing()
    gc.collect()
    assert "a" in kept and isinstance(kept["a"], Thing)
    kept["b"] = Thing()
    gc.collect()
    assert "a" not in kept and "b" not in kept  # it holds one at a time: "a" was the last that was asked for
