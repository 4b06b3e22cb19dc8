"""Boxes of a fleet sweep as lines of a checkpoint (see ``solver.sweep.checkpoint_lines``).

Every line but the first is ``{"box": {"corner", "at_least"}, "answer": {"bound", "closed_by",
"engine", "solves"}, "plan": {"counts", "shares", "racks"}, "check"}``; ``plan`` is ``null`` where
there is none. Columns go by number; shares are ``[column, class, "p/q"]``, racks ``[orbit, times,
{column: units}]``. A plan is checked again in integers against every limit and its box; a bound is
believed as far as the check of its line goes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from formulations.fleet.plan import FilledRack, FleetPlan, violations
from solver.sweep.checkpoint import Journal
from solver.sweep.checkpoint_lines import DamageError, header_line, sealed, unsealed
from solver.sweep.fleet.image import Image, Objectives
from solver.sweep.fleet.settling import BoxJob, Roads, Settled
from solver.sweep.moip.claims import ClosedBy

__all__ = ["BoxCodec", "open_checkpoint", "problem_digest"]

_CLOSED_BY: dict[str, ClosedBy] = {"infeasible": "infeasible", "bound": "bound"}
_LARGEST = 2**62


def open_checkpoint(
    path: Path, objectives: Objectives, roads: Roads, *, recover: bool = False
) -> Journal[Settled]:
    """Open the checkpoint of a sweep, or begin one where there is no file; see ``Journal``."""
    return Journal(path, BoxCodec(objectives, roads), recover=recover)


def problem_digest(objectives: Objectives) -> str:
    """SHA-256 of all numbers and names of the lowered question, and of what is traded off."""
    content = hashlib.sha256()
    _feed(content.update, (objectives.names, objectives.space.problem))
    return content.hexdigest()


def _feed(update: Any, value: Any) -> None:
    """Every part of a value in turn, each with its kind and size, so that no two read alike."""
    if isinstance(value, np.ndarray):
        update(f"array {value.dtype.str} {value.shape};".encode())
        update(np.ascontiguousarray(value).tobytes())
    elif is_dataclass(value):
        update(f"{type(value).__name__};".encode())
        for part in fields(value):
            _feed(update, getattr(value, part.name))
    elif isinstance(value, Mapping):
        _feed(update, tuple(value.items()))
    elif isinstance(value, tuple):
        update(f"tuple {len(value)};".encode())
        for part in value:
            _feed(update, part)
    elif value is None or isinstance(value, str | int | Fraction):
        update(f"{type(value).__name__} {len(str(value))} {value};".encode("utf-8", "replace"))
    else:
        raise TypeError(f"{type(value).__name__} is no part of a fleet problem")


class BoxCodec:
    """Writes and reads the lines of one question."""

    def __init__(self, objectives: Objectives, roads: Roads) -> None:
        self._objectives = objectives
        self.digest = problem_digest(objectives)
        self.name = objectives.space.instance.name
        # Another road may find another plan first: going on would give a mixture.
        self.road = roads.describe()

    def header(self) -> bytes:
        """The first line, line end included."""
        return header_line(self.digest, self.name, self._objectives.names, self.road)

    def write(self, record: Settled) -> bytes:
        """One line, line end included.

        Raises
        ------
        ValueError
            If the box is not settled.
        """
        if not record.whole:
            raise ValueError("only what is settled is kept")
        content = {
            "box": {"corner": list(record.job.corner), "at_least": record.job.at_least},
            "answer": {
                "bound": record.bound,
                "closed_by": record.closed_by,
                "engine": record.engine,
                "solves": record.solves,
            },
            "plan": None if record.plan is None else _plan_as_json(record.plan),
        }
        return sealed(content, self.digest) + b"\n"

    def read(self, line: bytes) -> Settled:
        """Read one line that is not the first, without its line end.

        Raises
        ------
        DamageError
            If it was not written for this question, or its plan fails in integers.
        """
        match unsealed(line, self.digest):
            case {
                "box": {"corner": list(corner), "at_least": int(at_least)},
                "answer": {
                    "bound": None | int() as bound,
                    "closed_by": str(closed_by),
                    "engine": str(engine),
                    "solves": int(solves),
                },
                "plan": None | dict() as told,
            }:
                pass
            case _:
                raise DamageError("it holds no box")
        if closed_by not in _CLOSED_BY or len(corner) != len(self._objectives.names):
            raise DamageError("its answer is none")
        job = BoxJob(tuple(_integer(value) for value in corner), at_least)
        plan = image = None
        if told is not None:
            plan = self._plan(told)
            image = self._image(plan, job.corner, bound)
        elif (bound is None) != (closed_by == "infeasible"):
            raise DamageError("its answer is none")
        return Settled(job, plan, image, bound, engine, _CLOSED_BY[closed_by], solves)

    def _plan(self, told: Mapping[str, Any]) -> FleetPlan:
        problem = self._objectives.space.problem
        counts = np.zeros(problem.n_columns, dtype=np.int64)
        try:
            for column, count in told["counts"].items():
                counts[int(column)] = _integer(count)
            shares = tuple(
                {(_integer(j), _integer(size)): Fraction(traffic) for j, size, traffic in table}
                for table in told["shares"]
            )
            racks = tuple(
                FilledRack(
                    _integer(orbit),
                    _integer(times),
                    {int(j): _integer(units) for j, units in holds.items()},
                )
                for orbit, times, holds in told["racks"]
            )
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise DamageError(f"its plan is none: {error}") from error
        plan = FleetPlan(counts, shares, racks)
        faults = violations(problem, plan)
        if faults:
            raise DamageError(f"its plan fails in integers: {faults[0]}")
        return plan

    def _image(self, plan: FleetPlan, corner: Image, bound: int | None) -> Image:
        pivot = self._objectives.pivot
        image = self._objectives.image(plan)
        if any(a >= b for a, b in zip(image, corner, strict=True)) or image[pivot] != bound:
            raise DamageError(f"its plan has the objectives {image}, which do not fit its box")
        return image


def _plan_as_json(plan: FleetPlan) -> dict[str, Any]:
    counts = plan.counts
    return {
        "counts": {str(j): int(counts[j]) for j in np.flatnonzero(counts).tolist()},
        "shares": [
            [[j, size, str(traffic)] for (j, size), traffic in sorted(table.items())]
            for table in plan.shares
        ],
        "racks": [
            [rack.orbit, rack.times, {str(j): units for j, units in sorted(rack.holds.items())}]
            for rack in plan.racks
        ],
    }


def _integer(value: object) -> int:
    if type(value) is not int or abs(value) > _LARGEST:
        raise DamageError(f"{value!r:.40} is not a whole number within 2^62")
    return value
