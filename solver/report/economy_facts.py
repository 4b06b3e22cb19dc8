"""Facts of an economic replica result, read from its document: goals, models, energy terms.

Nothing here imports the solver: a result file is enough. Power and energy are those of devices and
their share of the host; electricity bills and CO2 include the site (PUE).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from solver.report.fleet_facts import Goal, goals_of
from solver.report.numbers import aligned, clean
from solver.report.question import Question, price_phrases, question_of
from solver.result import Point, Result

__all__ = [
    "Axes",
    "axes_of",
    "axis_title",
    "clock_name",
    "clock_range",
    "clocks_offered",
    "economy_title",
    "energy_phrases",
    "exact_levels",
    "goal_columns",
    "headlines",
    "losses_of",
    "models_of",
    "plain",
    "question_in",
    "ranks_of",
    "served_models",
    "told_value",
    "values_of",
]

Document = Mapping[str, Any]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_X_FIRST = ("speed", "energy", "power", "cost", "quality")
_Y_FIRST = ("cost", "energy", "power", "quality", "speed")
_BETTER = {
    "speed": "faster",
    "cost": "cheaper",
    "energy": "less",
    "power": "less",
    "quality": "better",
}
_LONG_UNITS = {"US$/Mtok": "US$ per million output tokens", "J/token": "J per output token"}


@dataclass(frozen=True, slots=True)
class Axes:
    """Which goal is drawn where; ``third`` is ``None`` of two goals."""

    x: Goal
    y: Goal
    third: Goal | None


def axes_of(goals: Sequence[Goal]) -> Axes:
    """Speed across and cost up where they are traded; a third goal is told by staircases."""
    named = {goal.name: goal for goal in goals}
    x = next((named[name] for name in _X_FIRST if name in named), goals[0])
    rest = [goal for goal in goals if goal is not x]
    y = next((named[n] for n in _Y_FIRST if n in named and named[n] is not x), rest[0])
    return Axes(x, y, next((goal for goal in rest if goal is not y), None))


def axis_title(goal: Goal, axis: str) -> str:
    """``speed, tok/s/user  (faster →)``; ``axis`` is ``x`` or ``y``."""
    arrow = {("x", True): "→", ("x", False): "←", ("y", True): "↑", ("y", False): "↓"}
    unit = _LONG_UNITS.get(goal.unit, goal.unit)
    name = clean(goal.name, limit=30)
    # A score has no unit of its own.
    told = name if unit == "score" else f"{name}, {unit}"
    return f"{told}  ({_BETTER.get(goal.name, 'better')} {arrow[axis, goal.maximised]})"


def values_of(document: Document, goal: Goal) -> FloatArray:
    """Values of a goal as people read them, shape (points,)."""
    return np.array(
        [float(point["objectives"][goal.name]) for point in document["points"]], dtype=np.float64
    )


def _exact(point: Mapping[str, Any], goal: Goal) -> Fraction:
    """What was compared, less is better; the decimal where the point carries nothing exact."""
    exact = point.get("exact", {})
    if goal.name == "speed" and "latency_ps" in exact:
        return Fraction(int(exact["latency_ps"]))
    if goal.name == "power" and exact.get("power_mw") is not None:
        return Fraction(int(exact["power_mw"]))
    stated = exact.get(goal.name)
    value = Fraction(str(point["objectives"][goal.name] if stated is None else stated))
    return -value if goal.maximised else value


def exact_levels(point: Mapping[str, Any], goals: Sequence[Goal]) -> tuple[Fraction, ...]:
    """What was compared of a point, one number a goal, less is better."""
    return tuple(_exact(point, goal) for goal in goals)


def ranks_of(document: Document, goals: Sequence[Goal]) -> IntArray:
    """Rank of every point in every goal, 0 best, from exact values, shape (points, goals)."""
    points = document["points"]
    table = np.zeros((len(points), len(goals)), dtype=np.int64)
    for k, goal in enumerate(goals):
        values = [_exact(point, goal) for point in points]
        place = {value: rank for rank, value in enumerate(sorted(set(values)))}
        table[:, k] = [place[value] for value in values]
    return table


def losses_of(document: Document, goals: Sequence[Goal]) -> FloatArray:
    """How much each point gives away in each goal, 0 best to 1 worst, shape (points, goals).

    In logarithms where all values are positive, so that units do not matter; a score is taken as
    it is, since its zero means nothing.
    """
    table = np.zeros((len(document["points"]), len(goals)), dtype=np.float64)
    for k, goal in enumerate(goals):
        column = values_of(document, goal)
        if not len(column):
            continue
        if column.min() > 0 and goal.name != "quality":
            column = np.log(column)
        if goal.maximised:
            column = -column
        width = column.max() - column.min()
        table[:, k] = (column - column.min()) / width if width > 0 else 0.0
    return table


def plain(value: float) -> str:
    """A stated figure without idle zeros: ``0.08``, ``1.2``, ``350``."""
    return f"{value:,.4f}".rstrip("0").rstrip(".") if 1e-3 <= abs(value) < 1e6 else f"{value:.4g}"


def told_value(goal: Goal, value: float) -> str:
    """``US$0.55/Mtok``, ``64.1 tok/s/user``, ``quality 79.3``."""
    return f"quality {plain(value)}" if goal.name == "quality" else goal.told(value)


def question_in(document: Document) -> Question:
    """The question of a document, read as that of every replica result."""
    return question_of(
        Result(
            status=document["status"],
            instance=document["instance"],
            objectives=(),
            points=tuple(
                Point(p["objectives"], p.get("exact", {}), p["design"], p.get("proof", {}))
                for p in document["points"]
            ),
        )
    )


def _resolved(document: Document) -> Mapping[str, Any]:
    resolved = document["instance"].get("resolved")
    return resolved if isinstance(resolved, Mapping) else {}


def economy_title(document: Document) -> str:
    """The title that the file gives, or its name."""
    return clean(_resolved(document).get("title") or document["instance"]["name"], limit=120)


def served_models(document: Document) -> list[tuple[str, float | None, str]]:
    """Models that may serve: name, score, source of the score; from the question."""
    resolved = _resolved(document)
    found = []
    for entry in resolved.get("alternatives") or ():
        model = entry["model"]
        name = model["name"] if isinstance(model, Mapping) else model
        score = entry.get("quality")
        found.append(
            (
                clean(name, limit=60),
                None if score is None else float(Fraction(str(score))),
                clean(entry.get("source", ""), limit=300),
            )
        )
    return found


def models_of(document: Document) -> list[str]:
    """Names of the models that may serve, or that serve in some point, each once."""
    offered = [name for name, _, _ in served_models(document)]
    used = [clean(point["design"].get("model") or "", limit=60) for point in document["points"]]
    return list(dict.fromkeys(name for name in (*offered, *used) if name))


def clock_name(design: Mapping[str, Any]) -> str:
    """``1,410 MHz``; a clock left alone is told as ``free``."""
    clock = design.get("clock_mhz")
    return "free" if clock is None else f"{clock:,} MHz"


def clocks_offered(document: Document, accelerator: str) -> list[int]:
    """Clocks that the question offers of an accelerator, lowest first."""
    return sorted(
        {
            int(machine["clock_mhz"])
            for machine in _resolved(document).get("machines") or ()
            if machine.get("clock_mhz") is not None
            and machine["accelerator"]["name"] == accelerator
        }
    )


def clock_range(document: Document) -> str:
    """``1,005 to 1,410 MHz (28 clocks)``; empty where no clock is set."""
    offered = {
        int(machine["clock_mhz"])
        for machine in _resolved(document).get("machines") or ()
        if machine.get("clock_mhz") is not None
    } | {
        int(point["design"]["clock_mhz"])
        for point in document["points"]
        if point["design"].get("clock_mhz") is not None
    }
    if not offered:
        return ""
    if len(offered) == 1:
        return f"{min(offered):,} MHz"
    return f"{min(offered):,} to {max(offered):,} MHz ({len(offered)} clocks)"


def _profile(values: Any) -> tuple[float, str]:
    """Mean of an hour profile, and what it spans where it is not flat."""
    if isinstance(values, Mapping):
        values = values["values"]
    hours = values if isinstance(values, list | tuple) else [values]
    numbers = [float(Fraction(str(value))) for value in hours]
    if len(numbers) == 1:
        return numbers[0], ""
    # A mean has as many digits as it has hours; four tell it.
    mean = float(f"{sum(numbers) / len(numbers):.4g}")
    return mean, f" (mean of {len(numbers)} hours, {plain(min(numbers))} to {plain(max(numbers))})"


def energy_phrases(document: Document) -> list[str]:
    """What energy costs and emits, a phrase each; empty where the question says nothing."""
    terms = _resolved(document).get("energy")
    if not isinstance(terms, Mapping):
        return []
    told = []
    if terms.get("usd_per_kwh") is not None:
        mean, spread = _profile(terms["usd_per_kwh"])
        how = "billed beside the price" if terms.get("billed") else "held in the price"
        told.append(f"electricity US${plain(mean)}/kWh{spread}, {how}")
    if terms.get("g_co2_per_kwh") is not None:
        mean, spread = _profile(terms["g_co2_per_kwh"])
        told.append(f"{plain(mean)} g CO2/kWh{spread}")
    pue = float(Fraction(str(terms.get("pue") or 1)))
    if pue != 1:
        told.append(f"PUE {plain(pue)}")
    if terms.get("host_w_per_device") is not None:
        host_w = float(Fraction(str(terms["host_w_per_device"])))
        told.append(f"host {plain(host_w)} W a device")
    return told


def _drafter(document: Document, question: Question) -> str:
    """Who drafts; the question names the layer of its first model only, and each has its own."""
    draft = _resolved(document).get("draft")
    if isinstance(draft, Mapping) and draft.get("own_layer") and len(models_of(document)) > 1:
        return "the prediction layer of each model"
    return question.draft_model


def headlines(document: Document) -> list[str]:
    """What is served on what, under which circumstances, with which energy terms; a line each."""
    question = question_in(document)
    models = models_of(document) or [question.model or question.name]
    machines = ", ".join(question.accelerators[:4])
    if len(question.accelerators) > 4:
        machines += f" and {len(question.accelerators) - 4} more"
    subject = ", ".join(models[:4]) + (f" and {len(models) - 4} more" if len(models) > 4 else "")
    clocks = clock_range(document)
    lines = [f"{subject} on {machines}" + (f" at {clocks}" if clocks else "")]
    drafter = _drafter(document, question)
    told = [f"drafts by {drafter}"] if drafter else []
    told += [text for text in (question.precision, question.context) if text]
    lines.append("; ".join([*told, *price_phrases(question.prices)]))
    lines.append("; ".join(energy_phrases(document)))
    return [line for line in lines if line]


def goal_columns(document: Document, indices: Sequence[int]) -> list[tuple[Goal, list[str]]]:
    """Aligned cells of every goal at some points."""
    found = []
    for goal in goals_of(document):
        values = [float(document["points"][i]["objectives"][goal.name]) for i in indices]
        # Scores lie close together: 83.49 and 83.6 must not read the same.
        digits = 4 if goal.name == "quality" else 3
        found.append((goal, aligned(values, digits, least=2 if goal.name == "speed" else 0)))
    return found
