"""Fit the matrix-multiplication constants of every measured system and precision.

Which rows a system and precision is fitted to is told in ``gemm_rows``. Systems without a catalog
entry are left out. At most ``FITTED_ROWS`` rows, drawn at random, go into a fit; the errors are
over all rows held out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from solver.performance.fitting.fit import (
    RANDOM,
    SHAPE,
    SYSTEM,
    ErrorSummary,
    Fit,
    Free,
    fit_log_time,
    held_out,
    summarise_errors,
)
from solver.performance.fitting.gemm_rows import GemmRows, gemm_rows
from solver.performance.operators.device import MEASURED_SYSTEMS, Device, device_of_system
from solver.performance.operators.gemm import OPERANDS, UNITS, constants_from, gemm_s

__all__ = ["FAMILY", "FREE", "SIBLINGS", "fit_family", "predict_rows_s"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

FAMILY = "gemm"
FITTED_ROWS = 2500
EVALUATIONS = 40
SOFT_ERROR = 0.03

SIBLINGS: Mapping[str, str] = {
    "a100_sxm": "h100_sxm",
    "h100_sxm": "h200_sxm",
    "h200_sxm": "h100_sxm",
    "b200_sxm": "gb200",
    "b300_sxm": "b200_sxm",
    "gb200": "b200_sxm",
    "gb300": "b300_sxm",
    "l40s": "rtx_pro_6000_server",
    "rtx_pro_6000_server": "l40s",
}
"""Whose constants stand in for a system's own in the whole-system split: nearest in design."""


def _free(name: str, start: float, lower: float, upper: float) -> Free:
    return Free(name, UNITS[name], start, lower, upper)


FREE: tuple[Free, ...] = (
    _free("share_of_peak", 0.8, 0.1, 1.0),
    _free("tile_bytes_per_s", 3e11, 1e10, 1e13),
    _free("k_step_s", 3e-10, 1e-12, 1e-8),
    _free("hbm_share", 0.85, 0.2, 0.95),
    _free("l2_speedup", 2.2, 1.0, 20.0),
    _free("resident_share", 0.14, 0.005, 1.0),
    _free("activation_traffic", 1.0, 0.05, 10.0),
    _free("output_traffic", 1.0, 0.05, 10.0),
    _free("quantise_traffic", 0.5, 1e-3, 20.0),
    _free("split_s", 2e-6, 1e-8, 1e-3),
    _free("wave_s", 3e-7, 1e-9, 1e-5),
    _free("fixed_s", 2e-6, 1e-7, 1e-4),
    _free("overlap", 2.5, 1.05, 20.0),
    _free("tail_share", 0.3, 1e-3, 1.0 + 1e-6),
    _free("choice", 15.0, 1.0, 200.0),
)
"""The fifteen constants with their starts and bounds; the same for every system and precision."""


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """Constants from all rows of a table, and errors by split of fits that did not see all."""

    constants: Mapping[str, float]
    errors: Mapping[str, ErrorSummary]


def fit_family(folder: Path, *, systems: Sequence[str] | None = None, seed: int = 0) -> list[Fit]:
    """Fit every system and precision of ``folder / "gemm.parquet"``.

    Parameters
    ----------
    folder
        The kernel measurements.
    systems
        Names to fit, such as ``h100_sxm``; all of the file by default. Siblings of the systems are
        fitted as well where the whole-system split needs them, but not returned.
    seed
        Of the rows held out and of the rows fitted.

    Returns
    -------
    list of Fit
        In the order of system and precision in the file.

    Raises
    ------
    ValueError
        For a system that the file does not have or the catalog does not know.
    """
    frame = pd.read_parquet(folder / f"{FAMILY}.parquet")
    present = [name for name in MEASURED_SYSTEMS if (frame["system"] == name).any()]
    wanted = present if systems is None else list(systems)
    unknown = sorted(set(wanted) - set(present))
    if unknown:
        raise ValueError(f"no matrix multiplications of {', '.join(unknown)}; there are {present}")
    needed = dict.fromkeys([*wanted, *(SIBLINGS[name] for name in wanted)])
    tables = {
        (name, precision): rows
        for name in present
        if name in needed
        for precision in OPERANDS
        if (rows := gemm_rows(frame, name, precision)) is not None
    }
    fitted: dict[tuple[str, str], _Fitted] = {}

    def fit_once(key: tuple[str, str]) -> _Fitted:
        if key not in fitted:
            fitted[key] = _fit_all(tables[key], seed)
        return fitted[key]

    fits: list[Fit] = []
    for key, rows in tables.items():
        if rows.system not in wanted:
            continue
        own = fit_once(key)
        errors = dict(own.errors)
        sibling = (SIBLINGS[rows.system], rows.precision)
        if sibling in tables:
            everything = np.ones(rows.m.size, dtype=np.bool_)
            errors[SYSTEM] = _errors(fit_once(sibling).constants, rows, everything)
        fits.append(
            Fit(
                family=FAMILY,
                system=rows.system,
                backend=rows.backend,
                version=rows.version,
                precision=rows.precision,
                constants=own.constants,
                units=UNITS,
                rows=rows.m.size,
                errors=errors,
            )
        )
    return fits


def predict_rows_s(
    values: Mapping[str, float],
    device: Device,
    *,
    precision: str,
    m: FloatArray,
    n: FloatArray,
    k: FloatArray,
) -> FloatArray:
    """Seconds (rows,) as the timing loop sees them, small weights in the cache."""
    return gemm_s(
        constants_from(values), device, precision=precision, m=m, n=n, k=k, weights_in_cache=True
    )


def _fit_all(rows: GemmRows, seed: int) -> _Fitted:
    """Constants from all rows, and errors of the two fits that do not see all.

    The first fit starts from ``FREE``, the others from its end, which only saves time: the
    optimum of a fit does not depend on rows it does not see.
    """
    shape, alone = held_out(rows.shape, seed=seed), held_out(np.arange(rows.m.size), seed=seed)
    by_shape = _fit(rows, ~shape, FREE, seed)
    begun = tuple(_started(free, by_shape[free.name]) for free in FREE)
    by_row = _fit(rows, ~alone, begun, seed)
    return _Fitted(
        constants=_fit(rows, np.ones(rows.m.size, dtype=np.bool_), begun, seed),
        errors={RANDOM: _errors(by_row, rows, alone), SHAPE: _errors(by_shape, rows, shape)},
    )


def _started(free: Free, value: float) -> Free:
    """The same constant with another start, kept a little inside the bounds."""
    low, high = free.encode(free.lower), free.encode(free.upper)
    inside = min(max(free.encode(value), low + 0.001 * (high - low)), high - 0.001 * (high - low))
    return replace(free, start=free.decode(inside))


def _fit(rows: GemmRows, seen: BoolArray, free: Sequence[Free], seed: int) -> dict[str, float]:
    """Constants from the rows that may be seen."""
    index = np.flatnonzero(seen)
    if index.size > FITTED_ROWS:
        index = np.sort(np.random.default_rng(seed).choice(index, FITTED_ROWS, replace=False))
    device = device_of_system(rows.system)
    m, n, k = rows.m[index], rows.n[index], rows.k[index]

    def predict(values: Mapping[str, float]) -> FloatArray:
        return predict_rows_s(values, device, precision=rows.precision, m=m, n=n, k=k)

    return fit_log_time(
        predict,
        rows.latency_s[index],
        free=free,
        soft_error=SOFT_ERROR,
        max_evaluations=EVALUATIONS,
    )


def _errors(values: Mapping[str, float], rows: GemmRows, out: BoolArray) -> ErrorSummary:
    """Errors over the rows held out."""
    predicted_s = predict_rows_s(
        values,
        device_of_system(rows.system),
        precision=rows.precision,
        m=rows.m[out],
        n=rows.n[out],
        k=rows.k[out],
    )
    return summarise_errors(predicted_s, rows.latency_s[out])
