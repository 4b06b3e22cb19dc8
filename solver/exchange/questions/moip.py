"""A multi-objective integer program from a file: it is its own formulation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from formulations.milp import IntArray
from formulations.moip.problem import MultiObjectiveProgram
from solver.exchange.questions.posed import Choice, Goal, Posed, Told
from solver.instance.moip import program_to_dict

__all__ = ["MoipQuestion"]

_STATED = "stated"


class MoipQuestion:
    """See ``Question``; objectives are minimised integers, in the scale of the program."""

    kind = "moip"
    default_formulation = _STATED
    level_objective: str | None = None
    settings: tuple[str, ...] = ()

    def __init__(self, program: MultiObjectiveProgram) -> None:
        self.program = program
        self.name, self.sha256 = program.name, program.digest
        self.default_objective = program.objective_names[0]

    def resolved(self) -> dict[str, Any]:
        """See ``Question.resolved``."""
        return program_to_dict(self.program)

    def choices(self) -> tuple[Choice, ...]:
        """The program as it stands."""
        return (Choice(_STATED, "milp", "the program of the file"),)

    def goals(self) -> tuple[Goal, ...]:
        """Each within what the column bounds allow."""
        program = self.program
        return tuple(
            Goal(name, low, high - 1, _unit(sense, scale, offset))
            for name, low, high, sense, scale, offset in zip(
                program.objective_names, program.floor, program.ceiling, program.senses,
                program.scales, program.offsets, strict=True,
            )
        )  # fmt: skip

    def posed(self, formulation: str, *, setting: int, at_most: Mapping[str, int]) -> Posed:
        """See ``Question.posed``."""
        del formulation, setting, at_most
        program = self.program

        def tell(x: IntArray) -> Told:
            image = program.image(x)
            stated = program.stated(image)
            return Told(
                objectives=dict(zip(program.objective_names, image, strict=True)),
                shown={
                    name: (value, sense)
                    for name, value, sense in zip(
                        program.objective_names, stated, program.senses, strict=True
                    )
                },
                design={
                    name: value
                    for name, value in zip(program.column_names, x.tolist(), strict=True)
                    if value
                },
            )

        return Posed(program.milp, tell, program.column_names, program.row_names)


def _unit(sense: str, scale: int, offset: int) -> str:
    sign = "" if sense == "min" else "minus "
    if scale == 1 and not offset:
        return f"{sign}the stated value"
    return f"{sign}({scale} x the stated value{f' - {offset}' if offset else ''})"
