r"""Why a fleet is infeasible: limits that conflict, and how far each alone must give.

A set of limits is in conflict if no plan meets all of it; every set is judged by lifting the others
and solving. Each plan found that way shows limits that it breaks, and a conflict must hold one of
them: so a smallest conflict is found by minimum hitting sets of what plans break, until one has no
plan (Reiter 1987; the smallest one, Ignatiev, Previti, Liffiton and Marques-Silva 2015). Up to 12
limits, minimum hitting sets are tried by size. Beyond, a greedy hitting set gives some conflict,
and a deletion filter makes it irreducible (Chinneck and Dravnieks 1991).

What one limit alone would have to be is the least use of its row while all others are kept. A share
of spot devices is the least ratio, by Dinkelbach's method (1967); racks are the fewest more of each
kind.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from formulations.fleet.plan import FleetPlan
from formulations.fleet.problem import FleetProblem
from formulations.milp import INFINITY
from solver.engines.blocks import find_blocks
from solver.lowering.fleet.space import FleetSpace
from solver.lowering.fleet.stated import StatedLimit, stated_limits
from solver.lowering.fleet.uppers import with_implied_uppers, with_limits
from solver.sweep.fleet.asking import (
    Least,
    MakeRoad,
    as_text,
    ask_least,
    plain,
    rounded_up,
    without_rates,
)
from solver.sweep.fleet.greatest import dense_row, greatest_use
from solver.sweep.fleet.image import Objectives
from solver.sweep.fleet.roads import Road, Stop
from solver.sweep.fleet.spot_share import without_share

__all__ = ["RACKS", "ConflictSearch", "UnprovedError", "explain_infeasible"]

RACKS = "racks"
_MOST_FOR_MINIMUM = 12
_USE = "use"
_EVER = Stop()


class UnprovedError(Exception):
    """A question stayed open; the text says why."""


def explain_infeasible(
    space: FleetSpace, *, road: MakeRoad | None = None, stop: Stop = _EVER
) -> tuple[dict[str, Any], ...]:
    """The limits behind a question that is proved infeasible, JSON values.

    Parameters
    ----------
    road
        How problems are solved; ``Road`` where not given.
    stop
        When to give up; what is left out says so.

    Returns
    -------
    tuple of dict
        ``limit``, ``unit``, ``stated``; ``needed`` (rounded so that it can be typed) and
        ``needed_exact`` (``p/q``), ``None`` where the limit cannot mend this alone; ``text``;
        ``set`` (``minimum``, ``irreducible``, or ``not reduced`` where stopped before); and
        ``unanswered`` (why) where ``needed`` was not worked out. Empty where no limit is to blame:
        there is no plan without any of them.

    Raises
    ------
    ValueError
        If the question has a plan after all.
    """
    search = ConflictSearch(space, road or Road, stop)
    names, kind = search.conflict()
    return tuple({**search.explained(name), "set": kind} for name in names)


class ConflictSearch:
    """The limits of one question, and what plans without some of them tell.

    Parameters
    ----------
    road, stop
        See ``explain_infeasible``.
    """

    def __init__(self, space: FleetSpace, road: MakeRoad, stop: Stop) -> None:
        self.space = space
        self.problem = without_rates(space)
        self.road = road
        self.stop = stop
        self.limits = {limit.name: limit for limit in stated_limits(space)}
        self.names = [*self.limits, *([RACKS] if self.problem.racks is not None else [])]
        self.pivot = Objectives.of(space).pivot_name

    def conflict(self) -> tuple[list[str], str]:
        """Names of a conflict, and how small it is."""
        minimum = len(self.names) <= _MOST_FOR_MINIMUM
        broken: list[frozenset[str]] = []
        kept: list[str] = []
        try:
            while (plan := self._plan(kept)) is not None:
                broken.append(self._broken(plan, kept))
                kept = self._smallest_hitting(broken) if minimum else _greedy_hitting(broken)
        except UnprovedError:
            return self.names, "not reduced"
        if minimum:
            return kept, "minimum"
        return self._irreducible(kept)

    def _smallest_hitting(self, sets: list[frozenset[str]]) -> list[str]:
        return next(
            list(chosen)
            for size in range(1, len(self.names) + 1)
            for chosen in itertools.combinations(self.names, size)
            if all(not found.isdisjoint(chosen) for found in sets)
        )

    def _irreducible(self, conflict: list[str]) -> tuple[list[str], str]:
        kept = list(conflict)
        try:
            for name in conflict:
                fewer = [other for other in kept if other != name]
                if self._plan(fewer) is None:
                    kept = fewer
        except UnprovedError:
            return kept, "not reduced"
        return kept, "irreducible"

    def _plan(self, kept: list[str]) -> FleetPlan | None:
        """A plan that meets the limits ``kept``; ``None`` where it is proved that there is none."""
        problem = self._lifted([name for name in self.names if name not in kept])
        measure = self.pivot
        if isinstance(find_blocks(problem, measure), str):
            # A program stops at the first plan when nothing is to be minimised.
            measure, nothing = _USE, np.zeros(problem.n_columns, dtype=np.int64)
            problem = replace(problem, measures={_USE: nothing})
        found = self._ask(problem, measure)
        if found.plan is None and found.unproved:
            raise UnprovedError(found.unproved)
        return found.plan

    def _lifted(self, names: list[str]) -> FleetProblem:
        problem = self.problem
        if RACKS in names:
            problem = replace(problem, racks=None)
        rows = [row for name in names if name != RACKS for row in self.limits[name].row_names]
        return with_limits(problem, dict.fromkeys(rows, INFINITY))

    def _ask(self, problem: FleetProblem, measure: str) -> Least:
        return ask_least(problem, measure, road=self.road, stop=self.stop)

    def _broken(self, plan: FleetPlan, kept: list[str]) -> frozenset[str]:
        used = self.problem.use.dot(plan.counts)
        broken = {limit.name for limit in self.limits.values() if not limit.meets(used)}
        if self.problem.racks is not None and RACKS not in kept:
            broken.add(RACKS)
        if not broken:
            raise ValueError(f"{self.problem.name}: a plan meets every limit")
        return frozenset(broken)

    def explained(self, name: str) -> dict[str, Any]:
        """One limit of the conflict, and what it would have to be alone."""
        limit = self.limits.get(name)
        try:
            if limit is None:
                return self._racks()
            needed = self._least_share(limit) if limit.is_share else self._least_use(limit)
        except UnprovedError as reason:
            return {
                **_entry(limit, None),
                "text": f"what {name} would have to be was not worked out ({reason})",
                "unanswered": str(reason),
            }
        return _entry(limit, needed)

    def _least_use(self, limit: StatedLimit) -> Fraction | None:
        if len(limit.rows) == 1:
            (row,) = limit.rows
            problem = replace(self.problem, measures={_USE: dense_row(self.problem, row.row)})
            found = self._ask(with_limits(problem, {row.name: INFINITY}), _USE)
            unit, start = row.per_unit, limit.stated - row.side / row.per_unit
        else:
            problem, unit = greatest_use(self.problem, limit)
            found, start = self._ask(with_implied_uppers(problem), _USE), Fraction(0)
        if found.unproved:
            raise UnprovedError(found.unproved)
        return None if found.value is None else start + found.value / unit

    def _least_share(self, limit: StatedLimit) -> Fraction | None:
        """The least share of spot devices among all of the row, by Dinkelbach's method."""
        if len(limit.rows) > 1:
            raise UnprovedError("the least share is worked out for one period only")
        lifted, spot, held = without_share(self.space, limit)
        share = Fraction(1)
        while True:
            # Spot devices less the share of all: below 0 where a plan has a smaller share.
            excess = share.denominator * spot - share.numerator * held
            problem = with_implied_uppers(replace(lifted, measures={_USE: excess}))
            found = self._ask(problem, _USE)
            if found.unproved:
                raise UnprovedError(found.unproved)
            if found.plan is None:
                return None
            total = int(held @ found.plan.counts)
            if found.value == 0 or not total:
                return share
            share = Fraction(int(spot @ found.plan.counts), total)

    def _racks(self) -> dict[str, Any]:
        racks = self.problem.racks
        if racks is None:
            raise ValueError("there are no racks")
        text = f"{int(racks.count.sum())} racks"
        entry = {
            "limit": RACKS, "unit": "more of each kind", "stated": 0.0, "needed": None,
            "needed_exact": None,
        }  # fmt: skip
        try:
            more = self._racks_needed()
        except UnprovedError as reason:
            how_many = f"how many more than the {text} there are was not worked out ({reason})"
            return {**entry, "text": how_many, "unanswered": str(reason)}
        if more is None:
            no_number = f"no number of racks beyond the {text} mends this alone"
            return {**entry, "text": f"{no_number}, while every other limit stays"}
        return {
            **entry,
            "needed": float(more),
            "needed_exact": str(more),
            "text": f"beside the {text} there are, {more} more of each kind would do, "
            "while every other limit stays",
        }

    def _racks_needed(self) -> int | None:
        """Fewest racks to add to each orbit; ``None`` where none do."""
        if self._plan([name for name in self.names if name != RACKS]) is None:
            return None
        lifted = self._lifted([RACKS])
        assert self.problem.racks is not None  # the caller looked
        # A rack for every unit is as good as any number of racks.
        most = 1 + int(lifted.upper[self.problem.racks.items].sum())
        low, high = 0, 1
        while not self._with_racks(high):
            if high >= most:
                return None
            low, high = high, min(2 * high, most)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._with_racks(middle) else (middle, high)
        return high

    def _with_racks(self, more: int) -> bool:
        racks = self.problem.racks
        assert racks is not None  # the caller looked
        problem = with_implied_uppers(
            replace(
                self.problem,
                racks=replace(racks, count=racks.count + more),
                measures={_USE: np.zeros(self.problem.n_columns, dtype=np.int64)},
            )
        )
        found = self._ask(problem, _USE)
        if found.plan is None and found.unproved:
            raise UnprovedError(found.unproved)
        return found.plan is not None


def _greedy_hitting(sets: list[frozenset[str]]) -> list[str]:
    """Names that hit every set, the most frequent first."""
    left, chosen = list(sets), []
    while left:
        names = sorted({name for found in left for name in found})
        best = max(names, key=lambda name: sum(name in found for found in left))
        chosen.append(best)
        left = [found for found in left if best not in found]
    return chosen


def _entry(limit: StatedLimit | None, needed: Fraction | None) -> dict[str, Any]:
    if limit is None:
        raise ValueError("racks have an entry of their own")
    stated = f"{limit.name}: {plain(limit.stated)} {limit.unit} stated"
    if needed is None:
        text = f"{stated}; no other value mends this while every other limit stays"
    else:
        shown = f"{rounded_up(needed):.12g} {limit.unit}"
        text = f"{stated}; {shown} would do, while every other limit stays"
    return {
        "limit": limit.name,
        "unit": limit.unit,
        "stated": float(limit.stated),
        "needed": None if needed is None else rounded_up(needed),
        "needed_exact": None if needed is None else as_text(needed),
        "text": text,
    }
