"""Fit the constants of serving to measured deployments.

Times are close to linear in these constants: each is added as often as its kernel, step or request
occurs. So the model is evaluated once for each constant around the current values, a robust fit of
the logarithms (arctangent loss: a row far off, which is not what its file says, hardly pulls) is
made on the linear model, and that is repeated from the new values. TPOT decides the times of
kernels and steps, TTFT
afterwards those of requests and queues. What an operator of an engine sets, not what a machine does
(tokens a step carries, the share of HBM used, pages), is stated and not fitted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from solver.performance.calibrated.constants import ServingConstants
from solver.performance.calibrated.point import ServingPoint
from solver.performance.calibrated.serving import predict

__all__ = ["FIRST_TOKEN", "STEP", "Linearised", "fit_serving", "linearise", "refit"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

STEP: Mapping[str, tuple[float, float]] = {
    "kernel_s": (2e-7, 1e-5),
    "expert_kernels_s": (1e-6, 1e-4),
    "step_s": (1e-5, 1e-2),
    "sequence_s": (1e-8, 1e-4),
}
"""Constants that TPOT decides, with bounds that physics sets."""

FIRST_TOKEN: Mapping[str, tuple[float, float]] = {
    "request_s": (1e-3, 0.5),
    "pools_s": (1e-3, 1.0),
    "burst_share": (1e-3, 1.0),
}
"""Constants that TTFT decides."""

_SOFT = 0.3
"""Relative error beyond which a row pulls less and less."""
_FELT = 1e-9
"""Share of a time below which a constant does not matter to it."""


@dataclass(frozen=True, slots=True, eq=False)
class Linearised:
    """Times around ``centre``: ``at`` (n,), and their change by each constant (n, k)."""

    names: tuple[str, ...]
    centre: FloatArray
    at: FloatArray
    slopes: FloatArray

    def times_s(self, values: FloatArray) -> FloatArray:
        """Times at other values, never below a tenth of those at the centre."""
        moved = self.at + self.slopes @ (values - self.centre)
        return np.asarray(np.maximum(moved, 0.1 * self.at))


def linearise(
    points: Sequence[ServingPoint],
    constants: ServingConstants,
    names: Sequence[str],
    *,
    first_token: bool,
) -> Linearised:
    """Evaluate the model around ``constants``; refused points come out as ``nan``."""

    def times(values: ServingConstants) -> FloatArray:
        found = predict(points, values)
        return found.ttft_s if first_token else found.tpot_s

    centre = np.array([getattr(constants, name) for name in names])
    at = times(constants)
    slopes = np.empty((len(points), len(names)))
    for column, (name, value) in enumerate(zip(names, centre.tolist(), strict=True)):
        step = 0.1 * value
        slopes[:, column] = (times(replace(constants, **{name: value + step})) - at) / step
    return Linearised(tuple(names), centre, at, slopes)


def refit(
    linear: Linearised,
    measured_s: FloatArray,
    rows: BoolArray,
    bounds: Mapping[str, tuple[float, float]],
) -> FloatArray:
    """Values (k,) that fit the chosen rows best; ``rows`` (n,) with finite times only.

    A constant that no chosen row depends on stays where it is.
    """
    chosen = rows & np.isfinite(linear.at) & np.isfinite(measured_s)
    slopes = linear.slopes[chosen]
    felt = np.any(np.abs(slopes * linear.centre) > _FELT * linear.at[chosen, None], axis=0)
    values = linear.centre.copy()
    if not felt.any():
        return values
    names = [name for name, one in zip(linear.names, felt, strict=True) if one]
    part = Linearised(tuple(names), linear.centre[felt], linear.at[chosen], slopes[:, felt])
    logs = np.log(measured_s[chosen])
    low = np.log([bounds[name][0] for name in names])
    high = np.log([bounds[name][1] for name in names])

    def residuals(x: FloatArray) -> FloatArray:
        return np.asarray(np.log(part.times_s(np.exp(x))) - logs)

    solution = least_squares(
        residuals,
        np.clip(np.log(part.centre), low + 1e-9, high - 1e-9),
        bounds=(low, high),
        loss="arctan",
        f_scale=_SOFT,
    )
    values[felt] = np.exp(solution.x)
    return values


def fit_serving(
    points: Sequence[ServingPoint],
    *,
    ttft_s: FloatArray,
    tpot_s: FloatArray,
    rows: BoolArray,
    start: ServingConstants,
    rounds: int = 3,
) -> tuple[ServingConstants, Linearised, Linearised]:
    """Constants fitted on ``rows`` (n,), and the models linearised around them.

    Parameters
    ----------
    ttft_s, tpot_s
        Measured, (n,), ``nan`` where a row states none.
    """
    constants = start
    for stage, measured in ((STEP, tpot_s), (FIRST_TOKEN, ttft_s)):
        for _ in range(rounds if stage is STEP else 1):
            linear = linearise(points, constants, tuple(stage), first_token=stage is FIRST_TOKEN)
            values = refit(linear, measured, rows, stage)
            constants = replace(
                constants, **dict(zip(stage, (float(f"{v:.4g}") for v in values), strict=True))
            )
    return (
        constants,
        linearise(points, constants, tuple(STEP), first_token=False),
        linearise(points, constants, tuple(FIRST_TOKEN), first_token=True),
    )
