"""Published throughput against the model: every row predicted or refused, errors by group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from solver.performance.validation.measured.scores import Errors, errors_of
from solver.performance.validation.throughput.cases import Case, layout_text
from solver.performance.validation.throughput.mlperf import mlperf_case
from solver.performance.validation.throughput.predict import Predicted, predict_cases
from solver.performance.validation.throughput.published import published_case
from solver.performance.validation.throughput.rows import ThroughputRow, read_throughput_rows
from solver.performance.validation.throughput.tensorrt_llm import tensorrt_llm_case

__all__ = [
    "GROUPINGS",
    "REPEATED",
    "PublishedRow",
    "ThroughputReport",
    "compare_throughput",
    "validate_throughput",
]

REPEATED = "the same result as another row (submitted for two accuracy targets)"
_NO_ASSUMPTION = "none"


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One row of the file: its question and answer, or why there is none."""

    row: ThroughputRow
    case: Case | None
    predicted: Predicted | None
    refused: str | None


def _release(entry: PublishedRow) -> str:
    return entry.row.source


def _precision(entry: PublishedRow) -> str:
    assert entry.case is not None
    formats = entry.case.formats
    return formats.expert if entry.case.model.moe is not None else formats.weight


def _layout(entry: PublishedRow) -> str:
    assert entry.predicted is not None
    return layout_text(entry.predicted.layout)


def _lengths(entry: PublishedRow) -> str:
    assert entry.case is not None
    return f"{entry.case.input_tokens:.0f}/{entry.case.output_tokens:.0f}"


GROUPINGS: Mapping[str, Callable[[PublishedRow], str]] = {
    "mode": lambda entry: entry.row.mode,
    "source": _release,
    "device": lambda entry: entry.row.gpu,
    "precision": _precision,
    "model": lambda entry: entry.row.model,
    "lengths": _lengths,
    "layout": _layout,
}
"""Names of the groupings that errors are reported by; assumptions are one more."""


@dataclass(frozen=True, slots=True, eq=False)
class ThroughputReport:
    """Rows of one file against the model.

    Parameters
    ----------
    entries
        Every row of the file, in order.
    """

    file: str
    entries: tuple[PublishedRow, ...]

    @property
    def rows(self) -> int:
        """Rows of the file."""
        return len(self.entries)

    @property
    def counted(self) -> tuple[PublishedRow, ...]:
        """Rows with a prediction."""
        return tuple(entry for entry in self.entries if entry.predicted is not None)

    @property
    def left_out(self) -> dict[str, int]:
        """How many rows were refused, by reason, most first."""
        reasons = Counter(entry.refused for entry in self.entries if entry.refused is not None)
        return dict(reasons.most_common())

    @property
    def overall(self) -> Errors | None:
        """Errors over all rows with a prediction; a positive bias is too fast."""
        return _errors(self.counted)

    @property
    def by(self) -> dict[str, dict[str, Errors]]:
        """Errors by the names of ``GROUPINGS`` and by ``assumption``, most rows first.

        A row counts once under each of its assumptions.
        """
        found: dict[str, dict[str, list[PublishedRow]]] = {
            name: {} for name in (*GROUPINGS, "assumption")
        }
        for entry in self.counted:
            for name, group_of in GROUPINGS.items():
                found[name].setdefault(group_of(entry), []).append(entry)
            assert entry.case is not None
            for assumption in entry.case.assumptions or (_NO_ASSUMPTION,):
                found["assumption"].setdefault(assumption, []).append(entry)
        return {name: _sorted_errors(groups) for name, groups in found.items()}

    def as_dict(self) -> dict[str, Any]:
        """The report as plain JSON."""
        overall = self.overall
        return {
            "file": self.file,
            "kind": "published throughput",
            "rows": self.rows,
            "counted": len(self.counted),
            "all": None if overall is None else overall.as_dict(),
            **{
                f"by {name}": [{"name": group, **errors.as_dict()} for group, errors in of.items()]
                for name, of in self.by.items()
            },
            "left_out": self.left_out,
        }


def _errors(entries: tuple[PublishedRow, ...] | list[PublishedRow]) -> Errors | None:
    predicted = [e.predicted.tok_per_s_per_device for e in entries if e.predicted is not None]
    measured = [e.case.measured for e in entries if e.case is not None]
    return errors_of(np.array(predicted), np.array(measured))


def _sorted_errors(groups: dict[str, list[PublishedRow]]) -> dict[str, Errors]:
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    scored = ((name, _errors(entries)) for name, entries in ordered)
    return {name: errors for name, errors in scored if errors is not None}


def _case(row: ThroughputRow) -> Case | str:
    if row.source.startswith("TensorRT-LLM"):
        return tensorrt_llm_case(row)
    if row.source.startswith("MLPerf"):
        return mlperf_case(row)
    return published_case(row)


def _repeats(row: ThroughputRow) -> tuple[object, ...]:
    return (row.source, row.model, row.gpu, row.n_gpus, row.mode, row.output_tok_s_per_gpu, row.osl)


def compare_throughput(rows: list[ThroughputRow], *, file: str = "") -> ThroughputReport:
    """Predict every row that states enough; MLPerf results that are submitted twice count once."""
    asked: list[Case | str] = []
    seen: set[tuple[object, ...]] = set()
    for row in rows:
        case = _case(row)
        if not isinstance(case, str) and row.source.startswith("MLPerf"):
            key = _repeats(row)
            case = REPEATED if key in seen else case
            seen.add(key)
        asked.append(case)
    answers = iter(predict_cases([case for case in asked if not isinstance(case, str)]))
    entries = []
    for row, case in zip(rows, asked, strict=True):
        if isinstance(case, str):
            entries.append(PublishedRow(row, None, None, case))
            continue
        answer = next(answers)
        refused = isinstance(answer, str)
        entries.append(
            PublishedRow(
                row,
                case,
                None if isinstance(answer, str) else answer,
                str(answer) if refused else None,
            )
        )
    return ThroughputReport(file, tuple(entries))


def validate_throughput(path: Path, *, name: str | None = None) -> ThroughputReport:
    """Compare a table of published throughput with the calibrated model.

    Raises
    ------
    FleetError
        As ``read_throughput_rows``.
    """
    return compare_throughput(read_throughput_rows(path), file=name or str(path))
