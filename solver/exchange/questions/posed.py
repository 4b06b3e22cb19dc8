"""What can be exported: a question, the program that it is stated as, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

from formulations.formulation import NamedFormulation
from formulations.milp import IntArray
from formulations.program import Statement
from solver.errors import Fault, InstanceError

__all__ = ["Choice", "Goal", "Posed", "Question", "Told", "chosen_formulation", "told_choices"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A formulation of a question; ``why_not`` says why it cannot be exported, or is ``None``."""

    name: str
    kind: str
    summary: str
    why_not: str | None = None


@dataclass(frozen=True, slots=True)
class Goal:
    """An objective, minimised and bounded as integers.

    Parameters
    ----------
    least, most
        Within which its values lie.
    unit
        What one unit is, for people.
    in_program
        Whether it is a row of the program; else a bound on it removes columns.
    """

    name: str
    least: int
    most: int
    unit: str
    in_program: bool = True


@dataclass(frozen=True, slots=True)
class Told:
    """What a solution is, worked out from the question and not from the program.

    Parameters
    ----------
    faults
        What it breaks; empty where it holds.
    objectives
        Objective -> exact integer, as in the program; one that is left out is told by the program
        alone.
    shown
        Objective -> value and unit for people.
    design
        JSON values.
    """

    faults: tuple[str, ...] = ()
    objectives: Mapping[str, int] = field(default_factory=dict)
    shown: Mapping[str, tuple[Fraction, str]] = field(default_factory=dict)
    design: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Posed:
    """A question stated by one formulation.

    Parameters
    ----------
    column_names, row_names
        Of the first columns and rows, where the question has words for them.
    tell
        From integers of all columns to what they are.
    notes
        What a reader of the file should know.
    better
        Looks for a design that is better than a value of the objective, where a solution of the
        program need not be one of the question; ``None``: the program says it all. Takes the
        objective, the bounds, the value not to be reached and seconds; returns whether there is
        one, ``None`` where that was not settled.
    """

    statement: Statement
    tell: Callable[[IntArray], Told]
    column_names: tuple[str, ...] = ()
    row_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    better: Callable[[str, Mapping[str, int], int, float | None], bool | None] | None = None


class Question(Protocol):
    """Anything that ``export`` takes.

    Attributes
    ----------
    kind
        ``replica``, ``placement``, ``fleet`` or ``moip``.
    default_formulation, default_objective
        Taken where none is named.
    level_objective
        The one that ``--level`` bounds, or ``None``.
    settings
        Labels of settings of which one has to be chosen; empty: nothing to choose.
    """

    kind: str
    name: str
    sha256: str
    default_formulation: str
    default_objective: str
    level_objective: str | None
    settings: tuple[str, ...]

    def resolved(self) -> dict[str, Any]:
        """Everything it depends on, as JSON."""
        ...

    def choices(self) -> tuple[Choice, ...]:
        """Its formulations."""
        ...

    def goals(self) -> tuple[Goal, ...]:
        """Its objectives, at the first setting where there are several."""
        ...

    def posed(self, formulation: str, *, setting: int, at_most: Mapping[str, int]) -> Posed:
        """State it.

        Parameters
        ----------
        setting
            Position in ``settings``; 0 where there are none.
        at_most
            All bounds; those on objectives that are no rows of the program act here.

        Raises
        ------
        FleetError
            If the formulation cannot state it.
        """
        ...


def told_choices(formulations: tuple[NamedFormulation, ...], problem: object) -> tuple[Choice, ...]:
    """Formulations of a registry over a problem; those for CP-SAT alone cannot be exported."""
    return tuple(
        Choice(
            one.name,
            one.kind,
            one.summary,
            "it is stated for CP-SAT alone" if one.kind == "cp" else one.applies(problem),
        )
        for one in formulations
    )


def chosen_formulation(question: Question, name: str) -> Choice:
    """The formulation of this name.

    Raises
    ------
    InstanceError
        If there is none, or it cannot be exported.
    """
    choices = {one.name: one for one in question.choices()}
    open_ones = ", ".join(one.name for one in choices.values() if one.why_not is None)
    if name not in choices:
        raise InstanceError(
            Fault(
                "--formulation",
                f"no formulation of {question.kind} questions is called {name!r}",
                f"Choose from {open_ones or 'none: nothing of this question can be exported'}",
            )
        )
    if choices[name].why_not is not None:
        raise InstanceError(
            Fault(
                f"--formulation {name}",
                f"cannot be exported: {choices[name].why_not}",
                f"Choose from {open_ones or 'none: nothing of this question can be exported'}",
            )
        )
    return choices[name]
