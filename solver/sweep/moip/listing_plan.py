"""Which listings to ask for: directions, groups of boxes, and growing room for labels.

Rounds of growing width. In each, every open box goes to the direction whose bound leaves it the
least room, and the boxes of one direction are listed together. The first passes only look for
points: narrow beams over few columns. Points found in one round shrink the boxes of the next, so
that most listings end long before their room is used up. Boxes that stay open after the widest
round, or a program that labels do not suit, are left to the engines.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from formulations.milp import IntArray
from formulations.moip.problem import MultiObjectiveProgram
from solver.engines.labels.directions import Direction
from solver.errors import EngineError
from solver.sweep.moip.claims import Claim, Corner, JobReport
from solver.sweep.moip.jobs import LABELS, ListJob, directions_of
from solver.sweep.moip.ledger import Ledger

__all__ = ["ListingPlan"]

_WIDEST_COLUMN = 200
_WIDTHS = (400, 4_000, 40_000, 400_000, 2_000_000)
_BEAM_SHARE = 8
_NARROWEST_BEAM = 50
_HELPERS = 4
_ENOUGH = 4
_LABEL_BYTES = 500_000_000
_FIRST_LOOK = {"directions": 9, "core": 30, "beam": 40}
_NEAR_BOUNDS = (
    # directions, columns left free, width, beam
    (33, 60, 400, 150),
    (17, 120, 4_000, 500),
    (9, 240, 16_000, 2_000),
)


class ListingPlan:
    """Listings for one program, round after round.

    Parameters
    ----------
    ledger
        What is known; read whenever the next listing is made.
    only_looks
        Find a few points and leave the boxes to others.
    """

    def __init__(self, ledger: Ledger, *, only_looks: bool = False) -> None:
        self._ledger = ledger
        self._only_looks = only_looks
        self._complete = 0
        self._asked = 0
        self._answered: set[tuple[int, ...]] = set()
        self.refusal: str | None = None
        """Why labels do not suit the program, if so."""
        self._chosen: list[Direction] = []
        milp = ledger.program.milp
        words = milp.n_rows + ledger.program.n_objectives + 2 * (1 + _HELPERS)
        self._widest = max(_WIDTHS[1], _LABEL_BYTES // (8 * words))
        try:
            self._chosen = self._directions(ledger.program)
        except EngineError as error:
            self.refusal = str(error)
        if not self._chosen and self.refusal is None:
            self.refusal = "labels: the linear relaxation gives no bounds"

    @staticmethod
    def _directions(program: MultiObjectiveProgram) -> list[Direction]:
        widest = int((program.milp.upper - program.milp.lower).max(initial=0))
        if widest > _WIDEST_COLUMN:
            raise EngineError.one(
                f"a column has {widest + 1} values, more than {_WIDEST_COLUMN + 1}",
                where=f"engine labels, {program.name}",
                mend="Let another engine solve it",
            )
        return directions_of(program).chosen()

    def bounds(self) -> list[Claim]:
        """What the directions prove at once: no image lies below their bounds."""
        ceiling = self._ledger.program.ceiling
        return [
            Claim(ceiling, tuple(d.weights.tolist()), d.bound, LABELS, "bound")
            for d in self._chosen
        ]

    def learn(self, job: ListJob, report: JobReport) -> None:
        """Take note of how a listing ended."""
        if report.points:
            self._answered.add(job.weights[0])
        self._asked += 1
        self._complete += report.stopped is None

    def jobs(self) -> Iterator[ListJob | None]:
        """Listings one after the other; ``None`` means: wait for those that are out."""
        if not self._chosen or not self._ledger.open_corners:
            return
        if not self._ledger.archive:
            yield from self._look(**_FIRST_LOOK)
            yield None
        if self._only_looks:
            return
        fruitless = 0
        for number, width in enumerate(w for w in _WIDTHS if w <= self._widest):
            if not self._ledger.open_corners:
                return
            self._asked = self._complete = 0
            yield from self._round(width)
            yield None
            if self._complete == self._asked:
                continue
            fruitless = fruitless + 1 if number and not self._complete else 0
            if fruitless == 2:
                # Not one listing came to its end: wider ones would hardly do better.
                return
            # Where few listings were made few points are known, and boxes are still huge.
            if number == 0 and (self._asked < _ENOUGH or 5 * self._complete < 2 * self._asked):
                yield from self._near_bounds()

    def _look(self, *, directions: int, core: int, beam: int) -> Iterator[ListJob]:
        """Beams along directions spread evenly, over the columns that are cheapest to move."""
        # Where few directions tell the relaxation's frontier, a few of them show enough of it.
        looks = max(3, min(directions, len(self._chosen) // 4))
        places = np.linspace(0, len(self._chosen) - 1, looks).astype(int)
        for place in sorted(set(places.tolist())):
            corners = self._ledger.open_corners
            if corners:
                yield self._job([self._chosen[place]], corners, width=beam, beam=beam, core=core)

    def _near_bounds(self) -> Iterator[ListJob | None]:
        """What lies near the bounds of many directions, further out until something is met."""
        self._answered.clear()
        for directions, free, width, beam in _NEAR_BOUNDS:
            places = np.linspace(0, len(self._chosen) - 1, directions).astype(int)
            for place in sorted(set(places.tolist())):
                direction = self._chosen[place]
                corners = self._ledger.open_corners
                if corners and tuple(direction.weights.tolist()) not in self._answered:
                    yield self._job([direction], corners, width=width, beam=beam, free=free)
            yield None

    def _round(self, width: int) -> Iterator[ListJob]:
        """Every open box once, with its best direction; boxes made on the way wait."""
        open_corners = self._ledger.open_corners
        _, best = self._room(open_corners)
        for place in sorted(set(best.tolist())):
            # Points found since the round began have changed the boxes.
            corners = self._ledger.open_corners
            if not corners:
                return
            room, best = self._room(corners)
            mine = np.flatnonzero(best == place)
            if not len(mine):
                continue
            if width > _WIDTHS[1] and self._asked >= _ENOUGH and not self._complete:
                return
            near = np.argsort(room[mine].max(axis=0), kind="stable").tolist()
            used = [place, *(k for k in near if k != place)][: 1 + _HELPERS]
            yield self._job(
                [self._chosen[k] for k in used],
                [corners[k] for k in mine],
                width=width,
                beam=max(_NARROWEST_BEAM, width // _BEAM_SHARE),
            )

    def _room(self, corners: list[Corner]) -> tuple[np.ndarray, IntArray]:
        """(k, directions) room of each box above each bound, and (k,) the direction with least.

        Floats: they choose, they prove nothing.
        """
        boxes = np.array(corners, dtype=np.float64) - 1.0
        weights = np.array([d.weights for d in self._chosen], dtype=np.float64)
        bounds = np.array([d.bound for d in self._chosen], dtype=np.float64)
        room = (boxes @ weights.T - bounds) / weights.sum(axis=1)
        return room, room.argmin(axis=1)

    @staticmethod
    def _job(
        used: list[Direction],
        corners: list[Corner],
        *,
        width: int,
        beam: int,
        core: int | None = None,
        free: int | None = None,
    ) -> ListJob:
        return ListJob(
            weights=tuple(tuple(d.weights.tolist()) for d in used),
            corners=tuple(corners),
            width=width,
            beam=beam,
            core=core,
            free=free,
            time_limit_s=None,
        )
