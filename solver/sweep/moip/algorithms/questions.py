r"""Lexicographic questions to one engine, every answer checked, every solve counted.

All algorithms here ask the same thing: given bounds :math:`b` (inclusive, maybe none), an image

.. math::
    \operatorname{lexmin} \bigl(z_k, \textstyle\sum_j z_j\bigr)
    \quad \text{over feasible } z \le b .

It is nondominated: what dominates it also meets :math:`b`, has no larger :math:`z_k` and a smaller
sum. Two statements give it:

* *two stages*: the least :math:`z_k`, then the least sum below the image of the first stage. Two
  solves for a point, one for "infeasible".
* *augmented*: one solve of :math:`W z_k + \sum_{j \ne k} z_j` with
  :math:`W = 1 + \sum_{j \ne k} (b_j - l_j)`, where :math:`l` is a lower bound of all images: no
  loss in the others is worth a unit of :math:`z_k`, so this is exact in integers, unlike a small
  factor on slacks (AUGMECON: Mavrotas, "Effective implementation of the epsilon-constraint method",
  Applied Mathematics and Computation 213, 2009). Used where the largest number of the program times
  the weights stays where proofs of float engines are believed.

An answer that is neither optimal nor infeasible, that fails in integers, or that contradicts
another ends the run: ``Halt``. Nothing is concluded from it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from formulations.milp import IntArray
from formulations.moip.problem import Image, MultiObjectiveProgram
from solver.engines.contract import Engine, Goal, SolveResult, Termination
from solver.engines.guard import (
    FLOAT_PROOF_LIMIT,
    largest_magnitude,
    objective_value,
    violation,
)
from solver.sweep.moip.algorithms.algorithm import AlgorithmRun
from solver.sweep.moip.claims import FoundPoint

__all__ = ["Bounds", "Halt", "Questions", "Tally", "answered"]

Bounds = tuple[int | None, ...]
"""Inclusive upper bounds on the p objectives; ``None`` for no bound."""


class Halt(Exception):  # noqa: N818  (no error: it ends a run, which then is partial)
    """A run has to end before its time; the message says why."""


class Contradicted(Halt):
    """An engine proved what its own points, or others, refute."""


@dataclass
class Tally:
    """Effort of many solves; what no solve tells stays ``None``."""

    solves: int = 0
    refused: int = 0
    nodes: int | None = None
    iterations: int | None = None
    ticks: float | None = None

    def add(self, result: SolveResult) -> None:
        """Count in what one answer took."""
        self.refused += bool(result.refused)
        effort = result.effort
        if effort is None:
            return
        if effort.nodes is not None:
            self.nodes = (self.nodes or 0) + effort.nodes
        if effort.iterations is not None:
            self.iterations = (self.iterations or 0) + effort.iterations
        if effort.ticks is not None:
            self.ticks = (self.ticks or 0.0) + effort.ticks


@dataclass
class Questions:
    """An engine that has loaded a program, and what it has said so far.

    Parameters
    ----------
    until_s
        Of ``time.perf_counter``; ``None`` for no limit.
    """

    program: MultiObjectiveProgram
    engine: Engine
    until_s: float | None = None
    should_stop: Callable[[], bool] | None = None
    points: dict[Image, IntArray] = field(default_factory=dict)
    """Proved nondominated."""
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        self._largest = largest_magnitude(self.program.milp)

    def ideal(self, objectives: Sequence[int]) -> dict[int, int] | None:
        """The least value of each of some objectives, one solve each; ``None``: infeasible."""
        least: dict[int, int] = {}
        for k in objectives:
            result = self._ask(self.program.objective_names[k], {})
            if result.objective is None:
                return None
            least[k] = result.objective
        return least

    def lexicographic(
        self, first: int, bounds: Bounds, ideal: Mapping[int, int], *, augmented: bool
    ) -> Image | None:
        """A nondominated image with the least component ``first``; ``None``: infeasible.

        Of several such images, one that is known already or one with the least sum.

        Parameters
        ----------
        bounds
            Inclusive.
        ideal
            Proven lower bounds of all other objectives.
        augmented
            Whether one solve may do, where the weights are not too large.
        """
        names = self.program.objective_names
        upper = {name: b for name, b in zip(names, bounds, strict=True) if b is not None}
        weights = self._weights(first, bounds, ideal) if augmented else None
        if weights is not None:
            goal = dict(zip(names, weights, strict=True))
            return self._proved(self._ask(goal, upper))
        result = self._ask(names[first], upper)
        if result.x is None:
            return None
        image = self.program.image(result.x)
        if image in self.points:
            # Nondominated: nothing below it has a smaller sum.
            return image
        ones = dict.fromkeys(names, 1)
        second = self._ask(ones, dict(zip(names, image, strict=True)))
        if second.x is None:
            raise Contradicted(f"{second.proved_by} denies a point that it had found")
        if self.program.image(second.x)[first] < image[first]:
            raise Contradicted(
                f"{second.proved_by} refutes the optimum {image[first]} of {names[first]}"
            )
        return self._proved(second)

    def _weights(self, first: int, bounds: Bounds, ideal: Mapping[int, int]) -> list[int] | None:
        ceiling = self.program.ceiling
        room = sum(
            max(0, (ceiling[k] - 1 if bound is None else bound) - ideal[k])
            for k, bound in enumerate(bounds)
            if k != first
        )
        weights = [room + 1 if k == first else 1 for k in range(len(bounds))]
        return weights if self._largest * sum(weights) <= FLOAT_PROOF_LIMIT else None

    def _proved(self, result: SolveResult) -> Image | None:
        if result.x is None:
            return None
        image = self.program.image(result.x)
        beaten = [
            z
            for z in self.points
            if z != image and all(a <= b for a, b in zip(image, z, strict=True))
        ]
        if beaten:
            # Somebody's optimum was none; what is left may be all right, but the run is not.
            for z in beaten:
                del self.points[z]
            raise Contradicted(f"{result.proved_by} refutes the point {beaten[0]}")
        self.points.setdefault(image, result.x)
        return image

    def _ask(self, goal: Goal, upper: Mapping[str, int]) -> SolveResult:
        """An answer that is optimal or infeasible, and that nothing known contradicts."""
        limit_s = None if self.until_s is None else self.until_s - time.perf_counter()
        if limit_s is not None and limit_s <= 0:
            raise Halt("the time limit was reached")
        if self.should_stop is not None and self.should_stop():
            raise Halt("stopped on request")
        self.tally.solves += 1
        try:
            result = self.engine.minimise(goal, upper=upper, time_limit_s=limit_s)
        except Exception as error:  # a crash proves nothing
            raise Halt(f"{self.engine.name} failed: {error!r}") from error
        self.tally.add(result)
        self._check(result, goal, upper)
        return result

    def _check(self, result: SolveResult, goal: Goal, upper: Mapping[str, int]) -> None:
        who = result.proved_by
        if result.termination not in (Termination.OPTIMAL, Termination.INFEASIBLE):
            raise Halt(f"{who} stopped with {result.termination.value}: {result.message}")
        value: int | None = None
        if result.termination is Termination.INFEASIBLE:
            if result.x is not None:
                raise Contradicted(f"{who} shows a point of what it calls infeasible")
        else:
            if result.x is None:
                raise Contradicted(f"{who} speaks of an optimum and shows no point")
            broken = violation(self.program.milp, result.x, upper)
            if broken is not None:
                raise Contradicted(f"{who}: its point fails in integers: {broken}")
            value = objective_value(self.program.milp, goal, result.x)
            if not value == result.objective == result.dual_bound:
                raise Contradicted(
                    f"{who}: value {value}, claimed {result.objective}, bound {result.dual_bound}"
                )
        self._contradiction(value, goal, upper, who)

    def _contradiction(
        self, value: int | None, goal: Goal, upper: Mapping[str, int], who: str
    ) -> None:
        """Halt where a known point is better than a claimed optimum, or meets what has none."""
        names = self.program.objective_names
        weights = {goal: 1} if isinstance(goal, str) else goal
        most = [upper.get(name) for name in names]
        factor = [weights.get(name, 0) for name in names]
        for image in self.points:
            if all(b is None or z <= b for z, b in zip(image, most, strict=True)) and (
                value is None or sum(w * z for w, z in zip(factor, image, strict=True)) < value
            ):
                raise Contradicted(f"{who} contradicts the known point {image}")


def answered(
    search: Callable[[Questions], None],
    program: MultiObjectiveProgram,
    engine: Engine,
    *,
    time_limit_s: float | None,
    should_stop: Callable[[], bool] | None,
) -> AlgorithmRun:
    """Run a search to its end or to what halts it.

    Parameters
    ----------
    search
        Asks until the set is complete, or raises ``Halt``; points are kept by the questions.

    Raises
    ------
    EngineError
        If the engine refuses the program.
    ValueError
        If the time limit is not positive.
    """
    if time_limit_s is not None and not time_limit_s > 0:
        raise ValueError(f"the time limit must be positive (got {time_limit_s})")
    began_s, cpu_began_s = time.perf_counter(), time.process_time()
    engine.load(program.milp)
    until_s = None if time_limit_s is None else began_s + time_limit_s
    questions = Questions(program, engine, until_s, should_stop)
    stopped = contradiction = ""
    try:
        search(questions)
    except Contradicted as halt:
        stopped = contradiction = str(halt)
    except Halt as halt:
        stopped = str(halt)
    except KeyboardInterrupt:
        stopped = "interrupted"
    tally = questions.tally
    return AlgorithmRun(
        points=tuple(
            FoundPoint(image, questions.points[image]) for image in sorted(questions.points)
        ),
        complete=not stopped,
        stopped=stopped,
        solves=tally.solves,
        refused=tally.refused,
        nodes=tally.nodes,
        iterations=tally.iterations,
        ticks=tally.ticks,
        cpu_s=time.process_time() - cpu_began_s,
        wall_s=time.perf_counter() - began_s,
        contradiction=contradiction,
    )
