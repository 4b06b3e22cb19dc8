from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.catalog.domain import Accelerator, Model
from solver.performance.epoch2025.collectives import Collective, collective_time
from solver.performance.epoch2025.step import StepFamily, StepSetting, StepTerms

MakeSetting = Callable[..., StepSetting]
CELL = np.zeros(1, dtype=np.intp)
LAYERS, D, F, QKV, HEADS = 10, 1000, 3000, 1200, 800
DEGREES = (1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 24, 25, 40, 64, 100)
BATCHES = (1, 2, 3, 5, 7, 12, 31, 64, 100, 333, 1000, 4095)
degrees = st.sampled_from(DEGREES)
batches = st.integers(1, 4096)
stages = st.sampled_from([1, 2, 4, 6])
contexts = st.sampled_from([0, 1, 1000, 100_000])


def single(
    setting: StepSetting,
    *,
    degree: float = 1,
    batch: float = 1,
    two_dimensional: bool = False,
    n_stages: int = 1,
) -> StepFamily:
    return StepFamily(
        setting,
        tensor_degrees=[degree],
        batches=[batch],
        two_dimensional=two_dimensional,
        stages=n_stages,
    )


def terms_of(family: StepFamily) -> StepTerms:
    return family.terms(CELL, CELL)


def latency_of(family: StepFamily) -> float:
    return float(family.latency_s(CELL, CELL)[0])


def bytes_of(family: StepFamily) -> float:
    return float(family.memory_bytes(CELL, CELL)[0])


def network_of(family: StepFamily) -> float:
    return float(family.network_s(CELL, CELL)[0])


def time_of(
    device: Accelerator,
    message_bytes: float,
    *,
    ranks: float,
    nodes: float,
    collective: Collective = "allreduce",
) -> float:
    return collective_time(
        collective, ranks=ranks, nodes=nodes, message_bytes=message_bytes, accelerator=device
    ).time_s


def test_one_device_has_no_network(make_setting: MakeSetting) -> None:
    assert network_of(single(make_setting())) == 0.0


def test_a_token_on_one_device_reads_all_weights_but_the_input_embedding(
    make_setting: MakeSetting,
) -> None:
    weights = 2 * (120_000_000 - 5000 * D)
    activations = LAYERS * (2 * (3 * (D + F) + D + D + HEADS) + QKV)
    assert bytes_of(single(make_setting())) == weights + activations


def test_each_context_token_adds_its_key_and_value(make_setting: MakeSetting) -> None:
    long, short = (
        bytes_of(single(make_setting(context_tokens=context), batch=3)) for context in (700, 0)
    )
    assert long - short == 3 * 700 * 2 * (2 * 2 * 100 * LAYERS)


def test_arithmetic_is_two_a_weight_and_four_a_context_value(make_setting: MakeSetting) -> None:
    terms = terms_of(single(make_setting(context_tokens=50), batch=6))
    flop = 6 * (2 * 120_000_000 + 4 * HEADS * LAYERS * 50)
    assert terms.arithmetic_s[0] == pytest.approx(flop / 1e15, rel=1e-12)


def test_latency_is_launch_plus_network_plus_the_larger_of_memory_and_arithmetic(
    make_setting: MakeSetting,
) -> None:
    for batch in (1, 100_000):
        terms = terms_of(single(make_setting(), degree=4, batch=batch))
        overlap = max(terms.hbm_s[0], terms.arithmetic_s[0])
        assert terms.latency_s[0] == terms.launch_s + (terms.network_s[0] + overlap)


def test_a_large_batch_is_bound_by_arithmetic_and_a_small_one_by_memory(
    make_setting: MakeSetting,
) -> None:
    small, large = (terms_of(single(make_setting(), batch=batch)) for batch in (1, 100_000))
    assert small.hbm_s[0] > small.arithmetic_s[0]
    assert large.hbm_s[0] < large.arithmetic_s[0]


def test_efficiency_stretches_both_sides_of_the_roofline(make_setting: MakeSetting) -> None:
    full = terms_of(single(make_setting()))
    part = terms_of(single(make_setting(flop_efficiency=0.5, hbm_efficiency=0.25)))
    assert part.arithmetic_s[0] == pytest.approx(2 * full.arithmetic_s[0], rel=1e-12)
    assert part.hbm_s[0] == pytest.approx(4 * full.hbm_s[0], rel=1e-12)


def test_verified_tokens_share_the_context_but_not_the_arithmetic(
    make_setting: MakeSetting,
) -> None:
    one, five = (
        single(make_setting(context_tokens=100_000, tokens_per_sequence=tokens))
        for tokens in (1, 5)
    )
    # Context and weights dwarf what five tokens write themselves.
    assert bytes_of(five) < 1.01 * bytes_of(one)
    assert five.flop(CELL)[0] == 5 * one.flop(CELL)[0]


def test_one_dimensional_layouts_reduce_attention_and_feed_forward_outputs(
    make_setting: MakeSetting, device: Accelerator
) -> None:
    network = network_of(single(make_setting(), degree=16, batch=32))
    reduce_s = time_of(device, 32 * D * 2, ranks=16, nodes=2)
    assert network == pytest.approx(LAYERS * 2 * reduce_s, rel=1e-12)


def test_two_dimensional_layouts_reduce_four_shards_over_one_axis(
    make_setting: MakeSetting, device: Accelerator
) -> None:
    network = network_of(single(make_setting(), degree=16, batch=32, two_dimensional=True))
    words = (D, QKV, 2 * F, D)
    expected = sum(time_of(device, 32 * w * 2 / 4, ranks=4, nodes=2**0.5) for w in words)
    assert network == pytest.approx(LAYERS * expected, rel=1e-12)


def test_the_latency_part_is_what_remains_of_the_network_at_vanishing_messages(
    make_setting: MakeSetting,
) -> None:
    family = single(make_setting(), degree=8, batch=1e-9, n_stages=2)
    fixed = float(family.network_latency_s(CELL, CELL)[0])
    # Two all-reduces a layer at 15.2 us and one hand-over at 11.8 us.
    assert fixed == pytest.approx(20 * 15.2e-6 + 11.8e-6, rel=1e-12)
    assert network_of(family) == pytest.approx(fixed, rel=1e-6)


def test_erratum_b1_qkv_outputs_count_one_byte_at_any_width(make_setting: MakeSetting) -> None:
    wide, narrow = (bytes_of(single(make_setting(kv_bits=bits), batch=7)) for bits in (16, 8))
    everything_else = 3 * (D + F) + D + D + HEADS
    assert wide - narrow == pytest.approx(7 * LAYERS * everything_else, rel=1e-9)


def test_erratum_b3_one_dimensional_layouts_copy_the_wide_activations(
    make_setting: MakeSetting,
) -> None:
    four, one = (bytes_of(single(make_setting(), degree=degree, batch=7)) for degree in (4, 1))
    wide = 2 * 3 * F + QKV + 2 * HEADS
    assert four - one == pytest.approx(3 * 7 * LAYERS * wide, rel=1e-9)


def test_erratum_b4_expert_activations_shrink_with_the_share_of_experts_touched(
    make_setting: MakeSetting, experts: Model
) -> None:
    wide, narrow = (bytes_of(single(make_setting(experts, kv_bits=bits))) for bits in (16, 8))
    # One token touches a quarter of eight experts; each is charged a quarter of a token.
    expert_values = 8 * 3 * (D + F) / 4 / 4
    expected = LAYERS * (expert_values + D + D + HEADS)
    assert wide - narrow == pytest.approx(expected, rel=1e-9)


def test_erratum_b5_active_experts_are_not_summed_before_the_reduce(
    make_setting: MakeSetting, experts: Model, device: Accelerator
) -> None:
    network = network_of(single(make_setting(experts), degree=8, batch=4096))
    attention_s = time_of(device, 4096 * D * 2, ranks=8, nodes=1)
    experts_s = time_of(device, 4096 * 2 * D * 2, ranks=8, nodes=1)
    assert network == pytest.approx(LAYERS * (attention_s + experts_s), rel=1e-12)


def test_erratum_b8_fractions_of_devices_have_a_latency(make_setting: MakeSetting) -> None:
    whole, fraction = (
        terms_of(single(make_setting(), degree=degree, two_dimensional=True)) for degree in (3, 2.7)
    )
    assert fraction.arithmetic_s[0] == pytest.approx(whole.arithmetic_s[0] * 3 / 2.7, rel=1e-12)


def test_erratum_b9_stages_change_neither_launches_nor_arithmetic(
    make_setting: MakeSetting,
) -> None:
    flat = terms_of(single(make_setting(), degree=8, batch=24))
    deep = terms_of(single(make_setting(), degree=2, batch=24, n_stages=4))
    assert deep.launch_s == flat.launch_s
    assert deep.arithmetic_s[0] == flat.arithmetic_s[0]


def test_erratum_b9_a_hand_over_leaves_the_node_even_within_one(
    make_setting: MakeSetting, device: Accelerator
) -> None:
    network = network_of(single(make_setting(), batch=24, n_stages=4))
    hand_over_s = time_of(device, 24 / 4 * D * 2, ranks=2, nodes=2, collective="p2p")
    assert network == pytest.approx(3 * hand_over_s, rel=1e-12)


def test_erratum_b9_every_microbatch_reads_the_weights_again(make_setting: MakeSetting) -> None:
    flat = bytes_of(single(make_setting(), batch=24))
    deep = bytes_of(single(make_setting(), batch=24, n_stages=4))
    assert deep - flat == pytest.approx(3 * 2 * (120_000_000 - 5000 * D), rel=1e-9)


def test_erratum_b10_a_layer_costs_four_launches_in_series(make_setting: MakeSetting) -> None:
    assert terms_of(single(make_setting())).launch_s == pytest.approx(40 * 4e-6, rel=1e-12)


def test_erratum_b12_the_arithmetic_rate_follows_the_weights_alone(
    make_setting: MakeSetting,
) -> None:
    wide, narrow = (
        terms_of(single(make_setting(weight_bits=bits, kv_bits=16))) for bits in (16, 8)
    )
    assert wide.arithmetic_s[0] == pytest.approx(2 * narrow.arithmetic_s[0], rel=1e-12)


def test_erratum_b12_a_width_without_a_rate_has_no_answer(make_setting: MakeSetting) -> None:
    with pytest.raises(KeyError):
        single(make_setting(weight_bits=4))


@given(degree=degrees, batch=batches, n_stages=stages, flat=st.booleans(), context=contexts)
@settings(deadline=None)
def test_more_hbm_bandwidth_never_slows_a_step(
    make_setting: MakeSetting,
    device: Accelerator,
    degree: int,
    batch: int,
    n_stages: int,
    flat: bool,
    context: int,
) -> None:
    faster = replace(device, hbm_bytes_per_s=1.1 * device.hbm_bytes_per_s)
    before, after = (
        latency_of(
            single(
                make_setting(accelerator=accelerator, context_tokens=context),
                degree=degree,
                batch=batch,
                two_dimensional=not flat,
                n_stages=n_stages,
            )
        )
        for accelerator in (device, faster)
    )
    assert after <= before


@given(
    degree=degrees,
    pair=st.tuples(batches, batches),
    n_stages=stages,
    flat=st.booleans(),
    sparse=st.booleans(),
)
@settings(deadline=None)
def test_a_larger_batch_never_speeds_a_step_up(
    make_setting: MakeSetting,
    dense: Model,
    experts: Model,
    degree: int,
    pair: tuple[int, int],
    n_stages: int,
    flat: bool,
    sparse: bool,
) -> None:
    setting = make_setting(experts if sparse else dense, context_tokens=100)
    small, large = (
        latency_of(
            single(setting, degree=degree, batch=batch, two_dimensional=not flat, n_stages=n_stages)
        )
        for batch in sorted(pair)
    )
    assert small <= large


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("two_dimensional", [False, True])
@pytest.mark.parametrize("n_stages", [1, 4])
def test_a_single_design_equals_its_cell_of_a_family_bit_for_bit(
    make_setting: MakeSetting,
    dense: Model,
    experts: Model,
    sparse: bool,
    two_dimensional: bool,
    n_stages: int,
) -> None:
    setting = make_setting(experts if sparse else dense, context_tokens=321, tokens_per_sequence=3)
    family = StepFamily(
        setting,
        tensor_degrees=DEGREES,
        batches=BATCHES,
        two_dimensional=two_dimensional,
        stages=n_stages,
    )
    rectangle = np.ix_(np.arange(len(DEGREES)), np.arange(len(BATCHES)))
    together = family.latency_s(rectangle[0], rectangle[1])
    alone = [
        [
            latency_of(
                single(
                    setting,
                    degree=degree,
                    batch=batch,
                    two_dimensional=two_dimensional,
                    n_stages=n_stages,
                )
            )
            for batch in BATCHES
        ]
        for degree in DEGREES
    ]
    assert np.array_equal(together, np.array(alone))


@given(
    cells=st.lists(st.tuples(degrees, batches), min_size=2, max_size=9),
    sparse=st.booleans(),
    flat=st.booleans(),
)
@settings(deadline=None)
def test_the_order_and_number_of_cells_does_not_change_their_floats(
    make_setting: MakeSetting,
    dense: Model,
    experts: Model,
    cells: list[tuple[int, int]],
    sparse: bool,
    flat: bool,
) -> None:
    setting = make_setting(experts if sparse else dense)
    family = StepFamily(
        setting,
        tensor_degrees=[degree for degree, _ in cells],
        batches=[batch for _, batch in cells],
        two_dimensional=not flat,
        stages=2,
    )
    diagonal = np.arange(len(cells))
    together = family.latency_s(diagonal, diagonal).tolist()
    backwards = family.latency_s(diagonal[::-1], diagonal[::-1]).tolist()[::-1]
    alone = [
        latency_of(
            single(setting, degree=degree, batch=batch, two_dimensional=not flat, n_stages=2)
        )
        for degree, batch in cells
    ]
    assert together == backwards == alone
