r"""What has to be served: covering rows, routings of several sizes, the rate to be maximised.

A workload of one size (or whose options serve the mix as a whole) is one cell in each period. Where
prefill and decode are offered apart it is two: an aggregated replica adds its rate A to both, so
:math:`A + P \ge d` and :math:`A + D \ge d`. That is the rate balance between the pools, with no
continuous variable: the first says that prompts find room at A or P, and of those made at P, at
most D can be decoded. Where pools of several models or KV widths serve it there are more, since
only pools of one kind make a pair (``pairing.py``).

A workload of several sizes is a routing in each period. Where prefill and decode are offered apart
every size has two parts there, and a share of an aggregated replica's time does both at once.

Work with a deadline is one cell, or one routing, over the columns of all periods in which it may be
done (``batch_cells.py``).

With the throughput traded off demand is a multiple z of the proportions given: cells read
:math:`\sum r n - p z \ge 0` with p the workload's share in whole units, and z is the pace of a
routing, whose sizes then ask for whole units each.

Every covering row, and every routing, has a unit of its own: the coarsest in which all its numbers
are whole (``scaling.scaled_cover``). Where those are too large for sums in 64 bits,
rates are rounded down and demand up, and ``notes`` say so.
"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from formulations.fleet.routing import Routing
from solver.errors import InstanceError
from solver.instance.fleet.domain import FleetInstance, Workload
from solver.lowering.fleet.batch_cells import check_batch_phases, demand_cells
from solver.lowering.fleet.options import Option
from solver.lowering.fleet.pairing import check_pools, pool_rows
from solver.lowering.fleet.planned import PlannedColumn
from solver.lowering.fleet.prices import period_weights
from solver.lowering.fleet.rows import NamedRows
from solver.lowering.fleet.scaling import (
    LEAST_DIGITS,
    MOST_DIGITS,
    rate_scale,
    scaled_cover,
)

__all__ = ["Cells", "build_cells"]

_PHASES = ("prefill", "decode")
_GREATEST_SHARED = 10**9
"""Where sizes share replicas, cuts are products of rates, and those have to fit as well."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Covering rows and routings.

    Parameters
    ----------
    rate_tok_per_s
        Output tokens/s, on average over the day, behind one unit of the rate column; ``None``
        where there is none. The rate column is the last.
    notes
        What was rounded.
    """

    cover: NamedRows
    routings: tuple[Routing, ...]
    rate_tok_per_s: Fraction | None
    notes: tuple[str, ...] = ()


def build_cells(instance: FleetInstance, columns: Sequence[PlannedColumn]) -> Cells:
    """Cells of all workloads; ``columns`` without the rate column.

    Raises
    ------
    InstanceError
        If several sizes meet a percentile of waiting, the loss of a rack or separate pools of
        several KV caches, there are too many of those, a throughput is to be maximised and nothing
        is asked for, or replicas could not be counted in 64 bits.
    """
    rates = [
        ()
        if column.option is None
        else tuple(rate * column.load for rate in column.option.rates)
        if column.load != 1
        else column.option.rates
        for column in columns
    ]
    free = "throughput" in instance.trade_off
    routed = _routed_workloads(columns)
    shares = _proportions(instance, routed) if free else {}
    grid = _throughput_scale(rates, shares, routed) if free else None
    cover = NamedRows()
    routings: list[Routing] = []
    notes: list[str] = []
    for number, workload in enumerate(instance.workloads):
        serving = [
            (j, column, column.option)
            for j, column in enumerate(columns)
            if column.option is not None and column.option.workload == number
        ]
        offered = [option for _, _, option in serving]
        phases = _PHASES if any(option.phase != "aggregated" for option in offered) else ()
        check_pools(instance, number, offered, by_size=number in routed)
        if number in routed:
            _check_routing(instance, number)
        pools = [] if number in routed else pool_rows(offered)
        if phases:
            check_batch_phases(instance, workload)
        for demand in demand_cells(instance, workload):
            inside = [entry for entry in serving if entry[1].period in demand.weights]
            brings = {
                j: demand.counted(column.period, rates[j])
                for j, column, _ in inside
                if column.period is not None
            }
            name, wanted = demand.name, demand.wanted
            if grid is not None and demand.period is not None:
                # With a throughput this is what one unit of it asks for.
                wanted = shares[number, demand.period] / grid
            if number in routed:
                pace = len(columns) if free else None
                routing, found = _routing(
                    workload,
                    name,
                    [(j, o) for j, _, o in inside],
                    brings,
                    wanted,
                    phases,
                    pace,
                    grid,
                )
                if any(map(any, brings.values())) and not routing.rate.any():
                    raise _too_many(instance, workload)
                routings.append(routing)
                notes.extend(_rounding_note(name, found, demand.unit))
                continue
            for pool in pools:
                places = [j for j, _, option in inside if pool.counts(option)]
                cell = f"{name}, {pool.name}" if pool.name else name
                brought = [brings[j][0] for j in places]
                whole = scaled_cover([brought], [wanted], capped=not free, grid=grid)
                row = cover.add(cell, 0 if free else whole.demands[0])
                cover.put(row, places, whole.rates[0])
                if free:
                    cover.put(row, len(columns), -whole.demands[0])
                if any(brought) and not any(whole.rates[0]):
                    raise _too_many(instance, workload)
                notes.extend(_rounding_note(cell, whole.rounded_to, demand.unit))
    tokens = None
    if grid is not None:
        tokens = sum(
            (
                shares[number, period] / grid * workload.output_tokens * weight
                for number, workload in enumerate(instance.workloads)
                for period, weight in enumerate(period_weights(instance))
            ),
            Fraction(0),
        )
    return Cells(cover, tuple(routings), tokens, tuple(notes))


def _throughput_scale(
    rates: Sequence[Sequence[Fraction]],
    shares: Mapping[tuple[int, int], int],
    routed: Container[int],
) -> Fraction:
    """Units of a throughput in one request/s, so many that one of them stays small beside a rate.

    One unit of the throughput is the sum of all shares. Where sizes share replicas numbers must
    stay smaller, so units are larger.
    """
    positive = [rate for entry in rates for rate in entry if rate > 0]
    several = any(number in routed for number, _ in shares)
    scale = rate_scale(positive, least=LEAST_DIGITS if several else MOST_DIGITS)
    smallest, largest = min(positive, default=Fraction(1)), max(shares.values())
    while largest > 1 and smallest * scale < LEAST_DIGITS * largest:
        scale *= LEAST_DIGITS
    return scale


def _too_many(instance: FleetInstance, workload: Workload) -> InstanceError:
    return InstanceError.one(
        f"{float(workload.requests_per_s):.4g} requests/s are more than any countable number of "
        "its replicas serves",
        where=f"{instance.source}: workload {workload.name!r}",
        mend="Give requests_per_s, and the rates of its points, in requests per second",
    )


def _rounding_note(name: str, grain: Fraction | None, unit: str) -> tuple[str, ...]:
    if grain is None:
        return ()
    return (
        f"rates of {name} are rounded down, and its demand up, to multiples of {float(grain):.0e} "
        f"{unit}",
    )


def _routed_workloads(columns: Sequence[PlannedColumn]) -> set[int]:
    """Workloads that replicas serve size by size."""
    return {
        column.option.workload
        for column in columns
        if column.option is not None and not column.option.whole
    }


def _proportions(instance: FleetInstance, routed: Container[int]) -> dict[tuple[int, int], int]:
    """Smallest whole numbers in the proportions of all demands, by workload and period.

    They are whole for every size of the workloads ``routed`` too.

    Raises
    ------
    InstanceError
        If there is batch work, or nothing is asked for.
    """
    for workload in instance.workloads:
        if workload.batch is not None:
            raise InstanceError.one(
                "throughput is traded off, which scales rates, and a batch is a number of "
                "requests a day",
                where=f"{instance.source}: workload {workload.name!r}",
                mend="State requests_per_s in place of batch, or trade off cost",
            )
    wanted = {
        (number, period): workload.requests_per_s * factor
        for number, workload in enumerate(instance.workloads)
        for period, factor in enumerate(workload.by_period)
    }
    parts = [
        value * size.share
        for (number, _), value in wanted.items()
        if number in routed
        for size in instance.workloads[number].sizes
    ]
    parts += [value for (number, _), value in wanted.items() if number not in routed]
    common = math.lcm(*(value.denominator for value in parts))
    factor = math.gcd(*(int(value * common) for value in parts))
    if factor == 0:
        raise InstanceError.one(
            "throughput is traded off and no workload asks for anything",
            where=f"{instance.source}: workloads",
            mend="Give requests_per_s: its proportions are what counts",
        )
    return {key: int(value * common) // factor for key, value in wanted.items()}


def _check_routing(instance: FleetInstance, number: int) -> None:
    """Refuse what nobody knows how to tell, or nothing states yet, of requests told apart by size.

    Raises
    ------
    InstanceError
        If there is a percentile of waiting, or the loss of a rack is to be survived.
    """
    workload = instance.workloads[number]
    where = f"{instance.source}: workload {workload.name!r}"
    what = f"{len(workload.sizes)} request sizes cannot be combined with "
    mend = "Give one mean size, or leave the other out"
    if instance.service.wait_percentile is not None:
        raise InstanceError.one(
            what
            + "a percentile of waiting: how long requests wait in a pool depends on the mix of "
            "sizes that is routed to it, and its table knows one size",
            where=where,
            mend=mend,
        )
    if instance.service.survive_rack_loss:
        raise InstanceError.one(
            what + "the loss of a rack: sizes would have to be shared out anew for every rack that "
            "may be lost, and plans state one way",
            where=where,
            mend=mend,
        )


def _routing(
    workload: Workload,
    name: str,
    serving: Sequence[tuple[int, Option]],
    rates: Mapping[int, Sequence[Fraction]],
    wanted: Fraction,
    phases: tuple[str, ...],
    pace: int | None,
    grid: Fraction | None,
) -> tuple[Routing, Fraction | None]:
    """The routing of one cell, and its unit if rounded; ``phases`` are parts where they are apart.

    ``wanted`` requests/s of all sizes, for one unit of the throughput where ``pace`` is its column
    and ``grid`` its units in one request/s.
    """
    whole = scaled_cover(
        [[rates[j][b] for j, _ in serving] for b in range(len(workload.sizes))],
        [wanted * size.share for size in workload.sizes],
        capped=False,
        most=_GREATEST_SHARED,
        grid=grid,
    )
    rate = np.array(whole.rates, dtype=np.int64).T
    if phases:
        does = np.array(
            [[option.phase in ("aggregated", phase) for phase in phases] for _, option in serving],
            dtype=np.int64,
        ).reshape(len(serving), len(phases))
        rate = (does[:, :, None] * rate[:, None, :]).reshape(len(serving), -1)
    routing = Routing(
        name=name,
        columns=np.array([j for j, _ in serving], dtype=np.int64),
        rate=rate,
        demand=np.array(whole.demands, dtype=np.int64),
        class_names=tuple(size.name for size in workload.sizes),
        parts=phases,
        pace=pace,
    )
    return routing, whole.rounded_to
