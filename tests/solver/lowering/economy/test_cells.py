"""What candidates are worth: arrays against definitions, limits at their very edge."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from solver.instance.domain import Limits, ReplicaInstance
from solver.lowering.economy.cells import cells_of
from solver.lowering.economy.design import alone
from solver.lowering.economy.lowering import lower_economy
from tests.oracles.economic_questions import BILLED, every_candidate, small_question, two_models


def _same(question: ReplicaInstance) -> int:
    """Compare arrays with the scalar path, candidate by candidate; how many were compared."""
    space = lower_economy(question)
    compared = 0
    for cells in cells_of(space.instance, space.parts):
        n_rows, n_columns = cells.family.shape
        rows = np.arange(n_rows, dtype=np.intp)[:, None]
        columns = np.arange(n_columns, dtype=np.intp)[None, :]
        block = cells.block(rows, columns)
        for row, column in itertools.product(range(n_rows), range(n_columns)):
            at = (row, column)
            power = None if block.power_mw is None else int(block.power_mw[at])
            one = alone(cells, row, column)
            assert cells.worth(row, column, int(block.latency_ps[at]), power) == one.worth
            assert bool(block.allowed[at]) == one.allowed
            assert float(block.cost[at]) == pytest.approx(float(one.worth.cost), rel=1e-14)
            if block.energy is not None and one.worth.energy is not None:
                assert float(block.energy[at]) == pytest.approx(float(one.worth.energy), rel=1e-14)
            compared += 1
    return compared


def test_arrays_and_the_scalar_path_give_the_same_integers() -> None:
    question = two_models(energy=BILLED, design={"batch": [1, 2, 8, 24]})
    assert _same(question) == lower_economy(question).n_candidates > 80


def test_arrays_and_the_scalar_path_agree_under_every_limit() -> None:
    limits = Limits(
        max_cost_usd_per_mtok=Fraction(1),
        max_j_per_token=Fraction(1),
        max_watts=Fraction(2000),
        max_g_co2_per_mtok=Fraction(100),
        min_quality=Fraction(69),
        min_speed_tok_per_s=Fraction(100),
    )
    assert _same(two_models(energy=BILLED, limits=limits, design={"batch": "1..24"})) > 400


def test_arrays_and_the_scalar_path_agree_for_the_calibrated_model(
    mixture: Callable[..., ReplicaInstance],
) -> None:
    question = mixture(design__batch=[1, 4, 12])
    machine = question.machines[0]
    clocked = tuple(replace(machine, clock_mhz=clock) for clock in (1980, 1005))
    asked = replace(question, machines=clocked, trade_off=("speed", "energy"))
    assert _same(asked) > 20


@pytest.mark.parametrize(
    ("key", "figure"),
    [
        ("max_j_per_token", "energy"),
        ("max_g_co2_per_mtok", "carbon"),
        ("max_cost_usd_per_mtok", "cost"),
    ],
)
def test_a_candidate_exactly_at_a_limit_is_allowed_and_one_beyond_it_is_not(
    key: str, figure: str
) -> None:
    question = small_question(energy=BILLED, design={"batch": [3, 7]}, trade_off=("speed", "power"))
    everyone = every_candidate(question)
    value = sorted(getattr(worth, figure) for *_, worth in everyone)[4]
    for limit, kept in (
        (value, 5),
        (value * (1 - Fraction(1, 10**20)), 4),
        (value * (1 + Fraction(1, 10**20)), 5),
    ):
        asked = replace(question, limits=Limits(**{key: limit}))
        space = lower_economy(asked)
        allowed = 0
        for cells in cells_of(asked, space.parts):
            rows, columns = (np.arange(n, dtype=np.intp) for n in cells.family.shape)
            allowed += int(cells.block(rows[:, None], columns[None, :]).allowed.sum())
        assert allowed == kept


def test_a_limit_in_watts_is_met_by_whole_milliwatts() -> None:
    question = small_question(design={"batch": [3, 7]}, trade_off=("speed", "power"))
    watts = sorted(Fraction(worth.power_mw or 0, 1000) for *_, worth in every_candidate(question))
    at = replace(question, limits=Limits(max_watts=watts[3]))
    below = replace(question, limits=Limits(max_watts=watts[3] - Fraction(1, 10**9)))
    assert len(every_candidate(at)) == 4
    assert len(every_candidate(below)) == 3
    assert _same(at) == _same(below) == lower_economy(question).n_candidates


def test_billed_electricity_is_the_energy_of_the_site_at_the_mean_price() -> None:
    plain, billed = small_question(), small_question(energy=BILLED)
    for (*_, without), (*_, paid) in zip(
        every_candidate(plain), every_candidate(billed), strict=True
    ):
        assert paid.energy is not None
        kwh_per_mtok = paid.energy * 10**6 / 3_600_000
        assert paid.cost - without.cost == kwh_per_mtok * Fraction(13, 10) * Fraction(1, 10)
        assert paid.carbon == kwh_per_mtok * Fraction(13, 10) * 350


def test_energy_is_power_by_latency_by_batch() -> None:
    for cells, _, column, worth in every_candidate(small_question(design={"batch": [1, 8]})):
        watts, seconds = Fraction(worth.power_mw or 0, 1000), Fraction(worth.latency_ps, 10**12)
        assert worth.energy == watts * seconds / int(cells.family.batches[column])


def test_quality_is_the_score_less_the_penalty_of_the_precision() -> None:
    found = {
        (cells.part.served.model.name, cells.family.step.precision.weight_bits): worth.quality
        for cells, _, _, worth in every_candidate(two_models(design={"batch": [1]}))
    }
    assert found == {
        ("Llama-3.1-8B", 16): Fraction("69.4"),
        ("Llama-3.1-8B", 8): Fraction("69.1"),
        ("Llama-2-7B", 16): Fraction("45.3"),
        ("Llama-2-7B", 8): Fraction(45),
    }


def test_a_limit_on_dollars_an_hour_counts_the_electricity_that_is_billed() -> None:
    question = two_models(energy=BILLED, design={"batch": [1, 8]})
    (cells, row, _, worth), *_ = every_candidate(question)
    assert worth.power_mw is not None
    devices = int(cells.family.devices[row])
    electricity = Fraction(worth.power_mw, 10**6) * Fraction(13, 10) * Fraction(1, 10)
    exact = cells.family.machine.price.usd_per_hour * devices + electricity
    assert cells.usd_per_hour(devices, worth.power_mw) == exact

    def still_there(most: Fraction) -> bool:
        found = every_candidate(replace(question, limits=Limits(max_usd_per_hour=most)))
        return any(other == worth for *_, other in found)

    assert still_there(exact)
    assert not still_there(exact - Fraction(1, 10**12))


@pytest.mark.parametrize("most", ["2.1", "2.17", "4.3", "8.9", "100"])
def test_arrays_and_the_scalar_path_agree_on_dollars_an_hour(most: str) -> None:
    limits = Limits(max_usd_per_hour=Fraction(most))
    assert _same(two_models(energy=BILLED, limits=limits, design={"batch": [1, 8]})) > 30


def test_electricity_within_the_price_leaves_a_limit_on_dollars_an_hour_as_it_was() -> None:
    limits = Limits(max_usd_per_hour=Fraction("2.1"))
    question = two_models(energy=replace(BILLED, billed=False), limits=limits)
    assert {cells.family.devices[row] for cells, row, *_ in every_candidate(question)} == {1}
