"""Constants of every measured family, and how far they are off on rows held out.

A table of n rows frees its n / 3 most telling constants; the others are held (``families`` says at
what). Free ones are drawn to their shipped values too, so weakly that one row outweighs it: a
constant that no row tells stays where it was. Choices are made on rows that no split holds out. The
split ``system`` compares the shipped constants with this machine: how much the calibration changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from solver.calibration.families import Candidate, Family, family_of
from solver.calibration.measure import Measurements, Table
from solver.calibration.reference import Reference, reference_constants
from solver.catalog.domain import Accelerator
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
from solver.performance.operators.device import Device

__all__ = ["LEAST_ROWS", "FamilyFit", "fit_measurements"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

LEAST_ROWS = 8
"""Fewer rows are not fitted: nothing would be left to hold out."""

_ROWS_A_CONSTANT = 3
_PRIOR_WEIGHT = 0.05
"""A constant e times its shipped value weighs as much as one row that is 5 % off."""
_DRAWS = 3
_SOFT_ERROR = 0.1
_EVALUATIONS = 40
_SCREENING_EVALUATIONS = 10


@dataclass(frozen=True, slots=True, eq=False)
class FamilyFit:
    """A fit, the rows behind it, and the constants that were not fitted.

    Parameters
    ----------
    held
        Names, in the order of the constants.
    held_at
        Whose constants they are.
    """

    fit: Fit
    table: Table
    held: tuple[str, ...]
    held_at: str


def fit_measurements(
    measured: Measurements,
    device: Device,
    *,
    accelerator: Accelerator,
    measured_peaks: bool,
    backend: str,
    version: str,
    collective_library: str,
    seed: int,
) -> tuple[list[FamilyFit], list[str]]:
    """Fit every table with enough rows.

    Parameters
    ----------
    accelerator, measured_peaks
        Catalog entry that the device extends; its own where measured peaks stand in.
    backend, version, collective_library
        Names to be written: ``pytorch``, its version, ``nccl``.
    seed
        Of the rows held out.

    Returns
    -------
    tuple
        The fits, and why tables were not fitted.
    """
    fits: list[FamilyFit] = []
    refused: list[str] = []
    for table in measured.tables:
        if table.latency_s.size < LEAST_ROWS:
            refused.append(
                f"{table.family} at {table.precision} has {table.latency_s.size} rows, "
                f"a fit needs {LEAST_ROWS}"
            )
            continue
        reference = reference_constants(
            table.family, table.precision, accelerator=accelerator, device=device
        )
        family = family_of(table, device, reference, measured_peaks=measured_peaks)
        is_collective = table.family == "collective"
        fits.append(
            _fit_family(
                family,
                reference,
                system=device.name,
                backend=collective_library if is_collective else backend,
                version=version,
                seed=seed,
            )
        )
    return fits, refused


def _fit_family(
    family: Family, reference: Reference, *, system: str, backend: str, version: str, seed: int
) -> FamilyFit:
    count = family.table.latency_s.size
    groups: dict[str, npt.NDArray[np.int64]] = {
        RANDOM: np.arange(count, dtype=np.int64),
        SHAPE: family.shapes,
    }
    unseen = {
        split: [held_out(group, seed=seed + draw) for draw in range(_DRAWS)]
        for split, group in groups.items()
        if np.unique(group).size > 1
    }
    never_held = np.logical_and.reduce([~masks[0] for masks in unseen.values()])
    candidate = _chosen(family, never_held)
    everything = np.ones(count, dtype=np.bool_)
    constants = _fit(family, candidate, everything)
    errors = {split: _pooled_errors(family, candidate, masks) for split, masks in unseen.items()}
    errors[SYSTEM] = summarise_errors(family.predict(family.shipped), family.table.latency_s)
    fitted = {free.name for free in _identified(candidate, count)}
    return FamilyFit(
        fit=Fit(
            family=family.table.family,
            system=system,
            backend=backend,
            version=version,
            precision=family.table.precision,
            constants={name: constants[name] for name in family.units},
            units=family.units,
            rows=count,
            errors=errors,
        ),
        table=family.table,
        held=tuple(name for name in family.units if name not in fitted),
        held_at=reference.of,
    )


def _identified(candidate: Candidate, rows: int) -> tuple[Free, ...]:
    """The constants that so many rows can tell: one at least."""
    return candidate.free[: max(1, rows // _ROWS_A_CONSTANT)]


def _chosen(family: Family, seen: BoolArray) -> Candidate:
    """The candidate that fits best where no split looks."""
    if len(family.candidates) == 1:
        return family.candidates[0]
    misfits: list[float] = []
    for candidate in family.candidates:
        found = _fit(family, candidate, seen, evaluations=_SCREENING_EVALUATIONS)
        off = np.log(family.predict(found)[seen] / family.table.latency_s[seen])
        misfits.append(float(np.mean(np.sqrt(1.0 + (off / _SOFT_ERROR) ** 2))))
    return family.candidates[int(np.argmin(misfits))]


def _fit(
    family: Family, candidate: Candidate, seen: BoolArray, *, evaluations: int = _EVALUATIONS
) -> dict[str, float]:
    """All constants: those that the rows tell fitted, from the held ones on."""
    held = candidate.constants
    free = [_started(f, held[f.name]) for f in _identified(candidate, int(seen.sum()))]

    # The logarithm of a prior's "time" is the weighted distance from its centre, against 1 second.
    centre = np.array([f.encode(f.start) for f in free])
    scale = np.array([1.0 if f.logarithmic else f.upper - f.lower for f in free])

    def predict(values: Mapping[str, float]) -> FloatArray:
        seconds = family.predict({**held, **values})[seen]
        now = np.array([f.encode(values[f.name]) for f in free])
        return np.concatenate([seconds, np.exp(_PRIOR_WEIGHT * (now - centre) / scale)])

    found = fit_log_time(
        predict,
        np.concatenate([family.table.latency_s[seen], np.ones(len(free))]),
        free=free,
        soft_error=_SOFT_ERROR,
        max_evaluations=evaluations,
    )
    return {**held, **found}


def _started(free: Free, value: float) -> Free:
    """The same constant with another start, kept a little inside the bounds."""
    low, high = free.encode(free.lower), free.encode(free.upper)
    margin = 0.01 * (high - low)
    coordinate = free.encode(max(value, free.lower)) if free.logarithmic else value
    return replace(free, start=free.decode(min(max(coordinate, low + margin), high - margin)))


def _pooled_errors(
    family: Family, candidate: Candidate, unseen: Sequence[BoolArray]
) -> ErrorSummary:
    """Errors over several draws: tables are short, and one draw would say little."""
    predicted: list[FloatArray] = []
    measured: list[FloatArray] = []
    for mask in unseen:
        predicted.append(family.predict(_fit(family, candidate, ~mask))[mask])
        measured.append(family.table.latency_s[mask])
    return summarise_errors(np.concatenate(predicted), np.concatenate(measured))
