"""Lines of a checkpoint, whatever is searched: one JSON object each, closed by a check over it.

The first line is ``{"fleetfront_checkpoint": 1, "program", "name", "objectives", "check"}``, with
``road`` where the search depends on how it is solved; what the others hold is the business of a
codec. The check is a shortened SHA-256 of the digest of the problem and of the bytes before the
check. No other byte is free, so that a damaged line is never read as something else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = [
    "BEGINNING",
    "VERSION",
    "DamageError",
    "Header",
    "header_line",
    "read_header",
    "sealed",
    "unsealed",
]

VERSION = 1
BEGINNING = b'{"fleetfront_checkpoint":'
"""How every checkpoint begins."""

_CHECK_DIGITS = 16


class DamageError(ValueError):
    """A line is not what was once written for this problem; the message says why."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first line: version of the format, digest and name of the problem, how it is solved.

    ``road`` is empty where that does not matter.
    """

    version: int
    digest: str
    name: str
    road: str


def sealed(content: dict[str, Any], digest: str) -> bytes:
    """A line without its end."""
    body = json.dumps(content, separators=(",", ":")).encode("ascii")[:-1]
    return body + _seal(body, digest)


def _seal(body: bytes, digest: str) -> bytes:
    check = hashlib.sha256(digest.encode("utf-8", "surrogatepass") + b"\n" + body).hexdigest()
    return b',"check":"' + check[:_CHECK_DIGITS].encode("ascii") + b'"}'


_SEAL_LENGTH = len(_seal(b"", ""))


def unsealed(line: bytes, digest: str) -> dict[str, Any]:
    """What a line without its end holds, the check left out.

    Raises
    ------
    DamageError
        If its check does not fit, or it is no JSON object.
    """
    body, seal = line[:-_SEAL_LENGTH], line[-_SEAL_LENGTH:]
    if seal != _seal(body, digest):
        raise DamageError("its check does not fit")
    return _object(body)


def _object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body + b"}")
    except (ValueError, RecursionError) as error:
        raise DamageError("it is no JSON object") from error
    if not isinstance(content, dict):
        raise DamageError("it is no JSON object")
    return content


def header_line(digest: str, name: str, objectives: Sequence[str], road: str = "") -> bytes:
    """The first line, line end included."""
    content = {
        "fleetfront_checkpoint": VERSION,
        "program": digest,
        "name": name,
        "objectives": list(objectives),
        **({"road": road} if road else {}),
    }
    return sealed(content, digest) + b"\n"


def read_header(line: bytes) -> Header:
    """Read a first line, of whatever problem, without its line end.

    Raises
    ------
    DamageError
        If it is none.
    """
    content = _object(line[:-_SEAL_LENGTH])
    match content:
        case {"fleetfront_checkpoint": int(version), "program": str(digest), "name": str(name)}:
            unsealed(line, digest)
            return Header(version, digest, name, str(content.get("road", "")))
        case _:
            raise DamageError("it does not name a problem")
