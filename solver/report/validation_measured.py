"""Measurements against the model on the terminal: regret, then errors, then what was left out."""

from __future__ import annotations

import math

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from solver.performance.validation.measured import MeasuredReport
from solver.performance.validation.measured.kernels import KernelReport
from solver.performance.validation.measured.regret import LEAST_LAYOUTS, WITHIN, SweepRegret
from solver.performance.validation.measured.scores import Errors, GroupScore
from solver.report.numbers import clean
from solver.report.table import fitted_table

__all__ = ["errors_table", "kernel_parts", "measured_parts", "percent"]

_WORST_SWEEPS = 8
_ERROR_HEADERS = (
    "rows", "TPOT\nmedian", "\nmean", "\np95", "\nbias", "\nrank", "TTFT\nmedian", "\nmean",
    "\np95", "\nbias", "\nrank",
)  # fmt: skip
_ERROR_GIVE_UP = (0, 0, 3, 2, 1, 2, 0, 4, 5, 3, 5)


_SPLITS = ("random", "shape", "system")
_SPLIT_HEADINGS = ("unseen\nrows", "unseen\nshapes", "unseen\nsystem")
"""Medians stated by the fit of the constants, on rows it did not see."""


def percent(value: float, *, sign: bool = False) -> str:
    """A share as whole percent, with one digit below ten; ``missed`` for infinity."""
    if math.isinf(value):
        return "missed"
    digits = 1 if abs(value) < 0.0995 else 0
    return f"{100 * value:{'+' if sign else ''}.{digits}f} %"


def _cells(errors: Errors | None) -> list[str]:
    if errors is None:
        return [""] * 5
    rank = "" if errors.spearman is None else f"{errors.spearman:.3f}"
    return [
        percent(errors.median),
        percent(errors.mean),
        percent(errors.p95),
        percent(errors.bias, sign=True),
        rank,
    ]


def errors_table(
    heading: str, scores: tuple[GroupScore, ...], *, width: int, ascii_only: bool
) -> RenderableType:
    """One row a group: rows, then median, mean, p95, bias and rank correlation of each time."""
    rows = [
        [
            clean(score.name),
            "" if score.tpot is None else f"{score.tpot.rows:,}",
            *_cells(score.tpot),
            *_cells(score.ttft),
        ]
        for score in scores
    ]
    return fitted_table(
        (heading, *_ERROR_HEADERS),
        rows,
        width=width,
        give_up=(0, *_ERROR_GIVE_UP),
        numeric=(False, *([True] * len(_ERROR_HEADERS))),
        folds=frozenset({0}),
        ascii_only=ascii_only,
    )


def _sweeps(sweeps: tuple[SweepRegret, ...], *, width: int, ascii_only: bool) -> RenderableType:
    rows = [
        [
            clean(sweep.name),
            str(sweep.layouts),
            str(sweep.floors),
            str(sweep.missed),
            percent(sweep.median),
            percent(sweep.worst),
            percent(sweep.layout_median),
        ]
        for sweep in sweeps
    ]
    return fitted_table(
        (
            "sweep",
            "layouts",
            "floors",
            "missed",
            "median\nregret",
            "worst\nregret",
            "layout\nalone",
        ),
        rows,
        width=width,
        give_up=(0, 2, 1, 0, 0, 0, 0),
        numeric=(False, True, True, True, True, True, True),
        folds=frozenset({0}),
        ascii_only=ascii_only,
    )


def _regret_lines(report: MeasuredReport) -> list[RenderableType]:
    found = report.regrets
    if found.share is None or found.layout_share is None or found.tolerant_share is None:
        text = f"Regret: no sweep has {LEAST_LAYOUTS} layouts, so no layout can be chosen"
        return [Text(text, style="bold")]
    sweeps = f"{len(found.sweeps)} {'sweep' if len(found.sweeps) == 1 else 'sweeps'}"
    return [
        Text(
            f"Regret: in {found.layout_within} of {sweeps} ({percent(found.layout_share)}) the "
            f"layout called cheapest costs at most {percent(WITHIN)} more than the measured best "
            f"(median over speed floors, its load chosen by measuring)",
            style="bold",
        ),
        Text(
            f"the load taken from the model too: {percent(found.share)} of sweeps, or "
            f"{percent(found.tolerant_share)} where a prediction may miss the floor by 10 % as a "
            f"measurement may; single speed floors: {found.floors_within} of {found.floors}. "
            f"A sweep has one system, engine and version, model, precision, lengths and mode, and "
            f"at least {LEAST_LAYOUTS} layouts; a choice measured more than 10 % below its floor "
            f"is missed"
        ),
    ]


def measured_parts(
    report: MeasuredReport, *, width: int, ascii_only: bool = False
) -> list[RenderableType]:
    """What is told of one file of measured serving points, from top to bottom."""
    parts: list[RenderableType] = [
        Text(
            f"Performance model calibrated against {clean(report.file, limit=500)}: "
            f"{int(report.counted.sum()):,} of {report.rows:,} rows counted",
            style="bold",
        ),
        Text(""),
        *_regret_lines(report),
        Text(""),
    ]
    if report.regrets.sweeps:
        worst = report.regrets.sweeps[:_WORST_SWEEPS]
        if len(worst) < len(report.regrets.sweeps):
            parts.append(Text(f"The {len(worst)} sweeps of most regret (all with --json):"))
        parts += [_sweeps(worst, width=width, ascii_only=ascii_only), Text("")]
    tables = {"": (report.overall,), **report.by}
    parts.append(
        Text("Error |predicted / measured - 1|; bias of the geometric mean; Spearman's rank")
    )
    for heading, scores in tables.items():
        if scores and any(score.tpot is not None for score in scores):
            table = errors_table(heading, scores, width=width, ascii_only=ascii_only)
            parts += [table, Text("")]
    if report.left_out:
        parts.append(Text("Not counted:"))
        parts += [
            Padding(Text(f"{count:,}  {clean(reason, limit=1000)}"), (0, 0, 0, 2))
            for reason, count in report.left_out.items()
        ]
    return parts


def kernel_parts(
    report: KernelReport, *, width: int, ascii_only: bool = False
) -> list[RenderableType]:
    """What is told of one table of measured kernels: errors by system and precision.

    Beside the errors over all rows stand the medians on rows, whole shapes and a sibling system
    that the fit of the constants did not see.
    """
    counted = 0 if report.overall is None else report.overall.rows
    parts: list[RenderableType] = [
        Text(
            f"Operator {report.family} against {clean(report.file, limit=500)}: "
            f"{counted:,} of {report.rows:,} rows counted",
            style="bold",
        )
    ]
    if report.overall is not None:
        rows = [
            [
                clean(s.system),
                clean(s.precision),
                f"{s.errors.rows:,}",
                *_cells(s.errors),
                *(
                    percent(s.held_out[split].median) if split in s.held_out else ""
                    for split in _SPLITS
                ),
            ]
            for s in report.scores
        ]
        rows.append(["all", "", f"{counted:,}", *_cells(report.overall), *("" for _ in _SPLITS)])
        parts.append(
            fitted_table(
                (
                    *("system", "precision", "rows", "median", "mean", "p95", "bias", "rank"),
                    *_SPLIT_HEADINGS,
                ),
                rows,
                width=width,
                give_up=(0, 0, 0, 0, 3, 2, 1, 3, 0, 0, 0),
                numeric=(False, False, *(True for _ in range(9))),
                bold=frozenset({len(rows) - 1}),
                ascii_only=ascii_only,
            )
        )
    parts += [
        Padding(Text(f"{count:,} rows {reason}"), (0, 0, 0, 2))
        for reason, count in report.left_out.items()
    ]
    return parts
