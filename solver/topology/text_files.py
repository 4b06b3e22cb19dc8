"""The text of a topology file, or a fault that says why it cannot be read."""

from __future__ import annotations

from pathlib import Path

from solver.errors import InstanceError
from solver.plain_files import special_file

__all__ = ["read_text"]

MAX_BYTES = 100_000_000


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, with or without a byte-order mark.

    Raises
    ------
    InstanceError
        If it is a directory, cannot be read, is too large or is not text.
    """
    where = str(path)
    if path.is_dir():
        raise InstanceError.one("is a directory", where=where, mend="Name a file inside it")
    special = special_file(path, where=where)
    if special is not None:
        raise InstanceError(special)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InstanceError.one(
                f"holds {size} bytes, more than {MAX_BYTES}", where=where, mend="Give a topology"
            )
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InstanceError.one(
            f"cannot be read ({error.strerror})", where=where, mend="Check the path"
        ) from error
    except UnicodeDecodeError as error:
        raise InstanceError.one(
            f"is not text in UTF-8 ({error.reason} at byte {error.start})",
            where=where,
            mend="Save it as UTF-8",
        ) from error
