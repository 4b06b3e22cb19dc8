"""Points and claims of a search as lines of a checkpoint (see ``solver.sweep.checkpoint_lines``).

Every line but the first is ``{"point", "x", "check"}``, where ``x`` maps the index of a column to
its value if that is not zero, or
``{"claim": {"upper", "weights", "bound", "engine", "closed_by"}, "check"}``. A point is evaluated
again in integers; a claim is believed as far as the check goes.
"""

from __future__ import annotations

from typing import Any, get_args

import numpy as np

from formulations.milp import IntArray
from formulations.moip.problem import Image, MultiObjectiveProgram
from solver.engines.guard import violation
from solver.sweep.checkpoint_lines import DamageError, header_line, sealed, unsealed
from solver.sweep.moip.claims import Claim, ClosedBy, FoundPoint

__all__ = ["LineCodec", "Record"]

_CLOSED_BY: dict[str, ClosedBy] = {name: name for name in get_args(ClosedBy)}

Record = FoundPoint | Claim


class LineCodec:
    """Writes and reads the lines for one problem."""

    road = ""
    """Points and claims hold however they were found."""

    def __init__(self, program: MultiObjectiveProgram) -> None:
        self._program = program
        self.digest = program.digest
        self.name = program.name

    def header(self) -> bytes:
        """The first line, line end included."""
        return header_line(self.digest, self.name, self._program.objective_names)

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
        return sealed(content, self.digest) + b"\n"

    def read(self, line: bytes) -> Record:
        """Read one line that is not the first, without its line end.

        Raises
        ------
        DamageError
            If it was not written for this problem, or its point fails in integers.
        """
        match unsealed(line, self.digest):
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
