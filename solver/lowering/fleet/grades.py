"""Grades: how slow and how poor the worst thing in use is, by rank of exact levels.

Speed: latency between output tokens times the workload's own target (plain latency where it has
none), so that the fastest level is 0. Quality: scores of models, the best is 0. One list of levels
over all workloads. Columns that serve nobody, and in speed prefill replicas and batch work, are
grade 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from formulations.fleet.problem import QUALITY, SPEED
from formulations.milp import IntArray
from solver.errors import InstanceError
from solver.instance.fleet.domain import FleetInstance, Workload
from solver.lowering.fleet.options import PS_PER_S, Option
from solver.lowering.fleet.scaling import ranks
from solver.lowering.fleet.space import SpeedLevel

__all__ = ["Grades", "check_grades", "grade_columns", "scaled_latency"]


@dataclass(frozen=True, slots=True, eq=False)
class Grades:
    """Grades by column for what is traded off, and what the levels are."""

    by_name: Mapping[str, IntArray]
    speed_levels: tuple[SpeedLevel, ...]
    quality_levels: tuple[Fraction, ...]


def scaled_latency(instance: FleetInstance, option: Option) -> Fraction | None:
    """Latency in picoseconds times the target in tokens/s; ``None`` where there is none."""
    workload = instance.workloads[option.workload]
    if not option.makes_tokens or option.latency_ps is None or workload.batch is not None:
        return None
    target = workload.target_speed_tok_per_s
    return Fraction(option.latency_ps) * (1 if target is None else target)


def check_grades(instance: FleetInstance, options: Sequence[Option]) -> None:
    """Refuse what cannot be graded.

    Raises
    ------
    InstanceError
        If speed or quality is traded off and an option has none, or only some workloads have
        targets of their own.
    """
    if "speed" in instance.trade_off:
        _check_targets(instance)
        for option in options:
            watched = instance.workloads[option.workload].batch is None
            if watched and option.makes_tokens and option.latency_ps is None:
                raise InstanceError.one(
                    "speed is traded off and the time between tokens is not measured",
                    where=option.where or instance.source,
                    mend="Add tpot_s to every row, or take speed out of trade_off",
                )
    if "quality" in instance.trade_off:
        for option in options:
            if option.quality is None:
                name = instance.workloads[option.workload].name
                raise InstanceError.one(
                    f"quality is traded off and model {option.model!r} has no score",
                    where=f"{instance.source}: workload {name!r}",
                    mend="Give every model of every workload a quality",
                )


def grade_columns(instance: FleetInstance, served: Sequence[Option | None]) -> Grades:
    """Grades of columns that serve the options ``served`` (``None``: serves nobody).

    Call ``check_grades`` first.
    """
    grades: dict[str, IntArray] = {}
    speed_levels: tuple[SpeedLevel, ...] = ()
    quality_levels: tuple[Fraction, ...] = ()
    if "speed" in instance.trade_off:
        known = [
            (j, value)
            for j, option in enumerate(served)
            if option is not None and (value := scaled_latency(instance, option)) is not None
        ]
        levels, grades[SPEED] = _graded(known, len(served))
        plain = all(w.target_speed_tok_per_s is None for w in _watched(instance))
        speed_levels = tuple(
            SpeedLevel(int(value) if plain else None, PS_PER_S / value) for value in levels
        )
    if "quality" in instance.trade_off:
        scores = [
            (j, -option.quality)
            for j, option in enumerate(served)
            if option is not None and option.quality is not None
        ]
        levels, grades[QUALITY] = _graded(scores, len(served))
        quality_levels = tuple(-level for level in levels)
    return Grades(grades, speed_levels, quality_levels)


def _graded(known: Sequence[tuple[int, Fraction]], n: int) -> tuple[list[Fraction], IntArray]:
    """Levels, the smallest first, and (n,) grades: 0 where nothing is known."""
    levels, places = ranks([value for _, value in known])
    grade = np.zeros(n, dtype=np.int64)
    grade[[j for j, _ in known]] = places
    return levels, grade


def _watched(instance: FleetInstance) -> list[Workload]:
    """Workloads whose users see the speed: nobody waits for the tokens of a batch."""
    return [workload for workload in instance.workloads if workload.batch is None]


def _check_targets(instance: FleetInstance) -> None:
    watched = _watched(instance)
    with_target = [w.name for w in watched if w.target_speed_tok_per_s is not None]
    without = [w.name for w in watched if w.target_speed_tok_per_s is None]
    if with_target and without:
        raise InstanceError.one(
            f"workload {with_target[0]!r} has a target speed and {without[0]!r} has none, so their "
            "speeds cannot be compared",
            where=f"{instance.source}: workloads",
            mend="Give every workload a target, or none",
        )
