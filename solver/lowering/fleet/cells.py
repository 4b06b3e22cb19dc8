r"""What has to be served: covering rows, routings of several sizes, the rate to be maximised.

A workload of one size (or whose options serve the mix as a whole) is one cell in each period. Where
prefill and decode are offered apart it is two: an aggregated replica adds its rate A to both, so
:math:`A + P \ge d` and :math:`A + D \ge d`. That is the rate balance between the pools, with no
continuous variable: the first says that prompts find room at A or P, and of those made at P, at
most D can be decoded.

A workload of several sizes is a routing in each period.

With the throughput traded off demand is a multiple z of the proportions given: cells read
:math:`\sum r n - p z \ge 0` with p the workload's share in whole units.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from formulations.fleet.routing import Routing
from solver.errors import InstanceError
from solver.instance.fleet.domain import FleetInstance
from solver.lowering.fleet.planned import PlannedColumn
from solver.lowering.fleet.prices import period_weights
from solver.lowering.fleet.rows import NamedRows
from solver.lowering.fleet.scaling import LEAST_DIGITS, rate_scale

__all__ = ["Cells", "build_cells"]

_PHASES = ("prefill", "decode")


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Covering rows and routings.

    Parameters
    ----------
    scale
        Units of rate in one request/s.
    rate_tok_per_s
        Output tokens/s, on average over the day, behind one unit of the rate column; ``None``
        where there is none. The rate column is the last.
    """

    cover: NamedRows
    routings: tuple[Routing, ...]
    scale: int
    rate_tok_per_s: Fraction | None


def build_cells(instance: FleetInstance, columns: Sequence[PlannedColumn]) -> Cells:
    """Cells of all workloads; ``columns`` without the rate column.

    Raises
    ------
    InstanceError
        If several sizes meet separate phases, a percentile of waiting, the loss of a rack or a
        throughput that is maximised.
    """
    demand = [
        w.requests_per_s * factor * size.share
        for w in instance.workloads
        for factor in w.by_period
        for size in w.sizes
    ] + [w.requests_per_s * factor for w in instance.workloads for factor in w.by_period]
    rates = [
        ()
        if column.option is None
        else tuple(rate * column.load for rate in column.option.rates)
        if column.load != 1
        else column.option.rates
        for column in columns
    ]
    positive = [rate for entry in rates for rate in entry if rate > 0]
    free = "throughput" in instance.trade_off
    shares = _proportions(instance) if free else {}
    scale = rate_scale(positive, [] if free else demand)
    if free and max(shares.values()) > 1:
        # One unit of z is the sum of the shares: it must stay small beside a replica's rate.
        while min(positive) * scale < LEAST_DIGITS * max(shares.values()):
            scale *= LEAST_DIGITS
    cover = NamedRows()
    routings: list[Routing] = []
    for number, workload in enumerate(instance.workloads):
        serving = [
            (j, column, column.option)
            for j, column in enumerate(columns)
            if column.option is not None and column.option.workload == number
        ]
        whole = all(option.whole for _, _, option in serving)
        apart = any(option.phase != "aggregated" for _, _, option in serving)
        if not whole:
            _check_routing(instance, number, apart=apart, free=free)
        for period, factor in enumerate(workload.by_period):
            inside = [entry for entry in serving if entry[1].period == period]
            name = workload.name
            if len(instance.periods) > 1:
                name += f" in {instance.periods[period].name}"
            if not whole:
                routings.append(
                    _routing(
                        instance, number, name, factor, [j for j, _, _ in inside], rates, scale
                    )
                )
                continue
            need = 0 if free else math.ceil(workload.requests_per_s * factor * scale)
            for phase in _PHASES if apart else ("",):
                row = cover.add(f"{name}, {phase}" if phase else name, need)
                places = [
                    j
                    for j, _, option in inside
                    if not phase or option.phase in ("aggregated", phase)
                ]
                cover.put(row, places, [math.floor(rates[j][0] * scale) for j in places])
                if free:
                    cover.put(row, len(columns), -shares[number, period])
    tokens = None
    if free:
        tokens = sum(
            (
                Fraction(shares[number, period], scale) * workload.output_tokens * weight
                for number, workload in enumerate(instance.workloads)
                for period, weight in enumerate(period_weights(instance))
            ),
            Fraction(0),
        )
    return Cells(cover, tuple(routings), scale, tokens)


def _proportions(instance: FleetInstance) -> dict[tuple[int, int], int]:
    """Smallest whole numbers in the proportions of all demands, by workload and period."""
    wanted = {
        (number, period): workload.requests_per_s * factor
        for number, workload in enumerate(instance.workloads)
        for period, factor in enumerate(workload.by_period)
    }
    common = math.lcm(*(value.denominator for value in wanted.values()))
    whole = {key: int(value * common) for key, value in wanted.items()}
    factor = math.gcd(*whole.values())
    if factor == 0:
        raise InstanceError.one(
            "throughput is traded off and no workload asks for anything",
            where=f"{instance.source}: workloads",
            mend="Give requests_per_s: its proportions are what counts",
        )
    return {key: value // factor for key, value in whole.items()}


def _check_routing(instance: FleetInstance, number: int, *, apart: bool, free: bool) -> None:
    workload = instance.workloads[number]
    where = f"{instance.source}: workload {workload.name!r}"
    what = f"{len(workload.sizes)} request sizes cannot be combined with "
    mend = "Give one mean size, or leave the other out"
    if apart:
        raise InstanceError.one(what + "prefill and decode apart", where=where, mend=mend)
    if free:
        raise InstanceError.one(what + "a throughput to maximise", where=where, mend=mend)
    if instance.service.wait_percentile is not None:
        raise InstanceError.one(what + "a percentile of waiting", where=where, mend=mend)
    if instance.service.survive_rack_loss:
        raise InstanceError.one(what + "the loss of a rack", where=where, mend=mend)


def _routing(
    instance: FleetInstance,
    number: int,
    name: str,
    factor: Fraction,
    serving: Sequence[int],
    rates: Sequence[Sequence[Fraction]],
    scale: int,
) -> Routing:
    workload = instance.workloads[number]
    return Routing(
        name=name,
        columns=np.array(serving, dtype=np.int64),
        rate=np.array(
            [[math.floor(rate * scale) for rate in rates[j]] for j in serving],
            dtype=np.int64,
        ).reshape(len(serving), len(workload.sizes)),
        demand=np.array(
            [
                math.ceil(workload.requests_per_s * factor * size.share * scale)
                for size in workload.sizes
            ],
            dtype=np.int64,
        ),
        class_names=tuple(size.name for size in workload.sizes),
    )
