"""Designs as options: plain loops over every layout and batch find the same."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from solver.catalog import shipped_catalog
from solver.errors import InstanceError
from solver.instance.domain import DesignSpace
from solver.instance.fleet.domain import (
    FleetInstance,
    FleetLimits,
    Phase,
    RackOrbit,
    RequestSize,
    Transfer,
    WorkloadModel,
)
from solver.lowering.fleet.designs import design_options, layout_name
from solver.lowering.fleet.lowering import lower_fleet
from solver.performance.epoch2025 import count
from solver.performance.epoch2025.memory import deployable_bytes_per_device
from solver.performance.epoch2025.step import StepFamily, StepSetting
from solver.performance.prefill import prefill_pass_s
from solver.performance.step_table import StepLayout, StepPrecision

F = Fraction
SIZE = RequestSize(1000, 300, F(1))
DESIGN = DesignSpace(
    tensor_parallel=(1, 2, 4),
    tensor_parallel_2d=(),
    pipeline_parallel=(1, 2),
    expert_parallel=(1,),
    attention_data_parallel=(1,),
    batch=(1, 2, 4, 32, 96),
    weight_bits=(8,),
    kv_bits=(16,),
)
MODEL = shipped_catalog().models["Llama-3.1-8B"]
H100 = shipped_catalog().accelerators["H100 SXM"]


@pytest.fixture
def ask(make: dict[str, Any]) -> Any:
    """Llama 8B on H100, any part of the workload or the question by keyword."""

    def build(workload: dict[str, Any] | None = None, **changes: Any) -> FleetInstance:
        given = {
            "name": "chat",
            "models": (WorkloadModel("8B", MODEL, F(5)),),
            "sizes": (SIZE,),
            **(workload or {}),
        }
        machine = make["machine"]("h100", accelerator=H100)
        question: FleetInstance = make["question"](
            make["workload"](**given), **{"machines": (machine,), "design": DESIGN, **changes}
        )
        return question

    return build


def candidate(
    tensor: int, stages: int, batch: int, phase: Phase = "aggregated"
) -> tuple[int, int, int] | None:
    """(devices, latency ps, nano-requests/s) of one design, one number after the other."""
    if batch < stages or batch % stages:
        return None
    setting = StepSetting(count(MODEL), H100, 8, 16, SIZE.input_tokens + SIZE.output_tokens // 2)
    step = StepFamily(
        setting, tensor_degrees=[tensor], batches=[batch], two_dimensional=False, stages=stages
    )
    zero = np.zeros(1, dtype=np.intp)
    if deployable_bytes_per_device(step, zero, zero)[0] > H100.hbm_bytes:
        return None
    step_s = math.ceil(float(step.latency_s(zero, zero)[0]) * 10**12) / 10**12
    prefill = prefill_pass_s(
        setting,
        input_tokens=SIZE.input_tokens,
        tensor_degrees=[tensor],
        two_dimensional=False,
        stages=stages,
    )[0]
    output = SIZE.output_tokens
    if phase == "prefill":
        kv_bytes = 2 * 2 * MODEL.n_kv_heads * MODEL.head_dim * MODEL.layers * SIZE.input_tokens
        busy = max(prefill / stages, kv_bytes / (H100.scale_out_bytes_per_s * tensor * stages))
        return tensor * stages, 0, math.floor(10**9 / busy)
    busy = prefill / stages if phase == "aggregated" else 0.0
    tpot = step_s + batch * busy / output
    return tensor * stages, math.ceil(tpot * 10**12), math.floor(batch / (output * tpot) * 10**9)


@pytest.mark.parametrize("phase", ["aggregated", "prefill", "decode"])
def test_plain_loops_find_the_same_options(ask: Any, phase: Phase) -> None:
    every = {
        found
        for tensor in DESIGN.tensor_parallel
        for stages in DESIGN.pipeline_parallel
        for batch in DESIGN.batch
        if (found := candidate(tensor, stages, batch, phase)) is not None
    }
    best = {
        a
        for a in every
        if not any(b != a and b[0] == a[0] and b[1] <= a[1] and b[2] >= a[2] for b in every)
    }
    options, looked_at, reasons = design_options(ask(phases=(phase,)), 0)
    found = {(o.devices, o.latency_ps or 0, int(o.rates[0] * 10**9)) for o in options}
    assert {f[:1] for f in found} == {b[:1] for b in best}
    # The last bit of the float formulas may differ between the two ways of writing them.
    assert len(found) == len(best)
    for have, want in zip(sorted(found), sorted(best), strict=True):
        assert have == pytest.approx(want, abs=2)
    # Two stages do not divide a batch of one: 3 layouts of 5 batches and 3 of 4.
    assert (looked_at, reasons) == (27, [])


def test_options_say_what_they_are(ask: Any) -> None:
    options, _, _ = design_options(ask(), 0)
    option = next(o for o in options if o.devices == 1 and o.facts["batch"] == 32)
    assert option.layout == "TP1 W8 KV16"
    assert (option.model, option.quality, option.phase) == ("8B", 5, "aggregated")
    assert option.facts["tensor_parallel"] == 1


@pytest.mark.parametrize(
    ("layout", "precision", "name"),
    [
        (StepLayout(1, 16, pipeline_parallel=2), StepPrecision(4, 8), "TP2D16 PP2 W4 KV8"),
        (StepLayout(8), StepPrecision(8, 16), "TP8 W8 KV16"),
        (
            StepLayout(2, expert_parallel=16, attention_data_parallel=8),
            StepPrecision(8, 8, "fp8_block", "fp8"),
            "TP2 DP8 EP16 fp8_block KV8",
        ),
    ],
)
def test_a_layout_has_one_name(layout: StepLayout, precision: StepPrecision, name: str) -> None:
    assert layout_name(layout, precision) == name


def test_a_slower_link_slows_prefill_alone(ask: Any) -> None:
    asked = ask(phases=("prefill",), transfer=Transfer(F(10**8)))
    options, _, _ = design_options(asked, 0)
    one = next(o for o in options if o.devices == 1)
    kv_bytes = 2 * 2 * MODEL.n_kv_heads * MODEL.head_dim * MODEL.layers * SIZE.input_tokens
    assert float(one.rates[0]) == pytest.approx(10**8 / kv_bytes)
    assert one.ttft_s is not None
    assert one.ttft_s > F(kv_bytes, 10**8)


def test_caches_are_counted_on_the_uplink_of_separate_phases(ask: Any) -> None:
    asked = ask(phases=("decode",), racks=(RackOrbit("row", 9, uplink_bytes_per_s=F(10**12)),))
    options, _, _ = design_options(asked, 0)
    kv_bytes = 2 * 2 * MODEL.n_kv_heads * MODEL.head_dim * MODEL.layers * SIZE.input_tokens
    for option in options:
        assert option.uplink_bytes_per_s == option.rates[0] * (kv_bytes + 4 * 1300)


def test_several_sizes_give_a_rate_for_each_and_the_slowest_latency(ask: Any) -> None:
    short = RequestSize(100, 300, F(1, 2))
    both = (short, replace(SIZE, share=F(1, 2)))
    mixed, _, _ = design_options(ask({"sizes": both}), 0)
    long_only, _, _ = design_options(ask(), 0)
    by_key = {(o.layout, o.facts["batch"]): o for o in long_only}
    shared = [o for o in mixed if (o.layout, o.facts["batch"]) in by_key]
    assert shared
    for option in shared:
        alone = by_key[option.layout, option.facts["batch"]]
        assert option.rates[1] == alone.rates[0]
        assert option.rates[0] > option.rates[1]
        assert option.latency_ps == alone.latency_ps


def test_a_model_too_large_for_a_machine_leaves_a_reason(ask: Any) -> None:
    large = shipped_catalog().models["Llama-3.1-405B"]
    asked = ask(
        {"models": (WorkloadModel("405B", large),)},
        design=replace(DESIGN, tensor_parallel=(1, 2)),
    )
    options, _, reasons = design_options(asked, 0)
    assert options == []
    assert "fits nowhere" in str(reasons[0])
    with pytest.raises(InstanceError, match="no option serves it") as caught:
        lower_fleet(asked)
    assert "fits nowhere" in str(caught.value)


def test_a_width_the_accelerator_lacks_leaves_a_reason(ask: Any) -> None:
    odd = replace(DESIGN, weight_bits=(5,))
    options, _, reasons = design_options(ask(design=odd), 0)
    assert options == []
    assert "no arithmetic of 5 bits" in str(reasons[0])


def test_without_a_design_space_points_are_needed(ask: Any) -> None:
    with pytest.raises(InstanceError, match="there is no design space"):
        lower_fleet(ask(design=None))


def test_a_model_known_by_name_alone_needs_points(ask: Any) -> None:
    with pytest.raises(InstanceError, match="'x' is known by name alone"):
        lower_fleet(ask({"models": (WorkloadModel("x", None),)}))


def test_the_time_to_the_first_token_keeps_an_option_that_is_in_time(ask: Any) -> None:
    every, _, _ = design_options(ask(), 0)
    limit = min(o.ttft_s for o in every if o.ttft_s is not None)
    space = lower_fleet(ask({"max_ttft_s": limit}))
    assert space.columns
    assert all(c.ttft_s is not None and c.ttft_s <= limit for c in space.columns)


def test_phases_apart_serve_together_in_one_question(ask: Any) -> None:
    asked = ask(
        {"requests_per_s": F(50)},
        phases=("aggregated", "prefill", "decode"),
        limits=FleetLimits(max_devices=64),
    )
    space = lower_fleet(asked)
    assert {c.phase for c in space.columns} == {"aggregated", "prefill", "decode"}
    assert space.problem.cell_names == ("chat, prefill", "chat, decode")
    assert space.stated > space.pruned
