r"""Performance profiles of Dolan and More (2002).

For cases :math:`p` and sides :math:`s`, with :math:`t_{ps}` what side s needed for case p (infinite
where it was not solved),

.. math::
    r_{ps} = \frac{\max(t_{ps}, f)}{\min_{s'} \max(t_{ps'}, f)}, \qquad
    \rho_s(\tau) = \frac{|\{p : r_{ps} \le \tau\}|}{|\{p\}|}

A step function of :math:`\tau \ge 1`, continuous from the right: :math:`\rho_s(1)` is the share on
which s is best, the height at the end is the share that s solves at all. Cases that nobody solves
stay in the denominator. The floor :math:`f` keeps timer noise from deciding: solves below it count
as equally fast.

Dolan and More, Benchmarking optimization software with performance profiles, Mathematical
Programming 91 (2002), section 2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from solver.bench.cases import GroupRows, Side
from solver.bench.row import Row

__all__ = ["FLOORS", "Measure", "Profile", "profiles_of", "work_engines"]

Measure = Literal["cpu_s", "nodes", "iterations", "ticks"]

FLOORS: Mapping[Measure, float] = {"cpu_s": 1e-3, "nodes": 1.0, "iterations": 1.0, "ticks": 1e-3}
"""What counts as equal to less: 1 ms of CPU time, one node, one iteration, 1e-3 ticks."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The profile of one side.

    Parameters
    ----------
    ratios
        Ascending, each once, from 1 on: where the function steps.
    shares
        Its value from there on, in [0, 1]; as many as ``ratios``. The first is for ratio 1.
    """

    side: Side
    ratios: tuple[float, ...]
    shares: tuple[float, ...]

    def at(self, ratio: float) -> float:
        """The share solved within ``ratio`` times the best; 0 below 1."""
        within = [
            share for step, share in zip(self.ratios, self.shares, strict=True) if step <= ratio
        ]
        return within[-1] if within else 0.0


def _spent(row: Row | None, measure: Measure) -> float:
    """What a case took, at least the floor; infinite where it was not solved."""
    if row is None or not row.solved:
        return math.inf
    value = getattr(row, measure)
    if value is None:
        raise ValueError(f"{row.instance}, {row.side}: solved, and no {measure} is told")
    return max(float(value), FLOORS[measure])


def _steps(side: Side, ratios: Sequence[float], cases: int) -> Profile:
    finite = sorted(ratio for ratio in ratios if math.isfinite(ratio))
    steps = sorted({1.0, *finite})
    shares = tuple(sum(ratio <= step for ratio in finite) / cases for step in steps)
    return Profile(side, tuple(steps), shares)


def profiles_of(
    group: GroupRows, *, measure: Measure = "cpu_s", sides: Sequence[Side] | None = None
) -> tuple[Profile, ...]:
    """The profiles of a group, in the order of ``sides``.

    Parameters
    ----------
    sides
        Who is compared; all sides with a solve behind them if left out.

    Raises
    ------
    ValueError
        If a solved row does not tell the measure.
    """
    chosen = group.run_sides if sides is None else tuple(sides)
    ratios: dict[Side, list[float]] = {side: [] for side in chosen}
    for case in group.cases:
        spent = {side: _spent(group.row(side, case), measure) for side in chosen}
        least = min(spent.values(), default=math.inf)
        for side, value in spent.items():
            ratios[side].append(value / least if math.isfinite(value) else math.inf)
    return tuple(_steps(side, ratios[side], len(group.cases)) for side in chosen)


def work_engines(group: GroupRows) -> tuple[tuple[str, Measure, tuple[Side, ...]], ...]:
    """Engines on which formulations can be compared by solver work, and by what.

    Work is comparable within an engine only. Ticks (deterministic time) where every solved row
    tells them, else nodes; sides that solved nothing are left out, and engines with fewer than two
    sides left.
    """
    found: list[tuple[str, Measure, tuple[Side, ...]]] = []
    for engine in sorted({side.engine for side in group.run_sides}):
        solved = {
            side: rows
            for side in group.run_sides
            if side.engine == engine
            and (rows := [row for row in group.rows_of(side) if row.solved])
        }
        for measure in ("ticks", "nodes"):
            sides = tuple(
                side
                for side, rows in solved.items()
                if all(getattr(row, measure) is not None for row in rows)
            )
            if len(sides) > 1 and len(sides) == len(solved):
                found.append((engine, measure, sides))
                break
    return tuple(found)
