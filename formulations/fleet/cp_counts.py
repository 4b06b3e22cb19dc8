r"""Counts for CP-SAT: racks as single bins in full lexicographic order, the loss as a maximum.

Sets, data and rows of demand, limits and routing cuts as in ``counts``. Variables: :math:`n_j`;
:math:`m_{hk}`; one variable a measure; with racks a key :math:`K_h` each, and for every cell the
worst loss :math:`L_i`, if any rack may be lost.

.. math::
    \text{measure} = \sum_j c_j n_j, \qquad
    \sum_h m_{hk} = n_{j(k)}, \qquad \sum_k s_{kd} m_{hk} \le C_{o(h) d}

.. math::
    K_h = \sum_k \beta_k m_{hk}, \quad \beta_k = \prod_{k' > k} (\bar m_{k'} + 1), \qquad
    K_h \ge K_{h'}

so that equal racks :math:`h, h'` of an orbit stand in lexicographic order and every packing is met
once (:math:`\bar m` the most that fits of an item alone). Where a key would not fit into 60 bits
the items at the end of the order do not take part. The loss of a rack is linear, the worst a
maximum constraint:

.. math::
    L_i = \max_h \sum_k a_{i j(k)} m_{hk}, \qquad \sum_j a_{ij} n_j - L_i \ge d_i .

For small cases: the search is exact integer arithmetic throughout and needs no guard, but it does
not profit from relaxations as ``counts`` does.

Size: with :math:`T` rows over counts, :math:`P` places, :math:`K` items, :math:`H` racks of
:math:`D` dimensions, :math:`p` cells and :math:`M` measures :math:`n + P + M` variables and
:math:`|T| + K + H D + \sum_o \max(R_o - 1, 0) + M` constraints; where a rack may be lost (and there
are racks) :math:`p` variables and :math:`2 p` constraints more, in place of the :math:`H p` rows of
``counts``.

Strength: the linear rows are those of ``counts`` but for order and loss, which CP-SAT relaxes in
ways of its own; none is stated here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from formulations.fleet.problem import FleetProblem
from formulations.fleet.program import Decoded, FleetProgram
from formulations.fleet.rack_bins import (
    RackBins,
    number_of_places,
    rack_bins,
    require_places,
)
from formulations.fleet.routing import Cut
from formulations.fleet.tight_rows import count_rows, tight_upper
from formulations.milp import IntArray
from formulations.program import CpProgram
from formulations.size import ProgramSize

__all__ = ["build_cp_counts", "size_cp_counts"]

_REACH = 2**60


def _span(weights: Sequence[int], most: Sequence[int], what: str) -> tuple[int, int]:
    """Least and greatest value of a sum over variables from 0 to ``most``."""
    low = sum(min(0, w) * u for w, u in zip(weights, most, strict=True))
    high = sum(max(0, w) * u for w, u in zip(weights, most, strict=True))
    if max(-low, high) >= _REACH:
        raise ValueError(f"{what} can reach {max(-low, high)}, beyond what CP-SAT can add up")
    return low, high


def _key_weights(most: Sequence[int]) -> list[int]:
    """Mixed-radix place values of the items of one rack; 0 for items beyond 60 bits."""
    kept, reach = 0, 1
    for u in most:
        if reach * (u + 1) >= _REACH:
            break
        reach *= u + 1
        kept += 1
    weights = [0] * len(most)
    value = 1
    for k in reversed(range(kept)):
        weights[k] = value
        value *= most[k] + 1
    return weights


class _Stating:
    """Builds the model and remembers each variable's defining sum for the plain re-evaluation."""

    def __init__(self, problem: FleetProblem, cuts: Sequence[Sequence[Cut]]) -> None:
        from ortools.sat.python import cp_model  # noqa: TID251

        self.problem = problem
        self.upper = tight_upper(problem)
        self.rows = count_rows(problem, self.upper, cuts)
        self.model: Any = cp_model.CpModel()
        self.counts = [
            self.model.new_int_var(0, most, f"n{j}") for j, most in enumerate(self.upper.tolist())
        ]
        for row in self.rows:
            _span(row.weight, [int(self.upper[j]) for j in row.columns], "a row")
            if max((abs(w) for w in row.weight), default=0) >= _REACH or abs(row.least) >= _REACH:
                raise ValueError("a row holds numbers beyond what CP-SAT can add up")
            if row.columns:
                self.model.add(self._sum(row.columns, row.weight) >= row.least)
            else:
                # A row without columns that is not met: no plan at all.
                self.model.add_bool_or([])
        self.bins: RackBins | None = None
        self.first_place = len(self.counts)
        if problem.racks is not None:
            self.bins = rack_bins(problem.racks, self.upper)
            self._racks(self.bins)
        self.objectives: dict[str, int] = {}
        for key, measure in problem.measures.items():
            span = _span(measure.tolist(), self.upper.tolist(), f"measure {key}")
            variable = self.model.new_int_var(*span, key)
            self.model.add(variable == self._sum(range(len(measure)), measure.tolist()))
            self.objectives[key] = variable.index
        self.n_columns = len(self.model.proto.variables)

    def _sum(self, columns: Sequence[int], weights: Sequence[int]) -> Any:
        from ortools.sat.python import cp_model  # noqa: TID251

        return cp_model.LinearExpr.weighted_sum([self.counts[j] for j in columns], list(weights))

    def _racks(self, bins: RackBins) -> None:
        from ortools.sat.python import cp_model  # noqa: TID251

        model, racks, problem = self.model, bins.racks, self.problem
        weighted = cp_model.LinearExpr.weighted_sum
        places = [model.new_int_var(0, most, f"m{p}") for p, most in enumerate(bins.most.tolist())]
        for k, column in enumerate(racks.items.tolist()):
            model.add(sum(places[p] for p in bins.of_item(k).tolist()) == self.counts[column])
        inside = [bins.of_rack(rack).tolist() for rack in range(len(bins.orbit))]
        keys: list[Any] = []
        for rack, orbit in enumerate(bins.orbit.tolist()):
            here = [places[p] for p in inside[rack]]
            most = bins.most[inside[rack]].tolist()
            items = bins.item[inside[rack]]
            for d, room in enumerate(racks.capacity[orbit].tolist()):
                sizes = racks.size[items, d].tolist()
                _span(sizes, most, f"dimension {racks.dimension_names[d]} of a rack")
                model.add(weighted(here, sizes) <= room)
            keys.append(weighted(here, _key_weights(most)))
            if rack and bins.orbit[rack - 1] == orbit:
                model.add(keys[rack - 1] >= keys[rack])
        if racks.survive_loss and inside:
            for i, need in enumerate(problem.demand.tolist()):
                columns, values = problem.cover.row(i)
                brings = dict(zip(columns.tolist(), values.tolist(), strict=True))
                losses, spans = [], []
                for here in inside:
                    weights = [brings.get(int(racks.items[bins.item[p]]), 0) for p in here]
                    spans.append(_span(weights, bins.most[here].tolist(), "what a rack brings"))
                    losses.append(weighted([places[p] for p in here], weights))
                worst = model.new_int_var(
                    max(low for low, _ in spans), max(high for _, high in spans), f"loss{i}"
                )
                model.add_max_equality(worst, losses)
                _span(values.tolist(), self.upper[columns].tolist(), "a row")
                model.add(self._sum(columns.tolist(), values.tolist()) - worst >= need)

    def decode(self, x: IntArray) -> Decoded:
        n = len(self.counts)
        racks = () if self.bins is None else self.bins.filled(x[n : n + self.bins.n_places])
        return x[:n].copy(), racks

    def violation(self, x: IntArray) -> str | None:
        """What the values break, by plain sums over the problem."""
        counts = x[: len(self.counts)].tolist()
        for j, (count, most) in enumerate(zip(counts, self.upper.tolist(), strict=True)):
            if not 0 <= count <= most:
                return f"count {j} is {count}, outside 0 to {most}"
        for row in self.rows:
            have = sum(w * counts[j] for j, w in zip(row.columns, row.weight, strict=True))
            if have < row.least:
                return f"a row is {have}, below {row.least}"
        for key, index in self.objectives.items():
            value = sum(
                c * count
                for c, count in zip(self.problem.measures[key].tolist(), counts, strict=True)
            )
            if int(x[index]) != value:
                return f"{key} is called {x[index]}, and is {value}"
        return None if self.bins is None else self._rack_violation(self.bins, x, counts)

    def _rack_violation(self, bins: RackBins, x: IntArray, counts: list[int]) -> str | None:
        racks = bins.racks
        units = x[self.first_place : self.first_place + bins.n_places]
        if ((units < 0) | (units > bins.most)).any():
            return "a place holds more than fits, or less than nothing"
        for k, column in enumerate(racks.items.tolist()):
            if int(units[bins.of_item(k)].sum()) != counts[column]:
                return f"column {column}: units in racks are not its {counts[column]}"
        have = self.problem.cover.dot(counts)
        for rack, orbit in enumerate(bins.orbit.tolist()):
            here = bins.of_rack(rack)
            lost = [0] * self.problem.n_columns
            load = [0] * racks.size.shape[1]
            for p in here.tolist():
                lost[int(racks.items[bins.item[p]])] = int(units[p])
                sizes = racks.size[bins.item[p]].tolist()
                load = [a + int(units[p]) * s for a, s in zip(load, sizes, strict=True)]
            if any(a > b for a, b in zip(load, racks.capacity[orbit].tolist(), strict=True)):
                return f"rack {rack} holds {load}"
            if racks.survive_loss:
                gone = self.problem.cover.dot(lost)
                needs = self.problem.demand.tolist()
                if any(a - b < need for a, b, need in zip(have, gone, needs, strict=True)):
                    return f"without rack {rack} a demand is not met"
        return None


def build_cp_counts(problem: FleetProblem, cuts: Sequence[Sequence[Cut]] = ()) -> FleetProgram:
    """State the problem for CP-SAT; the model is in the module docstring.

    Parameters
    ----------
    cuts
        For each routing of the problem, cuts found so far; ``()`` for none.

    Raises
    ------
    ValueError
        If the racks are too many to be written one by one, or a sum can reach 2^60.
    """
    stating = _Stating(problem, cuts)
    return FleetProgram(
        formulation="cp_counts",
        problem=problem,
        statement=CpProgram(
            name=f"{problem.name}/cp_counts",
            model=stating.model,
            objectives=stating.objectives,
            violation=stating.violation,
            n_columns=stating.n_columns,
        ),
        decoder=stating.decode,
    )


def size_cp_counts(problem: FleetProblem, cuts: Sequence[Sequence[Cut]] = ()) -> ProgramSize:
    """Constraints and variables by the formulas of the module docstring.

    Raises
    ------
    ValueError
        If the racks are too many to be written one by one.
    """
    rows = len(count_rows(problem, tight_upper(problem), cuts)) + len(problem.measures)
    columns = problem.n_columns + len(problem.measures)
    racks = problem.racks
    if racks is not None:
        require_places(racks)
        n_racks = int(racks.count.sum())
        columns += number_of_places(racks)
        rows += len(racks.items) + n_racks * racks.size.shape[1]
        rows += n_racks - int((racks.count > 0).sum())
        if racks.survive_loss and n_racks:
            columns += len(problem.demand)
            rows += 2 * len(problem.demand)
    return ProgramSize(rows, columns)
