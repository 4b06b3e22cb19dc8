"""Numbers in coarser units, so that every engine can be asked.

Picoseconds and micro-tokens make coefficients of 1e9 and more, where floating-point engines prove
nothing. A benchmark compares statements of one problem, so the problem itself is put into units
that keep all numbers small: times and loads rounded up, rates rounded down. It is then a problem
of its own, near the one that was asked; its optimum is proved by other means in the same units.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from formulations.milp import IntArray
from formulations.placement.chain_tables import ChainTables, Trunk
from formulations.placement.problem import PlacementProblem

__all__ = ["LARGEST", "coarse_flow", "coarse_tables"]

LARGEST = 100_000
"""Largest single time, price or rate afterwards."""


def _unit(*arrays: IntArray) -> int:
    """The least unit in which none of the numbers exceeds ``LARGEST``."""
    most = max((int(np.abs(array).max(initial=0)) for array in arrays), default=0)
    return max(1, -(-most // LARGEST))


def _up(array: IntArray, unit: int) -> IntArray:
    return -(-array // unit)


def coarse_tables(tables: ChainTables, *, in_flight: int | None = None) -> ChainTables:
    """Tables whose times and prices are at most about ``LARGEST`` each, rounded up.

    Parameters
    ----------
    in_flight
        Microbatches, where the pace of a stage is so many times its time and hand-over: it then is
        so in coarse units too. Rounded by itself it would not be, and statements that add the two
        up would need rows for the difference.

    Raises
    ------
    ValueError
        If a pace is negative: rates are not times.
    """
    if tables.pace.min(initial=0) < 0 or tables.entry_pace.min(initial=0) < 0:
        raise ValueError(f"{tables.name}: paces that are rates have no coarser unit here")
    if any(trunk.capacity for trunk in tables.trunks):
        raise ValueError(f"{tables.name}: trunks with a capacity have no coarser unit here")
    loads = [trunk.load * trunk.factor for trunk in tables.trunks]
    allowed_pace = tables.pace[tables.allowed]
    allowed_time = tables.stage_time[tables.allowed]
    time = _unit(allowed_time, allowed_pace, tables.hop_time, tables.entry_pace, *loads)
    common = int(np.gcd.reduce(tables.price)) or 1
    price = common * _unit(tables.price // common)
    allowed = tables.allowed
    stage_time = np.where(allowed, _up(tables.stage_time, time), 0)
    hop_time = _up(tables.hop_time, time)
    pace = _up(tables.pace, time)
    if in_flight is not None and _is_additive(tables, in_flight):
        pace = in_flight * (stage_time[:, :, None] + hop_time[tables.orbit][:, None, :])
    return replace(
        tables,
        price=_up(tables.price, price),
        stage_time=stage_time,
        hop_time=hop_time,
        pace=np.where(allowed[:, :, None], pace, 0),
        entry_pace=_up(tables.entry_pace, time),
        trunks=tuple(
            Trunk(trunk.name, _up(load, time), factor=1)
            for trunk, load in zip(tables.trunks, loads, strict=True)
        ),
        max_price=None if tables.max_price is None else tables.max_price // price,
    )


def _is_additive(tables: ChainTables, in_flight: int) -> bool:
    """Whether every pace is ``in_flight`` times the stage and its hand-over."""
    each = tables.stage_time[:, :, None] + tables.hop_time[tables.orbit][:, None, :]
    linked = tables.linked[tables.orbit][:, None, :] & tables.allowed[:, :, None]
    return bool((tables.pace == in_flight * each)[linked].all())


def coarse_flow(problem: PlacementProblem) -> PlacementProblem:
    """A throughput problem whose rates are at most ``LARGEST``, rounded down, capacities too.

    A capacity above what all machines together pass is lowered to that first, so that none is more
    than ``LARGEST`` times the machines, and a link that never binds is still seen not to bind.
    Rates below one unit become one unit: a machine that may hold so many layers stays one.
    """
    fastest = [problem.fastest(orbit) for orbit in range(problem.n_orbits)]
    total = sum(rate * count for rate, count in zip(fastest, problem.count.tolist(), strict=True))
    unit = max(1, -(-max(fastest) // LARGEST))
    links = [np.minimum(array, total) // unit for array in (problem.source, problem.sink)]
    return replace(
        problem,
        rates=tuple(np.maximum(rates // unit, 1) for rates in problem.rates),
        source=links[0],
        sink=links[1],
        links=np.minimum(problem.links, total) // unit,
    )
