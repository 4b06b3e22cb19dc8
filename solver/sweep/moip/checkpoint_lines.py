"""Lines of a checkpoint: one JSON object each, closed by a check over its own bytes.

The first line is ``{"fleetfront_checkpoint": 1, "program", "name", "objectives", "check"}``; every
other is ``{"point", "x", "check"}``, where ``x`` maps the index of a column to its value if that is
not zero, or ``{"claim": {"upper", "weights", "bound", "engine", "closed_by"}, "check"}``.

The check is a shortened SHA-256 of the digest of the problem and of the bytes before the check. No
other byte is free, so that a damaged line is never read as something else. A point is evaluated
again in integers; a claim is believed as far as the check goes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from formulations.milp import IntArray
from formulations.moip.problem import Image, MultiObjectiveProgram
from solver.engines.guard import violation
from solver.sweep.moip.claims import Claim, ClosedBy, FoundPoint

__all__ = [
    "BEGINNING",
    "VERSION",
    "DamageError",
    "Header",
    "LineCodec",
    "Record",
    "read_header",
]

VERSION = 1
BEGINNING = b'{"fleetfront_checkpoint":'
"""How every checkpoint begins."""

_CHECK_DIGITS = 16
_CLOSED_BY: dict[str, ClosedBy] = {name: name for name in get_args(ClosedBy)}

Record = FoundPoint | Claim


class DamageError(ValueError):
    """A line is not what was once written for this problem; the message says why."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first line: version of the format, digest and name of the problem."""

    version: int
    digest: str
    name: str


def _sealed(content: dict[str, Any], digest: str) -> bytes:
    body = json.dumps(content, separators=(",", ":")).encode("ascii")[:-1]
    return body + _seal(body, digest)


def _seal(body: bytes, digest: str) -> bytes:
    check = hashlib.sha256(digest.encode("utf-8", "surrogatepass") + b"\n" + body).hexdigest()
    return b',"check":"' + check[:_CHECK_DIGITS].encode("ascii") + b'"}'


_SEAL_LENGTH = len(_seal(b"", ""))


def _object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body + b"}")
    except (ValueError, RecursionError) as error:
        raise DamageError("it is no JSON object") from error
    if not isinstance(content, dict):
        raise DamageError("it is no JSON object")
    return content


def read_header(line: bytes) -> Header:
    """Read a first line, of whatever problem, without its line end.

    Raises
    ------
    DamageError
        If it is none.
    """
    body, seal = line[:-_SEAL_LENGTH], line[-_SEAL_LENGTH:]
    match _object(body):
        case {"fleetfront_checkpoint": int(version), "program": str(digest), "name": str(name)}:
            if seal != _seal(body, digest):
                raise DamageError("its check does not fit")
            return Header(version, digest, name)
        case _:
            raise DamageError("it does not name a problem")


class LineCodec:
    """Writes and reads the lines for one problem."""

    def __init__(self, program: MultiObjectiveProgram) -> None:
        self._program = program
        self.digest = program.digest
        self.name = program.name

    def header(self) -> bytes:
        """The first line, line end included."""
        content = {
            "fleetfront_checkpoint": VERSION,
            "program": self.digest,
            "name": self.name,
            "objectives": list(self._program.objective_names),
        }
        return _sealed(content, self.digest) + b"\n"

    def write(self, record: Record) -> bytes:
        """One line, line end included."""
        if isinstance(record, FoundPoint):
            x = record.x
            content: dict[str, Any] = {
                "point": [int(value) for value in record.image],
                "x": {str(j): int(x[j]) for j in np.flatnonzero(x).tolist()},
            }
        else:
            weights, bound = record.weights, record.bound
            content = {
                "claim": {
                    "upper": [int(u) for u in record.upper],
                    "weights": None if weights is None else [int(w) for w in weights],
                    "bound": None if bound is None else int(bound),
                    "engine": record.engine,
                    "closed_by": record.closed_by,
                }
            }
        return _sealed(content, self.digest) + b"\n"

    def read(self, line: bytes) -> Record:
        """Read one line that is not the first, without its line end.

        Raises
        ------
        DamageError
            If it was not written for this problem, or its point fails in integers.
        """
        body, seal = line[:-_SEAL_LENGTH], line[-_SEAL_LENGTH:]
        if seal != _seal(body, self.digest):
            raise DamageError("its check does not fit")
        match _object(body):
            case {"point": list(image), "x": dict(x)}:
                return self._point(image, x)
            case {
                "claim": {
                    "upper": list(upper),
                    "weights": None | list() as weights,
                    "bound": None | int() as bound,
                    "engine": str(engine),
                    "closed_by": str(closed_by),
                }
            }:
                return self._claim(upper, weights, bound, engine, closed_by)
            case _:
                raise DamageError("it holds neither a point nor a claim")

    def _integers(self, values: list[Any], what: str) -> Image:
        """One integer for each objective."""
        p = self._program.n_objectives
        if len(values) != p or any(type(value) is not int for value in values):
            raise DamageError(f"{what} is not {p} integers")
        return tuple(values)

    def _point(self, image: list[Any], x: dict[str, Any]) -> FoundPoint:
        values = self._columns(x)
        broken = violation(self._program.milp, values, {})
        if broken is not None:
            raise DamageError(f"its point fails in integers: {broken}")
        told, ours = self._integers(image, "its image"), self._program.image(values)
        if told != ours:
            raise DamageError(f"its point has the objectives {ours}, not {told}")
        return FoundPoint(ours, values)

    def _columns(self, x: dict[str, Any]) -> IntArray:
        values = np.zeros(self._program.milp.n_columns, dtype=np.int64)
        for key, value in x.items():
            if not (key.isdecimal() and key.isascii() and int(key) < len(values)):
                raise DamageError(f"there is no column {key}")
            if type(value) is not int or abs(value) >= 2**63:
                raise DamageError(f"column {key} has no integer value")
            values[int(key)] = value
        values.setflags(write=False)
        return values

    def _claim(
        self,
        upper: list[Any],
        weights: list[Any] | None,
        bound: int | None,
        engine: str,
        closed_by: str,
    ) -> Claim:
        if type(bound) is bool or closed_by not in _CLOSED_BY:
            raise DamageError("its claim is none")
        try:
            return Claim(
                upper=self._integers(upper, "the corner of its claim"),
                weights=None if weights is None else self._integers(weights, "its weights"),
                bound=bound,
                engine=engine,
                closed_by=_CLOSED_BY[closed_by],
            )
        except DamageError:
            raise
        except ValueError as error:
            raise DamageError(f"its claim is none: {error}") from error
