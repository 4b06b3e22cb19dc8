"""What an algorithm for the nondominated set is, and what one run of it brings home."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from formulations.moip.problem import MultiObjectiveProgram
from solver.engines.contract import Engine
from solver.sweep.moip.claims import FoundPoint

__all__ = ["Algorithm", "AlgorithmRun", "Run", "always"]


@dataclass(frozen=True, slots=True, eq=False)
class AlgorithmRun:
    """What one run found, and what it took.

    Parameters
    ----------
    points
        Each proved nondominated, sorted by image; all there are where ``complete``.
    complete
        Whether nothing is missing. A complete run without points: proved infeasible.
    stopped
        What ended a run that is not complete; empty where it is.
    solves
        Engine calls made.
    refused
        How many of them ended with a claim of a float engine that was not believed.
    nodes, iterations, ticks
        Sums over the solves that tell, see ``solver.engines.contract.Effort``; ``None`` where none
        does.
    contradiction
        What an engine proved that cannot be true, where that is what ended the run.
    cpu_s, wall_s
        Processor time of this process and wall clock, loading of the engine included.
    """

    points: tuple[FoundPoint, ...]
    complete: bool
    stopped: str
    solves: int
    refused: int
    nodes: int | None
    iterations: int | None
    ticks: float | None
    cpu_s: float
    wall_s: float
    contradiction: str = ""

    def __post_init__(self) -> None:
        if self.complete == bool(self.stopped):
            raise ValueError("a run is complete, or something stopped it")


class Run(Protocol):
    """How an algorithm is run."""

    def __call__(
        self,
        program: MultiObjectiveProgram,
        engine: Engine,
        *,
        time_limit_s: float | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> AlgorithmRun:
        """Look for the nondominated set of a program.

        Parameters
        ----------
        engine
            Fresh; the program is loaded here.
        time_limit_s
            Wall clock for the whole run.
        should_stop
            Asked before every solve; a true answer acts like a limit.

        Raises
        ------
        EngineError
            If the engine refuses the program as a whole.
        """
        ...


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One algorithm by name.

    Parameters
    ----------
    name, summary
        For tables; the algorithm itself is told in the docstring of its module.
    textbook
        Whether it is what a textbook does, to compare the others with.
    uses_engine
        Whether it asks the engine it is given; one that does not is run with any.
    applies
        Why a program does not suit it, or ``None`` where it does.
    run
        See ``Run``.
    """

    name: str
    summary: str
    textbook: bool
    uses_engine: bool
    applies: Callable[[MultiObjectiveProgram], str | None]
    run: Run


def always(_: MultiObjectiveProgram) -> None:
    """``applies`` of an algorithm that takes every program."""
