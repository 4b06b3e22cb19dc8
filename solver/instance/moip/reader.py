"""From a file to a program: moip JSON or MPS, plain or compressed with gzip."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path

from formulations.moip.problem import MultiObjectiveProgram
from solver.errors import InstanceError
from solver.instance.moip.json_layout import program_from_json
from solver.instance.moip.mps import program_from_mps
from solver.plain_files import special_file

__all__ = ["read_program"]

MAX_BYTES = 200_000_000
"""Of the text. More is a slip of the hand, or a small file that unpacks without end."""
_GZIP_MAGIC = b"\x1f\x8b"


def read_program(path: Path) -> MultiObjectiveProgram:
    """Read a multi-objective integer program.

    ``.json`` is the moip JSON layout and ``.mps`` is MPS; under any other name a file that begins
    with a brace is JSON. Files compressed with gzip are recognised by their first bytes.

    Raises
    ------
    InstanceError
        With every fault of the file.
    """
    where = str(path)
    text = _text(path, where)
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    suffix = suffixes[-1] if suffixes else ""
    if suffix == ".json" or (suffix != ".mps" and text.lstrip().startswith("{")):
        return program_from_json(text, where=where)
    return program_from_mps(text, where=where)


def _text(path: Path, where: str) -> str:
    try:
        if path.is_dir():
            raise InstanceError.one("is a directory", where=where, mend="Name a file inside it")
        special = special_file(path, where=where)
        if special is not None:
            raise InstanceError(special)
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InstanceError.one(
            f"cannot be read ({reason})", where=where, mend="Check the path"
        ) from error
    if data.startswith(_GZIP_MAGIC):
        try:
            with gzip.open(io.BytesIO(data)) as packed:
                data = packed.read(MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise InstanceError.one(
                f"cannot be unpacked ({error})", where=where, mend="Compress the file again"
            ) from error
    if len(data) > MAX_BYTES:
        raise InstanceError.one(
            f"holds more than {MAX_BYTES} bytes", where=where, mend="Give a program file"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InstanceError.one(
            f"is not UTF-8 text (byte {error.start})",
            where=where,
            mend="Save it as UTF-8, or give a moip JSON or MPS file",
        ) from error
