"""`reconcile plan` itself, with a clock around each stage; the seconds go to a file as JSON."""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

STAGES = {
    "load": ("reconciler.declare.load", "load"),
    "validate": ("reconciler.resolve.check", "check"),
    "record": ("reconciler.record.local", "LocalStore.load"),
    "resolve": ("reconciler.cycle.session", "resolve"),
    "read": ("reconciler.cycle.session", "read_live"),
    "plan": ("reconciler.plan.planner", "make_plan"),
    "guard": ("reconciler.plan.safeguards.guard", "guard"),
    "render": ("reconciler.report.text", "render"),
}


def clocked(stage: str, call: Callable[..., Any], seconds: dict[str, float], out: Path) -> Callable[..., Any]:
    def run(*arguments: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return call(*arguments, **named)
        finally:
            seconds[stage] = time.perf_counter() - start
            out.write_text(json.dumps(seconds))  # the command does not come back

    return run


def main(out: Path, arguments: list[str]) -> None:
    seconds: dict[str, float] = {}
    for stage, (module, name) in STAGES.items():
        *owners, last = name.split(".")
        holder = importlib.import_module(module)
        for owner in owners:
            holder = getattr(holder, owner)
        setattr(holder, last, clocked(stage, getattr(holder, last), seconds, out))
    from reconciler.cli.main import main as reconcile

    reconcile(["plan", *arguments])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
