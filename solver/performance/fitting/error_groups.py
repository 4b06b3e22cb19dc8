"""The file of the model's errors by kind of question, from measured points (``model_errors``)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from solver.catalog.model_errors import ANY
from solver.performance.calibrated.point import ServingPoint
from solver.performance.model_error import LEAST_ROWS
from solver.performance.validation.measured.scores import errors_of

__all__ = ["error_groups_text"]

FloatArray = npt.NDArray[np.float64]


def _kind(point: ServingPoint) -> tuple[str, str, str, str]:
    """Family, accelerator, weight format (of the experts where there are any), mode."""
    routed = point.model.moe is not None
    return (
        "moe" if routed else "dense",
        point.accelerator.name,
        point.expert_format if routed else point.weight_format,
        "disaggregated" if point.aggregated is None else "aggregated",
    )


def error_groups_text(
    points: Sequence[ServingPoint],
    *,
    predicted: tuple[FloatArray, FloatArray],
    measured: tuple[FloatArray, FloatArray],
    source: str,
    as_of: str,
) -> str:
    """TOML of every group of at least ``LEAST_ROWS`` rows, each key stated or ``any``.

    Parameters
    ----------
    predicted, measured
        TPOT and TTFT, (n,) each in seconds; rows without a finite TPOT are left out.
    """
    kinds = [_kind(point) for point in points]
    usable = np.isfinite(predicted[0]) & np.isfinite(measured[0])
    groups: dict[tuple[str, ...], list[int]] = {}
    for row in np.flatnonzero(usable).tolist():
        for fixed in itertools.product((True, False), repeat=4):
            key = tuple(k if f else ANY for k, f in zip(kinds[row], fixed, strict=True))
            groups.setdefault(key, []).append(row)
    lines = [
        "# How far the performance models were off against measured serving points, by kind of",
        "# question; written by scripts/fit_serving.py, read by solver/catalog/model_errors.py.",
        "# median and p95 are of |predicted / measured - 1|; bias is the geometric mean of",
        '# predicted / measured, less 1 (positive: the model is too slow). "any": all together.',
        "schema = 1",
        f'source = "{source}"',
        f'as_of = "{as_of}"',
    ]
    for key in sorted(groups):
        rows = np.array(groups[key])
        tpot = errors_of(predicted[0][rows], measured[0][rows])
        if tpot is None or tpot.rows < LEAST_ROWS:
            continue
        stated = rows[np.isfinite(measured[1][rows]) & np.isfinite(predicted[1][rows])]
        ttft = errors_of(predicted[1][stated], measured[1][stated])
        family, accelerator, weight_format, mode = key
        lines += [
            "",
            "[[groups]]",
            'model = "calibrated"',
            f'family = "{family}"',
            f'accelerator = "{accelerator}"',
            f'weight_format = "{weight_format}"',
            f'mode = "{mode}"',
            f"rows = {tpot.rows}",
            f"tpot = {{ median = {tpot.median:.4f}, p95 = {tpot.p95:.4f}, "
            f"bias = {tpot.bias:.4f} }}",
        ]
        if ttft is not None:
            lines.append(f"ttft = {{ median = {ttft.median:.4f}, p95 = {ttft.p95:.4f} }}")
    return "\n".join(lines) + "\n"
