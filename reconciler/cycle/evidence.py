"""The bytes of a zip of evidence, of an answer on access or of a review, in, its files out. No I/O."""

from __future__ import annotations

import io
import zipfile
import zlib

from reconciler.report.evidence import NAMES, is_named

MOST = 256 << 20  # bytes of all files together, once they are unpacked


class BadEvidence(ValueError):
    """The bytes are no such file; in words."""


def opened(data: bytes) -> dict[str, bytes]:
    """Name -> bytes of each file. Raises BadEvidence for what is no such zip, holds other files, or would be huge."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            if len(names) != len(set(names)) or not NAMES.issubset(names) or not all(map(is_named, names)):
                raise BadEvidence(f"it holds {len(names)} files, and not just these: {', '.join(sorted(NAMES))}, files/...")
            if sum(entry.file_size for entry in entries) > MOST:
                raise BadEvidence(f"unpacked it would be over {MOST >> 20} MiB")
            return {entry.filename: _read(archive, entry) for entry in entries}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise BadEvidence(f"it is not a sound zip file: {error}") from None


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """No more than the entry says that it is."""
    with archive.open(entry) as file:
        return file.read(entry.file_size + 1)
