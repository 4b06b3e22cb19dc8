"""A question as the text of a program file and of the key beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from solver.bench.kinds.statement import statement_sha256
from solver.errors import Fault, InstanceError, OutputError
from solver.exchange.formats.file_program import file_program
from solver.exchange.formats.lp import lp_text
from solver.exchange.formats.mps import mps_text
from solver.exchange.questions.key import Key, key_text
from solver.exchange.questions.posed import Posed, Question, chosen_formulation

__all__ = ["FORMATS", "Exported", "bounds_in_program", "check_bounds", "export_program"]

FORMATS = ("mps", "lp")


@dataclass(frozen=True, slots=True)
class Exported:
    """Texts of two files, and what a reader should know."""

    program: str
    key: str
    rows: int
    columns: int
    formulation: str
    minimise: str
    notes: tuple[str, ...]


def export_program(
    question: Question,
    *,
    file: str,
    file_format: str,
    formulation: str | None = None,
    setting: int = 0,
    minimise: str | None = None,
    at_most: Mapping[str, int] | None = None,
) -> Exported:
    """State a question and write it down.

    Parameters
    ----------
    file
        Name of the program file, for the key.
    file_format
        One of ``FORMATS``.
    formulation, minimise
        Left out: the question's defaults.
    setting
        Position in its settings.
    at_most
        Objective -> inclusive upper bound.

    Raises
    ------
    FleetError
        If a name is unknown, or the formulation cannot state the question or be exported.
    """
    bounds = dict(at_most or {})
    choice = chosen_formulation(question, formulation or question.default_formulation)
    goal = minimise or question.default_objective
    check_bounds(question, goal, bounds)
    posed = question.posed(choice.name, setting=setting, at_most=bounds)
    program = file_program(
        posed.statement,
        minimise=goal,
        at_most=bounds_in_program(question, bounds),
        column_names=posed.column_names,
        row_names=posed.row_names,
    )
    if not program.columns:
        raise OutputError.one(
            "nothing is left to decide: the program has no columns",
            where=question.name,
            mend="Loosen --at-most or --level",
        )
    key = Key(
        file=file,
        kind=question.kind,
        name=question.name,
        sha256=question.sha256,
        resolved=question.resolved(),
        formulation=choice.name,
        setting=setting,
        minimise=goal,
        at_most=bounds,
        model_sha256=statement_sha256(posed.statement),
        columns=program.columns,
        meanings=posed.column_names,
    )
    notes = (*posed.notes, *_left_out(posed, {goal, *bounds}))
    return Exported(
        program=(mps_text if file_format == "mps" else lp_text)(program),
        key=key_text(key, notes=notes),
        rows=len(program.rows),
        columns=len(program.columns),
        formulation=choice.name,
        minimise=goal,
        notes=notes,
    )


def check_bounds(question: Question, minimise: str, at_most: Mapping[str, int]) -> None:
    """Refuse objectives that the question does not have.

    Raises
    ------
    InstanceError
        With every such name.
    """
    goals = {goal.name: goal for goal in question.goals()}
    inside = [name for name, goal in goals.items() if goal.in_program]
    faults = []
    if minimise not in inside:
        faults.append(
            Fault(
                "--minimise",
                f"{minimise!r} cannot be minimised",
                f"Choose from {', '.join(inside)}",
            )
        )
    faults += [
        Fault(
            f"--at-most {name}",
            "there is no such objective",
            f"Choose from {', '.join(goals)}",
        )
        for name in at_most
        if name not in goals
    ]
    if faults:
        raise InstanceError.all_of(faults)


def bounds_in_program(question: Question, at_most: Mapping[str, int]) -> dict[str, int]:
    """The bounds that are rows of the program."""
    inside = {goal.name for goal in question.goals() if goal.in_program}
    return {name: bound for name, bound in at_most.items() if name in inside}


def _left_out(posed: Posed, stated: set[str]) -> tuple[str, ...]:
    others = [name for name in posed.statement.objectives if name not in stated]
    if not others:
        return ()
    return (f"not in the file, as they are neither minimised nor bounded: {', '.join(others)}",)
