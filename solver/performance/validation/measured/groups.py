"""What measured rows are grouped by: to report errors, to form sweeps, to hold rows out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from solver.performance.calibrated.point import Layout, ServingPoint
from solver.performance.validation.measured.points import MeasuredPoints
from solver.performance.validation.measured.rows import MeasuredRow

__all__ = [
    "GROUPINGS",
    "held_out",
    "is_held_out",
    "layout_text",
    "leave_one_out",
    "model_name",
    "precision_text",
]

BoolArray = npt.NDArray[np.bool_]
SPLIT_SEED, SPLIT_SHARE = 0, 0.3
"""Split by which the shipped constants of serving were fitted."""

Grouping = Callable[[MeasuredRow, ServingPoint], str]


def _layout_text(layout: Layout) -> str:
    parts = [f"tp{layout.tensor_parallel}"]
    if layout.pipeline_parallel > 1:
        parts.append(f"pp{layout.pipeline_parallel}")
    if layout.attention_data_parallel > 1:
        parts.append(f"dp{layout.attention_data_parallel}")
    if layout.expert_parallel > 1:
        parts.append(f"ep{layout.expert_parallel}")
    return "-".join(parts)


def layout_text(point: ServingPoint) -> str:
    """The layout of a deployment in words: ``tp4-ep4``, or ``2 x tp4 + 1 x dp8-ep8`` for pools."""
    if point.aggregated is not None:
        return _layout_text(point.aggregated)
    assert point.prefill is not None
    assert point.decode is not None
    return " + ".join(
        f"{pool.workers} x {_layout_text(pool.layout)}" for pool in (point.prefill, point.decode)
    )


def model_name(point: ServingPoint) -> str:
    """The model, one name for all of one shape: DeepSeek-R1 is served as DeepSeek-V3 is."""
    return "DeepSeek-V3/R1" if point.model.family == "deepseek_v3" else point.model.name


def precision_text(point: ServingPoint) -> str:
    """The format of the routed experts, or of all weights where there are none."""
    return point.expert_format if point.model.moe is not None else point.weight_format


def is_held_out(
    row: MeasuredRow, point: ServingPoint, *, seed: int = SPLIT_SEED, share: float = SPLIT_SHARE
) -> bool:
    """Whether the layout of a row is held out of a fit; see ``held_out``."""
    key = (row.system, row.backend, model_name(point), precision_text(point))
    text = "|".join((str(seed), *key, layout_text(point)))
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return number < share * 2.0**64


def _part(row: MeasuredRow, point: ServingPoint) -> str:
    part = "not seen" if is_held_out(row, point) else "seen"
    return f"{part}, {'dense' if point.model.moe is None else 'MoE'}"


def _engine_version(row: MeasuredRow, _point: ServingPoint) -> str:
    return f"{row.backend} {row.version or '(no version)'}"


GROUPINGS: Mapping[str, Grouping] = MappingProxyType(
    {
        "system": lambda row, _point: row.system,
        "engine": lambda row, _point: row.backend,
        "engine and version": _engine_version,
        "model": lambda _row, point: model_name(point),
        "family": lambda _row, point: "dense" if point.model.moe is None else "MoE",
        "precision": lambda _row, point: precision_text(point),
        "mode": lambda row, _point: row.mode,
        "layout in the fit": _part,
    }
)
"""Names of the groupings that errors are reported by, and the group of a row."""


def held_out(points: MeasuredPoints, seed: int, *, share: float = SPLIT_SHARE) -> BoolArray:
    """Rows whose deployment layout is held out of a fit: (n,), false where a row has no point.

    The split is by (system, engine, model, precision, layout): all lengths, loads and releases of
    one layout fall on one side. A hash of these and of ``seed`` decides, so that a layout stays on
    its side whatever other rows a file holds.

    Raises
    ------
    ValueError
        If ``share`` is not within 0 and 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"a share lies within 0 and 1 (got {share})")
    mask = np.zeros(len(points), dtype=np.bool_)
    for at, (row, point) in enumerate(zip(points.rows, points.points, strict=True)):
        if point is None:
            continue
        mask[at] = is_held_out(row, point, seed=seed, share=share)
    return mask


def leave_one_out(points: MeasuredPoints) -> dict[str, BoolArray]:
    """For each system with scored rows, its scored rows, which a fit is not to see; (n,) each."""
    scored = points.scored
    systems = np.array([row.system for row in points.rows])
    return {str(name): (systems == name) & scored for name in sorted(set(systems[scored]))}
