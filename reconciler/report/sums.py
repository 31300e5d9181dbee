"""Files of evidence in, the same with the SHA-256 of each in a file beside them out. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

MANIFEST = "SHA256SUMS"  # as `sha256sum -c` reads it


def with_sums(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Name -> bytes."""
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))
    return {**files, MANIFEST: sums.encode()}
