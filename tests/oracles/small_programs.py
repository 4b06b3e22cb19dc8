"""Random integer programs small enough to try every assignment, and what an honest answer is.

The brute force shares no code with the engines or their guards: all assignments in one array, rows
and objectives by plain matrix products. A test that draws programs says which sizes it can afford.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from formulations.milp import INFINITY, Milp
from formulations.moip.problem import Image, MultiObjectiveProgram, Sense
from solver.sweep.moip.outcome import SearchOutcome

IntArray = npt.NDArray[np.int64]
Row = tuple[Sequence[int], int, int]
"""Coefficients, least and greatest value; ``±INFINITY`` for none."""


@dataclass(frozen=True)
class Stated:
    """A program together with the plain numbers it was made of."""

    program: MultiObjectiveProgram
    costs: IntArray
    rows: tuple[Row, ...]
    lower: tuple[int, ...]
    upper: tuple[int, ...]

    @functools.cached_property
    def feasible(self) -> tuple[IntArray, IntArray]:
        """(k, n) every feasible assignment and (k, p) its image."""
        ranges = [range(a, b + 1) for a, b in zip(self.lower, self.upper, strict=True)]
        x = np.array(list(itertools.product(*ranges)), dtype=np.int64)
        x = x.reshape(-1, len(self.lower))
        for coefficients, low, high in self.rows:
            value = x @ np.array(coefficients, dtype=np.int64)
            x = x[(value >= low) & (value <= high)]
        return x, x @ self.costs.T

    @functools.cached_property
    def images(self) -> list[Image]:
        """Nondominated images, sorted."""
        return undominated(self.feasible[1])

    def inside(self, corner: Sequence[int]) -> list[Image]:
        """Distinct feasible images strictly below a corner."""
        images = self.feasible[1]
        return sorted({tuple(z) for z in images[(images < np.array(corner)).all(axis=1)].tolist()})


def undominated(images: IntArray) -> list[Image]:
    """Rows that no other row is at most as large as everywhere, sorted, each once."""
    distinct = np.unique(images, axis=0)
    return [
        tuple(z.tolist())
        for z in distinct
        if np.count_nonzero((distinct <= z).all(axis=1)) == 1  # itself
    ]


def stated(
    costs: Sequence[Sequence[int]],
    rows: Sequence[Row] = (),
    *,
    lower: Sequence[int] | None = None,
    upper: Sequence[int] | None = None,
    senses: Sequence[Sense] | None = None,
    scales: Sequence[int] | None = None,
    offsets: Sequence[int] | None = None,
    name: str = "small",
) -> Stated:
    """A program from minimised costs and dense rows; columns are binary unless bounds are given."""
    n, p = len(costs[0]), len(costs)
    low = tuple(lower) if lower is not None else (0,) * n
    high = tuple(upper) if upper is not None else (1,) * n
    entries = [(j, v) for coefficients, _, _ in rows for j, v in enumerate(coefficients) if v]
    counts = [sum(1 for v in coefficients if v) for coefficients, _, _ in rows]

    def array(values: Sequence[int]) -> IntArray:
        return np.array(values, dtype=np.int64)

    program = MultiObjectiveProgram(
        milp=Milp(
            name=name,
            lower=array(low),
            upper=array(high),
            is_integer=np.ones(n, dtype=bool),
            row_start=array([0, *itertools.accumulate(counts)]),
            column_index=array([j for j, _ in entries]),
            value=array([v for _, v in entries]),
            row_lower=array([a for _, a, _ in rows]),
            row_upper=array([b for _, _, b in rows]),
            objectives={f"f{k + 1}": array(goal) for k, goal in enumerate(costs)},
        ),
        senses=tuple(senses or ["min"] * p),
        scales=tuple(scales or [1] * p),
        offsets=tuple(offsets or [0] * p),
        column_names=tuple(f"x{j + 1}" for j in range(n)),
        row_names=tuple(f"r{i + 1}" for i in range(len(rows))),
    )
    return Stated(program, np.array(costs, dtype=np.int64), tuple(rows), low, high)


@functools.lru_cache(maxsize=32)
def stated_from(program: MultiObjectiveProgram) -> Stated:
    """A program that was not made here, with the plain numbers that it holds."""
    milp = program.milp
    ends = milp.row_start.tolist()
    rows: list[Row] = []
    for i, (start, end) in enumerate(itertools.pairwise(ends)):
        coefficients = [0] * milp.n_columns
        for column, value in zip(milp.column_index[start:end], milp.value[start:end], strict=True):
            coefficients[column] += int(value)
        rows.append((coefficients, int(milp.row_lower[i]), int(milp.row_upper[i])))
    lower, upper = tuple(milp.lower.tolist()), tuple(milp.upper.tolist())
    return Stated(program, program.costs, tuple(rows), lower, upper)


@st.composite
def small_programs(
    draw: st.DrawFn,
    *,
    p: Sequence[int] = (2, 3, 4),
    most_columns: int = 5,
    largest: int = 9,
    mostly_feasible: bool = True,
) -> Stated:
    """Binary and integer columns, negative bounds and coefficients, rows of every kind.

    With ``mostly_feasible`` the right-hand sides lie around what one drawn assignment reaches; with
    a small chance they are drawn freely even then.
    """
    goals = draw(st.sampled_from(list(p)))
    n = draw(st.integers(2, most_columns))
    number = st.integers(-largest, largest)
    vector = st.lists(number, min_size=n, max_size=n)
    lower = draw(st.lists(st.integers(-2, 1), min_size=n, max_size=n))
    widths = draw(st.lists(st.sampled_from([1, 1, 2, 3, 0]), min_size=n, max_size=n))
    upper = [a + w for a, w in zip(lower, widths, strict=True)]
    costs = [draw(vector) for _ in range(goals)]
    witness = [draw(st.integers(a, b)) for a, b in zip(lower, upper, strict=True)]
    rows: list[Row] = []
    for _ in range(draw(st.integers(0, 3))):
        coefficients = draw(vector)
        value = sum(c * x for c, x in zip(coefficients, witness, strict=True))
        if not mostly_feasible or draw(st.integers(0, 9)) == 0:
            value = draw(st.integers(-3 * largest, 3 * largest))
        slack = draw(st.integers(0, largest))
        kind = draw(st.sampled_from(["<=", ">=", "=", "ranged"]))
        low = -INFINITY if kind == "<=" else value - slack * (kind != "=")
        high = INFINITY if kind == ">=" else value + slack * (kind != "=")
        rows.append((coefficients, low, high))
    return stated(costs, rows, lower=lower, upper=upper)


def knapsack(
    p: int = 2, n: int = 8, seed: int = 20, *, least: int = 1, largest: int = 100
) -> Stated:
    """A maximised 0-1 knapsack with ``p`` values a piece and room for half the weight."""
    random = np.random.default_rng(seed)
    values = random.integers(least, largest, (p, n))
    weights = random.integers(least, largest, n).tolist()
    return stated(
        (-values).tolist(),
        [(weights, -INFINITY, sum(weights) // 2)],
        senses=["max"] * p,
        name=f"knapsack of {n}",
    )


def images_of(outcome: SearchOutcome) -> list[Image]:
    """Images of the points that an outcome calls proved."""
    return [point.image for point in outcome.points]


def dishonesty(question: Stated, outcome: SearchOutcome) -> list[str]:
    """Every way in which an outcome says more than is true; none where it is honest.

    Partial is honest if its points are nondominated, and if every point that is missing lies in an
    open box, and not below the floor of any open box that it lies in.
    """
    faults: list[str] = []
    truth = set(question.images)
    found = images_of(outcome)
    faults += [f"{z} is called nondominated" for z in found if z not in truth]
    if found != sorted(set(found)):
        faults.append("points are not sorted, or not distinct")
    known = [(point.image, point.x) for point in (*outcome.points, *outcome.candidates)]
    everything = {tuple(x): tuple(z) for x, z in zip(*map(np.ndarray.tolist, question.feasible))}  # noqa: B905
    faults += [
        f"{z} is not the image of a feasible {x.tolist()}"
        for z, x in known
        if everything.get(tuple(x.tolist())) != z
    ]
    for z in sorted(truth - {image for image, _ in known}):
        holding = [box for box in outcome.open_boxes if all(map(int.__lt__, z, box.corner))]
        if not holding:
            faults.append(f"{z} is missing and in no open box")
        for box in holding:
            if any(map(int.__lt__, z, box.floor)):
                faults.append(f"{z} lies below the floor of {box}")
    for closed in outcome.closed_boxes:
        if not closed.claim.closes(closed.corner):
            faults.append(f"{closed} is closed by a claim that does not close it")
        if question.inside(closed.corner):
            faults.append(f"{closed} is not empty")
    for point in outcome.points:
        for k, claim in enumerate(point.proof):
            below = tuple(v + (j != k) for j, v in enumerate(point.image))
            if not claim.closes(below):
                faults.append(f"{point.image} is not proved against a better objective {k}")
    if outcome.status != "partial" and set(found) != truth:
        faults.append(f"it is called {outcome.status}, yet the sets differ")
    return faults
