"""The published model as a table: the figures are those of its steps, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from solver.catalog.domain import Accelerator, Model
from solver.performance.epoch2025 import StepFamily, StepSetting, count
from solver.performance.epoch2025.memory import deployable_bytes_per_device, published_bytes
from solver.performance.epoch2025.table import EpochTable
from solver.performance.step_table import StepTable

DEGREES, BATCHES = [1, 4, 16], [1, 2, 6, 30, 500]
ROWS, COLUMNS = np.arange(3)[:, None], np.arange(5)[None, :]


@pytest.fixture
def setting(device: Accelerator, experts: Model) -> StepSetting:
    return StepSetting(count(experts), device, 16, 8, 3000, tokens_per_sequence=3)


def tables(
    setting: StepSetting, *, two: bool, stages: int, account: str = "per-device"
) -> tuple[EpochTable, StepFamily]:
    table = EpochTable(
        setting,
        tensor_degrees=DEGREES,
        batches=BATCHES,
        two_dimensional=two,
        stages=stages,
        hbm_account=account,
    )
    family = StepFamily(
        setting, tensor_degrees=DEGREES, batches=BATCHES, two_dimensional=two, stages=stages
    )
    return table, family


@pytest.mark.parametrize("two", [False, True])
@pytest.mark.parametrize("stages", [1, 2])
def test_latencies_are_those_of_the_step(setting: StepSetting, two: bool, stages: int) -> None:
    table, family = tables(setting, two=two, stages=stages)
    assert (table.latency_s(ROWS, COLUMNS) == family.latency_s(ROWS, COLUMNS)).all()


def test_the_longer_of_two_bounds_is_the_latency(setting: StepSetting) -> None:
    table, _ = tables(setting, two=False, stages=2)
    memory_s, arithmetic_s = table.latency_if_bound_s(ROWS, COLUMNS)
    assert (np.maximum(memory_s, arithmetic_s) == table.latency_s(ROWS, COLUMNS)).all()


@pytest.mark.parametrize("two", [False, True])
def test_a_cell_alone_gives_the_same_floats(setting: StepSetting, two: bool) -> None:
    table, _ = tables(setting, two=two, stages=2)
    zero = np.zeros(1, dtype=np.intp)
    for row in range(3):
        for column in range(1, 5):
            alone: StepTable = table.alone(row, column)
            at = np.array([row]), np.array([column])
            assert alone.layouts == (table.layouts[row],)
            assert alone.latency_s(zero, zero)[0] == table.latency_s(*at)[0]
            assert alone.hbm_bytes(zero, zero)[0] == table.hbm_bytes(*at)[0]


def test_each_account_of_hbm_is_that_of_the_memory_module(setting: StepSetting) -> None:
    table, family = tables(setting, two=False, stages=1)
    fullest = deployable_bytes_per_device(family, ROWS, COLUMNS)
    assert (table.hbm_bytes(ROWS, COLUMNS) == fullest).all()
    even, family = tables(setting, two=False, stages=1, account="published")
    whole = published_bytes(family, COLUMNS) / family.devices[ROWS]
    assert (even.hbm_bytes(ROWS, COLUMNS) == whole).all()


def test_an_unknown_account_is_refused(setting: StepSetting) -> None:
    with pytest.raises(ValueError, match="no account of HBM"):
        tables(setting, two=False, stages=1, account="hoped")


def test_a_grid_of_two_dimensions_is_named_by_its_total_degree(setting: StepSetting) -> None:
    table, _ = tables(setting, two=True, stages=2)
    layout = table.layouts[2]
    assert (layout.tensor_parallel, layout.tensor_parallel_2d) == (1, 16)
    assert (layout.tensor_degree, layout.devices) == (16, 32)


def test_terms_overlap_and_their_fixed_part_is_a_part(setting: StepSetting) -> None:
    table, _ = tables(setting, two=False, stages=2)
    terms = table.terms(ROWS, COLUMNS)
    assert terms.overlapped
    longer = np.maximum(terms.hbm_s, terms.arithmetic_s)
    whole = terms.launch_s + (terms.network_s + longer)
    assert (whole == table.latency_s(ROWS, COLUMNS)).all()
    assert (terms.network_latency_s <= terms.network_s).all()


def test_prompts_are_no_part_of_the_published_model(setting: StepSetting) -> None:
    table, _ = tables(setting, two=False, stages=1)
    assert table.ttft_s(ROWS, COLUMNS) is None
