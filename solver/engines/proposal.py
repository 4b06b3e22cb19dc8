"""A floating-point engine proposes, integers dispose.

The answer of a float engine is believed only where it survives integer arithmetic: the incumbent is
rounded and checked against every row, the bound is rounded to the safe side, and all numbers of the
statement are small enough for the engine's tolerances. Where that fails the question goes to
CP-SAT, which reasons in integers throughout; where CP-SAT cannot take it either, or must not be
asked, the answer is ``OTHER``. What was not believed is kept in ``refused``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from solver.engines.contract import Effort, Engine, Goal, SolveResult, Termination
from solver.engines.guard import (
    FLOAT_PROOF_LIMIT,
    SparseStatement,
    largest_magnitude,
    objective_value,
    sound_lower_bound,
    violation,
    weights_of,
)
from solver.errors import EngineError

__all__ = ["Judge", "Proposal"]

_LARGEST_ROUNDABLE = 2.0**53


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """What a float engine claims.

    Parameters
    ----------
    x
        (n,) float values, or ``None`` if it has no incumbent.
    bound
        Claimed lower bound; ``None`` or infinite if there is none.
    effort
        What the engine took.
    """

    termination: Termination
    x: npt.NDArray[np.float64] | None
    bound: float | None
    runtime_s: float
    message: str
    effort: Effort | None = None


class Judge:
    """Turns the proposals of one engine on one program into results that hold in integers.

    Parameters
    ----------
    engine
        Its name.
    statement
        What the engine was given.
    alone
        CP-SAT is never asked; a claim that is not believed ends as ``OTHER``.
    limit
        Largest number at which the engine's proofs are believed.
    """

    def __init__(
        self,
        engine: str,
        statement: SparseStatement,
        *,
        alone: bool = False,
        limit: int = FLOAT_PROOF_LIMIT,
    ) -> None:
        self._engine = engine
        self._statement = statement
        self._alone = alone
        self._limit = limit
        self._beyond = f"numbers above {limit:.0e} are beyond floating-point proofs"
        self._magnitude = largest_magnitude(statement)
        self._arbiter: Engine | None = None

    def believes(self, objective: Goal, upper: Mapping[str, int]) -> bool:
        """Whether the numbers of a question are small enough for a floating-point proof."""
        # A weighted sum has coefficients that the program itself does not show.
        weight = sum(abs(w) for w in weights_of(objective).values())
        largest = max([self._magnitude * weight, *(abs(b) for b in upper.values())])
        return largest <= self._limit

    def refer(
        self, *, objective: Goal, upper: Mapping[str, int], time_limit_s: float | None
    ) -> SolveResult:
        """Answer to a question that the float engine is better not asked at all: CP-SAT's."""
        return self._second_opinion(
            Proposal(Termination.OTHER, None, None, 0.0, ""), None, None,
            f"{self._engine} was not asked: {self._beyond}",
            objective=objective, upper=upper, limit_s=time_limit_s,
        )  # fmt: skip

    def dispose(
        self,
        proposal: Proposal,
        *,
        objective: Goal,
        upper: Mapping[str, int],
        time_limit_s: float | None,
    ) -> SolveResult:
        """The result that ``proposal`` supports, after a second opinion where it supports none."""
        x, doubt = self._rounded(proposal, upper)
        value = None if x is None else objective_value(self._statement, objective, x)
        believed = self.believes(objective, upper)
        bound = sound_lower_bound(proposal.bound) if believed else None
        if bound is not None and value is not None and bound > value:
            doubt, bound = f"its bound {bound} lies above its point {value}", None
        if not believed:
            doubt = self._beyond

        termination = proposal.termination
        if termination is Termination.INFEASIBLE and believed:
            return SolveResult(
                termination, None, None, None, proposal.runtime_s, proposal.message, self._engine,
                proposal.effort,
            )  # fmt: skip
        if termination is Termination.OPTIMAL and value is not None and bound == value:
            return SolveResult(
                termination, x, value, bound, proposal.runtime_s, proposal.message, self._engine,
                proposal.effort,
            )  # fmt: skip
        if termination in (Termination.OPTIMAL, Termination.INFEASIBLE):
            doubt = doubt or f"its bound {proposal.bound} does not meet its point {value}"
            claim = f"{self._engine} said {termination.value}, but {doubt}"
            return self._second_opinion(
                proposal, x, value, claim, objective=objective, upper=upper, limit_s=time_limit_s
            )
        message = proposal.message if doubt is None else f"{proposal.message} ({doubt})"
        return SolveResult(
            termination, x, value, bound, proposal.runtime_s, message, self._engine,
            proposal.effort,
        )  # fmt: skip

    def _rounded(
        self, proposal: Proposal, upper: Mapping[str, int]
    ) -> tuple[IntArray | None, str | None]:
        """The incumbent in integers if it holds there, else ``None`` and what is wrong with it."""
        if proposal.x is None:
            return None, None
        whole = np.rint(proposal.x)
        # NaN fails the comparison too.
        if not (np.abs(whole) < _LARGEST_ROUNDABLE).all():
            return None, "its point has values that are not finite or too large to round"
        x = whole.astype(np.int64)
        broken = violation(self._statement, x, upper)
        return (x, None) if broken is None else (None, f"its point fails in integers: {broken}")

    def _second_opinion(
        self,
        proposal: Proposal,
        x: IntArray | None,
        value: int | None,
        claim: str,
        *,
        objective: Goal,
        upper: Mapping[str, int],
        limit_s: float | None,
    ) -> SolveResult:
        """Ask CP-SAT; a checked point of the float engine is kept where CP-SAT has none."""
        if self._alone:
            return SolveResult(
                Termination.OTHER, x, value, None, proposal.runtime_s,
                f"{claim}; cp-sat must not be asked", self._engine, proposal.effort, claim,
            )  # fmt: skip
        left_s = None if limit_s is None else limit_s - proposal.runtime_s
        if left_s is not None and left_s <= 0:
            return SolveResult(
                Termination.TIME_LIMIT, x, value, None, proposal.runtime_s,
                f"{claim}; no time was left for cp-sat", self._engine, proposal.effort, claim,
            )  # fmt: skip
        try:
            if self._arbiter is None:
                from solver.engines.cp_sat import CpSatEngine

                arbiter = CpSatEngine()
                arbiter.load(self._statement)
                self._arbiter = arbiter
            answer = self._arbiter.minimise(objective, upper=upper, time_limit_s=left_s)
        except EngineError as error:
            return SolveResult(
                Termination.OTHER, x, value, None, proposal.runtime_s,
                f"{claim}; {error}", self._engine, proposal.effort, claim,
            )  # fmt: skip
        keep_proposed = (
            answer.x is None
            and answer.termination is not Termination.INFEASIBLE
            and (answer.dual_bound is None or value is None or answer.dual_bound <= value)
        )
        return SolveResult(
            answer.termination,
            x if keep_proposed else answer.x,
            value if keep_proposed else answer.objective,
            answer.dual_bound,
            proposal.runtime_s + answer.runtime_s,
            f"{claim}; cp-sat said {answer.termination.value}",
            answer.proved_by,
            proposal.effort,
            claim,
        )
