"""A fleet question as numbers, and the way back from counts to words.

Grades and measures are integers; this file says what one unit of each is. Speed level 0 is the
fastest; ``speed_levels[k]`` is the speed of level k.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from formulations.fleet.problem import FleetProblem
from solver.instance.fleet.columns import ColumnFleet
from solver.instance.fleet.domain import FleetInstance

__all__ = ["Choices", "ColumnMeaning", "FleetSpace", "SpeedLevel"]

ColumnKind = Literal["replicas", "nodes", "rate", "other"]


@dataclass(frozen=True, slots=True)
class SpeedLevel:
    """One attainable speed: ``latency_ps`` between output tokens, over the workload's own target.

    ``speed`` is in tokens/s/user, or in multiples of the targets where workloads have their own.
    """

    latency_ps: int | None
    speed: Fraction


@dataclass(frozen=True, slots=True)
class ColumnMeaning:
    """What one unit of a column stands for.

    Parameters
    ----------
    kind
        ``replicas`` serve; ``nodes`` are bought or rented; ``rate`` is the rate to be maximised;
        ``other`` columns only say how things hang together (cuts of nodes, helpers of limits).
    replicas
        Replicas behind one unit: more than 1 for a pool behind one queue.
    facts
        For the result: workload, model, machine, contract, layout, phase, period, capacity and the
        like, JSON values.
    """

    kind: ColumnKind
    workload: str = ""
    machine: str = ""
    contract: str = ""
    layout: str = ""
    phase: str = ""
    period: str = ""
    devices: int = 0
    replicas: int = 1
    usd_per_hour: Fraction = Fraction(0)
    watts: Fraction = Fraction(0)
    latency_ps: int | None = None
    ttft_s: Fraction | None = None
    requests_per_s: Fraction | None = None
    tok_per_s: Fraction | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Choices:
    """Limits on which replicas are in use, beside how much of what; the problem has no row of them.

    Parameters
    ----------
    max_layouts
        Most of ``layouts`` in use; each is the columns of one (workload, layout).
    max_changes
        Most replicas started or stopped: the sum over ``groups`` of the distance between replicas
        (columns times their ``replicas``) and ``today``, plus ``gone``. A group is the columns of
        one (workload, machine, layout).
    gone
        Replicas of today that are on offer no longer.
    """

    max_layouts: int | None
    layouts: tuple[tuple[int, ...], ...]
    max_changes: int | None
    groups: tuple[tuple[int, ...], ...]
    today: tuple[int, ...]
    gone: int


@dataclass(frozen=True, slots=True, eq=False)
class FleetSpace:
    """See the module's text.

    Parameters
    ----------
    columns : n meanings
    units
        Measure -> what one unit of it is, in the unit people read: US$ per hour (or as the
        instance asks) for cost, watts for power, tokens/s for throughput (its sign turned).
    speed_levels, quality_levels
        By grade; quality level 0 is the best score.
    stated, pruned
        Options before and after dominance.
    limit_units
        Limit name -> (unit people read, how many units of the row make one of it).
    choices
        Limits that the problem's rows do not state; ``None`` where there are none.
    """

    instance: FleetInstance | ColumnFleet
    problem: FleetProblem
    columns: tuple[ColumnMeaning, ...]
    units: Mapping[str, Fraction]
    speed_levels: tuple[SpeedLevel, ...]
    quality_levels: tuple[Fraction, ...]
    stated: int
    pruned: int
    limit_units: Mapping[str, tuple[str, Fraction]]
    notes: tuple[str, ...] = ()
    choices: Choices | None = None
