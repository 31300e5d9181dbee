"""An approval says why; what a plan prints to be filled in is refused."""

from __future__ import annotations

import pytest

from reconciler.declare.place import Problem
from reconciler.declare.safeguards import read_approvals
from reconciler.declare.yaml.document import parse


@pytest.mark.parametrize(
    ("reason", "refused"),
    [
        ("say why", True),
        ("'Say why.'", True),
        ("TODO", True),
        ("'...'", True),
        ("n/a", True),
        ("NET-1432", False),
        ("why not", False),
    ],
)
def test_a_reason_that_was_not_filled_in_is_an_error_at_its_place(reason: str, refused: bool) -> None:
    text = f"approvals:\n  - {{plan: 'sha256:0', safeguard: policies, reason: {reason}}}\n"
    problems: list[Problem] = []
    read_approvals(parse(text.encode(), "approvals.yaml"), problems)
    assert [(p.severity, p.place.line) for p in problems] == ([("error", 2)] if refused else [])
