"""What a buyer loses who believes the model: the price of the layout it calls cheapest.

A *sweep* holds the rows of equal system, engine and version, model, precision, lengths and mode,
where they cover at least three layouts. A row's price is the GPU time of one output token,

    cost = devices x (TTFT + (osl - 1) TPOT) / (osl x concurrency)    [GPU-seconds a token]

by Little's law: ``concurrency`` requests are in flight, each stays its latency and leaves osl
tokens. Its speed is 1 / TPOT. Predicted cost and speed use predicted times, measured ones measured
times; lengths are the mean ones.

A *floor* is a measured speed of the sweep. The best at a floor is the least measured cost among
the rows measured at least that fast. The model's choice is the row of least predicted cost among
those it predicts to be at least that fast. Its regret is

    max(0, measured cost of the choice / measured cost of the best - 1)

and infinite, a failure, where the choice was measured more than 10 % below the floor, or where the
model says that no row of the sweep is fast enough (one is: the floor was measured). The *layout
regret* grants the buyer the choice of load, once the layout is bought: the choice is then the
cheapest row of the chosen row's layout that was measured at the floor or faster, and infinite where
there is none. The regret of a sweep is the median over its floors.

Floors are measured speeds, so the best row often has the very speed of the floor, and a prediction
that is a hair too slow rules it out; the next row of a ladder of loads costs half as much again.
The *tolerant regret* grants the prediction the same 10 % that the measurement is granted: the
choice is among the rows predicted at 90 % of the floor or faster, and is judged as before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from solver.performance.validation.measured.groups import (
    layout_text,
    model_name,
    precision_text,
)
from solver.performance.validation.measured.points import MeasuredPoints

__all__ = [
    "LEAST_LAYOUTS",
    "MISSED",
    "WITHIN",
    "Regrets",
    "SweepRegret",
    "floor_regrets",
    "regrets",
]

LEAST_LAYOUTS = 3
MISSED = 0.10
"""Share of the floor by which a choice may be slower and still count as meeting it."""
WITHIN = 0.10
"""Regret that is held to be as good as the best."""

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SweepRegret:
    """Regret of one sweep; infinite where the median, or the worst, floor was missed.

    ``floors`` counts distinct floors, ``missed`` those with infinite regret.
    """

    name: str
    rows: int
    layouts: int
    floors: int
    missed: int
    median: float
    worst: float
    layout_median: float
    tolerant_median: float

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain JSON; infinity as the text ``"inf"``."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {k: "inf" if v == math.inf else v for k, v in values.items()}


@dataclass(frozen=True, slots=True)
class Regrets:
    """Regret of all sweeps of a file, the worst first; none where no sweep has enough layouts."""

    sweeps: tuple[SweepRegret, ...]
    floors: int
    floors_within: int

    @property
    def within(self) -> int:
        """Sweeps whose median regret is at most ``WITHIN``."""
        return sum(sweep.median <= WITHIN for sweep in self.sweeps)

    @property
    def share(self) -> float | None:
        """Share of sweeps within; ``None`` without sweeps."""
        return self.within / len(self.sweeps) if self.sweeps else None

    @property
    def tolerant_share(self) -> float | None:
        """Share of sweeps whose median tolerant regret is at most ``WITHIN``."""
        within = sum(sweep.tolerant_median <= WITHIN for sweep in self.sweeps)
        return within / len(self.sweeps) if self.sweeps else None

    @property
    def layout_within(self) -> int:
        """Sweeps whose median layout regret is at most ``WITHIN``."""
        return sum(sweep.layout_median <= WITHIN for sweep in self.sweeps)

    @property
    def layout_share(self) -> float | None:
        """Share of sweeps whose median layout regret is at most ``WITHIN``."""
        return self.layout_within / len(self.sweeps) if self.sweeps else None

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain JSON."""
        return {
            "sweeps": len(self.sweeps),
            "sweeps_within": self.within,
            "share_within": self.share,
            "layout_within": self.layout_within,
            "layout_share_within": self.layout_share,
            "tolerant_share_within": self.tolerant_share,
            "allowed": WITHIN,
            "floors": self.floors,
            "floors_within": self.floors_within,
            "by_sweep": [sweep.as_dict() for sweep in self.sweeps],
        }


def floor_regrets(
    *,
    speed: FloatArray,
    cost: FloatArray,
    predicted_speed: FloatArray,
    predicted_cost: FloatArray,
    layouts: Sequence[str],
    slack: float = 0.0,
) -> tuple[FloatArray, FloatArray]:
    """Regret and layout regret at every distinct measured speed of one sweep.

    Parameters
    ----------
    speed, cost, predicted_speed, predicted_cost
        Of the m rows of the sweep, (m,); positive.
    layouts
        The layout of each row.
    slack
        Share of the floor by which a prediction may be slower and still count as meeting it.

    Returns
    -------
    tuple
        Two arrays over the distinct speeds from slow to fast; infinite where the choice fails.
    """
    names = np.array(layouts)
    floors = np.unique(speed)
    found, by_layout = np.full(len(floors), np.inf), np.full(len(floors), np.inf)
    for at, floor in enumerate(floors):
        best = cost[speed >= floor].min()
        believed = np.flatnonzero(predicted_speed >= (1.0 - slack) * floor)
        if not len(believed):
            continue
        choice = believed[np.argmin(predicted_cost[believed])]
        if speed[choice] >= (1.0 - MISSED) * floor:
            found[at] = max(0.0, cost[choice] / best - 1.0)
        own = cost[(names == names[choice]) & (speed >= floor)]
        if len(own):
            by_layout[at] = own.min() / best - 1.0
    return found, by_layout


def regrets(
    points: MeasuredPoints, *, ttft_s: FloatArray, tpot_s: FloatArray, rows: BoolArray
) -> Regrets:
    """Regret of every sweep among ``rows``; predicted times as in ``group_scores``."""
    sweeps: dict[str, list[int]] = {}
    for at in np.flatnonzero(rows & ~np.isnan(points.ttft_s)):
        row, point = points.rows[at], points.points[at]
        assert point is not None
        version = f" {row.version}" if row.version else ""
        name = (
            f"{model_name(point)} {precision_text(point)}, {row.system}, {row.backend}{version}, "
            f"{row.isl}/{row.osl}, {row.mode}"
        )
        sweeps.setdefault(name, []).append(int(at))
    found: list[SweepRegret] = []
    floors = within = 0
    for name, members in sweeps.items():
        asked = [points.points[at] for at in members]
        layouts = [layout_text(point) for point in asked if point is not None]
        if len(set(layouts)) < LEAST_LAYOUTS:
            continue
        where = np.array(members)
        devices = np.array([p.devices for p in asked if p is not None], dtype=np.float64)
        tokens = np.array([p.output_tokens for p in asked if p is not None])
        load = np.array([p.concurrency for p in asked if p is not None])

        def cost_of(
            ttft: FloatArray,
            tpot: FloatArray,
            scale: FloatArray = devices / (tokens * load),
            after_first: FloatArray = tokens - 1.0,
        ) -> FloatArray:
            return scale * (ttft + after_first * tpot)

        judge = partial(
            floor_regrets,
            speed=1.0 / points.tpot_s[where],
            cost=cost_of(points.ttft_s[where], points.tpot_s[where]),
            predicted_speed=1.0 / tpot_s[where],
            predicted_cost=cost_of(ttft_s[where], tpot_s[where]),
            layouts=layouts,
        )
        own, by_layout = judge()
        tolerant, _ = judge(slack=MISSED)
        floors += len(own)
        within += int((own <= WITHIN).sum())
        found.append(
            SweepRegret(
                name=name,
                rows=len(members),
                layouts=len(set(layouts)),
                floors=len(own),
                missed=int(np.isinf(own).sum()),
                median=_median(own),
                worst=float(own.max()),
                layout_median=_median(by_layout),
                tolerant_median=_median(tolerant),
            )
        )
    found.sort(key=lambda sweep: (-sweep.median, -sweep.worst, sweep.name))
    return Regrets(tuple(found), floors, within)


def _median(values: FloatArray) -> float:
    """The median; of an even number the upper one, since a mean with infinity is no figure."""
    return float(np.sort(values)[len(values) // 2])
