"""Designs under the calibrated model: plain loops over the model itself find the same."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from solver.catalog import shipped_catalog
from solver.errors import UnsupportedModelError
from solver.instance.domain import DesignSpace, Performance, Rules
from solver.instance.fleet.domain import (
    FleetInstance,
    Phase,
    RequestSize,
    Transfer,
    WorkloadModel,
)
from solver.lowering.fleet.calibrated_designs import calibrated_designs
from solver.lowering.fleet.designs import check_designs, design_options
from solver.lowering.fleet.options import Option
from solver.performance.calibrated.constants import serving_constants
from solver.performance.calibrated.kernels import Formats
from solver.performance.calibrated.point import Layout
from solver.performance.calibrated.replica import Columns, Replica

F = Fraction
SIZE = RequestSize(1000, 300, F(1))
LONG = RequestSize(4000, 200, F(1, 4))
DESIGN = DesignSpace(
    tensor_parallel=(1, 2, 4),
    tensor_parallel_2d=(),
    pipeline_parallel=(1, 2),
    expert_parallel=(1,),
    attention_data_parallel=(1, 2),
    batch=(1, 2, 4, 32, 128, 1024),
    weight_bits=(8,),
    kv_bits=(16,),
)
CATALOG = shipped_catalog()
MODEL = CATALOG.models["Llama-3.1-8B"]
SPARSE = CATALOG.models["gpt-oss-20b"]
H100 = CATALOG.accelerators["H100 SXM"]
REPLICA = Replica(MODEL, H100, Formats("fp8", "fp8", "bf16"), serving_constants())
CLOSE = 0.005
"""Curves are straight between their knots; the loops ask the operators themselves."""
EVERY = tuple(
    itertools.product(
        DESIGN.tensor_parallel, DESIGN.pipeline_parallel, DESIGN.attention_data_parallel
    )
)
Ask = Callable[..., FleetInstance]


@pytest.fixture
def ask(make: dict[str, Any]) -> Ask:
    """Llama 8B on H100, any part of the workload or the question by keyword."""

    def build(workload: dict[str, Any] | None = None, **changes: Any) -> FleetInstance:
        given = {
            "name": "chat",
            "models": (WorkloadModel("8B", MODEL),),
            "sizes": (SIZE,),
            **(workload or {}),
        }
        question: FleetInstance = make["question"](
            make["workload"](**given),
            **{
                "machines": (make["machine"]("h100", accelerator=H100),),
                "design": DESIGN,
                "performance": Performance("calibrated"),
                **changes,
            },
        )
        return question

    return build


def options_of(question: FleetInstance) -> list[Option]:
    """Options of the only workload."""
    check_designs(question)
    options, _, _ = design_options(question, 0)
    return options


def columns_of(tensor: int, stages: int, groups: int) -> Columns:
    """One layout as arrays."""
    return Columns.of([Layout(tensor, pipeline_parallel=stages, attention_data_parallel=groups)])


def own_columns(option: Option) -> Columns:
    """The layout of an option."""
    facts = option.facts
    return columns_of(
        facts["tensor_parallel"], facts["pipeline_parallel"], facts["attention_data_parallel"]
    )


def cells() -> Iterator[tuple[Columns, int, int]]:
    """Layout, devices and batch of every design that shares its batch out and fits."""
    for (t, p, d), batch in itertools.product(EVERY, DESIGN.batch):
        columns = columns_of(t, p, d)
        room = REPLICA.capacity(columns, SIZE.input_tokens, SIZE.output_tokens)[0]
        if batch % (p * d) == 0 and batch <= room:
            yield columns, t * p * d, batch


def served(columns: Columns, batch: int, **more: float) -> tuple[float, float, float]:
    """Time between tokens, to the first one, and requests/s of a whole replica."""
    found = REPLICA.served(
        columns,
        in_flight=[batch],
        input_tokens=SIZE.input_tokens,
        output_tokens=SIZE.output_tokens,
        **more,
    )
    tpot = float(found.tpot_s[0])
    return tpot, float(found.ttft_s[0]), batch / (SIZE.output_tokens * tpot)


def numbers(option: Option) -> tuple[float, float, float]:
    """What an option says of itself, in the order of ``served``; 0 for what it has not."""
    latency_s = (option.latency_ps or 0) / 1e12
    return latency_s, float(option.ttft_s or 0), float(option.rates[0])


def test_whole_replicas_carry_what_the_model_says(ask: Ask) -> None:
    options = options_of(ask())
    assert len(options) > 10
    for option in options:
        want = served(own_columns(option), option.facts["batch"])
        assert numbers(option) == pytest.approx(want, rel=CLOSE)


def test_no_whole_replica_worth_having_is_missing(ask: Ask) -> None:
    options = options_of(ask())
    for columns, devices, batch in cells():
        tpot, _, rate = served(columns, batch)
        assert any(
            option.devices == devices
            and numbers(option)[0] <= tpot * (1 + CLOSE)
            and numbers(option)[2] >= rate * (1 - CLOSE)
            for option in options
        )


def test_decode_replicas_carry_what_steps_alone_allow(ask: Ask) -> None:
    options = options_of(ask(phases=("decode",)))
    assert len(options) > 10
    for option in options:
        batch = option.facts["batch"]
        step_s = float(REPLICA.step_s(own_columns(option), [batch], 1150.0)[0])
        assert numbers(option)[0] == pytest.approx(step_s, rel=CLOSE)
        assert numbers(option)[2] == pytest.approx(batch / (300 * step_s), rel=CLOSE)


def test_no_decode_replica_worth_having_is_missing(ask: Ask) -> None:
    options = options_of(ask(phases=("decode",)))
    for columns, devices, batch in cells():
        step_s = float(REPLICA.step_s(columns, [batch], 1150.0)[0])
        assert any(
            option.devices == devices
            and numbers(option)[0] <= step_s * (1 + CLOSE)
            and numbers(option)[2] >= batch / (300 * step_s) * (1 - CLOSE)
            for option in options
        )


def test_prefill_replicas_read_a_prompt_in_each_lane(ask: Ask) -> None:
    options = options_of(ask(phases=("prefill",)))
    assert options
    for option in options:
        columns = own_columns(option)
        prompt_s = float(REPLICA.prompt_s(columns, [1000.0])[0])
        lanes = option.facts["attention_data_parallel"] * option.facts["pipeline_parallel"]
        assert numbers(option)[2] == pytest.approx(lanes / prompt_s)
        assert "batch" not in option.facts


def test_the_first_token_waits_for_the_slowest_hand_over_on_offer(ask: Ask) -> None:
    for option in options_of(ask(phases=("prefill",))):
        columns = own_columns(option)
        prompt_s = float(REPLICA.prompt_s(columns, [1000.0])[0])
        slowest = max(
            float(REPLICA.hand_over_s(columns, columns_of(*layout), 1000.0)[0]) for layout in EVERY
        )
        want = serving_constants().request_s + prompt_s + slowest
        assert numbers(option)[1] == pytest.approx(want)


def test_a_machine_that_receives_slowly_delays_the_first_token_of_others(
    ask: Ask, make: dict[str, Any]
) -> None:
    slow = replace(H100, name="slow", scale_out_bytes_per_s=H100.scale_out_bytes_per_s / 100)
    machines = (
        make["machine"]("h100", accelerator=H100),
        make["machine"]("slow", accelerator=slow),
    )
    alone = {o.layout: o.ttft_s for o in options_of(ask(phases=("prefill",)))}
    both = options_of(ask(phases=("prefill",), machines=machines))
    delayed = [o for o in both if o.machine == 0]
    assert delayed
    assert all(o.ttft_s is not None and o.ttft_s > (alone[o.layout] or 0) for o in delayed)


@pytest.mark.parametrize("phase", ["prefill", "decode"])
def test_links_pace_pools_where_they_are_slow(ask: Ask, phase: Phase) -> None:
    link = 10**8
    asked = ask(phases=(phase,), transfer=Transfer(F(link)))
    one = max(
        float(o.rates[0]) for o in options_of(asked) if (o.devices, o.layout[:4]) == (1, "TP1 ")
    )
    cache_bytes = 2 * 2 * MODEL.n_kv_heads * MODEL.head_dim * MODEL.layers * 1000
    # 0.42 ms and 0.76 of the link's rate, as measured for KV transfers.
    assert one == pytest.approx(1 / (0.42e-3 + cache_bytes / (0.76 * link)))


def test_cached_prompts_are_served_as_the_model_says(ask: Ask) -> None:
    for option in options_of(ask({"prefix_hit": F(1, 2)})):
        tpot, _, rate = served(own_columns(option), option.facts["batch"], prefix_hit=0.5)
        assert (numbers(option)[0], numbers(option)[2]) == pytest.approx((tpot, rate), rel=CLOSE)


@pytest.mark.parametrize("phase", ["aggregated", "prefill"])
def test_cached_prompts_bring_the_first_token_sooner(ask: Ask, phase: Phase) -> None:
    def first(hit: Fraction) -> Fraction:
        found = options_of(ask({"prefix_hit": hit}, phases=(phase,)))
        return min(o.ttft_s for o in found if o.ttft_s is not None)

    assert first(F(3, 4)) < first(F(0))


@pytest.mark.parametrize("phase", ["aggregated", "decode"])
def test_a_cell_alone_gives_the_same_integers(ask: Ask, phase: Phase) -> None:
    question = ask(phases=(phase,))
    (designs,), _ = calibrated_designs(question, question.workloads[0], MODEL, DESIGN)
    zero = np.zeros(1, dtype=np.intp)
    for family, table in zip(designs.families, designs.tables[phase], strict=True):
        for row, column in zip(*np.nonzero(table.rates[:, :, 0]), strict=True):
            alone = family.step.alone(int(row), int(column))
            latency_ps = math.ceil(float(alone.latency_s(zero, zero)[0]) * 10**12)
            assert table.latency_ps[row, column] == latency_ps
            ttft_s = alone.ttft_s(zero, zero)
            if ttft_s is not None:
                assert table.ttft_ps[row, column] == math.ceil(float(ttft_s[0]) * 10**12)


def test_a_prefill_layout_alone_gives_the_same_integers(ask: Ask) -> None:
    def rates(design: DesignSpace) -> dict[str, tuple[Fraction, ...]]:
        return {o.layout: o.rates for o in options_of(ask(phases=("prefill",), design=design))}

    together = rates(DESIGN)
    assert len(together) > 2
    for name, rate in together.items():
        tensor = int(name.split()[0].removeprefix("TP"))
        assert rates(replace(DESIGN, tensor_parallel=(tensor,)))[name] == rate


def test_latencies_of_several_sizes_are_of_the_slowest_and_rates_of_each(ask: Ask) -> None:
    small = replace(DESIGN, tensor_parallel=(2,), pipeline_parallel=(1,), batch=(8,))
    short = replace(SIZE, share=F(3, 4))

    def one(*sizes: RequestSize) -> Option:
        found = options_of(ask({"sizes": sizes}, design=small))
        return next(o for o in found if o.devices == 2)

    mixed, apart = one(short, LONG), (one(short), one(LONG))
    assert mixed.rates == (*apart[0].rates, *apart[1].rates)
    assert mixed.latency_ps == max(o.latency_ps or 0 for o in apart)
    assert mixed.ttft_s == max(o.ttft_s or 0 for o in apart)


def test_experts_are_spread_under_the_rules_of_replicas(ask: Ask) -> None:
    design = replace(DESIGN, pipeline_parallel=(1,), expert_parallel=(1, 4), weight_bits=(4,))
    found = options_of(ask({"models": (WorkloadModel("20B", SPARSE),)}, design=design))
    spread = {
        (o.facts["tensor_parallel"], o.facts["attention_data_parallel"])
        for o in found
        if o.facts["expert_parallel"] == 4
    }
    assert spread
    assert all(tensor * groups % 4 == 0 for tensor, groups in spread)


def test_a_width_stands_for_the_format_a_model_is_published_in(ask: Ask) -> None:
    design = replace(DESIGN, weight_bits=(4,))
    found = options_of(ask({"models": (WorkloadModel("20B", SPARSE),)}, design=design))
    assert {o.facts["weight_format"] for o in found} == {"mxfp4"}
    assert all(" mxfp4 KV16" in o.layout for o in found)


def test_hbm_kept_free_leaves_fewer_batches(ask: Ask) -> None:
    most = max(o.facts["batch"] for o in options_of(ask()) if o.devices == 1)
    kept = options_of(ask(rules=Rules(hbm_reserve_fraction=F(8, 10))))
    assert max((o.facts["batch"] for o in kept if o.devices == 1), default=0) < most


def test_another_model_is_refused_by_name(ask: Ask) -> None:
    with pytest.raises(UnsupportedModelError, match="'guess' is not a performance model"):
        check_designs(ask(performance=Performance("guess")))
