"""Every published row beside this checkout, where there are any."""

from __future__ import annotations

from pathlib import Path

import pytest

from solver.performance.validation import ValidationReport, validate_folder

EPOCH = Path(__file__).resolve().parents[4] / "../shared/data/epoch"


@pytest.fixture(scope="module")
def published() -> ValidationReport:
    if not EPOCH.is_dir():
        pytest.skip("no reference data: shared/data/epoch is not beside this checkout")
    return validate_folder(EPOCH)


def test_every_published_row_agrees_to_a_part_in_a_thousand_million(
    published: ValidationReport,
) -> None:
    assert published.worst_relative_error <= 1e-9
    assert published.passed


def test_no_published_row_is_left_out(published: ValidationReport) -> None:
    rows = {comparison.file: comparison.rows for comparison in published.files}
    exact = sum(count for file, count in rows.items() if file.startswith("exact/"))
    assert rows["collectives.csv"] == 496
    assert rows["token_latency_components.csv"] == 7122
    assert rows["token_latency_paper.csv"] == 1709
    assert rows["speculative.csv"] == 295
    assert rows["toy_closed_form.json"] == 15
    assert exact == 18_775


def test_only_text_is_left_out(published: ValidationReport) -> None:
    assert all(entry.file.endswith(".md") for entry in published.ignored)
