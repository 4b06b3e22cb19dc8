"""One fit of an operator family to measured kernel times, and how far it is off.

Three ways to hold rows out, from easy to hard: ``random`` (a random fifth of the rows), ``shape``
(a random fifth of the whole shapes, every row of them) and ``system`` (no row of the system is
seen: the constants of its sibling are used with the system's own peaks).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

__all__ = [
    "RANDOM",
    "SHAPE",
    "SPLITS",
    "SYSTEM",
    "ErrorSummary",
    "Fit",
    "Free",
    "Predictor",
    "fit_log_time",
    "held_out",
    "summarise_errors",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

RANDOM, SHAPE, SYSTEM = "random", "shape", "system"
SPLITS = (RANDOM, SHAPE, SYSTEM)
"""Names of the three ways to hold rows out."""

Predictor = Callable[[Mapping[str, float]], FloatArray]
"""Named constants to seconds, one for each row that is being fitted."""


@dataclass(frozen=True, slots=True)
class ErrorSummary:
    """Relative error of predicted times over ``rows`` rows that the fit did not see.

    Parameters
    ----------
    median, p95
        Of ``|predicted / measured - 1|``.
    bias
        Geometric mean of ``predicted / measured``, less one: positive is too slow.
    """

    median: float
    p95: float
    bias: float
    rows: int


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Constants of one operator family for one system and precision, with their errors.

    Parameters
    ----------
    family
        Operator family, also the name of its catalog file: ``gemm``, ``moe`` ...
    system, backend, version, precision
        As in the measurements: ``h100_sxm``, ``trtllm``, ``1.3.0rc20``, ``bfloat16``. Kernel
        variants that need constants of their own are part of ``precision``.
    constants, units
        By name; equal keys. A unit is ``"1"`` for a ratio.
    rows
        Rows the shipped constants were fitted to (all of them, nothing held out).
    errors
        By split, see ``SPLITS``; a split that could not be made is absent.
    """

    family: str
    system: str
    backend: str
    version: str
    precision: str
    constants: Mapping[str, float]
    units: Mapping[str, str]
    rows: int
    errors: Mapping[str, ErrorSummary]

    def __post_init__(self) -> None:
        if self.constants.keys() != self.units.keys():
            raise ValueError(f"{self.family}, {self.system}: every constant needs its unit")
        unknown = self.errors.keys() - set(SPLITS)
        if unknown:
            raise ValueError(f"{self.family}, {self.system}: unknown splits {sorted(unknown)}")
        for name in ("constants", "units", "errors"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


@dataclass(frozen=True, slots=True)
class Free:
    """A constant to be fitted: its unit, its start and the bounds that physics sets.

    ``logarithmic`` searches over the logarithm, as suits a positive quantity of unknown scale.
    """

    name: str
    unit: str
    start: float
    lower: float
    upper: float
    logarithmic: bool = True

    def __post_init__(self) -> None:
        if not self.lower < self.start < self.upper:
            raise ValueError(f"{self.name}: the start must lie strictly between the bounds")
        if self.logarithmic and self.lower <= 0:
            raise ValueError(f"{self.name}: a logarithm needs positive bounds")

    def encode(self, value: float) -> float:
        """From the constant to the coordinate that is searched."""
        return float(np.log(value)) if self.logarithmic else value

    def decode(self, coordinate: float) -> float:
        """From the coordinate that is searched to the constant."""
        return float(np.exp(coordinate)) if self.logarithmic else float(coordinate)


def fit_log_time(
    predict: Predictor,
    measured_s: npt.ArrayLike,
    *,
    free: Sequence[Free],
    soft_error: float = 0.1,
    max_evaluations: int = 200,
) -> dict[str, float]:
    """Robust least squares on the logarithm of time; deterministic.

    Parameters
    ----------
    predict
        Seconds (n,) from named constants; must be finite and positive within the bounds.
    measured_s : (n,)
        Measured seconds, positive.
    free
        The constants to be found.
    soft_error
        Relative error beyond which a row counts about linearly, not quadratically
        (``loss="soft_l1"``): outliers and kernel-choice cliffs do not drag the fit.
    max_evaluations
        Bound on evaluations of the residual, those for the derivative not counted.

    Returns
    -------
    dict
        The constants by name.
    """
    target = np.log(np.asarray(measured_s, dtype=np.float64))

    def named(coordinates: FloatArray) -> dict[str, float]:
        return {
            f.name: min(max(f.decode(float(x)), f.lower), f.upper)
            for f, x in zip(free, coordinates, strict=True)
        }

    def residual(coordinates: FloatArray) -> FloatArray:
        logs: FloatArray = np.log(predict(named(coordinates))) - target
        return logs

    solution = least_squares(
        residual,
        x0=[f.encode(f.start) for f in free],
        bounds=([f.encode(f.lower) for f in free], [f.encode(f.upper) for f in free]),
        loss="soft_l1",
        f_scale=soft_error,
        x_scale="jac",
        diff_step=[1e-4] * len(free),
        max_nfev=max_evaluations,
    )
    return named(np.asarray(solution.x, dtype=np.float64))


def held_out(groups: npt.ArrayLike, *, share: float = 0.2, seed: int = 0) -> BoolArray:
    """Which rows to hold out so that no group has rows on both sides.

    Parameters
    ----------
    groups : (n,)
        A whole number a row: the shape it belongs to, or its own position for a random split.
    share
        Share of the groups to hold out, at least one group.

    Returns
    -------
    (n,) bool
        True for the rows held out.

    Raises
    ------
    ValueError
        With fewer than two groups: nothing would be left on one side.
    """
    names, position = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) < 2:
        raise ValueError("holding out needs at least two groups of rows")
    count = min(max(1, round(share * len(names))), len(names) - 1)
    chosen = np.zeros(len(names), dtype=np.bool_)
    chosen[np.random.default_rng(seed).permutation(len(names))[:count]] = True
    rows: BoolArray = chosen[position.reshape(-1)]
    return rows


def summarise_errors(predicted_s: npt.ArrayLike, measured_s: npt.ArrayLike) -> ErrorSummary:
    """Median, 95th percentile and bias of the relative error; arrays (n,) in seconds, n >= 1."""
    ratio = np.asarray(predicted_s, dtype=np.float64) / np.asarray(measured_s, dtype=np.float64)
    off = np.abs(ratio - 1.0)
    return ErrorSummary(
        median=float(np.median(off)),
        p95=float(np.quantile(off, 0.95)),
        bias=float(np.exp(np.mean(np.log(ratio))) - 1.0),
        rows=int(ratio.size),
    )
