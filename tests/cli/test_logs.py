"""What reconcile logs refuses."""

from __future__ import annotations

from typing import Any

import click
import pytest

from reconciler.cli.logs import _query


def test_an_action_that_is_none_is_refused_with_the_word_that_was_meant() -> None:
    asked: dict[str, Any] = dict.fromkeys(("user", "group", "role", "status", "cause", "by", "cycle"))
    with pytest.raises(click.UsageError, match="no action 'revokd'\n    did you mean 'revoked'"):
        _query(since="", until="", action="revokd", **asked)
