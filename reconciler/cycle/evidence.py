"""Files of evidence in, the bytes of a zip out, the same for the same files; and such bytes in, the files out. No I/O."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping

from reconciler.report.evidence import NAMES

MOST = 256 << 20  # bytes of all files together, once they are unpacked
EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first time that a zip can tell


class BadEvidence(ValueError):
    """The bytes are no such file; in words."""


def packed(files: Mapping[str, bytes]) -> bytes:
    """A zip of files by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(_entry(name), data)
    return buffer.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EARLIEST)
    entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o600 << 16
    return entry


def opened(data: bytes) -> dict[str, bytes]:
    """Name -> bytes of each file. Raises BadEvidence for what is no such zip, holds other files, or would be huge."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            if len(names) != len(set(names)) or set(names) != NAMES:
                raise BadEvidence(f"it holds {len(names)} files, and not just these: {', '.join(sorted(NAMES))}")
            if sum(entry.file_size for entry in entries) > MOST:
                raise BadEvidence(f"unpacked it would be over {MOST >> 20} MiB")
            return {entry.filename: _read(archive, entry) for entry in entries}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise BadEvidence(f"it is not a sound zip file: {error}") from None


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """No more than the entry says that it is."""
    with archive.open(entry) as file:
        return file.read(entry.file_size + 1)
