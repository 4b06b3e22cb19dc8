"""Whether a path names a plain file, and no archive: what is none is refused before it is read.

Opening a pipe waits for whoever writes to it, and reading a device may never end; a question that
names one would hang every program that reads questions. Symbolic links are followed, as whoever
names one expects.
"""

from __future__ import annotations

import stat
from pathlib import Path

from solver.errors import Fault

__all__ = ["archive_named", "special_file"]

_KINDS = (
    (stat.S_ISFIFO, "is a pipe", "Save its output as a file, and name that"),
    (stat.S_ISSOCK, "is a socket", "Name a plain file"),
    (stat.S_ISCHR, "is a device", "Name a plain file"),
    (stat.S_ISBLK, "is a device", "Name a plain file"),
)

_ARCHIVES = {
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "an empty zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"BZh": "a bzip2 archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a rar archive",
    b"\x04\x22\x4d\x18": "an lz4 archive",
}
_TAR_PLACE, _TAR_MARK = 257, b"ustar"


def archive_named(data: bytes) -> str | None:
    """The kind of archive that the first bytes of a file tell, if any: nothing is unpacked."""
    if data[_TAR_PLACE : _TAR_PLACE + len(_TAR_MARK)] == _TAR_MARK:
        return "a tar archive"
    return next((name for mark, name in _ARCHIVES.items() if data.startswith(mark)), None)


def special_file(path: Path, *, where: str) -> Fault | None:
    """The fault of a path that names a pipe, a socket or a device; ``None`` for all others.

    A path that leads nowhere, or cannot be looked at, has no such fault: opening it tells why.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return None
    return next((Fault(where, what, mend) for is_kind, what, mend in _KINDS if is_kind(mode)), None)
