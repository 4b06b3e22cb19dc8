"""The objectives that an economic question may weigh, each as an exact number to be minimised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from solver.instance.domain import ReplicaObjective
from solver.lowering.economy.space import Worth
from solver.lowering.families import PS_PER_S
from solver.result.document import Objective

__all__ = ["EXACT_KEYS", "Goal", "goals_of", "told_exact", "told_floats"]

_DESCRIBED: Mapping[str, Objective] = {
    "speed": Objective("speed", "tok/s/user", "max"),
    "cost": Objective("cost", "usd/Mtok", "min"),
    "energy": Objective("energy", "J/token", "min"),
    "power": Objective("power", "W", "min"),
    "quality": Objective("quality", "score", "max"),
}
EXACT_KEYS: Mapping[str, str] = {
    "speed": "latency_ps",
    "cost": "cost",
    "energy": "energy",
    "power": "power_mw",
    "quality": "quality",
}
"""Under which key of ``exact`` each objective stands."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One objective of a question."""

    name: ReplicaObjective

    @property
    def described(self) -> Objective:
        """Name, unit and sense for people."""
        return _DESCRIBED[self.name]

    @property
    def is_whole(self) -> bool:
        """Whether its values are integers or few enough to be ranked beforehand."""
        return self.name in ("speed", "power", "quality")

    def level(self, worth: Worth) -> Fraction | int:
        """What is minimised: picoseconds, US$ per Mtok, J per token, milliwatts, minus the score.

        Raises
        ------
        ValueError
            If the figure is not known; the lowering refuses such questions.
        """
        value: Fraction | int | None
        if self.name == "speed":
            value = worth.latency_ps
        elif self.name == "cost":
            value = worth.cost
        elif self.name == "energy":
            value = worth.energy
        elif self.name == "power":
            value = worth.power_mw
        else:
            value = None if worth.quality is None else -worth.quality
        if value is None:
            raise ValueError(f"{self.name} is weighed and not known")
        return value

    def stated(self, level: Fraction | int) -> float:
        """A level in the unit that people read."""
        if self.name == "speed":
            return float(Fraction(PS_PER_S) / level)
        if self.name == "power":
            return float(Fraction(level) / 1000)
        return float(-level if self.name == "quality" else level)

    def exact(self, level: Fraction | int) -> int | str:
        """A level as it stands under ``EXACT_KEYS``."""
        if isinstance(level, int):
            return level
        return str(-level if self.name == "quality" else level)


def goals_of(trade_off: Sequence[ReplicaObjective]) -> tuple[Goal, ...]:
    """The objectives of a question in its order."""
    return tuple(Goal(name) for name in trade_off)


def told_floats(goals: Sequence[Goal], levels: Sequence[Fraction | int]) -> dict[str, float]:
    """What people read of an image."""
    return {goal.name: goal.stated(level) for goal, level in zip(goals, levels, strict=True)}


def told_exact(worth: Worth) -> dict[str, Any]:
    """All that is known of a candidate, exactly: integers, and fractions as text."""
    told: dict[str, Any] = {"latency_ps": worth.latency_ps, "cost": str(worth.cost)}
    if worth.power_mw is not None:
        told["power_mw"] = worth.power_mw
    for key, value in (
        ("energy", worth.energy),
        ("carbon", worth.carbon),
        ("quality", worth.quality),
    ):
        if value is not None:
            told[key] = str(value)
    return told
