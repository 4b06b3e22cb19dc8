"""Curves over tokens and sequences: exact at their knots, close to the operators between them."""

from __future__ import annotations

import numpy as np
import pytest

from solver.catalog import shipped_catalog
from solver.performance.calibrated.constants import serving_constants
from solver.performance.calibrated.cost import Cost, FloatArray
from solver.performance.calibrated.curve import (
    EXACT_TOKENS,
    TOKEN_KNOTS,
    Curve,
    places_of_sequences,
    places_of_tokens,
)
from solver.performance.calibrated.kernels import Formats
from solver.performance.calibrated.passes import Passes
from solver.performance.calibrated.replica import Replica

CATALOG = shipped_catalog()


class Counting:
    """A square that remembers where it was evaluated."""

    def __init__(self) -> None:
        self.points: list[float] = []

    def __call__(self, points: FloatArray) -> Cost:
        self.points += points.tolist()
        return Cost(arithmetic_s=points**2, launch_s=np.ones_like(points))


def test_knots_ascend_from_one_token() -> None:
    assert TOKEN_KNOTS[0] == 1
    assert np.all(np.diff(TOKEN_KNOTS) > 0)


def test_every_number_of_tokens_up_to_the_exact_ones_is_a_knot() -> None:
    assert TOKEN_KNOTS[:EXACT_TOKENS].tolist() == list(range(1, EXACT_TOKENS + 1))


def test_beyond_them_tiles_begin_and_end_at_knots() -> None:
    assert {513.0, 576.0, 577.0, 640.0, 8129.0, 8192.0} <= set(TOKEN_KNOTS.tolist())


def test_far_out_knots_lie_no_further_apart_than_one_token_in_250() -> None:
    far = TOKEN_KNOTS[TOKEN_KNOTS >= 32_768]
    assert np.max(np.diff(far) / far[:-1]) <= 1 / 250


@pytest.mark.parametrize("tokens", [1.0, 2.0, 511.0, 512.0, 513.0, 576.0, 8192.0])
def test_a_curve_is_exact_at_its_knots(tokens: float) -> None:
    assert Curve(Counting()).at(places_of_tokens(np.array([tokens])))[0, 0] == tokens**2


def test_a_curve_is_straight_between_two_knots() -> None:
    at = Curve(Counting()).at(places_of_tokens(np.array([2.25])))
    assert at[0, 0] == 4 + 0.25 * (9 - 4)


def test_fewer_than_one_token_count_as_one() -> None:
    assert Curve(Counting()).at(places_of_tokens(np.array([0.25])))[0, 0] == 1


def test_sequences_have_a_knot_at_every_whole_number() -> None:
    found = Curve(Counting()).at(places_of_sequences(np.array([0.0, 3001.0])))
    assert found[0].tolist() == [0.0, 3001.0**2]


def test_a_knot_is_evaluated_once() -> None:
    evaluate = Counting()
    curve = Curve(evaluate)
    for tokens in ([3.0, 5.0], [3.0, 7.0], [5.0, 600.0], [601.0]):
        curve.at(places_of_tokens(np.array(tokens)))
    assert len(evaluate.points) == len(set(evaluate.points))


def test_an_answer_keeps_the_order_of_the_question() -> None:
    found = Curve(Counting()).at(places_of_tokens(np.array([9.0, 4.0, 9.0])))
    assert found[0].tolist() == [81.0, 16.0, 81.0]


def test_more_tokens_than_any_pass_has_are_refused() -> None:
    with pytest.raises(ValueError, match="no pass has"):
        places_of_tokens(np.array([1e15]))


def passes_of(model: str, machine: str, formats: Formats) -> Passes:
    return Replica(
        CATALOG.model(model), CATALOG.accelerator(machine), formats, serving_constants()
    ).passes


DENSE = passes_of("Llama-3.1-70B", "H100 SXM", Formats("fp8", "fp8", "fp8"))
ROUTED = passes_of("DeepSeek-V3", "GB200 NVL72", Formats("nvfp4", "nvfp4", "fp8"))
BETWEEN = np.arange(600.0, 40_000.0, 83.0)


@pytest.mark.parametrize(
    ("evaluate", "error"),
    [
        (lambda m: DENSE.tokens(8.0, m), 1e-3),
        (lambda m: DENSE.head(1.0, m), 1e-3),
        (lambda m: DENSE.reduces(8.0, m, dispatched=False), 4e-3),
        (lambda m: ROUTED.tokens(1.0, m), 1e-3),
        (lambda m: ROUTED.routed(8.0, 8.0, m), 3e-3),
    ],
    ids=["matrices", "head", "all-reduce", "latent", "experts"],
)
def test_between_knots_a_curve_stays_close_to_the_operators(evaluate, error: float) -> None:  # type: ignore[no-untyped-def]
    found = Curve(evaluate).at(places_of_tokens(BETWEEN))
    truth = evaluate(BETWEEN).seconds
    straight = found[0] + found[1] + found[2] + found[4]
    assert np.max(np.abs(straight / truth - 1)) < error
