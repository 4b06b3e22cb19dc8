"""Fleet questions drawn at random, every part of the domain in use."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from solver.catalog import shipped_catalog
from solver.instance.domain import DesignSpace, Performance, Rules
from solver.instance.fleet.domain import (
    Answers,
    Contract,
    CurrentFleet,
    CurrentReplicas,
    FleetInstance,
    FleetLimits,
    MachineOffer,
    MeasuredPoint,
    Ownership,
    Period,
    Preference,
    RackOrbit,
    RequestSize,
    Service,
    Transfer,
    Workload,
    WorkloadModel,
)

__all__ = ["fleet_questions"]

positive = st.fractions(min_value=Fraction(1, 1000), max_value=10**6, max_denominator=1000)
share = st.fractions(min_value=0, max_value=1, max_denominator=1000)
part = st.fractions(min_value=Fraction(1, 100), max_value=Fraction(99, 100), max_denominator=100)
count = st.integers(1, 10**6)
kinds = st.sampled_from(["on_demand", "reserved", "spot", "owned"])
phases = st.sampled_from(["aggregated", "prefill", "decode"])
whole_numbers = st.sets(st.integers(1, 300), min_size=1, max_size=6).map(
    lambda found: tuple(sorted(found))
)


def maybe(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | of


def split(draw: st.DrawFn, whole: int) -> list[Fraction]:
    """One to three positive parts of ``whole``."""
    weights = draw(st.lists(st.integers(1, 50), min_size=1, max_size=3))
    return [Fraction(whole * weight, sum(weights)) for weight in weights]


@st.composite
def contracts(draw: st.DrawFn, name: str) -> Contract:
    kind = draw(kinds)
    owner = Ownership(
        *(draw(positive) for _ in range(2)), draw(part), draw(positive), draw(share), draw(share)
    )
    return Contract(
        name=name,
        kind=kind,
        usd_per_hour=None if kind == "owned" else draw(positive),
        committed=kind in ("reserved", "owned"),
        stock_devices=draw(maybe(st.integers(0, 10**6))),
        ownership=owner if kind == "owned" else None,
        source=draw(st.text(max_size=5)),
    )


@st.composite
def machines(draw: st.DrawFn, name: str) -> MachineOffer:
    known = shipped_catalog().accelerators
    chosen = draw(maybe(st.sampled_from(sorted(known))))
    return MachineOffer(
        name=name,
        accelerator=None if chosen is None else known[chosen],
        node_devices=draw(count),
        watts_per_device=draw(positive),
        contracts=tuple(draw(contracts(f"c{k}")) for k in range(draw(st.integers(0, 2)))),
        stock_devices=draw(maybe(count)),
    )


@st.composite
def workloads(draw: st.DrawFn, name: str, n_periods: int, offered: tuple[str, ...]) -> Workload:
    measured = draw(st.booleans())
    shapes = shipped_catalog().models
    chosen = draw(
        st.lists(st.sampled_from(["Llama-3.1-8B", "DeepSeek-V3"]), min_size=1, unique=True)
    )
    models = tuple(
        WorkloadModel(entry, None if measured else shapes[entry], draw(maybe(positive)))
        for entry in chosen
    )
    sizes = tuple(
        RequestSize(draw(count), place + 1, part_of_all)
        for place, part_of_all in enumerate(split(draw, 1))
    )
    point = st.builds(
        MeasuredPoint,
        workload=st.just(name),
        model=st.sampled_from(chosen),
        machine=st.sampled_from(["", *offered]),
        layout=st.text(max_size=4),
        phase=phases,
        devices=count,
        requests_per_s=positive,
        tpot_s=maybe(positive),
        ttft_s=maybe(positive),
        watts=maybe(positive),
        usd_per_hour=maybe(positive),
        size=maybe(st.tuples(count, count)),
        where=st.just("p.csv:2"),
    )
    return Workload(
        name=name,
        models=models,
        sizes=sizes,
        requests_per_s=draw(positive),
        by_period=tuple(draw(positive) for _ in range(n_periods)),
        min_speed_tok_per_s=draw(maybe(positive)),
        max_ttft_s=draw(maybe(positive)),
        target_speed_tok_per_s=draw(maybe(positive)),
        points=tuple(draw(st.lists(point, min_size=1, max_size=3))) if measured else (),
        points_meet_limits=measured and draw(st.booleans()),
        prefix_hit=Fraction(0) if measured else draw(st.just(Fraction(0)) | part),
    )


@st.composite
def fleet_questions(draw: st.DrawFn) -> FleetInstance:
    """A sound question without warnings, settings and expectations, which are not part of it."""
    hours = split(draw, 24)
    offered = tuple(f"m{k}" for k in range(draw(st.integers(0, 2))))
    names = tuple(f"w{k}" for k in range(draw(st.integers(1, 2))))
    in_usd = draw(st.booleans())
    waits = draw(st.booleans())
    things = ["speed", "cost", "power", "quality", "throughput"]
    traded = st.lists(st.sampled_from(things), min_size=2, max_size=3, unique=True).map(tuple)
    wish = st.builds(
        Preference,
        name=st.text(max_size=4),
        machines=st.just(offered),
        no_contract=st.lists(kinds, max_size=2).map(tuple),
        max_machine_types=maybe(count),
        max_layouts=maybe(count),
    )
    replicas = st.builds(
        CurrentReplicas,
        workload=st.sampled_from(names),
        machine=st.text(max_size=3),
        layout=st.text(max_size=3),
        count=st.integers(0, 99),
    )
    rack = st.builds(
        RackOrbit,
        name=st.just("r"),
        count=count,
        slots=maybe(count),
        watts=maybe(positive),
        uplink_bytes_per_s=maybe(positive),
        machines=st.just(offered),
    )
    design = st.builds(
        DesignSpace,
        tensor_parallel=whole_numbers,
        tensor_parallel_2d=st.just(()) | whole_numbers,
        pipeline_parallel=whole_numbers,
        expert_parallel=whole_numbers,
        attention_data_parallel=whole_numbers,
        batch=whole_numbers,
        weight_bits=st.just(()) | whole_numbers,
        kv_bits=st.just(()) | whole_numbers,
    )
    return FleetInstance(
        name=draw(st.text(max_size=5)),
        title=draw(st.text(max_size=5)),
        trade_off=draw(st.just(("throughput",)) | traded),
        cost_unit="usd" if in_usd else draw(st.sampled_from(["usd_per_hour", "usd_per_mtok"])),
        horizon_hours=draw(positive) if in_usd else None,
        periods=tuple(Period(f"p{k}", length) for k, length in enumerate(hours)),
        workloads=tuple(draw(workloads(name, len(hours), offered)) for name in names),
        machines=tuple(draw(machines(name)) for name in offered),
        design=draw(design),
        phases=tuple(draw(st.lists(phases, min_size=1, unique=True))),
        transfer=Transfer(draw(maybe(positive))),
        limits=FleetLimits(
            draw(maybe(positive)),
            draw(maybe(positive)),
            draw(maybe(count)),
            draw(maybe(count)),
            draw(maybe(share)),
        ),
        racks=tuple(draw(st.lists(rack, max_size=1))),
        service=Service(
            draw(part) if waits else None,
            draw(positive) if waits else None,
            draw(st.integers(10, 20)),
            draw(st.integers(0, 9)),
            draw(st.booleans()),
        ),
        current=draw(
            maybe(
                st.builds(
                    CurrentFleet,
                    replicas=st.lists(replicas, max_size=2).map(tuple),
                    max_changes=maybe(st.integers(0, 9)),
                )
            )
        ),
        answers=Answers(
            draw(st.booleans()),
            draw(st.booleans()),
            tuple(draw(st.lists(wish, max_size=2))),
        ),
        rules=Rules(
            draw(st.booleans()),
            draw(st.booleans()),
            draw(st.sampled_from(["per-device", "published"])),
            draw(part),
        ),
        performance=Performance(
            draw(st.sampled_from(["epoch2025", "calibrated"])), draw(part), draw(part)
        ),
        weight_formats=draw(st.sampled_from([(), ("fp8",), ("bf16", "nvfp4")])),
        seed=draw(st.integers(0, 2**31 - 1)),
    )
