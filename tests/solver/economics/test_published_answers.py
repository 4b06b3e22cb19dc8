"""What the model answers to published figures, against the same worked out another way."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest

from solver.catalog import parameter_count
from solver.economics.published import Answer
from solver.economics.published_choices import (
    ANSWERS,
    OWNED_A800,
    REQUESTS_OF_TEST_SET,
    seconds_of_test_set,
)
from solver.economics.published_power import energy_by_clock, lowest_energy
from solver.economics.published_questions import (
    PERFORMANCE_MODELS,
    DesignAsked,
    clocks_of,
    published_catalog,
)

EIGHT_ON_A100 = DesignAsked("Llama-3.1-8B", "A100-80GB SXM", 64, "epoch2025")
BOTH = pytest.mark.parametrize("performance", PERFORMANCE_MODELS)


def values(key: str) -> list[float]:
    return [answer.value for answer in ANSWERS[key]()]


def by_model(key: str) -> dict[str, Sequence[Answer]]:
    found: dict[str, list[Answer]] = {}
    for answer in ANSWERS[key]():
        found.setdefault(answer.performance, []).append(answer)
    return dict(found)


@pytest.mark.parametrize("name", ["Phi-3-mini", "Llama-3.2-1B", "OLMo-1B", "OLMoE-1B-7B"])
def test_models_of_the_measurements_have_their_stated_size(name: str) -> None:
    model = published_catalog().model(name)
    assert model.stated_params is not None
    assert parameter_count(model) == pytest.approx(model.stated_params, rel=0.005)


@BOTH
def test_energy_of_a_token_is_power_times_latency_over_batch(performance: str) -> None:
    point = DesignAsked("Llama-3.1-8B", "H100 SXM", 64, performance).answer()
    assert point.j_per_token == pytest.approx(point.watts / point.tok_per_s)


@BOTH
def test_power_lies_within_what_the_board_can_draw(performance: str) -> None:
    power = published_catalog().accelerator("H200 SXM").power
    assert power is not None
    for batch in (1, 128):
        point = DesignAsked("Phi-3-mini", "H200 SXM", batch, performance).answer()
        assert power.idle_w < point.watts <= power.prefill_w


def test_a_design_that_does_not_fit_is_refused() -> None:
    asked = DesignAsked("Llama-3.1-8B", "L4", 4096, "epoch2025")
    assert not asked.fits()
    with pytest.raises(ValueError, match="does not fit"):
        asked.answer()


def test_a_board_without_power_is_refused() -> None:
    with pytest.raises(ValueError, match="power of TPU v6e is not known"):
        DesignAsked("Llama-3.1-8B", "TPU v6e", 1, "epoch2025").answer()


def test_clocks_run_from_the_lowest_to_the_highest() -> None:
    clocks = clocks_of("A100-80GB SXM", every=7)
    assert (clocks[0], clocks[1], clocks[-2], clocks[-1]) == (210, 255, 1305, 1410)
    assert list(clocks) == sorted(set(clocks))


def test_a_board_without_clocks_is_refused() -> None:
    with pytest.raises(ValueError, match="clocks of B200 SXM are not known"):
        clocks_of("B200 SXM", every=1)


def test_the_clock_of_least_energy_is_that_of_full_enumeration() -> None:
    points = energy_by_clock(EIGHT_ON_A100, every=20)
    best = lowest_energy(points)
    assert all(points[best].j_per_token <= point.j_per_token for point in points.values())


def test_of_clocks_of_equal_energy_the_highest_is_told() -> None:
    point = EIGHT_ON_A100.answer()
    assert lowest_energy({210: point, 1410: point}) == 1410


def test_a_context_costs_an_l40s_what_was_published() -> None:
    assert values("context-tax-l40s") == [66]


def test_both_models_slow_down_less_than_the_clock() -> None:
    rises = values("voltana-time")
    assert len(rises) == 4
    assert all(0 <= rise < 100 * (1410 / 1005 - 1) for rise in rises)


def test_the_clock_of_least_energy_lies_inside_under_the_calibrated_model() -> None:
    assert all(210 < a.value < 1410 for a in by_model("voltana-optimum")["calibrated"])


def test_the_published_model_wants_the_lowest_clock_of_a_small_batch() -> None:
    # HBM sets its pace at every clock, so nothing is lost by the lowest: no U for batch 1.
    assert [a.value for a in by_model("rtx-pro-best-clock")["epoch2025"]] == [180]


def test_drafts_stop_saving_energy_at_large_batches_under_both_models() -> None:
    found = by_model("draft-useful-to")
    for performance in PERFORMANCE_MODELS:
        (largest,) = found[performance]
        assert 1 <= largest.value < 128
        assert by_model("draft-batch-128")[performance][0].value > 0


def test_experts_take_more_energy_than_a_dense_model_of_the_same_active_size() -> None:
    assert all(value > 0 for value in values("olmoe"))


def test_an_hour_of_an_a800_is_the_published_formula() -> None:
    # 11,500 / (8760 x 5 x 0.5) + 0.4 x 1.56 x 0.09 + 11,500 x 0.05 / 8760
    by_hand = 11500 / 21900 + 0.4 * 1.56 * 0.09 + 575 / 8760
    assert values("a800-hour") == [pytest.approx(by_hand)]


def test_a_pair_costs_twice_as_much() -> None:
    assert values("a800-pair-hour") == [pytest.approx(2 * values("a800-hour")[0])]


def test_the_use_that_meets_the_published_hour_is_told() -> None:
    owned, (answer,) = OWNED_A800, ANSWERS["a800-hour"]()
    use = float(answer.note.rsplit(" ", 1)[1])
    per_hour = 11500 / (8760 * 5 * use) + 0.4 * 1.56 * 0.09 + 575 / 8760
    assert per_hour == pytest.approx(0.79, rel=0.01)
    assert float(owned.utilisation) > use


def test_the_test_set_costs_what_its_time_costs() -> None:
    seconds = seconds_of_test_set(Fraction("0.34"))
    assert seconds * Fraction("1.58") / 3600 == Fraction("0.34")
    assert float(seconds) == pytest.approx(774.6835443)


def test_a_request_of_the_test_set_is_its_share() -> None:
    (usd,) = values("wingpt-35-request")
    assert usd * REQUESTS_OF_TEST_SET == pytest.approx(0.34)
