"""How far fitted constants of serving are off: rows held out by layout, whole systems left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from solver.performance.calibrated.constants import serving_constants
from solver.performance.calibrated.point import ServingPoint
from solver.performance.fitting.serving import FIRST_TOKEN, STEP, Linearised, linearise, refit
from solver.performance.validation.measured.points import MeasuredPoints
from solver.performance.validation.measured.scores import GroupScore, errors_of

__all__ = ["errors_by_system", "leave_one_system_out", "serving_errors"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


def _errors(
    name: str,
    rows: BoolArray,
    predicted: tuple[FloatArray, FloatArray],
    measured: tuple[FloatArray, FloatArray],
) -> GroupScore:
    found = []
    for told, stated in zip(predicted, measured, strict=True):
        chosen = rows & np.isfinite(told) & np.isfinite(stated)
        found.append(errors_of(told[chosen], stated[chosen]))
    return GroupScore(name, found[0], found[1])


def _families(points: Sequence[ServingPoint]) -> Mapping[str, BoolArray]:
    routed = np.array([point.model.moe is not None for point in points])
    return {"dense": ~routed, "MoE": routed, "all": np.ones(len(points), dtype=bool)}


def serving_errors(
    points: Sequence[ServingPoint],
    *,
    predicted: tuple[FloatArray, FloatArray],
    measured: tuple[FloatArray, FloatArray],
    parts: Mapping[str, BoolArray],
) -> list[GroupScore]:
    """Errors of dense models, of MoE models and of both in each part of the rows.

    Parameters
    ----------
    predicted, measured
        TPOT and TTFT, (n,) each in seconds; ``nan`` where there is none.
    parts
        Name -> rows, (n,) each.
    """
    return [
        _errors(f"{part}, {family}", rows & members, predicted, measured)
        for part, rows in parts.items()
        for family, members in _families(points).items()
    ]


def errors_by_system(
    points: Sequence[ServingPoint],
    *,
    step: Linearised,
    first_token: Linearised,
    measured: tuple[FloatArray, FloatArray],
    rows: BoolArray,
) -> list[GroupScore]:
    """Each system predicted by constants refitted without it, on the models linearised."""
    systems = np.array([point.accelerator.name for point in points])
    found = []
    for name in sorted(set(systems[rows])):
        others = rows & (systems != name)
        times = (
            step.times_s(refit(step, measured[0], others, STEP)),
            first_token.times_s(refit(first_token, measured[1], others, FIRST_TOKEN)),
        )
        found.append(_errors(f"without {name}", rows & (systems == name), times, measured))
    return found


def leave_one_system_out(measured: MeasuredPoints) -> list[GroupScore]:
    """Each system of a file predicted by constants refitted on the other systems.

    The model is linearised around the shipped constants; only rows that it predicts count. Takes
    about a minute for 2,000 rows.
    """
    rows = np.flatnonzero(measured.scored)
    points = [point for point in (measured.points[row] for row in rows) if point is not None]
    constants = serving_constants()
    step = linearise(points, constants, tuple(STEP), first_token=False)
    return errors_by_system(
        points,
        step=step,
        first_token=linearise(points, constants, tuple(FIRST_TOKEN), first_token=True),
        measured=(measured.tpot_s[rows], measured.ttft_s[rows]),
        rows=np.isfinite(step.at),
    )
