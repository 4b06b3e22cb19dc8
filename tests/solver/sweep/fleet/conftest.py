"""Small fleet questions as data, and their cheapest plans by brute force."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from formulations.fleet.problem import FleetProblem
from formulations.milp import INFINITY
from solver.instance.fleet.domain import (
    Contract,
    FleetInstance,
    FleetLimits,
    MachineOffer,
    MeasuredPoint,
    Period,
    RequestSize,
    Workload,
    WorkloadModel,
)
from solver.lowering.fleet.space import FleetSpace

F = Fraction


def contract(usd: str, name: str = "on_demand", kind: Any = "on_demand", **more: Any) -> Contract:
    """Rented by the hour, or committed to."""
    return Contract(name, kind, F(usd), committed=kind == "reserved", **more)


def machine(name: str, *contracts: Contract, **more: Any) -> MachineOffer:
    """Devices had one by one, 500 W each."""
    given = {"accelerator": None, "node_devices": 1, "watts_per_device": F(500), **more}
    return MachineOffer(name=name, contracts=contracts, **given)


def point(machine: str, rate: int, workload: str = "chat", **more: Any) -> MeasuredPoint:
    """A replica of one device at 10 ms a token."""
    given = {
        "model": "m", "layout": f"{machine}-{rate}", "phase": "aggregated", "devices": 1,
        "tpot_s": F(1, 100), "ttft_s": F(1), "watts": None, "usd_per_hour": None, "size": None,
        "where": "points.csv:2", **more,
    }  # fmt: skip
    return MeasuredPoint(workload=workload, machine=machine, requests_per_s=F(rate), **given)


def workload(demand: int, *points: MeasuredPoint, name: str = "chat") -> Workload:
    """Requests of 100 tokens in and 10 out."""
    return Workload(
        name=name, models=(WorkloadModel("m", None),), sizes=(RequestSize(100, 10, F(1)),),
        requests_per_s=F(demand), by_period=(F(1),),
        points=tuple(replace(p, workload=name) for p in points),
    )  # fmt: skip


def question(
    workloads: Sequence[Workload], machines: Sequence[MachineOffer], **more: Any
) -> FleetInstance:
    """Speed against US$/h over one period."""
    given = {
        "name": "small", "title": "", "trade_off": ("speed", "cost"), "cost_unit": "usd_per_hour",
        "horizon_hours": None, "periods": (Period("day", F(24)),), "design": None, **more,
    }  # fmt: skip
    return FleetInstance(workloads=tuple(workloads), machines=tuple(machines), **given)


@dataclass(frozen=True)
class Make:
    """The builders above, for tests."""

    contract = staticmethod(contract)
    machine = staticmethod(machine)
    point = staticmethod(point)
    workload = staticmethod(workload)
    question = staticmethod(question)
    limits = FleetLimits


@pytest.fixture(scope="session")
def make() -> type[Make]:
    """Builders of small questions."""
    return Make


def plans(problem: FleetProblem, ignored: Sequence[str] = ()) -> list[np.ndarray]:
    """Every plan within 0 to the bounds that meets all demand, and all limits but ``ignored``."""
    kept = [
        (row, side)
        for row, (name, side) in enumerate(
            zip(problem.limit_names, problem.limit.tolist(), strict=True)
        )
        if name not in ignored and side < INFINITY
    ]
    found = []
    for counts in itertools.product(*(range(u + 1) for u in problem.upper.tolist())):
        cover, use = problem.cover.dot(counts), problem.use.dot(counts)
        if all(a >= b for a, b in zip(cover, problem.demand.tolist(), strict=True)) and all(
            use[row] <= side for row, side in kept
        ):
            found.append(np.array(counts, dtype=np.int64))
    return found


def cheapest(space: FleetSpace) -> Fraction | None:
    """Least US$/h by brute force."""
    costs = space.problem.measures["cost"]
    best = min((int(costs @ plan) for plan in plans(space.problem)), default=None)
    return None if best is None else best * space.units["cost"]


@pytest.fixture(name="plans", scope="session")
def _plans() -> Any:
    return plans


@pytest.fixture(name="cheapest", scope="session")
def _cheapest() -> Any:
    return cheapest
