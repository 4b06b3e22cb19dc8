"""Ask the calibrated model about every measured row and compare."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from solver.performance.calibrated.point import ServingPoint
from solver.performance.validation.measured.points import (
    DUPLICATE,
    MeasuredPoints,
    read_measured_points,
)
from solver.performance.validation.measured.regret import Regrets, regrets
from solver.performance.validation.measured.scores import GroupScore, group_scores

__all__ = [
    "PER_ROW_COLUMNS",
    "MeasuredReport",
    "PredictedTimes",
    "Predictor",
    "calibrated_predictor",
    "compare_points",
    "per_row_text",
    "validate_measured",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

PER_ROW_COLUMNS = ("id", "predicted_ttft_s", "predicted_tpot_s", "refused_because")


class PredictedTimes(Protocol):
    """What a performance model answers: (n,) times in seconds, and why it refused (or ``None``)."""

    @property
    def ttft_s(self) -> FloatArray: ...

    @property
    def tpot_s(self) -> FloatArray: ...

    @property
    def refused(self) -> Sequence[str | None]: ...


Predictor = Callable[[Sequence[ServingPoint]], PredictedTimes]


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredReport:
    """Measured rows of one file against the model.

    Parameters
    ----------
    file
        The file's name.
    ttft_s, tpot_s
        Predicted, (n,); not a number where refused.
    refused
        Why a row has no prediction; ``None`` where it has one.
    counted
        Rows that entered the figures, (n,).
    regrets, overall, by
        The figures; ``by`` has the names of ``GROUPINGS``.
    """

    file: str
    points: MeasuredPoints
    ttft_s: FloatArray
    tpot_s: FloatArray
    refused: tuple[str | None, ...]
    counted: BoolArray
    regrets: Regrets
    overall: GroupScore
    by: Mapping[str, tuple[GroupScore, ...]]

    @property
    def rows(self) -> int:
        """Rows of the file."""
        return len(self.points)

    @property
    def left_out(self) -> dict[str, int]:
        """How many rows did not enter the figures, by reason, most first."""
        reasons: Counter[str] = Counter()
        for at, (counted, refused) in enumerate(zip(self.counted, self.refused, strict=True)):
            if counted:
                continue
            if refused is not None:
                reasons[refused] += 1
            elif self.points.duplicate_of[at] != at:
                reasons[DUPLICATE] += 1
            else:
                reasons["no measured time to compare: predicted only"] += 1
        return dict(reasons.most_common())

    def as_dict(self) -> dict[str, Any]:
        """The report as plain JSON; single rows are in the file that ``per_row_text`` writes."""
        return {
            "file": self.file,
            "kind": "measured serving points",
            "rows": self.rows,
            "counted": int(self.counted.sum()),
            "regret": self.regrets.as_dict(),
            "all": self.overall.as_dict(),
            **{
                f"by {grouping}": [score.as_dict() for score in scores]
                for grouping, scores in self.by.items()
            },
            "left_out": self.left_out,
        }


def compare_points(
    points: MeasuredPoints, predict: Predictor, *, file: str = "", only: BoolArray | None = None
) -> MeasuredReport:
    """Predict every row that has a point, and score those that were measured.

    Parameters
    ----------
    predict
        The model: (n,) times for a sequence of n deployments.
    only
        Rows that may be counted, (n,), such as those ``held_out`` of a fit; all by default.
    """
    asked = [at for at, point in enumerate(points.points) if point is not None]
    answer = predict([p for p in points.points if p is not None])
    ttft_s, tpot_s = np.full(len(points), np.nan), np.full(len(points), np.nan)
    ttft_s[asked], tpot_s[asked] = answer.ttft_s, answer.tpot_s
    refused = list(points.refusals)
    for at, reason in zip(asked, answer.refused, strict=True):
        if reason is None and not (np.isfinite(ttft_s[at]) and np.isfinite(tpot_s[at])):
            raise ValueError(f"{points.rows[at].id}: neither a prediction nor a refusal")
        if reason is not None:
            refused[at], ttft_s[at], tpot_s[at] = reason, np.nan, np.nan
    counted = points.scored & np.isfinite(tpot_s)
    if only is not None:
        counted &= only
    overall, by = group_scores(points, ttft_s=ttft_s, tpot_s=tpot_s, rows=counted)
    return MeasuredReport(
        file=file,
        points=points,
        ttft_s=ttft_s,
        tpot_s=tpot_s,
        refused=tuple(refused),
        counted=counted,
        regrets=regrets(points, ttft_s=ttft_s, tpot_s=tpot_s, rows=counted),
        overall=overall,
        by=by,
    )


def calibrated_predictor() -> Predictor:
    """The calibrated model; imported when it is first asked."""
    from solver.performance.calibrated.serving import predict

    return predict


def validate_measured(path: Path, *, name: str | None = None) -> MeasuredReport:
    """Compare a file in the layout of ``serving_points.csv`` with the calibrated model.

    Raises
    ------
    FleetError
        As ``read_measured_rows``.
    """
    points = read_measured_points(path)
    return compare_points(points, calibrated_predictor(), file=name or str(path))


def per_row_text(report: MeasuredReport) -> str:
    """``id, predicted_ttft_s, predicted_tpot_s, refused_because`` of every row, in file order.

    Comma-separated with a header. Times have all digits of a float64; a refused row has none, a
    predicted one no reason.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(PER_ROW_COLUMNS)
    for at, row in enumerate(report.points.rows):
        reason = report.refused[at]
        times = (report.ttft_s[at], report.tpot_s[at])
        cells = ("", "") if reason is not None else tuple(repr(float(time)) for time in times)
        writer.writerow((row.id, *cells, reason or ""))
    return stream.getvalue()
