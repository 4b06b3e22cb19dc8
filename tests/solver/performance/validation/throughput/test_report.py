"""Published throughput against the model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console, Group

from solver.errors import FleetError
from solver.performance.validation.measured.kinds import measured_kind_of
from solver.performance.validation.throughput.report import (
    REPEATED,
    ThroughputReport,
    compare_throughput,
    validate_throughput,
)
from solver.performance.validation.throughput.rows import (
    REQUIRED_COLUMNS,
    ThroughputRow,
    read_throughput_rows,
)
from solver.report.validation_throughput import throughput_parts

MakeRow = Callable[..., ThroughputRow]
DATA = Path(__file__).resolve().parents[5] / "../shared/data/serving"
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="the reference data beside the repository are absent"
)


def test_every_row_is_predicted_or_refused_with_a_reason(
    page_row: MakeRow, mlperf_row: MakeRow
) -> None:
    rows = [page_row(), page_row(gpu="gh200_96"), mlperf_row(), mlperf_row(model="bert")]
    report = compare_throughput(rows)
    assert len(report.counted) + sum(report.left_out.values()) == len(rows)
    assert all((e.predicted is None) != (e.refused is None) for e in report.entries)


def test_a_result_submitted_for_two_accuracy_targets_counts_once(mlperf_row: MakeRow) -> None:
    report = compare_throughput([mlperf_row(), mlperf_row(place="line 3")])
    assert report.left_out == {REPEATED: 1}


def test_equal_figures_of_a_page_are_not_taken_for_one_result(page_row: MakeRow) -> None:
    assert len(compare_throughput([page_row(), page_row(place="line 3")]).counted) == 2


def test_the_bias_is_the_mean_ratio_of_predicted_to_measured(page_row: MakeRow) -> None:
    report = compare_throughput([page_row(), page_row(output_tok_s_per_gpu=30440)])
    ratios = [
        e.predicted.tok_per_s_per_device / e.case.measured
        for e in report.counted
        if e.predicted is not None and e.case is not None
    ]
    assert report.overall is not None
    assert report.overall.bias == pytest.approx(float(np.exp(np.mean(np.log(ratios)))) - 1)


def test_the_best_layout_of_a_node_is_no_worse_than_the_largest_degree(
    mlperf_row: MakeRow, page_row: MakeRow
) -> None:
    free = compare_throughput([mlperf_row(osl=294.45)]).counted[0].predicted
    stated = page_row(
        source="TensorRT-LLM perf-overview v9", model="llama-2-70b", gpu="h200",
        n_gpus=8, tp=8, isl=294.45, osl=294.45,
    )  # fmt: skip
    fixed = compare_throughput([stated]).counted[0].predicted
    assert free is not None
    assert fixed is not None
    assert free.tok_per_s_per_device >= 0.9 * fixed.tok_per_s_per_device


def test_a_model_too_large_for_its_devices_is_refused(page_row: MakeRow) -> None:
    report = compare_throughput([page_row(model="llama-3.1-405b")])
    assert list(report.left_out) == [
        "does not fit into the HBM of any layout, by the model's count"
    ]


def test_the_report_is_plain_json(page_row: MakeRow) -> None:
    report = compare_throughput([page_row()], file="tables.csv")
    assert json.loads(json.dumps(report.as_dict()))["counted"] == 1


def test_the_view_names_file_and_reasons(page_row: MakeRow) -> None:
    report = compare_throughput([page_row(), page_row(gpu="gh200_96")], file="tables.csv")
    console = Console(width=100, record=True, highlight=False)
    with console.capture() as captured:
        console.print(Group(*throughput_parts(report, width=100, ascii_only=False)))
    assert "tables.csv" in captured.get()
    assert "device 'gh200_96' is not in the catalog" in captured.get()


def test_a_file_with_the_columns_is_told_by_them(tmp_path: Path) -> None:
    path = tmp_path / "any.csv"
    path.write_text(",".join(REQUIRED_COLUMNS) + "\n")
    kind = measured_kind_of(path)
    assert not isinstance(kind, str)
    assert kind is not None
    assert kind.example == "tensorrt_llm_tables.csv"


def test_a_file_that_lacks_columns_is_told_which(tmp_path: Path) -> None:
    path = tmp_path / "any.csv"
    path.write_text("source,model,output_tok_s_per_gpu\na,b,1\n")
    assert "it lacks" in str(measured_kind_of(path))


def test_a_cell_that_is_no_number_is_named(tmp_path: Path) -> None:
    path = tmp_path / "any.csv"
    cells = dict.fromkeys(REQUIRED_COLUMNS, "1") | {"isl": "long"}
    path.write_text(",".join(cells) + "\n" + ",".join(cells.values()) + "\n")
    with pytest.raises(FleetError, match="isl"):
        read_throughput_rows(path)


@pytest.fixture(scope="module")
def single_figures() -> ThroughputReport:
    return validate_throughput(DATA / "misc_published_points.csv")


@needs_data
def test_every_single_figure_is_predicted_or_refused(single_figures: ThroughputReport) -> None:
    assert len(single_figures.counted) + sum(single_figures.left_out.values()) == 15


@needs_data
def test_offline_rows_of_the_pages_are_within_twenty_percent_in_the_median() -> None:
    rows = [
        row
        for row in read_throughput_rows(DATA / "tensorrt_llm_tables.csv")
        if row.mode == "offline_max_throughput"
    ]
    report = compare_throughput(rows[::6])
    assert report.overall is not None
    assert report.overall.median <= 0.20
    assert report.overall.spearman is not None
    assert report.overall.spearman >= 0.95
