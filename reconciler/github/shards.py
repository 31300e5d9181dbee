"""A workflow whose jobs take one app each in, the same in parts of which each is a matrix of its own out. No I/O.

GitHub runs at most 256 jobs of one matrix. A part holds fewer, so that apps can come before somebody spreads them anew.
"""

from __future__ import annotations

import re

APPS = 200  # of one part
BLOCK = re.compile(r"^(?=  [a-z][\w-]*:$)", re.M)  # where a job begins
LISTED = re.compile(r'( +apps="\$\(reconcile apps .*)\)"\n( +echo "apps)(=\$apps" >> "\$GITHUB_OUTPUT"\n)')
OUTPUT = re.compile(r"( +apps)(: \$\{\{ steps\.apps\.outputs\.apps)( \}\}\n)")
TAKEN = "needs.apps.outputs.apps"


def parts_for(apps: int) -> int:
    """In how many parts so many apps are spread."""
    return max(1, -(-apps // APPS))


def parts_of(text: str) -> int:
    """In how many parts a workflow spreads them."""
    found = re.search(r"--shard 1/(\d+)", text)
    return int(found[1]) if found else 1


def spread(text: str, parts: int) -> str:
    """The workflow with so many matrices; one that has none is left as it is."""
    head, jobs, blocks = text.partition("\njobs:\n")
    found = BLOCK.split(blocks)
    keys = {block.strip().partition(":")[0] for block in found if TAKEN in block}
    if parts == 1 or not keys:
        return text
    return head + jobs + "".join(_parts(block, keys, parts) if TAKEN in block else _listing(block, parts) for block in found)


def _listing(block: str, parts: int) -> str:
    """The job that lists the apps, with an output for each part."""
    numbers = range(1, parts + 1)
    block = OUTPUT.sub(lambda m: "".join(f"{m[1]}_{k}{m[2]}_{k}{m[3]}" for k in numbers), block)
    return LISTED.sub(lambda m: "".join(f'{m[1]} --shard {k}/{parts})"\n{m[2]}_{k}{m[3]}' for k in numbers), block)


def _parts(block: str, keys: set[str], parts: int) -> str:
    """A job that takes one app, once for each part; it needs the same part of others."""
    end = "" if block.endswith("\n\n") else "\n"
    copies = []
    for k in range(1, parts + 1):
        copy = block.replace(TAKEN, f"{TAKEN}_{k}")
        for key in keys:
            copy = re.sub(rf"^  {key}:$", f"  {key}_{k}:", copy, flags=re.M)
            copy = re.sub(rf"(needs: \[.*\b){key}\b", rf"\g<1>{key}_{k}", copy)
        copies.append(copy)
    return end.join(copies)
