"""The nondominated set of a multi-objective integer program, as users call and see it.

>>> import solver
>>> found = solver.nondominated_set("instances/moip/knapsack-30.json")
>>> found.status, len(found)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from formulations.moip.problem import MultiObjectiveProgram
from solver.sweep.moip.outcome import ProvedPoint, SearchOutcome

if TYPE_CHECKING:
    import pandas as pd

    from solver.sweep.moip.search import SearchProgress

__all__ = ["NondominatedPoint", "NondominatedSet", "nondominated_set"]


@dataclass(frozen=True, slots=True)
class NondominatedPoint:
    """One nondominated point.

    Parameters
    ----------
    objectives
        Name to exact value, in the stated sense and unit.
    columns
        Name to value of every column that is not zero: one solution that attains them.
    """

    objectives: Mapping[str, Fraction]
    columns: Mapping[str, int]


class NondominatedSet:
    """What ``nondominated_set`` found: sorted by the minimised images.

    ``status`` is ``complete`` (proved: nothing is missing), ``partial`` (``outcome.open_boxes``
    says where more may be, ``gap()`` how much room that is) or ``infeasible`` (proved;
    ``conflict`` names rows that cannot hold together).
    """

    def __init__(self, outcome: SearchOutcome) -> None:
        self.outcome = outcome

    @cached_property
    def conflict(self) -> tuple[str, ...]:
        """Rows that cannot hold together where the program is infeasible; else empty.

        None of them can be left out. Finding them asks CP-SAT a few questions.
        """
        if self.status != "infeasible":
            return ()
        from solver.sweep.moip.infeasible import conflicting_rows

        return conflicting_rows(self.outcome.program)

    @property
    def status(self) -> Literal["complete", "partial", "infeasible"]:
        """``complete``, ``partial`` or ``infeasible``."""
        return self.outcome.status

    @property
    def points(self) -> tuple[NondominatedPoint, ...]:
        """Points that are proved nondominated."""
        return tuple(self._told(point) for point in self.outcome.points)

    def _told(self, point: ProvedPoint) -> NondominatedPoint:
        program = self.outcome.program
        values = program.stated(point.image)
        columns = {
            name: value
            for name, value in zip(program.column_names, point.x.tolist(), strict=True)
            if value
        }
        return NondominatedPoint(dict(zip(program.objective_names, values, strict=True)), columns)

    def __len__(self) -> int:
        return len(self.outcome.points)

    def __iter__(self) -> Iterator[NondominatedPoint]:
        return iter(self.points)

    def __repr__(self) -> str:
        name = self.outcome.program.name
        open_boxes = len(self.outcome.open_boxes)
        more = f", {open_boxes} open boxes" if open_boxes else ""
        return f"<NondominatedSet {name!r}: {self.status}, {len(self)} points{more}>"

    def gap(self) -> Mapping[str, Any]:
        """Exact volumes between the two bound sets; zero where the set is complete."""
        gap: Mapping[str, Any] = self.to_dict()["gap"]
        return gap

    def to_dict(self) -> dict[str, Any]:
        """The result document, as ``fleetfront moip --out`` writes it."""
        from solver.sweep.moip.document import outcome_to_dict

        return outcome_to_dict(self.outcome, conflict=self.conflict)

    def save(self, path: str | Path) -> None:
        """Write the result file; it appears whole or not at all.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        from solver.result import document_text
        from solver.result.writing import write_whole

        write_whole({Path(path): document_text(self.to_dict()).encode()})

    def to_frame(self) -> pd.DataFrame:
        """A table with a row for each point: objectives as floats."""
        import pandas as pd

        return pd.DataFrame(
            [{name: float(v) for name, v in point.objectives.items()} for point in self.points],
            columns=list(self.outcome.program.objective_names),
        )


def nondominated_set(
    problem: MultiObjectiveProgram | str | Path,
    *,
    engines: Sequence[str] | None = None,
    time_limit_s: float | None = None,
    workers: int = 1,
    dask: str | None = None,
    checkpoint: str | Path | None = None,
    recover: bool = False,
    on_progress: Callable[[SearchProgress], object] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> NondominatedSet:
    """The complete nondominated set of a multi-objective integer program, or an honest part of it.

    Parameters
    ----------
    problem
        A program, or the path of one (moip JSON, or MPS with several objective rows).
    engines
        Some of ``labels``, ``packing``, ``cp-sat``, ``highs``, ``scip``; all if left out, and the
        run learns which suits.
    time_limit_s
        Wall-clock limit; past it the answer is ``partial`` and says where it is open.
    workers, dask
        Local worker processes, or the address of a Dask scheduler.
    checkpoint
        File that every point and closed box is appended to; if it exists, the run goes on from it.
    recover
        Keep the intact lines of a damaged checkpoint.
    on_progress
        Called after every job.
    should_stop
        Asked now and then; a true answer acts like a limit.

    Raises
    ------
    FleetError
        If the problem is malformed or too large for exact 64-bit sums, or the checkpoint or the
        workers cannot be used.
    """
    from solver.sweep.moip.search import search

    if not isinstance(problem, MultiObjectiveProgram):
        from solver.instance.moip import read_program

        problem = read_program(Path(problem))
    outcome = search(
        problem,
        engines=engines,
        time_limit_s=time_limit_s,
        workers=workers,
        dask=dask,
        checkpoint=None if checkpoint is None else Path(checkpoint),
        recover=recover,
        on_progress=on_progress,
        should_stop=should_stop,
    )
    return NondominatedSet(outcome)
