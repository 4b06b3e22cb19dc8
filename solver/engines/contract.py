"""The contract of every engine: one integer objective minimised, the others bounded from above.

Three answers are kept apart: why it stopped, whether there is a point, and what is proven.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Protocol, TypeAlias

from formulations.milp import IntArray
from formulations.program import ProgramKind, Statement

__all__ = ["Effort", "Engine", "Goal", "SolveResult", "Termination"]

Goal: TypeAlias = str | Mapping[str, int]
"""What is minimised: one objective by name, or a weighted sum of several."""


class Termination(Enum):
    """Why an engine stopped."""

    OPTIMAL = "optimal"
    """A point is known and the bound meets it."""
    INFEASIBLE = "infeasible"
    """Proved: no point meets the rows and the upper bounds on the objectives."""
    TIME_LIMIT = "time limit"
    INTERRUPTED = "interrupted"
    OTHER = "other"
    """Anything else, unknown statuses and unbounded programs included; nothing may be concluded."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What a solve took, as the library tells it; ``None`` where it does not.

    Parameters
    ----------
    nodes
        Nodes of branch and bound; branches of CP-SAT.
    iterations
        Simplex iterations; conflicts of CP-SAT.
    ticks
        Deterministic time of CP-SAT or SCIP: the same on every machine.
    presolved_rows, presolved_columns, presolved_nonzeros
        Size after presolve.
    root_bound
        Lower bound on the minimised objective after the root node, cuts included; a float.
    trajectory
        (wall seconds since the solve began, incumbent, bound) whenever either improved.
    """

    nodes: int | None = None
    iterations: int | None = None
    ticks: float | None = None
    presolved_rows: int | None = None
    presolved_columns: int | None = None
    presolved_nonzeros: int | None = None
    root_bound: float | None = None
    trajectory: tuple[tuple[float, float | None, float | None], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class SolveResult:
    """What one solve has to say.

    Parameters
    ----------
    x
        (n,) int64 values of all columns, checked in integers against every row and bound, or
        ``None``. May be present at any termination but ``INFEASIBLE``.
    objective
        Value of the minimised objective at ``x``; ``None`` exactly where ``x`` is.
    dual_bound
        Proven lower bound on the minimised objective; ``None`` where nothing is proven.
    runtime_s
        Wall-clock time of this solve.
    message
        What the library said, for people.
    proved_by
        Name of the engine that stands behind termination and bound: a float engine may have
        handed the question over.
    effort
        Of the engine that was asked, or ``None`` where it tells nothing.
    refused
        The claim of a float engine that was not believed, and why; empty where there was none.
    """

    termination: Termination
    x: IntArray | None
    objective: int | None
    dual_bound: int | None
    runtime_s: float
    message: str
    proved_by: str
    effort: Effort | None = None
    refused: str = ""

    def __post_init__(self) -> None:
        if (self.x is None) != (self.objective is None):
            raise ValueError("a point and its objective come together")
        if self.termination is Termination.OPTIMAL and (
            self.objective is None or self.dual_bound != self.objective
        ):
            raise ValueError("optimal means: a point, and a bound that meets it")
        if self.termination is Termination.INFEASIBLE and self.x is not None:
            raise ValueError("infeasible means: no point")
        if self.x is not None:
            self.x.setflags(write=False)


class Engine(Protocol):
    """One solver behind the contract; holds one loaded statement at a time.

    Attributes
    ----------
    name, version
        For provenance.
    accepts
        Kinds of statement that ``load`` takes.
    """

    name: ClassVar[str]
    accepts: ClassVar[frozenset[ProgramKind]]

    @property
    def version(self) -> str:
        """Version of the library."""
        ...

    def load(self, statement: Statement) -> None:
        """Take a statement; the solves that follow reuse it.

        Raises
        ------
        EngineError
            If this engine cannot treat it exactly: kind not accepted, columns that are not
            integer, coefficients too large.
        """
        ...

    def minimise(
        self, objective: Goal, *, upper: Mapping[str, int], time_limit_s: float | None = None
    ) -> SolveResult:
        """Minimise a goal subject to inclusive upper bounds on any objectives.

        Bounds hold for this call alone. ``time_limit_s`` is positive, ``None`` for no limit.

        Raises
        ------
        EngineError
            If nothing is loaded.
        ValueError
            If an objective is unknown or the time limit is not positive.
        """
        ...
