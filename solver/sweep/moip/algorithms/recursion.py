r"""Recursion over the number of objectives, with answers of solved subproblems used again.

Notation: :math:`P_k(b)`, with inclusive bounds :math:`b` on :math:`z_{k+1}, \dots, z_p`, asks for a
set of nondominated images below :math:`b` that *covers*: each feasible :math:`z` below :math:`b`
has one among them that is no greater in :math:`1, \dots, k`.

**Steps.** :math:`P_1(b)` is one lexicographic question for :math:`(z_1, \sum_j z_j)`.
:math:`P_k(b)` asks :math:`P_{k-1}` with falling bounds on :math:`z_k`: first none, then one less
than the greatest :math:`z_k` of the last answer, until an answer is empty or the bound lies below
the least feasible :math:`z_k`; its answer is the union. Before :math:`P_k(b)` is worked on, the
answers to :math:`P_k(b')` known so far are looked through: if :math:`b' \ge b`, and all its images
are below :math:`b`, it is the answer to :math:`P_k(b)` as well, and nothing is solved. An empty
answer is the case in which that holds for every :math:`b \le b'`.

**Complete.** Why :math:`P_k` covers when the :math:`P_{k-1}` inside do is told in
``nested_epsilon.py``; it uses of an answer only that it covers and lies below the bounds. A reused
answer does both: it covers all that is below :math:`b'`, so all below :math:`b`.

**Solves.** :math:`p - 1` for the least values. With two objectives then one lexicographic question
a point: there is nothing to use again. With three and more, only questions whose answer differs
from that of every relaxation seen, and of those each point is found several times, once for each
set of relaxations that it is cut off by.

Sources: Özlen and Azizoğlu, "Multi-objective integer programming: a general approach for generating
all non-dominated solutions", European Journal of Operational Research 199, 2009 (recursion); Özlen,
Burton and MacRae, "Multi-objective integer programming: an improved recursive algorithm", Journal
of Optimization Theory and Applications 160, 2014 (answers used again).
"""

from __future__ import annotations

from collections.abc import Callable

from formulations.moip.problem import Image, MultiObjectiveProgram
from solver.engines.contract import Engine
from solver.sweep.moip.algorithms.algorithm import AlgorithmRun
from solver.sweep.moip.algorithms.questions import Bounds, Questions, answered

__all__ = ["recursion"]


def recursion(
    program: MultiObjectiveProgram,
    engine: Engine,
    *,
    time_limit_s: float | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> AlgorithmRun:
    """Look for the nondominated set by recursion with reuse; see ``algorithm.Run``."""
    return answered(_search, program, engine, time_limit_s=time_limit_s, should_stop=should_stop)


def _search(questions: Questions) -> None:
    p = questions.program.n_objectives
    ideal = questions.ideal(range(1, p))
    if ideal is not None:
        _Recursion(questions, ideal).answer(p - 1, (None,) * p)


class _Recursion:
    """Answers so far, by the last objective that is not bounded from outside."""

    def __init__(self, questions: Questions, ideal: dict[int, int]) -> None:
        self._questions = questions
        self._ideal = ideal
        self._known: list[dict[Bounds, frozenset[Image]]] = [
            {} for _ in range(questions.program.n_objectives)
        ]

    def answer(self, k: int, bounds: Bounds) -> frozenset[Image]:
        """A covering set of the subproblem on objectives 0 to ``k``; bounds on those are none."""
        known = self._known[k]
        found = _settled(known, bounds)
        if found is None:
            found = self._solved(k, bounds)
            known[bounds] = found
        return found

    def _solved(self, k: int, bounds: Bounds) -> frozenset[Image]:
        if k == 0:
            image = self._questions.lexicographic(0, bounds, self._ideal, augmented=True)
            return frozenset() if image is None else frozenset({image})
        met: set[Image] = set()
        while True:
            inside = self.answer(k - 1, bounds)
            if not inside:
                return frozenset(met)
            met |= inside
            jump = max(image[k] for image in inside) - 1
            if jump < self._ideal[k]:
                return frozenset(met)
            bounds = (*bounds[:k], jump, *bounds[k + 1 :])


def _settled(known: dict[Bounds, frozenset[Image]], bounds: Bounds) -> frozenset[Image] | None:
    """The answer to a relaxation that is one to these bounds, if any is known."""
    if bounds in known:
        return known[bounds]
    for looser, images in known.items():
        if _at_most(bounds, looser) and all(_below(image, bounds) for image in images):
            return images
    return None


def _at_most(bounds: Bounds, looser: Bounds) -> bool:
    return all(b is None or (a is not None and a <= b) for a, b in zip(bounds, looser, strict=True))


def _below(image: Image, bounds: Bounds) -> bool:
    return all(b is None or z <= b for z, b in zip(image, bounds, strict=True))
