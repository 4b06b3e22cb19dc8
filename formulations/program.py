"""What an engine can load: a sparse integer program or a model stated for CP-SAT.

A sparse program may have implications. All carry integer objectives by name, all minimised. Which
one is minimised and which are bounded is said at solve time. A ``Statement`` is the mathematics
alone; a formulation pairs it with a decoder (see ``formulations.replica.program``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from formulations.indicator import IndicatorProgram
from formulations.milp import IntArray, Milp

__all__ = ["CpProgram", "ProgramKind", "Statement"]

ProgramKind = Literal["milp", "cp", "indicator"]


@dataclass(frozen=True, slots=True, eq=False)
class CpProgram:
    """A model in the language of CP-SAT.

    Parameters
    ----------
    model
        An ``ortools.sat.python.cp_model.CpModel`` without objective. Engines work on a copy.
    objectives
        Name -> index of the variable that equals this objective.
    violation
        Plain re-evaluation: takes the (n_columns,) int64 values of all variables and returns what
        they break, or ``None``. It must not use the library that solves the model.
    n_columns
        Number of variables of the model.
    parameters
        CP-SAT parameters that suit this model better than the defaults. They may change how long a
        solve takes, never its answer.
    """

    kind: ClassVar[Literal["cp"]] = "cp"

    name: str
    model: Any
    objectives: Mapping[str, int]
    violation: Callable[[IntArray], str | None]
    n_columns: int
    parameters: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "objectives", MappingProxyType(dict(self.objectives)))
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
        for key, index in self.objectives.items():
            if not 0 <= index < self.n_columns:
                raise ValueError(f"{self.name}: objective {key!r} is not one of the variables")


Statement = Milp | CpProgram | IndicatorProgram
