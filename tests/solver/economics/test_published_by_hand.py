"""Errors of published figures, each worked out again from literals of the literature."""

from __future__ import annotations

import pytest

from solver.economics.published import Comparison, compared, published_figures
from solver.economics.published_choices import ANSWERS


def rows_of(key: str) -> list[Comparison]:
    return compared([figure for figure in published_figures() if figure.key == key], ANSWERS)


def errors(key: str) -> list[float]:
    found = [row.error for row in rows_of(key)]
    return [error for error in found if error is not None]


def ours(key: str) -> list[float]:
    return [row.answer.value for row in rows_of(key) if row.answer is not None]


def test_an_idle_h200_is_the_catalog_against_80_3_watts() -> None:
    # 80.3 W of the study and 38 W, the middle of 26 to 50, for a context.
    assert errors("h200-idle") == pytest.approx([(80.3 + 38 - 80.3) / 80.3])


def test_an_hour_of_an_a800_is_the_formula_against_79_cents() -> None:
    hour = 11500 / (5 * 8760 * 0.5) + 0.4 * 1.56 * 0.09 + 11500 * 0.05 / 8760
    assert ours("a800-hour") == pytest.approx([hour])
    assert errors("a800-hour") == pytest.approx([(hour - 0.79) / 0.79])


def test_power_at_batch_128_misses_516_9_watts_by_its_share() -> None:
    told = [(watts - 516.9) / 516.9 for watts in ours("h200-batch-128")]
    assert errors("h200-batch-128") == pytest.approx(told)


def test_energy_on_an_h100_below_the_published_0_12_j_is_a_negative_error() -> None:
    told = ours("ml-energy-8b")
    assert max(told) < 0.12
    assert errors("ml-energy-8b") == pytest.approx([(joules - 0.12) / 0.12 for joules in told])
    assert max(errors("ml-energy-8b")) < 0


def test_watts_above_137_to_300_miss_the_upper_end() -> None:
    told = ours("h200-decode")
    assert min(told) > 300
    assert errors("h200-decode") == pytest.approx([(watts - 300) / 300 for watts in told])


def test_a_saving_in_per_cent_misses_by_points() -> None:
    missed = [row.miss for row in rows_of("h200-fp8-throughput")]
    assert missed == pytest.approx([gain - 68 for gain in ours("h200-fp8-throughput")])


def test_the_test_set_takes_its_cost_over_1_58_an_hour() -> None:
    assert ours("wingpt-35-time") == pytest.approx([0.34 * 3600 / 1.58])
    assert ours("wingpt-30-time") == pytest.approx([3.47 * 3600 / 1.58])
