"""The least rate that counted teams refute: worths list the teams, an engine counts them.

Just below a bound that is already good the teams are few. The search goes down from there in steps
that double, and halves once a rate is not refuted. What is not refuted is not claimed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from formulations.milp import IntArray
from formulations.placement.problem import PlacementProblem
from formulations.placement.teams import HELD, TeamList, TeamListing, build_teams
from solver.engines.contract import Engine, Termination
from solver.errors import EngineError
from solver.sweep.placement.cover_bound import by_rates, proposed_worths
from solver.sweep.placement.engine_bound import EngineBound

__all__ = ["TeamBound", "best_team_bound"]

_MOST_TEAMS = 3_000
_MOST_PLACED_COLUMNS = 4_000
"""Above this the program over places is not asked."""
_MOST_SOLVES = 60
_FIRST_STEP = 10_000
"""The first step down is this part of the rate."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TeamBound(EngineBound):
    """A rate that no plan exceeds: an engine found no solution over the teams that worths list.

    ``formulation`` is ``teams`` or ``placed_teams``.

    Parameters
    ----------
    refuted
        Rate at which the teams were listed, above ``rate``; down to there the list is the same.
    worth
        (n,) int64 over the orbits of ``by_rates``; they list the teams.
    """

    refuted: int
    worth: IntArray


class _Refutation:
    """Asks one rate after the other; the worths of the last list are tried first."""

    def __init__(
        self, problem: PlacementProblem, engine: Engine, end_s: float, in_place: bool
    ) -> None:
        self._typed, self._engine, self._end_s = by_rates(problem), engine, end_s
        self._forms = (False, True) if in_place else (False,)
        self._listings: list[tuple[IntArray, TeamListing]] = []
        self.solves = 0
        self.reached = 0
        """Rate of the last solution; 0 where there is none."""

    def _listed(self, rate: int) -> tuple[IntArray, TeamList] | None:
        """Teams at ``rate`` and the worths that list them."""
        margin = rate // _FIRST_STEP
        for worth, listing in self._listings:
            teams = listing.at(rate, most=_MOST_TEAMS, margin=margin)
            if teams is not None:
                return worth, teams
        proposed = proposed_worths(self._typed, rate, even_if_possible=True)
        if proposed is None:
            return None
        listing = TeamListing(self._typed, proposed)
        teams = listing.at(rate, most=_MOST_TEAMS, margin=margin)
        if teams is None:
            return None
        self._listings = [(proposed, listing)]
        return proposed, teams

    def of(self, rate: int) -> TeamBound | None:
        """The proof that ``rate`` is impossible, if there is one."""
        self.reached = 0
        listed = self._listed(rate)
        if listed is None:
            return None
        worth, found = listed
        for in_place in self._forms:
            left_s = self._end_s - time.perf_counter()
            if left_s <= 0:
                break
            if in_place and len(found.teams) * self._typed.layers > _MOST_PLACED_COLUMNS:
                break
            stated = build_teams(self._typed, found.teams, in_place=in_place)
            self._engine.load(stated.statement)
            self.solves += 1
            answer = self._engine.minimise(
                HELD, upper={HELD: -self._typed.layers}, time_limit_s=left_s
            )
            if answer.termination is Termination.INFEASIBLE:
                return TeamBound(
                    found.below,
                    answer.proved_by,
                    stated.formulation,
                    refuted=rate,
                    worth=worth,
                )
            if answer.x is None:
                break
            self.reached = stated.decode(answer.x).rate
            if self.reached < rate:
                raise EngineError.one(
                    f"a solution of {stated.name} at rate {rate} reaches {self.reached}",
                    where=f"engine {answer.proved_by}",
                    mend="Report this with the instance",
                )
        return None


def best_team_bound(
    problem: PlacementProblem,
    *,
    reached: int,
    ceiling: int,
    engine: Engine,
    time_limit_s: float,
    in_place: bool = False,
) -> tuple[TeamBound | None, int]:
    """The least bound below ``ceiling`` that the search finds.

    Parameters
    ----------
    problem
        Of single machines.
    reached
        Rate of a known plan, or 0.
    ceiling
        A proven bound.
    time_limit_s
        Wall-clock time, positive; one question may overrun it by a second of listing.
    in_place
        Ask the program over places too where the first has a solution.

    Returns
    -------
    bound
        ``None`` if there is none below ``ceiling``.
    solves
        Programs solved.
    """
    end_s = time.perf_counter() + time_limit_s
    ask = _Refutation(problem, engine, end_s, in_place)
    best: TeamBound | None = None
    low, high = reached, ceiling
    step = max(1, ceiling // _FIRST_STEP)
    asked = ceiling
    for _ in range(_MOST_SOLVES):
        if low >= high or time.perf_counter() >= end_s:
            break
        proof = ask.of(asked)
        if proof is not None:
            best, high = proof, max(low, proof.rate)
        elif asked >= high:
            break
        else:
            low = max(asked, ask.reached)
        # Every other question is the bound itself: once it is not refuted there is no better one.
        if asked < high:
            asked = high
        elif low > reached:
            asked = (low + high + 1) // 2
        else:
            asked, step = max(low + 1, high - step), 2 * step
    return best, ask.solves
