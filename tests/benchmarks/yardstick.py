"""What nobody can do without, each a process of its own: PyYAML's C loader over files, or the bare page reads."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.benchmarks.generate import PER_PAGE


def load(users: Path) -> None:
    import yaml

    for file in sorted(users.iterdir()):
        yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)


def load_apps(desired: Path) -> None:
    import yaml

    for file in (desired / "reconciler.yaml", *sorted(desired.glob("apps/*/app.yaml"))):
        yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)


def read(url: str, count: int, times: int = 1) -> None:
    """Every page, so many times over: the lists of as many apps."""
    import httpx
    import orjson

    with httpx.Client(limits=httpx.Limits(max_connections=8)) as client, ThreadPoolExecutor(8) as pool:

        def page(start: int) -> int:
            answer = client.get(f"{url}/Users", params={"startIndex": start, "count": PER_PAGE})
            return len(orjson.loads(answer.content)["Resources"])

        assert sum(pool.map(page, times * list(range(1, count + 1, PER_PAGE)))) == count * times


if __name__ == "__main__":
    if sys.argv[1] == "yaml":
        load(Path(sys.argv[2]))
    elif sys.argv[1] == "apps":
        load_apps(Path(sys.argv[2]))
    else:
        read(sys.argv[2], *map(int, sys.argv[3:]))
