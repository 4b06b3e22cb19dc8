"""What an economic question asks: its sizes, what each limit refuses, which limits bind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from solver.instance.domain import ReplicaInstance
from solver.lowering.economy.low_clocks import low_clocks_on_offer
from solver.lowering.economy.lowering import lower_economy
from solver.lowering.economy.space import EconomicSpace
from solver.lowering.layouts import Refusal
from solver.sweep.economy.conflict import ECONOMIC_LIMIT_UNITS, refused_by_limit
from solver.sweep.economy.model_error import error_of_economy
from solver.sweep.economy.outcome import Levels, levels_of
from solver.sweep.economy.search import search_economy
from solver.sweep.survey import LimitSurvey

__all__ = ["EconomySurvey", "ModelSize", "survey_economy"]

_FIELD_OF = {
    "min_speed": "min_speed_tok_per_s",
    "max_cost": "max_cost_usd_per_mtok",
    "max_ttft": "max_ttft_s",
}
"""Fields of ``Limits`` that are not named as their limit."""
_NO_HBM_LIMIT = 10**18


@dataclass(frozen=True, slots=True)
class ModelSize:
    """Candidates of one model: named by the file, and left by the deployability rules."""

    model: str
    stated: int
    deployable: int


@dataclass(frozen=True, slots=True)
class EconomySurvey:
    """Sizes of an economic question.

    Attributes
    ----------
    models
        One entry for each model that fits.
    feasible
        Candidates that meet every limit.
    points
        Nondominated points.
    refusals
        What the deployability rules refuse, model by model.
    notes
        Models that are left out, and why; clocks at which the model is known to be off.
    model_error
        How far the performance model was off on measured questions of this kind.
    """

    instance: ReplicaInstance
    models: tuple[ModelSize, ...]
    feasible: int
    points: int
    refusals: tuple[Refusal, ...]
    limits: tuple[LimitSurvey, ...]
    notes: tuple[str, ...]
    model_error: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "name": self.instance.name,
            "objectives": list(self.instance.trade_off),
            "models": [
                {"model": size.model, "stated": size.stated, "deployable": size.deployable}
                for size in self.models
            ],
            "feasible": self.feasible,
            "points": self.points,
            "refusals": [asdict(entry) for entry in self.refusals],
            "limits": [asdict(entry) for entry in self.limits],
            "notes": list(self.notes),
            "model_error": dict(self.model_error),
            "warnings": list(self.instance.warnings),
        }


def _images(space: EconomicSpace) -> list[Levels]:
    """The frontier as exact levels."""
    outcome = search_economy(space)
    return levels_of(outcome.goals, [point.worth for point in outcome.points])


def _without(instance: ReplicaInstance, name: str) -> ReplicaInstance:
    """The question with one limit lifted."""
    if name != "hbm":
        field = _FIELD_OF.get(name, name)
        return replace(
            instance, source=instance.source, limits=replace(instance.limits, **{field: None})
        )
    machines = tuple(
        replace(machine, accelerator=replace(machine.accelerator, hbm_bytes=_NO_HBM_LIMIT))
        for machine in instance.machines
    )
    return replace(instance, source=instance.source, machines=machines)


def survey_economy(
    instance: ReplicaInstance, on_progress: Callable[[int, int], None] | None = None
) -> EconomySurvey:
    """Measure a question; a limit binds when lifting it changes the frontier.

    Raises
    ------
    FleetError
        If the question cannot be lowered.
    """
    space = lower_economy(instance)
    refused = refused_by_limit(space)
    frontier = _images(space)
    names = [name for name in ECONOMIC_LIMIT_UNITS if name in refused]
    limits = []
    for done, name in enumerate(names):
        if on_progress is not None:
            on_progress(done, len(names))
        if name == "hbm":
            sizes = {family.hbm_available_bytes / 1e9 for _, family in space.families}
            value = " / ".join(f"{size:g}" for size in sorted(sizes))
        else:
            value = f"{float(getattr(instance.limits, _FIELD_OF.get(name, name))):g}"
        lifted = _images(lower_economy(_without(instance, name)))
        unit = ECONOMIC_LIMIT_UNITS[name]
        limits.append(LimitSurvey(name, value, unit, refused[name], lifted != frontier))
    return EconomySurvey(
        instance=instance,
        models=tuple(
            ModelSize(part.served.model.name, part.space.n_stated, part.space.n_candidates)
            for part in space.parts
        ),
        feasible=refused["feasible"],
        points=len(frontier),
        refusals=tuple(refusal for part in space.parts for refusal in part.space.refusals),
        limits=tuple(limits),
        notes=(*space.notes, *low_clocks_on_offer(instance)),
        model_error=error_of_economy(space),
    )
