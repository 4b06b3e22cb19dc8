"""Pools of several models and KV widths: prompts are decoded by their own kind alone."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from formulations.fleet.plan import FleetPlan
from formulations.fleet.problem import COST, THROUGHPUT
from solver.catalog import shipped_catalog
from solver.errors import InstanceError
from solver.instance.domain import DesignSpace
from solver.instance.fleet.domain import (
    FleetInstance,
    FleetLimits,
    Period,
    RackOrbit,
    RequestSize,
    Service,
    WorkloadModel,
)
from solver.lowering.fleet.describe import describe
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.options import measured_options
from solver.lowering.fleet.pairing import MOST_CACHES, cache_names
from solver.lowering.fleet.pruning import prune_options
from solver.lowering.fleet.space import FleetSpace
from solver.sweep.fleet.roads import Box, Road, Stop
from tests.oracles.plain_fleet import PlainReplica, pool_plans, requests_carried

F = Fraction
SIZES = (RequestSize(100, 10, F(1, 3)), RequestSize(500, 40, F(2, 3)))


def models(*names: str) -> tuple[WorkloadModel, ...]:
    return tuple(WorkloadModel(name, None) for name in names)


def pool(make: dict[str, Any], phase: str, model: str, rate: str, **changes: Any) -> Any:
    """A prefill or decode replica of one device."""
    unknown = {"prefill": {"tpot_s": None}, "decode": {"ttft_s": None}}[phase]
    given = {"layout": f"{phase[0]}-{model}", "model": model, "phase": phase, **unknown, **changes}
    return make["point"](rate, **given)


def crossed(make: dict[str, Any], **changes: Any) -> FleetInstance:
    """Four requests/s; m reads prompts fast, n makes tokens fast: 4 and 1, or 1 and 4."""
    points = [
        pool(make, "prefill", "m", "4"),
        pool(make, "decode", "m", "1"),
        pool(make, "prefill", "n", "1"),
        pool(make, "decode", "n", "4"),
    ]
    given = {"models": models("m", "n"), "requests_per_s": F(4), **changes}
    question: FleetInstance = make["question"](make["workload"](*points, **given))
    return question


def least(space: FleetSpace, measure: str = COST) -> int | None:
    """Least value of a measure, proved."""
    return Road(space.problem).least(measure, Box({}, {}), stop=Stop()).value


def test_prompts_of_one_model_are_not_decoded_by_another(make: dict[str, Any]) -> None:
    # Prompts by m and tokens by n would take 2 devices, 4 US$/h. One of m's prefill feeds four of
    # its decode, and the other way round for n: 5 devices; two halves take 3 + 3.
    space = lower_fleet(crossed(make))
    value = least(space)
    assert value is not None
    assert value * space.units[COST] == 10


def test_two_models_have_a_row_for_every_side_that_each_may_be_short_of(
    make: dict[str, Any],
) -> None:
    problem = lower_fleet(crossed(make), prune=False).problem
    rows = {
        name: [problem.column_names[j].split()[2].rstrip(",") for j in problem.cover.row(i)[0]]
        for i, name in enumerate(problem.cell_names)
    }
    assert rows == {
        "chat, prefill": ["p-m", "p-n"],
        "chat, prefill of m, decode of n": ["p-m", "d-n"],
        "chat, prefill of n, decode of m": ["d-m", "p-n"],
        "chat, decode": ["d-m", "d-n"],
    }


def test_whole_replicas_of_any_model_count_in_every_row(make: dict[str, Any]) -> None:
    asked = crossed(make, models=models("m", "n", "w"))
    whole = make["point"]("1", layout="w", model="w")
    (workload,) = asked.workloads
    asked = replace(asked, workloads=(replace(workload, points=(*workload.points, whole)),))
    problem = lower_fleet(asked).problem
    (column,) = (j for j, name in enumerate(problem.column_names) if "chat: w w" in name)
    assert [column in problem.cover.row(i)[0].tolist() for i in range(4)] == [True] * 4


def test_every_period_has_all_rows(make: dict[str, Any]) -> None:
    asked = crossed(make, by_period=(F(1), F(1, 2)))
    hours = (Period("day", F(12)), Period("night", F(12)))
    names = lower_fleet(replace(asked, periods=hours)).problem.cell_names
    assert len(names) == 8
    assert names[6] == "chat in night, prefill of n, decode of m"


def test_a_model_of_whole_replicas_alone_adds_no_row(make: dict[str, Any]) -> None:
    points = [
        pool(make, "prefill", "m", "4"),
        pool(make, "decode", "m", "2"),
        make["point"]("1", layout="w", model="n"),
    ]
    asked = make["question"](make["workload"](*points, models=models("m", "n")))
    assert lower_fleet(asked).problem.cell_names == ("chat, prefill", "chat, decode")


def test_pools_that_nobody_completes_are_left_out(make: dict[str, Any]) -> None:
    points = [
        make["point"]("1", layout="w", model="m"),
        pool(make, "prefill", "m", "9"),
        pool(make, "decode", "n", "9"),
    ]
    space = lower_fleet(make["question"](make["workload"](*points, models=models("m", "n"))))
    assert [column.layout for column in space.columns] == ["w"]
    assert space.problem.cell_names == ("chat",)


def test_a_limit_that_stops_all_decode_of_a_model_stops_its_prefill_too(
    make: dict[str, Any],
) -> None:
    points = [
        pool(make, "prefill", "m", "2"),
        pool(make, "decode", "m", "2"),
        pool(make, "prefill", "n", "9"),
        pool(make, "decode", "n", "9", tpot_s=F(1)),
    ]
    workload = make["workload"](*points, models=models("m", "n"), min_speed_tok_per_s=F(50))
    columns = lower_fleet(make["question"](workload)).columns
    assert {column.facts["model"] for column in columns} == {"m"}


def test_a_faster_pool_of_another_model_replaces_nobody(make: dict[str, Any]) -> None:
    points = [pool(make, phase, model, rate) for phase in ("prefill", "decode")
              for model, rate in (("m", "1"), ("n", "2"))]  # fmt: skip
    asked = make["question"](make["workload"](*points, models=models("m", "n")))
    kept = prune_options(asked, measured_options(asked, 0), keep_layouts=False)
    assert len(kept) == 4


def test_a_faster_whole_replica_of_another_model_does(make: dict[str, Any]) -> None:
    points = [make["point"](rate, model=model, layout=model) for model, rate in ("m1", "n2")]
    asked = make["question"](make["workload"](*points, models=models("m", "n")))
    kept = prune_options(asked, measured_options(asked, 0), keep_layouts=False)
    assert [option.model for option in kept] == ["n"]


def drawn(make: dict[str, Any], seed: int) -> tuple[list[Any], list[PlainReplica]]:
    """Four to six replicas of two or three models, as points and as the oracle knows them."""
    random = np.random.default_rng(seed)
    names = "mno"[: random.integers(2, 4)]
    sides = [(phase, model) for model in "mn" for phase in ("prefill", "decode")]
    sides += [
        (str(random.choice(["aggregated", "prefill", "decode"])), str(random.choice(list(names))))
        for _ in range(random.integers(0, 3))
    ]
    points, plain = [], []
    for k, (phase, model) in enumerate(sides):
        rate, devices = int(random.integers(1, 7)), int(random.integers(1, 3))
        tpot_s = F(int(random.integers(1, 4)), 100)
        points.append(
            make["point"](
                str(rate), layout=f"l{k}", model=model, phase=phase, devices=devices, tpot_s=tpot_s
            )
        )
        latency = F(0) if phase == "prefill" else tpot_s
        # Equal draws are one replica to the oracle: counts of one say what counts of both would.
        plain.append(PlainReplica(model, phase, F(rate), devices, latency))
    return points, plain


@pytest.mark.parametrize("seed", range(16))
def test_the_frontier_of_drawn_pools_equals_brute_force(make: dict[str, Any], seed: int) -> None:
    points, plain = drawn(make, seed)
    workload = make["workload"](*points, models=models("m", "n", "o"), requests_per_s=F(5))
    asked = make["question"](workload, machines=(make["machine"](stock_devices=5),))
    space = lower_fleet(asked)
    found = {
        (1 / space.speed_levels[grade].speed, cost * space.units[COST])
        for grade, cost in make["images"](space.problem)
    }
    images = {
        (
            max(replica.latency for replica, count in counts.items() if count),
            F(2 * sum(replica.devices * count for replica, count in counts.items())),
        )
        for counts in pool_plans(list(dict.fromkeys(plain)), 5)
        if requests_carried(counts) >= 5
    }
    assert found == {
        p for p in images if not any(q != p and q[0] <= p[0] and q[1] <= p[1] for q in images)
    }


@pytest.mark.parametrize("seed", range(8))
def test_the_cheapest_fleet_of_drawn_pools_is_proved(make: dict[str, Any], seed: int) -> None:
    points, plain = drawn(make, seed + 100)
    workload = make["workload"](*points, models=models("m", "n", "o"), requests_per_s=F(5))
    asked = make["question"](workload, machines=(make["machine"](stock_devices=6),))
    space = lower_fleet(asked)
    best = min(
        (
            2 * sum(replica.devices * count for replica, count in counts.items())
            for counts in pool_plans(list(dict.fromkeys(plain)), 6)
            if requests_carried(counts) >= 5
        ),
        default=None,
    )
    value = least(space)
    assert (None if value is None else value * space.units[COST]) == best


def test_spare_replicas_are_taken_off_each_pool(make: dict[str, Any]) -> None:
    # m alone: pools of 1 + 1 for prefill and of 4 + 1 for decode. Both, for two requests each, take
    # 1 + 1 and 2 + 1 twice.
    space = lower_fleet(replace(crossed(make), service=Service(spare_replicas=1, max_pool=6)))
    value = least(space)
    assert value is not None
    assert value * space.units[COST] == 14


def test_with_a_rack_lost_what_is_left_still_pairs(make: dict[str, Any]) -> None:
    # A rack holds one device, so whatever stands may lose any one replica.
    asked = replace(
        crossed(make),
        racks=(RackOrbit("row", 10, slots=1),),
        service=Service(survive_rack_loss=True),
    )
    replicas = [
        PlainReplica("m", "prefill", F(4)),
        PlainReplica("m", "decode", F(1)),
        PlainReplica("n", "prefill", F(1)),
        PlainReplica("n", "decode", F(4)),
    ]
    best = min(
        2 * sum(counts.values())
        for counts in pool_plans(replicas, 8)
        if all(
            requests_carried({**counts, lost: max(counts[lost] - 1, 0)}) >= 4 for lost in replicas
        )
    )
    space = lower_fleet(asked)
    value = least(space)
    assert value is not None
    assert value * space.units[COST] == best


def test_the_greatest_throughput_pairs_within_models(make: dict[str, Any]) -> None:
    asked = replace(crossed(make), trade_off=("throughput",), limits=FleetLimits(max_devices=6))
    replicas = [
        PlainReplica("m", "prefill", F(4)),
        PlainReplica("m", "decode", F(1)),
        PlainReplica("n", "prefill", F(1)),
        PlainReplica("n", "decode", F(4)),
    ]
    most = 10 * max(requests_carried(counts) for counts in pool_plans(replicas, 6))
    space = lower_fleet(asked)
    value = least(space, THROUGHPUT)
    assert value is not None
    assert most - space.units[THROUGHPUT] < -value * space.units[THROUGHPUT] <= most


def many(make: dict[str, Any], n: int) -> FleetInstance:
    names = [f"m{k}" for k in range(n)]
    points = [pool(make, phase, name, "1") for name in names for phase in ("prefill", "decode")]
    question: FleetInstance = make["question"](make["workload"](*points, models=models(*names)))
    return question


def test_as_many_models_as_can_be_balanced_are_taken(make: dict[str, Any]) -> None:
    assert len(lower_fleet(many(make, MOST_CACHES)).problem.cell_names) == 2**MOST_CACHES


def test_more_models_than_can_be_balanced_are_refused_by_name(make: dict[str, Any]) -> None:
    with pytest.raises(InstanceError, match=r"'chat'.* 9 kinds of KV cache \(m0, .*Accept fewer"):
        lower_fleet(many(make, MOST_CACHES + 1))


def sized(make: dict[str, Any], *kinds: tuple[str, str]) -> FleetInstance:
    points = [
        make["point"]("4", size=(size.input_tokens, size.output_tokens), **replica)
        for phase, model in kinds
        for replica in [{"layout": f"{phase} {model}", "phase": phase, "model": model}]
        for size in SIZES
    ]
    workload = make["workload"](*points, sizes=SIZES, models=models("m", "n"))
    question: FleetInstance = make["question"](workload)
    return question


def test_sizes_and_pools_of_several_models_are_refused_by_name(make: dict[str, Any]) -> None:
    kinds = [(phase, model) for phase in ("prefill", "decode") for model in "mn"]
    with pytest.raises(InstanceError, match=r"pools of 2 kinds .*\(m, n\).*Give one mean size"):
        lower_fleet(sized(make, *kinds))


def test_sizes_and_pools_of_one_model_go_with_whole_replicas_of_another(
    make: dict[str, Any],
) -> None:
    space = lower_fleet(sized(make, ("prefill", "m"), ("decode", "m"), ("aggregated", "n")))
    assert space.problem.routings[0].parts == ("prefill", "decode")


@pytest.mark.parametrize(
    ("caches", "names"),
    [
        ([("m", None), ("n", None)], ["m", "n"]),
        ([("m", 8), ("m", 16)], ["KV8", "KV16"]),
        ([("m", 8), ("m", 16), ("n", 8)], ["m KV8", "m KV16", "n"]),
    ],
)
def test_names_say_no_more_than_tells_caches_apart(
    caches: list[tuple[str, int | None]], names: list[str]
) -> None:
    assert cache_names(caches) == names


def widths(make: dict[str, Any], **changes: Any) -> FleetInstance:
    """Llama 8B on H100 in pools that keep their KV cache in 8 or 16 bits."""
    design = DesignSpace(
        tensor_parallel=(1, 2),
        tensor_parallel_2d=(),
        pipeline_parallel=(1,),
        expert_parallel=(1,),
        attention_data_parallel=(1,),
        batch=(4, 32),
        weight_bits=(8,),
        kv_bits=(8, 16),
    )
    catalog = shipped_catalog()
    workload = make["workload"](models=(WorkloadModel("8B", catalog.models["Llama-3.1-8B"]),))
    question: FleetInstance = make["question"](
        workload,
        machines=(make["machine"]("h100", accelerator=catalog.accelerators["H100 SXM"]),),
        design=design,
        phases=("prefill", "decode"),
        **changes,
    )
    return question


@pytest.mark.parametrize("prune", [False, True])
def test_pools_of_every_kv_width_stay_on_offer(make: dict[str, Any], *, prune: bool) -> None:
    space = lower_fleet(widths(make), prune=prune)
    assert {(c.phase, c.facts["kv_bits"]) for c in space.columns} == {
        (phase, bits) for phase in ("prefill", "decode") for bits in (8, 16)
    }


def test_kv_widths_have_rows_of_their_own(make: dict[str, Any]) -> None:
    space = lower_fleet(widths(make))
    problem = space.problem
    assert problem.cell_names == (
        "chat, prefill",
        "chat, prefill of KV8, decode of KV16",
        "chat, prefill of KV16, decode of KV8",
        "chat, decode",
    )
    mixed = problem.cover.row(1)[0].tolist()
    assert {(space.columns[j].phase, space.columns[j].facts["kv_bits"]) for j in mixed} == {
        ("prefill", 8),
        ("decode", 16),
    }


def test_the_plan_tells_the_model_and_kv_width_of_every_pool(make: dict[str, Any]) -> None:
    space = lower_fleet(widths(make))
    counts = np.ones(space.problem.n_columns, dtype=np.int64)
    entries = describe(space, FleetPlan(counts))["replicas"]
    assert {(entry["model"], entry["phase"], entry["kv_bits"]) for entry in entries} == {
        ("8B", phase, bits) for phase in ("prefill", "decode") for bits in (8, 16)
    }
