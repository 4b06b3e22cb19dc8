r"""Nested epsilon-constraint loops with early exits and jumps (the textbook algorithm).

Notation: images :math:`z` are minimised integer p-vectors; :math:`e_2, \dots, e_p` are inclusive
bounds; :math:`\ell_k` is the least feasible value of :math:`z_k`.

**Steps.** Loop :math:`p` is the outermost, loop 2 the innermost. Loop :math:`k` starts without a
bound on :math:`z_k`, runs the loop inside it (the innermost asks for the lexicographic minimum of
:math:`(z_1, \sum_j z_j)` below the bounds), and then

* ends, if the loop inside met no image at all: tighter bounds leave none either (early exit);
* else sets :math:`e_k` to one less than the greatest :math:`z_k` met inside (jump), and ends if
  that lies below :math:`\ell_k`.

With integers the step of one unit loses nothing, and a jump passes over every bound that would give
the same answers.

**Complete.** Say a run of the loops up to :math:`k` under outer bounds :math:`b` *covers* if each
feasible :math:`z \le b` has an image met in it that is no greater in :math:`1, \dots, k`. One solve
covers for :math:`k = 1`. Let the loops up to :math:`k - 1` cover, and take the last bound
:math:`e_k \ge z_k` that loop :math:`k` tries. Inside it something was met, as :math:`z` is feasible
there, and as the next bound is below :math:`z_k`, all of it is at most :math:`z_k` in
:math:`k`; so what is no greater in :math:`1, \dots, k-1` is no greater in :math:`k` too. At
:math:`k = p` every nondominated image has been met. Every image met is nondominated, see
``questions.py``.

**Solves.** :math:`p - 1` for the :math:`\ell_k`. A question below takes one solve where the
augmented sum is small enough, else two. With two objectives then one lexicographic solve
for each of the :math:`N` points and never an infeasible one. With three, loop 3 tries at most as
many bounds as there are distinct values of :math:`z_3`, with at most :math:`N + 1` questions in
each: points are found again and again, which is what ``recursion`` and ``rectangles`` avoid.

Sources: Haimes, Lasdon and Wismer, "On a bicriterion formulation of the problems of integrated
system identification and system optimization", IEEE Transactions on Systems, Man, and Cybernetics
1, 1971 (two objectives); Mavrotas and Florios, "An improved version of the augmented
epsilon-constraint method (AUGMECON2)", Applied Mathematics and Computation 219, 2013 (early exit,
jumps over slack); Zhang and Reimann, "A simple augmented epsilon-constraint method for
multi-objective mathematical integer programming problems", European Journal of Operational Research
234, 2014 (SAUGMECON: jumps in all loops). Left out: their grids, as every integer is tried; and
the small factor on the slacks, in place of which stand integer weights.
"""

from __future__ import annotations

from collections.abc import Callable

from formulations.moip.problem import Image, MultiObjectiveProgram
from solver.engines.contract import Engine
from solver.sweep.moip.algorithms.algorithm import AlgorithmRun
from solver.sweep.moip.algorithms.questions import Bounds, Questions, answered

__all__ = ["nested_epsilon"]


def nested_epsilon(
    program: MultiObjectiveProgram,
    engine: Engine,
    *,
    time_limit_s: float | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> AlgorithmRun:
    """Look for the nondominated set by nested loops; see ``algorithm.Run``."""
    return answered(_search, program, engine, time_limit_s=time_limit_s, should_stop=should_stop)


def _search(questions: Questions) -> None:
    p = questions.program.n_objectives
    ideal = questions.ideal(range(1, p))
    if ideal is not None:
        _loop(questions, p - 1, (None,) * p, ideal)


def _loop(questions: Questions, k: int, bounds: Bounds, ideal: dict[int, int]) -> set[Image]:
    """Images met by the loops up to objective ``k`` (counted from 0) below outer bounds."""
    if k == 0:
        image = questions.lexicographic(0, bounds, ideal, augmented=True)
        return set() if image is None else {image}
    met: set[Image] = set()
    while True:
        inside = _loop(questions, k - 1, bounds, ideal)
        if not inside:
            return met
        met |= inside
        jump = max(image[k] for image in inside) - 1
        if jump < ideal[k]:
            return met
        bounds = (*bounds[:k], jump, *bounds[k + 1 :])
