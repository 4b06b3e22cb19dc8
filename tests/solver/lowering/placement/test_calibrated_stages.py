"""Placements from measured kernels: replay, the replica kind, formats of machines, refusals."""

from __future__ import annotations

import datetime
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from formulations.placement.chain_plan import ChainPlan, ChainStage, value_of, violations
from solver.catalog import shipped_catalog
from solver.catalog.domain import Model
from solver.errors import UnsupportedModelError
from solver.instance.domain import Performance
from solver.instance.placement.domain import PlacementDesign, PlacementInstance, PlacementMachine
from solver.instance.reader import replica_instance_from_raw
from solver.lowering.placement.calibrated_stages import weight_format_on
from solver.lowering.placement.describe import describe_chain
from solver.lowering.placement.hosts import hand_over_bytes, host_options
from solver.lowering.placement.lowering import lower_placement
from solver.lowering.placement.replay import replay_chain, replay_flow
from solver.lowering.placement.space import MICRO, ChainSpace, FlowSpace
from solver.lowering.placement.stages import degrees_of
from solver.lowering.space import lower_replica
from solver.topology import Host
from tests.solver.sweep.placement.questions import GB, priced, star

CATALOG = shipped_catalog()
TODAY = datetime.date(2026, 11, 1)
DESIGN = PlacementDesign(tensor_parallel=(1, 2), microbatch=(1, 8), in_flight=(1, 2))
NETWORK = star(
    [
        ("big-1", "h100", 2, 8 * GB, "7/2"),
        ("big-2", "h100", 2, 8 * GB, "7/2"),
        ("low-1", "a100", 1, 7 * GB, "3/10"),
    ]
)


def question(**changes: Any) -> PlacementInstance:
    """Four layers of Llama 3.1 8B over two hosts of H100 and one of A100."""
    base = replace(
        priced(topology=NETWORK, design=DESIGN),
        machines=(
            PlacementMachine("h100", CATALOG.accelerator("H100 SXM")),
            PlacementMachine("a100", CATALOG.accelerator("A100-80GB SXM")),
        ),
        performance=Performance("calibrated"),
    )
    return replace(base, **changes)


def served(model: str, **changes: Any) -> PlacementInstance:
    entry = CATALOG.model(model)
    design = replace(DESIGN, weight_bits=entry.native_weight_bits, **changes)
    return question(model=entry, design=design)


def chain_space(instance: PlacementInstance) -> ChainSpace:
    space = lower_placement(instance)
    assert isinstance(space, ChainSpace)
    return space


def _chains(space: ChainSpace) -> list[tuple[int, ChainPlan]]:
    """Every chain of one or two stages that the tables allow, at every setting."""
    found = []
    layers, options = space.instance.layers, range(len(space.meanings))
    for setting in range(len(space.settings)):
        tables = space.tables_of(setting)
        plans = [ChainPlan((ChainStage(space.meanings[k].orbit, k, layers),)) for k in options]
        plans += [
            ChainPlan(
                (
                    ChainStage(space.meanings[a].orbit, a, held),
                    ChainStage(space.meanings[b].orbit, b, layers - held),
                )
            )
            for a, b, held in product(options, options, range(1, layers))
            if space.meanings[a].orbit != space.meanings[b].orbit
        ]
        width = tables.allowed.shape[1]
        found += [
            (setting, plan)
            for plan in plans
            if all(stage.layers < width for stage in plan.stages) and not violations(tables, plan)
        ]
    return found


def test_tables_and_replay_give_the_same_picoseconds() -> None:
    space = chain_space(question())
    plans = _chains(space)
    assert len(plans) > 25
    for setting, plan in plans:
        found = replay_chain(space.instance, describe_chain(space, setting, plan))
        told = value_of(space.tables_of(setting), plan).time
        assert (found.faults, found.latency_ps) == ((), told)


def test_a_chain_that_needs_too_much_memory_is_found() -> None:
    space = chain_space(question())
    setting, plan = _chains(space)[0]
    design = describe_chain(space, setting, plan)
    hosts = tuple(replace(host, hbm_bytes=GB) for host in NETWORK.hosts)
    faults = replay_chain(space.instance, design, replace(NETWORK, hosts=hosts)).faults
    assert all("bytes on a device and has 1000000000" in fault for fault in faults)
    assert faults


def test_rates_of_a_flow_and_its_replay_are_the_same() -> None:
    design = PlacementDesign(tensor_parallel=(1, 2), microbatch=(1, 8), in_flight=(2,))
    instance = question(trade_off=("throughput",), design=design)
    space = lower_placement(instance)
    assert isinstance(space, FlowSpace)
    rates = space.problem.rates[space.hosts.index("big-1")]
    best = int(rates[-1])
    tried = [
        replay_flow(
            instance,
            {
                "stages": [
                    {
                        "host": "big-1",
                        "tensor_parallel": degree,
                        "microbatch": microbatch,
                        "first_layer": 0,
                        "layers": 4,
                    }
                ],
                "flows": [
                    {"from": "entry", "to": "big-1", "tok_per_s": best / MICRO},
                    {"from": "big-1", "to": "exit", "tok_per_s": best / MICRO},
                ],
            },
        ).faults
        for degree, microbatch in product((1, 2), (1, 8))
    ]
    # One choice reaches the rate of the table, and it is the fastest: all others are too slow.
    assert tried.count(()) == 1


@pytest.mark.parametrize(
    ("model", "bits"), [("Llama-3.1-8B", 16), ("Llama-3.1-70B", 8), ("Qwen3-30B-A3B", 8)]
)
def test_one_host_of_all_layers_costs_what_the_replica_kind_says(model: str, bits: int) -> None:
    raw = {
        "schema": 1,
        "kind": "replica",
        "name": "same",
        "workload": {"model": model, "context_tokens": 1024},
        "design": {
            "accelerator": "H100 SXM",
            "tensor_parallel": [1, 2, 4],
            "batch": [1, 7, 64],
            "weight_bits": bits,
            "kv_bits": 16,
        },
        "price": {"usd_per_hour": 2},
        "performance": {"model": "calibrated"},
    }
    (family,) = lower_replica(replica_instance_from_raw(raw, today=TODAY)).families
    told_ps = family.latency_ps(np.arange(3)[:, None], np.arange(3)[None, :])
    host = Host("all", "h100", 4, 80 * GB, device_bytes_per_s=450 * GB)
    instance = question(
        model=CATALOG.model(model),
        context_tokens=1024,
        design=PlacementDesign((1, 2, 4), (1, 7, 64), (1,), weight_bits=bits),
    )
    options = host_options(instance, host, [(m, 1) for m in (1, 7, 64)])
    layers = instance.layers
    for row, option in enumerate(options):
        more_ps = layers * np.array(option.layer_time_ps) - told_ps[row]
        assert (more_ps >= 0).all()
        assert (more_ps < layers).all()


def test_a_width_is_the_format_that_each_machine_runs() -> None:
    design = replace(DESIGN, weight_bits=8)
    model = CATALOG.model("Llama-3.1-8B")
    found = [
        weight_format_on(model, CATALOG.accelerator(name), design)
        for name in ("H100 SXM", "A100-80GB SXM")
    ]
    assert found == ["fp8", "int8"]


def test_a_format_by_name_is_the_same_on_all_machines() -> None:
    design = replace(DESIGN, weight_bits=8, weight_format="int8")
    model = CATALOG.model("Llama-3.1-8B")
    for name in ("H100 SXM", "A100-80GB SXM"):
        assert weight_format_on(model, CATALOG.accelerator(name), design) == "int8"


def test_a_chain_tells_the_format_of_each_stage() -> None:
    space = chain_space(question(design=replace(DESIGN, weight_bits=8)))
    told = {
        (stage["machine"], stage["weight_format"])
        for setting, plan in _chains(space)
        for stage in describe_chain(space, setting, plan)["stages"]
    }
    assert told == {("h100", "fp8"), ("a100", "int8")}


def test_the_published_formula_tells_no_format() -> None:
    space = chain_space(question(performance=Performance("epoch2025")))
    setting, plan = _chains(space)[0]
    assert "weight_format" not in describe_chain(space, setting, plan)["stages"][0]


def test_narrower_weights_need_less_memory() -> None:
    (host, *_) = NETWORK.hosts
    wide, narrow = (
        host_options(question(design=replace(DESIGN, weight_bits=bits)), host, [(1, 1)])[0]
        for bits in (16, 8)
    )
    assert narrow.layer_bytes[0] < 0.6 * wide.layer_bytes[0]


@pytest.mark.parametrize("bits", [8, 16])
def test_activations_are_handed_over_in_16_bits_whatever_the_cache(bits: int) -> None:
    instance = question(design=replace(DESIGN, kv_bits=bits))
    assert instance.model is not None
    assert hand_over_bytes(instance, outside=False) == 2 * instance.model.d_model


def test_slower_links_between_devices_slow_the_options_that_use_several() -> None:
    (host, *_) = NETWORK.hosts
    slow = replace(host, device_bytes_per_s=10**9)
    plain, slowed = (host_options(question(), one, [(8, 1)]) for one in (host, slow))
    assert plain[0].layer_time_ps == slowed[0].layer_time_ps
    assert plain[1].layer_time_ps < slowed[1].layer_time_ps


def test_dense_layers_beside_experts_are_cut_too() -> None:
    model = replace(CATALOG.model("DeepSeek-V3"), d_ff=18432 + 1)
    instance = question(model=model)
    (host, *_) = NETWORK.hosts
    assert degrees_of(instance, CATALOG.model("DeepSeek-V3"), host) == (1, 2)
    assert degrees_of(instance, model, host) == (1,)


def odd(model: str, **changes: Any) -> Model:
    return replace(CATALOG.model(model), **changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"model": odd("Llama-3.1-8B", features=("holographic heads",))},
            ["workload.model", "holographic heads"],
        ),
        (
            {"design": replace(DESIGN, weight_bits=8, weight_format="fp8")},
            ["design.weight_format", "'a100'", "A100-80GB SXM", "fp8"],
        ),
        (
            {"design": replace(DESIGN, weight_bits=4, weight_format="nvfp4")},
            ["design.weight_format", "'h100'", "4-bit"],
        ),
        ({"design": replace(DESIGN, weight_bits=5)}, ["design.weight_bits", "'h100'", "5-bit"]),
        ({"design": replace(DESIGN, kv_bits=4)}, ["design.kv_bits", "4-bit cache", "8"]),
        ({"context_tokens": 200_000}, ["workload.context_tokens", "200000", "131072"]),
        (
            {
                "machines": (
                    PlacementMachine("h100", CATALOG.accelerator("H100 SXM")),
                    PlacementMachine("a100", CATALOG.accelerator("Groq LPU v1")),
                )
            },
            ["machines.a100.accelerator", "Groq LPU v1"],
        ),
    ],
)
def test_what_the_model_does_not_know_is_refused_by_name(
    changes: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(UnsupportedModelError) as caught:
        lower_placement(question(**changes))
    text = str(caught.value.faults[0])
    for word in words:
        assert word in text


def test_a_feature_is_refused_once_for_all_machines() -> None:
    model = odd("Llama-3.1-8B", features=("holographic heads",))
    with pytest.raises(UnsupportedModelError) as caught:
        lower_placement(question(model=model))
    assert len(caught.value.faults) == 1
