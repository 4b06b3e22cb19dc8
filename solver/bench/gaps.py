"""Time to gap: how soon is an answer known to within so much?

The gap between the value of the best point and the proved bound is
|incumbent - bound| / max(1, |incumbent|); without a point or a bound it is infinite. Times are wall
seconds since the solve began, for that is how trajectories are told. A gap of 0 means: proved, and
right; it is reached when the solve ends, since only then the answer is checked in integers. Wrong,
missing and refused rows reach no gap, nor do cases that were not run: all stay in the denominator.

The curve of "solved against time" is the runtime distribution of Hoos and Stuetzle (2005),
Stochastic Local Search, chapter 4, over a set of instances.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from solver.bench.cases import NOT_RUN, GroupRows, Side
from solver.bench.row import Row

__all__ = ["GAPS", "GapCurve", "gap_curves", "gap_of", "seconds_to_gap"]

GAPS = (1.0, 0.1, 0.01, 0.0)
"""100 %, 10 %, 1 %, proved."""


@dataclass(frozen=True, slots=True)
class GapCurve:
    """Of one side: share of its cases known to within ``gap`` against wall time.

    Parameters
    ----------
    seconds
        Ascending, each once: where the share steps.
    shares
        From there on; 0 before the first.
    """

    side: Side
    gap: float
    seconds: tuple[float, ...]
    shares: tuple[float, ...]

    def at(self, seconds: float) -> float:
        """The share reached by then."""
        within = [s for t, s in zip(self.seconds, self.shares, strict=True) if t <= seconds]
        return within[-1] if within else 0.0


def gap_of(incumbent: float | None, bound: float | None) -> float:
    """|incumbent - bound| / max(1, |incumbent|); infinite where either is unknown."""
    if incumbent is None or bound is None or not (math.isfinite(incumbent + bound)):
        return math.inf
    return abs(incumbent - bound) / max(1.0, abs(incumbent))


def seconds_to_gap(row: Row | None, gap: float) -> float | None:
    """Wall seconds until a row knew its answer to within ``gap``; ``None`` if it never did."""
    if row is None or row.status in NOT_RUN or row.status == "refused":
        return None
    if row.verdict in ("wrong", "missing"):
        return None
    reached = []
    if gap > 0:
        reached += [t for t, inc, bound in row.trajectory if gap_of(inc, bound) <= gap]
        # The last step may be told by the end of the solve alone.
        if row.wall_s is not None and gap_of(row.incumbent, row.bound) <= gap:
            reached.append(row.wall_s)
    if row.solved and row.wall_s is not None:
        reached.append(row.wall_s)
    return min(reached, default=None)


def gap_curves(
    group: GroupRows, *, gaps: Sequence[float] = GAPS, sides: Sequence[Side] | None = None
) -> tuple[GapCurve, ...]:
    """Curves of every side and gap, gap by gap, in the order of ``sides``.

    Parameters
    ----------
    sides
        All sides with a solve behind them if left out.
    """
    chosen = group.run_sides if sides is None else tuple(sides)
    curves = []
    for gap in gaps:
        for side in chosen:
            times = [seconds_to_gap(group.row(side, case), gap) for case in group.cases]
            reached = sorted(t for t in times if t is not None)
            steps = sorted(set(reached))
            shares = tuple(sum(t <= step for t in reached) / len(group.cases) for step in steps)
            curves.append(GapCurve(side, gap, tuple(steps), shares))
    return tuple(curves)
