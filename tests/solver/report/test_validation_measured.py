from __future__ import annotations

import io
import math

import numpy as np
import pytest
from rich.console import Console, Group

from solver.catalog import shipped_catalog
from solver.performance.calibrated.point import Layout, ServingPoint
from solver.performance.operators.catalog import HeldOutError
from solver.performance.validation import ValidationReport
from solver.performance.validation.measured.kernels import KernelReport, KernelScore
from solver.performance.validation.measured.points import MeasuredPoints
from solver.performance.validation.measured.rows import MeasuredRow
from solver.performance.validation.measured.scores import Errors
from solver.performance.validation.measured.validate import MeasuredReport, compare_points
from solver.report.validation import print_validation
from solver.report.validation_measured import kernel_parts, measured_parts, percent
from solver.report.validation_plot import render_scatter, scatter_figure


class Model:
    """Predicts 10 % too long a TPOT and the very TTFT."""

    def __init__(self, points: MeasuredPoints) -> None:
        self.ttft_s, self.tpot_s = points.ttft_s, 1.1 * points.tpot_s
        self.refused = (None,) * len(points)


@pytest.fixture
def report() -> MeasuredReport:
    """Two systems, a dense and a mixture model, three layouts each."""
    catalog = shipped_catalog()
    rows, points = [], []
    for system, accelerator, model in (
        ("h100_sxm", "H100 SXM", "Llama-3.1-70B"),
        ("b200_sxm", "B200 SXM", "DeepSeek-R1"),
    ):
        for tp in (2, 4, 8):
            rows.append(
                MeasuredRow(
                    id=f"{system}-{tp}",
                    system=system,
                    backend="vllm",
                    model_path=model,
                    mode="agg",
                    isl=1000,
                    osl=100,
                    ttft_s=1.0 / tp,
                    tpot_s=0.05 / tp,
                )
            )
            points.append(
                ServingPoint(
                    model=catalog.model(model),
                    accelerator=catalog.accelerator(accelerator),
                    weight_format="fp8",
                    expert_format="fp8",
                    kv_format="fp8",
                    input_tokens=1000,
                    output_tokens=100,
                    concurrency=8,
                    aggregated=Layout(tp),
                )
            )
    count = len(rows)
    measured = MeasuredPoints(tuple(rows), tuple(points), (None,) * count, tuple(range(count)))
    return compare_points(measured, lambda _points: Model(measured), file="bench[1].csv")


def text_of(report: MeasuredReport, width: int = 100) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width)
    console.print(Group(*measured_parts(report, width=width)))
    return stream.getvalue()


def test_regret_is_the_first_figure(report: MeasuredReport) -> None:
    lines = [line for line in text_of(report).splitlines() if line.strip()]
    assert lines[0].startswith("Performance model calibrated against bench[1].csv: 6 of 6 rows")
    assert lines[1].startswith("Regret: in ")
    assert "of 2 sweeps" in lines[1]


def test_errors_are_in_percent(report: MeasuredReport) -> None:
    text = text_of(report, width=130)
    line = next(line for line in text.splitlines() if line.startswith("all"))
    assert line.split()[:4] == ["all", "6", "10", "%"]
    assert "+10 %" in line


@pytest.mark.parametrize("width", [60, 80, 130])
def test_nothing_is_wider_than_the_terminal(report: MeasuredReport, width: int) -> None:
    assert max(len(line) for line in text_of(report, width).splitlines()) <= width


def test_percent_has_a_digit_below_ten() -> None:
    assert [percent(0.0123), percent(0.5), percent(-0.02, sign=True), percent(math.inf)] == [
        "1.2 %",
        "50 %",
        "-2.0 %",
        "missed",
    ]


def test_kernels_are_told_by_system_and_precision() -> None:
    errors = Errors(10, 0.05, 0.06, 0.2, 0.01, 0.99)
    held_out = {"shape": HeldOutError(median=0.073, p95=0.2, bias=0.0, rows=9)}
    scores = (KernelScore("h100_sxm", "fp8", errors, held_out),)
    report = KernelReport("gemm.parquet", "gemm", 12, errors, scores, {"of nobody": 2})
    stream = io.StringIO()
    Console(file=stream, width=90).print(Group(*kernel_parts(report, width=90)))
    assert "10 of 12 rows counted" in stream.getvalue()
    assert "h100_sxm" in stream.getvalue()
    assert "7.3 %" in stream.getvalue()
    assert "2 rows of nobody" in stream.getvalue()


def test_a_report_of_measurements_alone_has_no_verdict(report: MeasuredReport) -> None:
    stream = io.StringIO()
    whole = ValidationReport("bench.csv", "epoch2025", (), measured=(report,))
    print_validation(whole, Console(file=stream, width=100))
    assert whole.passed
    assert "passed" not in stream.getvalue()
    assert "bench[1].csv" in stream.getvalue()


def test_the_picture_tells_its_figures(report: MeasuredReport) -> None:
    figure = scatter_figure(report)
    told = " ".join(
        [text.get_text() for text in figure.texts]
        + [axes.get_title(loc="left") for axes in figure.axes]
    )
    for part in (
        "6 serving points",
        "bench[1].csv",
        "median error 10 %",
        "TPOT",
        "TTFT",
        "2 sweeps",
    ):
        assert part in told


def test_the_picture_has_a_mark_for_every_row(report: MeasuredReport) -> None:
    for axes in scatter_figure(report).axes:
        marks = [line for line in axes.lines if line.get_linestyle() == "None"]
        assert sum(len(line.get_xdata()) for line in marks) == 6
        assert len({line.get_color() for line in marks}) == 2
        assert {str(line.get_marker()) for line in marks} == {"o", "^"}


def test_the_picture_has_equal_axes(report: MeasuredReport) -> None:
    for axes in scatter_figure(report).axes:
        assert axes.get_xlim() == axes.get_ylim()
        assert axes.get_xscale() == axes.get_yscale() == "log"


def test_a_report_without_rows_can_be_drawn(report: MeasuredReport) -> None:
    nothing = compare_points(
        report.points,
        lambda _points: Model(report.points),
        only=np.zeros(6, dtype=np.bool_),
    )
    assert render_scatter(nothing, "svg").startswith(b"<?xml")


def test_the_same_report_gives_the_same_picture(report: MeasuredReport) -> None:
    assert render_scatter(report, "png") == render_scatter(report, "png")
