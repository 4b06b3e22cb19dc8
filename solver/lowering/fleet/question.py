"""A fleet question as a fleet problem: options, columns, cells, limits, units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from formulations.fleet.problem import COST, ENERGY, POWER, THROUGHPUT, FleetProblem
from formulations.milp import INFINITY, IntArray
from solver.errors import InstanceError
from solver.instance.fleet.domain import FleetInstance
from solver.lowering.fleet.cells import Cells, build_cells
from solver.lowering.fleet.choices import (
    build_choices,
    counts_layouts,
    layout_labels,
    least_uppers,
)
from solver.lowering.fleet.designs import check_designs, design_options
from solver.lowering.fleet.dominance import undominated
from solver.lowering.fleet.energy import mean_tok_per_s
from solver.lowering.fleet.grades import check_grades, grade_columns
from solver.lowering.fleet.limits import limit_rows
from solver.lowering.fleet.meanings import column_meanings
from solver.lowering.fleet.node_pools import cost_is_needed
from solver.lowering.fleet.options import Option, measured_options
from solver.lowering.fleet.planned import PlannedColumn, plan_columns
from solver.lowering.fleet.prices import period_weights
from solver.lowering.fleet.pruning import prune_options
from solver.lowering.fleet.scaling import scaled
from solver.lowering.fleet.serviceable import serviceable
from solver.lowering.fleet.space import ColumnMeaning, FleetSpace
from solver.lowering.fleet.standing import build_racks
from solver.lowering.fleet.today import unmatched_today
from solver.lowering.fleet.uppers import implied_uppers
from solver.lowering.fleet.with_choices import with_choices

__all__ = ["lower_question"]


def lower_question(instance: FleetInstance, *, prune: bool = True) -> FleetSpace:
    """The space of a question; without ``prune`` dominated options stay.

    Of designs on one machine those that another beats are left out in any case.

    Raises
    ------
    InstanceError
        If demand is left that no option serves, something needed is missing, or two wishes
        cannot be combined.
    UnsupportedModelError
        If the performance model cannot represent a model or a degree.
    """
    options, stated, left_out = _options(instance)
    check_grades(instance, options)
    apart = counts_layouts(instance)
    if prune:
        options = prune_options(instance, options, keep_layouts=apart)
    planned = plan_columns(instance, options)
    cells = build_cells(instance, planned)
    # Words are for the columns that stay, unless layouts count.
    meanings = column_meanings(instance, planned) if apart else []
    measures, units, notes = _measures(instance, planned, cells)
    use, limit_units, limit_notes = limit_rows(instance, planned)
    n = len(planned) + (cells.rate_tok_per_s is not None)
    served = [column.option for column in planned] + [None] * (n - len(planned))
    grades = grade_columns(instance, served)
    problem = FleetProblem(
        name=instance.name,
        upper=np.full(n, INFINITY, dtype=np.int64),
        measures=measures,
        grades=grades.by_name,
        cover=cells.cover.matrix(n),
        demand=cells.cover.side_array(),
        use=use.matrix(n),
        limit=use.side_array(),
        column_names=(
            *(column.name for column in planned),
            *(["rate"] if n > len(planned) else []),
        ),
        cell_names=tuple(cells.cover.names),
        limit_names=tuple(use.names),
        routings=cells.routings,
        racks=build_racks(instance, planned),
    )
    rate = [ColumnMeaning(kind="rate", tok_per_s=cells.rate_tok_per_s)] * (n - len(planned))
    problem = replace(problem, upper=_uppers(instance, problem, [*meanings, *rate]))
    kept = np.arange(n)
    if prune:
        kept = undominated(problem, apart=layout_labels([*meanings, *rate]) if apart else None)
        problem = problem.over(kept)
    staying = [planned[j] for j in kept.tolist() if j < len(planned)]
    meanings = [*column_meanings(instance, staying), *rate]
    space = FleetSpace(
        instance=instance,
        problem=problem,
        columns=tuple(meanings),
        units=units,
        speed_levels=grades.speed_levels,
        quality_levels=grades.quality_levels,
        stated=stated,
        pruned=sum(meaning.kind == "replicas" for meaning in meanings),
        limit_units=limit_units,
        notes=(*left_out, *cells.notes, *notes, *limit_notes),
        choices=build_choices(instance, meanings),
    )
    return with_choices(space)


def _options(instance: FleetInstance) -> tuple[list[Option], int, tuple[str, ...]]:
    """Options that meet their workloads' limits, how many there were, and what was left out."""
    check_designs(instance)
    found: list[Option] = []
    stated = 0
    left_out: list[str] = []
    for number, workload in enumerate(instance.workloads):
        if workload.points:
            options = measured_options(instance, number)
            stated += len(options)
            found.extend(serviceable(instance, number, options))
        else:
            options, looked_at, reasons = design_options(instance, number)
            stated += looked_at
            found.extend(serviceable(instance, number, options, reasons))
            left_out.extend(str(reason) for reason in reasons)
        left_out.extend(unmatched_today(instance, number, options))
    return found, stated, tuple(dict.fromkeys(left_out))


def _uppers(
    instance: FleetInstance, problem: FleetProblem, meanings: Sequence[ColumnMeaning]
) -> IntArray:
    """Bounds of all columns; only a rate without limits has none.

    Raises
    ------
    InstanceError
        If nothing holds the throughput.
    """
    upper = implied_uppers(problem)
    open_ended = np.flatnonzero(upper >= INFINITY)
    if len(open_ended):
        raise InstanceError.one(
            f"no limit holds the throughput: {problem.column_names[open_ended[0]]!r} has no bound",
            where=f"{instance.source}: limits",
            mend="Give max_devices, a budget, a power limit or the stock of every machine",
        )
    if not counts_layouts(instance):
        return upper
    return np.maximum(upper, least_uppers(instance, meanings))


def _measures(
    instance: FleetInstance, planned: Sequence[PlannedColumn], cells: Cells
) -> tuple[dict[str, IntArray], dict[str, Fraction], tuple[str, ...]]:
    """Measures in integers, and what one unit of each is."""
    n = len(planned) + (cells.rate_tok_per_s is not None)
    measures: dict[str, IntArray] = {}
    units: dict[str, Fraction] = {}
    notes = []

    def put(name: str, values: Sequence[Fraction], factor: Fraction) -> None:
        integers = scaled(values)
        measures[name] = np.array([*integers.values, *[0] * (n - len(planned))], dtype=np.int64)
        units[name] = integers.unit * factor
        if not integers.exact:
            notes.append(f"{name} is rounded up to a billionth for each unit of a column")

    if cost_is_needed(instance) or _all_priced(instance):
        put(COST, [column.usd_per_hour for column in planned], _cost_factor(instance))
    if "power" in instance.trade_off:
        weights = period_weights(instance)
        put(POWER, [_mean_watts(instance, column, weights) for column in planned], Fraction(1))
    if "energy" in instance.trade_off:
        weights = period_weights(instance)
        watts = [_mean_watts(instance, column, weights) for column in planned]
        put(ENERGY, watts, 1 / _tok_per_s(instance, "energy per token", "power"))
    if cells.rate_tok_per_s is not None:
        rate = np.zeros(n, dtype=np.int64)
        rate[-1] = -1
        measures[THROUGHPUT] = rate
        units[THROUGHPUT] = cells.rate_tok_per_s
    return measures, units, tuple(notes)


def _all_priced(instance: FleetInstance) -> bool:
    """Whether cost can be told although nobody asks: it settles ties."""
    points = [point for workload in instance.workloads for point in workload.points]
    return all(machine.contracts for machine in instance.machines) and all(
        point.machine or point.usd_per_hour is not None for point in points
    )


def _cost_factor(instance: FleetInstance) -> Fraction:
    """What the cost is asked in, for one US$/h.

    Raises
    ------
    InstanceError
        If it cannot be asked for in that unit.
    """
    where = f"{instance.source}: cost_unit"
    if instance.cost_unit == "usd":
        if instance.horizon_hours is None:
            raise InstanceError.one(
                "a cost in US$ needs a horizon", where=where, mend="Give horizon_hours"
            )
        return instance.horizon_hours
    if instance.cost_unit == "usd_per_hour":
        return Fraction(1)
    if "throughput" in instance.trade_off:
        raise InstanceError.one(
            "a cost per token cannot be traded off against the throughput it is divided by",
            where=where,
            mend="Ask for usd_per_hour",
        )
    return 1_000_000 / (_tok_per_s(instance, "a cost per token", "usd_per_hour") * 3600)


def _tok_per_s(instance: FleetInstance, what: str, instead: str) -> Fraction:
    """Mean output tokens/s that ``what`` is divided by.

    Raises
    ------
    InstanceError
        If there is no demand, or it is not given but found.
    """
    tokens_per_s = mean_tok_per_s(instance)
    if not tokens_per_s or "throughput" in instance.trade_off:
        raise InstanceError.one(
            f"{what} needs demand", where=instance.source, mend=f"Ask for {instead}"
        )
    return tokens_per_s


def _mean_watts(
    instance: FleetInstance, column: PlannedColumn, weights: Sequence[Fraction]
) -> Fraction:
    if column.watts is None:
        raise InstanceError.one(
            f"power or energy is traded off and the watts of {column.name!r} are not known",
            where=f"{instance.source}: trade_off",
            mend="State watts_per_device of its machine, or watts in its row",
        )
    return column.watts * (1 if column.period is None else weights[column.period])
