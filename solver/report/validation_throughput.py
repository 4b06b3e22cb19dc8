"""Published throughput against the model on the terminal: errors by group, then the refusals."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from solver.performance.validation.measured.scores import Errors
from solver.performance.validation.throughput.report import ThroughputReport
from solver.report.numbers import clean
from solver.report.table import fitted_table
from solver.report.validation_measured import percent

__all__ = ["throughput_parts"]

_HEADERS = ("rows", "median", "mean", "p95", "bias", "rank")
_SHOWN = ("mode", "source", "device", "precision", "model", "layout", "assumption")
_MOST_GROUPS = 12


def _table(
    heading: str, groups: Mapping[str, Errors], *, width: int, ascii_only: bool
) -> RenderableType:
    rows = [
        [
            clean(name),
            f"{errors.rows:,}",
            percent(errors.median),
            percent(errors.mean),
            percent(errors.p95),
            percent(errors.bias, sign=True),
            "" if errors.spearman is None else f"{errors.spearman:.3f}",
        ]
        for name, errors in groups.items()
    ]
    return fitted_table(
        (heading, *_HEADERS),
        rows,
        width=width,
        give_up=(0, 0, 0, 3, 2, 0, 4),
        numeric=(False, *([True] * len(_HEADERS))),
        folds=frozenset({0}),
        ascii_only=ascii_only,
    )


def throughput_parts(
    report: ThroughputReport, *, width: int, ascii_only: bool
) -> list[RenderableType]:
    """Errors of output tokens a second for each device; a positive bias is too fast.

    Groupings with many groups show the largest; all are in the report as JSON.
    """
    parts: list[RenderableType] = [
        Text(f"Published throughput in {clean(report.file, limit=500)}", style="bold"),
        Text(
            f"{len(report.counted):,} of {report.rows:,} rows predicted; a positive bias is a "
            "prediction that is too fast"
        ),
        Text(""),
    ]
    overall = report.overall
    if overall is not None:
        parts.append(_table("all", {"all rows": overall}, width=width, ascii_only=ascii_only))
    for name, groups in report.by.items():
        if name not in _SHOWN or not groups:
            continue
        shown = dict(list(groups.items())[:_MOST_GROUPS])
        parts += [Text(""), _table(f"by {name}", shown, width=width, ascii_only=ascii_only)]
        if len(groups) > len(shown):
            parts.append(Text(f"and {len(groups) - len(shown)} smaller groups"))
    if report.left_out:
        parts += [Text(""), Text("Not predicted:")]
        parts += [
            Padding(Text(f"{count:,}  {clean(reason, limit=1000)}"), (0, 0, 0, 2), expand=False)
            for reason, count in report.left_out.items()
        ]
    return parts
