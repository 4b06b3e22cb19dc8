r"""Teams: which machines stand together over a layer, counted so that each holds whole layers.

The cover bound lets a machine be spread over layers in any parts. Here it is whole. Give machines
worths :math:`u_o` as in ``cover.py``; held over :math:`k` layers a machine costs
:math:`\lfloor u_o / k \rfloor` in each. Let :math:`v` be what a layer costs at least at rate
:math:`F`. All layers together cost no more than all machines are worth, so no single layer costs
more than

.. math::
    B = \sum_o N_o u_o - (L - 1)\, v

The machines over a layer, fastest first, reach :math:`F` with the first few of them: a *team*
:math:`C`, in which :math:`m_{ok}(C)` machines of orbit o hold k layers and none is left out without
falling below :math:`F`. Near the cover bound few teams cost :math:`B` or less, and they are listed.

Variables: :math:`y_C \in \{0..L\}`, layers over which team C stands; :math:`n_{ok} \in \{0..N_o\}`,
machines of orbit o that hold k layers.

.. math::
    \min\; -\sum_C y_C \quad \text{subject to} \quad \sum_C y_C \le L, \qquad
    \sum_C m_{ok}(C)\, y_C \le k\, n_{ok}, \qquad \sum_k n_{ok} \le N_o

A plan of rate :math:`F` gives a solution of objective :math:`-L`: the layers that a machine holds
are k, and it is in the team of some of them. If there is no such solution, :math:`F` is impossible.
All numbers but the listing are small: an engine decides with exact coefficients of at most L.

With ``in_place`` the layers have places, and the ranges that machines hold are connected:
:math:`y_{Cp} \in \{0, 1\}`, team C stands over layer p; :math:`s_{okp} \in \{0..N_o\}`, machines
that hold layers p to p + k - 1.

.. math::
    \sum_C y_{Cp} \le 1 \;\; \forall p, \qquad
    \sum_C m_{ok}(C)\, y_{Cp} \le \sum_{q = p-k+1}^{p} s_{okq} \;\; \forall o,k,p, \qquad
    \sum_{k,p} s_{okp} \le N_o

Links are not counted, nor what flows from layer to layer.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from formulations.formulation import StatedProblem
from formulations.milp import IntArray
from formulations.placement.cover import cover_table, items_of, total_worth
from formulations.placement.problem import PlacementProblem
from formulations.rows import SparseRows

__all__ = ["HELD", "Team", "TeamCount", "TeamList", "TeamListing", "build_teams", "team_rate"]

HELD = "held"
"""The objective, minimised: the negative of the layers over which a team stands."""

_MOST_LOOKS = 3_000_000
"""The listing gives up after looking at this many items: about a second."""
_LARGEST_TEAM = 200
"""The listing gives up at larger teams: it is a recursion."""

Team = tuple[tuple[int, int, int], ...]
"""(orbit, layers held, machines), sorted."""


@dataclass(frozen=True, slots=True)
class TeamCount:
    """A solution of the program: over how many layers each team stands.

    Parameters
    ----------
    layers
        Team -> layers, positive.
    rate
        That of the slowest of these teams; 0 if there is none.
    """

    layers: tuple[tuple[Team, int], ...]
    rate: int


@dataclass(frozen=True, slots=True)
class TeamList:
    """What can stand over a layer.

    Parameters
    ----------
    teams
        Whoever is not listed stands nowhere.
    below
        At every rate above this, up to that of the list, the list is the same: machines that cost
        no more reach the rate of the list, or no more than this.
    """

    teams: tuple[Team, ...]
    below: int


def team_rate(problem: PlacementProblem, team: Team) -> int:
    """What a team carries at most, in the problem's unit."""
    return sum(times * problem.rate(orbit, layers) for orbit, layers, times in team)


class TeamListing:
    """Lists the teams of a problem by worths, at any rate.

    A plan of a rate just below :math:`F` whose layers do not all reach :math:`F` has a layer whose
    machines reach something between the two. If none that reach it cost :math:`B` or less, that
    layer alone leaves too little for the others, which cost :math:`v` each. So what refutes
    :math:`F` refutes every rate down to the next that somebody affordable reaches (``below``).

    Parameters
    ----------
    worth : (n,) int64 >= 0
        Any worths give complete lists; good ones short lists.

    Raises
    ------
    ValueError
        See ``cover_table``.
    """

    def __init__(self, problem: PlacementProblem, worth: IntArray) -> None:
        self._problem = problem
        self._total = total_worth(problem, worth)
        self._items = sorted(items_of(problem, worth), key=lambda i: (-i.rate, i.orbit, i.layers))
        share = self._total // problem.layers
        # Beyond the table a cost is only known to be beyond it; few teams are that dear.
        table = cover_table(problem, worth, cost=share + share // 10 + 1)
        self._reach: list[int] = table.rate.tolist()

    def _least(self, rate: int) -> int:
        """A lower bound on what ``rate`` costs in one layer."""
        return bisect_left(self._reach, rate) if rate > 0 else 0

    def at(self, rate: int, *, most: int, margin: int = 0) -> TeamList | None:
        """All teams that a plan of ``rate`` can have over a layer; ``None`` if above ``most``.

        Also ``None`` where the listing takes too long. No team at all says that ``rate`` is
        impossible.

        Parameters
        ----------
        margin
            How far below ``rate`` to look for the next rate at which the list may change.

        Raises
        ------
        ValueError
            If the rate or ``most`` is not positive, or ``margin`` is negative.
        """
        if rate <= 0 or most <= 0 or margin < 0:
            raise ValueError(
                f"{self._problem.name}: rate {rate}, {most} teams, margin {margin}: too small"
            )
        least_of_all = self._least(rate)
        # No layer may cost more, since the others cost ``least_of_all`` each.
        budget = self._total - (self._problem.layers - 1) * least_of_all
        if budget < least_of_all:
            return TeamList((), rate - 1)
        items, stock = self._items, self._problem.count.tolist()
        chosen: list[int] = []
        teams: list[Team] = []
        looks, below = 0, max(0, rate - margin - 1)

        def go_down(begin: int, missing: int, budget: int) -> bool:
            """Extend the chosen by items from ``begin`` on; whether the listing may go on."""
            nonlocal looks, below
            looks += len(items) - begin
            if looks > _MOST_LOOKS or len(chosen) > _LARGEST_TEAM:
                return False
            if missing <= 0:
                held = Counter((items[i].orbit, items[i].layers) for i in chosen)
                teams.append(tuple(sorted((o, k, times) for (o, k), times in held.items())))
                return len(teams) <= most
            below = max(below, rate - missing)
            for index in range(begin, len(items)):
                item = items[index]
                least = self._least(missing - margin - item.rate)
                if not stock[item.orbit] or item.price + least > budget:
                    continue
                stock[item.orbit] -= 1
                chosen.append(index)
                goes_on = go_down(index, missing - item.rate, budget - item.price)
                chosen.pop()
                stock[item.orbit] += 1
                if not goes_on:
                    return False
            return True

        return TeamList(tuple(teams), below) if go_down(0, rate, budget) else None


def build_teams(
    problem: PlacementProblem, teams: Sequence[Team], *, in_place: bool = False
) -> StatedProblem[PlacementProblem, TeamCount]:
    """The program over listed teams; see the module's text. Without teams no layer is held."""
    held = sorted({(orbit, layers) for team in teams for orbit, layers, _ in team})
    places = problem.layers if in_place else 1
    n_team = len(teams) * places
    # By place, then team; then by place, machine and layers held.
    y = np.arange(n_team).reshape(places, len(teams))
    s = n_team + np.arange(len(held) * places).reshape(places, len(held))
    upper = np.concatenate(
        [
            np.full(n_team, 1 if in_place else problem.layers, dtype=np.int64),
            np.tile(np.array([problem.count[o] for o, _ in held], dtype=np.int64), places),
        ]
    )
    rows = SparseRows()
    row = rows.add_block(places, upper=1 if in_place else problem.layers)
    rows.put(row, np.arange(places)[:, None], y, 1)
    row = rows.add_block(problem.n_orbits, upper=problem.count)
    rows.put(row, np.array([o for o, _ in held], dtype=np.int64)[None, :], s, 1)
    number = {one: i for i, one in enumerate(held)}
    for p in range(places):
        row = rows.add_block(len(held), upper=0)
        for c, team in enumerate(teams):
            for orbit, layers, times in team:
                rows.put(row, number[orbit, layers], y[p, c], times)
        for i, (_, layers) in enumerate(held):
            if in_place:
                rows.put(row, i, s[max(0, p - layers + 1) : p + 1, i], -1)
            else:
                rows.put(row, i, s[p, i], -layers)
    if in_place:
        for i, (_, layers) in enumerate(held):
            upper[s[problem.layers - layers + 1 :, i]] = 0
    goal = np.zeros(n_team + s.size, dtype=np.int64)
    goal[y] = -1

    def decode(x: IntArray) -> TeamCount:
        times = x[y].sum(axis=0).tolist()
        stands = tuple((team, t) for team, t in zip(teams, times, strict=True) if t)
        return TeamCount(stands, min((team_rate(problem, team) for team, _ in stands), default=0))

    return StatedProblem(
        formulation="placed_teams" if in_place else "teams",
        problem=problem,
        statement=rows.to_milp(
            f"{problem.name}/{'placed_teams' if in_place else 'teams'}",
            lower=np.zeros(len(upper), dtype=np.int64),
            upper=upper,
            objectives={HELD: goal},
        ),
        decoder=decode,
    )
