"""What a question asks: its sizes, levels and limits, and what each limit refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any

from solver.instance.domain import ReplicaInstance
from solver.lowering.layouts import Refusal
from solver.lowering.space import ReplicaSpace, lower_replica
from solver.sweep.conflict import LIMIT_UNITS, count_refused
from solver.sweep.enumeration import enumerate_frontier
from solver.sweep.error_of_space import error_of_space

__all__ = ["LimitSurvey", "Survey", "survey"]

_NO_HBM_LIMIT = 10**18
_FIELD_OF = {
    "min_speed": "min_speed_tok_per_s",
    "max_cost": "max_cost_usd_per_mtok",
    "max_devices": "max_devices",
    "max_usd_per_hour": "max_usd_per_hour",
    "max_tok_per_s": "max_tok_per_s",
    "max_ttft": "max_ttft_s",
}


@dataclass(frozen=True, slots=True)
class LimitSurvey:
    """One limit: what it is, how many candidates it refuses, whether the frontier feels it."""

    name: str
    value: str
    unit: str
    refused: int
    binds: bool


@dataclass(frozen=True, slots=True)
class Survey:
    """Sizes of a question.

    Attributes
    ----------
    stated, deployable, feasible
        Candidates the file names, those the deployability rules leave, those that meet every limit.
    latency_levels
        Distinct latencies among feasible candidates: the steps an epsilon-constraint could take.
    points
        Nondominated points.
    model_error
        How far the performance model was off on measured questions of this kind.
    """

    instance: ReplicaInstance
    stated: int
    deployable: int
    layouts: int
    feasible: int
    latency_levels: int
    points: int
    refusals: tuple[Refusal, ...]
    limits: tuple[LimitSurvey, ...]
    model_error: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "name": self.instance.name,
            "candidates": {
                "stated": self.stated,
                "deployable": self.deployable,
                "feasible": self.feasible,
            },
            "layouts": self.layouts,
            "latency_levels": self.latency_levels,
            "points": self.points,
            "refusals": [asdict(entry) for entry in self.refusals],
            "limits": [asdict(entry) for entry in self.limits],
            "model_error": dict(self.model_error),
            "warnings": list(self.instance.warnings),
        }


def _frontier(space: ReplicaSpace) -> list[tuple[int, Fraction]]:
    return [(point.latency_ps, point.cost) for point in enumerate_frontier(space).points]


def _without(instance: ReplicaInstance, name: str) -> ReplicaInstance:
    """The question with one limit lifted."""
    if name != "hbm":
        return replace(instance, limits=replace(instance.limits, **{_FIELD_OF[name]: None}))
    machines = tuple(
        replace(machine, accelerator=replace(machine.accelerator, hbm_bytes=_NO_HBM_LIMIT))
        for machine in instance.machines
    )
    return replace(instance, machines=machines)


def survey(
    instance: ReplicaInstance, on_progress: Callable[[int, int], None] | None = None
) -> Survey:
    """Measure a question; a limit binds when lifting it changes the frontier.

    Raises
    ------
    FleetError
        If the question cannot be lowered.
    """
    space = lower_replica(instance)
    refused, levels = count_refused(space, on_progress)
    frontier = _frontier(space)
    limits = []
    for name, unit in LIMIT_UNITS.items():
        if name not in refused:
            continue
        if name == "hbm":
            sizes = {family.hbm_available_bytes / 1e9 for family in space.families}
            value = " / ".join(f"{size:g}" for size in sorted(sizes))
        else:
            value = f"{float(getattr(instance.limits, _FIELD_OF[name])):g}"
        lifted = _frontier(lower_replica(_without(instance, name)))
        limits.append(LimitSurvey(name, value, unit, refused[name], lifted != frontier))
    return Survey(
        instance=instance,
        stated=space.n_stated,
        deployable=space.n_candidates,
        layouts=space.n_layouts,
        feasible=refused["feasible"],
        latency_levels=levels,
        points=len(frontier),
        refusals=space.refusals,
        limits=tuple(limits),
        model_error=error_of_space(space),
    )
