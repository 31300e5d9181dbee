"""What nobody can do without: PyYAML's C loader over the users' files, and the bare page reads. Prints seconds as JSON."""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import orjson
import yaml

from tests.benchmarks.generate import PER_PAGE


def load(users: Path) -> None:
    for file in sorted(users.iterdir()):
        yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)


def read(url: str, count: int) -> None:
    with httpx.Client(limits=httpx.Limits(max_connections=8)) as client, ThreadPoolExecutor(8) as pool:

        def page(start: int) -> int:
            answer = client.get(f"{url}/Users", params={"startIndex": start, "count": PER_PAGE})
            return len(orjson.loads(answer.content)["Resources"])

        assert sum(pool.map(page, range(1, count + 1, PER_PAGE))) == count


if __name__ == "__main__":
    started = time.perf_counter()
    load(Path(sys.argv[1]) / "directory/users")
    parsed = time.perf_counter()
    read(sys.argv[2], int(sys.argv[3]))
    print(json.dumps({"yaml": parsed - started, "pages": time.perf_counter() - parsed}))
