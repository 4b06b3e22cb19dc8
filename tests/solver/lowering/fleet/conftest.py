"""Fleet questions small enough to work out on paper, and plans by brute force."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from formulations.fleet.plan import grades_of, measures_of
from formulations.fleet.problem import FleetProblem
from solver.instance.fleet.columns import ColumnFleet, ColumnType
from solver.instance.fleet.domain import (
    Contract,
    FleetInstance,
    MachineOffer,
    MeasuredPoint,
    Ownership,
    Period,
    RequestSize,
    Workload,
    WorkloadModel,
)

F = Fraction


def rented(usd: str = "2", name: str = "on_demand", **changes: Any) -> Contract:
    """A contract on demand."""
    given = {"kind": "on_demand", "usd_per_hour": F(usd), "committed": False, **changes}
    return Contract(name=name, **given)


def machine(name: str = "box", **changes: Any) -> MachineOffer:
    """Ten devices had one by one at 2 US$/h and 500 W."""
    given = {
        "accelerator": None,
        "node_devices": 1,
        "watts_per_device": F(500),
        "contracts": (rented(),),
        "stock_devices": 10,
        **changes,
    }
    return MachineOffer(name=name, **given)


def point(rate: str = "1", **changes: Any) -> MeasuredPoint:
    """A replica of one device, 10 ms a token, 1 s to the first."""
    given = {
        "workload": "chat",
        "model": "m",
        "machine": "box",
        "layout": "a",
        "phase": "aggregated",
        "devices": 1,
        "tpot_s": F(1, 100),
        "ttft_s": F(1),
        "watts": None,
        "usd_per_hour": None,
        "size": None,
        "where": "points.csv:2",
        **changes,
    }
    return MeasuredPoint(requests_per_s=F(rate), **given)


def workload(*points: MeasuredPoint, **changes: Any) -> Workload:
    """Three requests/s of 100 tokens in and 10 out."""
    given = {
        "name": "chat",
        "models": (WorkloadModel("m", None),),
        "sizes": (RequestSize(100, 10, F(1)),),
        "requests_per_s": F(3),
        "by_period": (F(1),),
        "points": points,
        **changes,
    }
    return Workload(**given)


def question(*workloads: Workload, **changes: Any) -> FleetInstance:
    """Speed against US$/h, one period, one machine."""
    given = {
        "name": "small",
        "title": "",
        "trade_off": ("speed", "cost"),
        "cost_unit": "usd_per_hour",
        "horizon_hours": None,
        "periods": (Period("day", F(24)),),
        "machines": (machine(),),
        "design": None,
        **changes,
    }
    return FleetInstance(workloads=workloads, **given)


OWNED = Ownership(
    purchase_usd=F(35040),
    depreciation_years=F(4),
    utilisation=F(1, 2),
    pue=F(6, 5),
    usd_per_kwh=F(1, 10),
    maintenance_per_year=F(1, 20),
)
"""Per device and hour: 35040 / (4 8760 0.5) + 35040 0.05 / 8760 = 2 + 0.2 US$ to have; at 500 W
0.5 1.2 0.1 = 0.06 US$ to use."""


def plans(problem: FleetProblem) -> Iterator[np.ndarray]:
    """Every feasible plan within the bounds of a problem without routings and racks."""
    for counts in itertools.product(*(range(u + 1) for u in problem.upper.tolist())):
        if all(
            have >= need
            for have, need in zip(problem.cover.dot(counts), problem.demand.tolist(), strict=True)
        ) and all(
            have <= most
            for have, most in zip(problem.use.dot(counts), problem.limit.tolist(), strict=True)
        ):
            yield np.array(counts, dtype=np.int64)


def images(problem: FleetProblem) -> set[tuple[int, ...]]:
    """Nondominated (grades, measures) of all plans."""
    found = {
        (*grades_of(problem, plan).values(), *measures_of(problem, plan).values())
        for plan in plans(problem)
    }
    return {
        p
        for p in found
        if not any(q != p and all(a <= b for a, b in zip(q, p, strict=True)) for q in found)
    }


@pytest.fixture
def make() -> dict[str, Callable[..., Any]]:
    """Builders by name: rented, machine, point, workload, question, images, plans, fleet."""
    return {
        "rented": rented,
        "machine": machine,
        "point": point,
        "workload": workload,
        "question": question,
        "images": images,
        "plans": plans,
        "fleet": column_fleet,
        "owned": lambda: Contract("owned", "owned", None, True, ownership=OWNED),
    }


def column_fleet(
    columns: Sequence[tuple[int, int, int, int, str]],
    *,
    types: Sequence[tuple[int, int | None, int | None]] = ((10, 100, 4), (7, 80, 4)),
    demand: Sequence[int] = (3, 2),
    power: int | None = None,
) -> ColumnFleet:
    """Columns as (workload, type, GPUs, capacity, level)."""
    return ColumnFleet(
        name="bare",
        types=tuple(ColumnType(*entry) for entry in types),
        power_limit_w=power,
        demand_milli_tok_per_s=tuple(demand),
        column_type=tuple(c[1] for c in columns),
        column_gpus=tuple(c[2] for c in columns),
        column_workload=tuple(c[0] for c in columns),
        column_capacity_milli_tok_per_s=tuple(c[3] for c in columns),
        column_latency_level=tuple(F(c[4]) for c in columns),
    )


@pytest.fixture(name="images", scope="session")
def _images() -> Callable[[FleetProblem], set[tuple[int, ...]]]:
    """Nondominated (grades, measures) of all plans of a small problem."""
    return images
