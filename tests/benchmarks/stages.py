"""One plan in a process of its own, as `reconcile plan` makes it; prints seconds a stage and peak memory as JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TIMES: dict[str, float] = {}


@contextmanager
def stage(name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    TIMES[name] = time.perf_counter() - start


def main(desired: Path, url: str, records: Path) -> None:
    with stage("import"):
        from reconciler.cli.common import few_collections, read_live
        from reconciler.declare.load import load
        from reconciler.plan.planner import Selection, make_plan
        from reconciler.record.local import LocalStore
        from reconciler.report import text
        from reconciler.resolve.check import check
        from reconciler.resolve.resolution import resolve
        from reconciler.scim.client import ScimClient
        from reconciler.scim.profile import PROFILES
    few_collections()
    with stage("load"):
        loaded = load(desired)
    with stage("validate"):
        assert not [*loaded.errors, *check(loaded.declarations)]
    app = loaded.declarations.apps["bench"]
    with stage("record"):
        record = LocalStore(records, "bench").load()
    with stage("resolve"):
        resolution = resolve(app, loaded.declarations, "2026-06-01")
    with stage("read"), ScimClient(url, "token", PROFILES["generic"]) as client:
        live = read_live(client, resolution, app)
    with stage("plan"):
        planned = make_plan(app, resolution, live, record, Selection(), url)
    with stage("render"):
        shown = text.render(planned.plan, lambda line, code: line)
    assert len(planned.plan.changes) == len(loaded.declarations.users) // 100, shown[-500:]
    print(json.dumps({"stages": TIMES, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
