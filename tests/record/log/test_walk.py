"""What is looked for in a log, and what its lines say is to be looked for besides: blocks in, lines out."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
from hypothesis import given
from hypothesis import strategies as st

from reconciler.record.log.about import as_it_is
from reconciler.record.log.walk import Place, about, walk
from reconciler.resolve.any_case import Find

NAMES = "abcde"


def found(lines: list[str], size: int) -> tuple[list[str], int]:
    """What hangs together with `a`, where each line says of two that they do; and how often the blocks were walked."""
    blocks = ["".join(f"<{line}>\n" for line in lines[at : at + size]).encode() for at in range(0, len(lines), size)]
    kept, finds, walks = dict[Place, str](), {name: as_it_is(name.encode()) for name in NAMES}, list[int]()
    fresh = set(NAMES[1:])

    def take(place: Place, line: bytes) -> Iterator[Find]:
        kept[place] = line.decode()[1:-1]
        for name in fresh & set(kept[place]):
            fresh.discard(name)
            yield finds[name]

    walk(lambda: walks.append(1) or blocks, [finds["a"]], take)  # type: ignore[func-returns-value]
    return [kept[place] for place in sorted(kept)], len(walks)


@given(st.lists(st.text(NAMES, min_size=1, max_size=2), min_size=1, max_size=9), st.integers(1, 3))
def test_all_that_hangs_together_is_found_wherever_the_log_says_so(lines: list[str], size: int) -> None:
    known = {"a"}
    for _ in lines:
        known |= {name for line in lines if known & set(line) for name in line}
    assert found(lines, size)[0] == [line for line in lines if known & set(line)]


def test_what_is_said_early_costs_no_second_walk() -> None:
    assert found(["ab", "bc", "cd", "e"], 4) == (["ab", "bc", "cd"], 1)
    assert found(["c", "ab", "bc"], 1) == (["c", "ab", "bc"], 2), "once more, for what is before"


def test_a_person_is_told_of_by_the_id_too_that_a_record_says_and_only_missing_numbers_are_missing() -> None:
    rows = [
        {"address": "User/ada@x.org", "id": "7"},
        {"address": "User/lt@x.org", "id": "7"},
        {"address": "User/eve@x.org", "id": "8"},
    ]
    blocks = [orjson.dumps(row) + b"\n" for row in rows]
    part = about(lambda: blocks, ["User/LT@x.org"], lambda row: [row["id"]] if row["address"] == "User/lt@x.org" else [])
    assert part.records == rows[:2]
