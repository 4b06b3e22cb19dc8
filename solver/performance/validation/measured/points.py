"""From measured rows to deployments the model can be asked about; every other row with a reason.

Lengths: the rows dumped from public sweeps state nominal lengths, but those sweeps draw each
request's lengths evenly from 80 % to 100 % of nominal (``--random-range-ratio 0.8`` of their
benchmark client), so the mean is 0.9 x nominal. The sums the file states (latency = TTFT + TPOT x
(osl - 1)) are made with nominal lengths and cannot tell. Other sources mean what they state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from solver.catalog.domain import Model
from solver.performance.calibrated.point import ServingPoint
from solver.performance.validation.measured.deployments import (
    aggregated_concurrency,
    aggregated_layout,
    disaggregated_pools,
    group_of,
    summed_devices,
)
from solver.performance.validation.measured.duplicates import same_measurements
from solver.performance.validation.measured.formats import accelerator_of, formats_of, model_of
from solver.performance.validation.measured.rows import MeasuredRow, read_measured_rows
from solver.performance.validation.measured.speculative import speculative_reasons

__all__ = ["DUPLICATE", "MeasuredPoints", "measured_points", "read_measured_points"]

DUPLICATE = "the same measurement as another row: predicted, but counted once"
_SWEEPS = ("source_file=", "db-dump/")
_SWEEP_SHARE = 0.9
"""Mean length over nominal length in the public sweeps."""

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredPoints:
    """Measured rows beside what is asked of the model.

    Parameters
    ----------
    rows
        All rows, in file order.
    points
        The deployment of each row; ``None`` where it is refused.
    refusals
        Why a row is not predicted; ``None`` where it is.
    duplicate_of
        Position of the row that stands for this one in every figure; its own position where the row
        stands for itself.
    """

    rows: tuple[MeasuredRow, ...]
    points: tuple[ServingPoint | None, ...]
    refusals: tuple[str | None, ...]
    duplicate_of: tuple[int, ...]
    ttft_s: FloatArray = field(init=False)
    """Measured, (n,); not a number where a row states none."""
    tpot_s: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        for name in ("ttft_s", "tpot_s"):
            stated = [getattr(row, name) for row in self.rows]
            values = np.array([np.nan if v is None else v for v in stated], dtype=np.float64)
            values.setflags(write=False)
            object.__setattr__(self, name, values)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def scored(self) -> BoolArray:
        """Rows that enter the figures: predicted, measured, and not a copy of another; (n,)."""
        return np.array(
            [
                point is not None and at == self.duplicate_of[at] and row.tpot_s is not None
                for at, (row, point) in enumerate(zip(self.rows, self.points, strict=True))
            ],
            dtype=np.bool_,
        )


def _point(
    row: MeasuredRow, model: Model, summed: frozenset[tuple[str | None, ...]]
) -> ServingPoint | str:
    """The deployment of a row, or why there is none."""
    accelerator = accelerator_of(row)
    if isinstance(accelerator, str):
        return accelerator
    formats = formats_of(row, model)
    if isinstance(formats, str):
        return formats
    share = _SWEEP_SHARE if (row.source or "").startswith(_SWEEPS) else 1.0
    concurrency = row.concurrency
    aggregated, prefill, decode = None, None, None
    if row.mode == "agg":
        if group_of(row) in summed:
            return "tp_size counts the devices of several workers: it does not divide the heads"
        layout = aggregated_layout(row, model)
        if isinstance(layout, str):
            return layout
        aggregated, concurrency = layout, aggregated_concurrency(row)
    else:
        pools = disaggregated_pools(row, model)
        if isinstance(pools, str):
            return pools
        prefill, decode = pools
    if concurrency is None:
        return "concurrency is not stated"
    return ServingPoint(
        model=model,
        accelerator=accelerator,
        weight_format=formats.weight,
        expert_format=formats.expert,
        kv_format=formats.kv,
        input_tokens=share * row.isl,
        output_tokens=share * row.osl,
        concurrency=concurrency,
        aggregated=aggregated,
        prefill=prefill,
        decode=decode,
    )


def _shape(model: Model | str) -> str:
    """One text for all models that are served alike, another for each that is not known."""
    return model if isinstance(model, str) else f"{model.family} {model.layers} x {model.d_model}"


def measured_points(rows: Sequence[MeasuredRow]) -> MeasuredPoints:
    """Ask about every row: a deployment, or the reason why there is none.

    In this order: what cannot be read is refused; copies of a measurement are found, and one that
    cannot be read borrows the deployment of its copy that can; what is faster than the hardware
    allows without speculation, or than an equal deployment, is refused as speculative.
    """
    found = {path: model_of(row) for path, row in {row.model_path: row for row in rows}.items()}
    models = {path: model for path, model in found.items() if not isinstance(model, str)}
    summed = summed_devices(rows, models)
    points: list[ServingPoint | None] = []
    refusals: list[str | None] = []
    for row in rows:
        model = found[row.model_path]
        answer = model if isinstance(model, str) else _point(row, model, summed)
        points.append(None if isinstance(answer, str) else answer)
        refusals.append(answer if isinstance(answer, str) else None)
    shapes = [_shape(found[row.model_path]) for row in rows]
    leaders = same_measurements(rows, shapes, [point is not None for point in points])
    for at, leader in enumerate(leaders):
        if points[at] is None and points[leader] is not None:
            points[at], refusals[at] = points[leader], None
    speculative = speculative_reasons(rows, points, leaders)
    for at, leader in enumerate(leaders):
        if speculative[leader] is not None and points[at] is not None:
            points[at], refusals[at] = None, speculative[leader]
    return MeasuredPoints(tuple(rows), tuple(points), tuple(refusals), leaders)


def read_measured_points(path: Path) -> MeasuredPoints:
    """Read a file in the layout of ``serving_points.csv`` and ask about every row.

    Raises
    ------
    FleetError
        As ``read_measured_rows``.
    """
    return measured_points(read_measured_rows(path))
