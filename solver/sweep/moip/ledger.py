"""What is known so far: feasible points, claims, and which boxes of the search region are closed.

Every point is evaluated again in exact integers before it counts. Claims cannot be checked that
way, but they can be refuted: a feasible image inside a box that an engine had called empty. Then
everything that engine ever claimed is struck out and its boxes are open again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from formulations.milp import IntArray
from formulations.moip.problem import Image, MultiObjectiveProgram
from solver.engines.guard import violation
from solver.engines.labels.frontier import nondominated_rows
from solver.sweep.moip.claims import Claim, Corner, FoundPoint
from solver.sweep.moip.region import SearchRegion

__all__ = ["Ledger"]

_SAFE = 2**62


class _ClaimTable:
    """Claims as arrays, so that thousands can be asked about thousands of corners."""

    def __init__(self, p: int) -> None:
        self._p = p
        self.claims: list[Claim] = []
        self._known: set[Claim] = set()
        self._upper = np.zeros((0, p), dtype=object)
        self._weights = np.zeros((0, p), dtype=object)
        self._bound = np.zeros(0, dtype=object)

    def add(self, claims: Iterable[Claim]) -> list[Claim]:
        """Take new claims; returns those that were not known."""
        fresh: list[Claim] = []
        for claim in claims:
            if claim not in self._known:
                self._known.add(claim)
                fresh.append(claim)
        if fresh:
            self.claims += fresh
            upper, weights, bound = self._arrays(fresh)
            self._upper = np.concatenate([self._upper, upper])
            self._weights = np.concatenate([self._weights, weights])
            self._bound = np.concatenate([self._bound, bound])
        return fresh

    def _arrays(self, claims: list[Claim]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        zero = (0,) * self._p
        upper = np.array([c.upper for c in claims], dtype=object)
        weights = np.array([c.weights or zero for c in claims], dtype=object)
        # Zero weights and bound one: w . z < b holds everywhere.
        bound = np.array([1 if c.bound is None else c.bound for c in claims], dtype=object)
        return upper, weights, bound

    def _plain(self, *arrays: np.ndarray) -> list[np.ndarray]:
        """The arrays as int64 where no product or sum of them can overflow."""
        sizes = [max((abs(int(v)) for v in array.flat), default=0) for array in arrays]
        if max(sizes) * max(sizes[1] if len(sizes) > 1 else 1, 1) * self._p < _SAFE:
            return [array.astype(np.int64) for array in arrays]
        return list(arrays)

    def closing(self, corners: IntArray, *, since: int = 0) -> IntArray:
        """(k,) index of a claim that closes each corner, -1 where none of those from ``since``."""
        found = np.full(len(corners), -1, dtype=np.int64)
        if not len(corners) or since >= len(self.claims):
            return found
        upper, weights, bound, boxes = self._plain(
            self._upper[since:], self._weights[since:], self._bound[since:], corners.astype(object)
        )
        step = max(1, 2_000_000 // max(1, len(upper) * self._p))
        for start in range(0, len(boxes), step):
            part = boxes[start : start + step]
            inside = (part[:, None, :] <= upper[None]).all(axis=2)
            below = ((part - 1) @ weights.T) < bound[None]
            hit = inside & below.astype(bool)
            rows = np.flatnonzero(hit.any(axis=1))
            found[start + rows] = since + hit[rows].argmax(axis=1)
        return found

    def floors(self, corners: IntArray) -> np.ndarray:
        """(k, p) least components that the claims leave to an image inside each corner's box.

        A claim lifts component k where, without it, it closes the box: the box of the corner with
        component k lowered to the floor is closed.
        """
        p = self._p
        floors = np.full(corners.shape, -(2**62), dtype=object)
        if not self.claims:
            return floors
        upper, weights, bound, boxes = self._plain(
            self._upper, self._weights, self._bound, corners.astype(object)
        )
        step = max(1, 2_000_000 // max(1, len(upper) * p))
        for start in range(0, len(boxes), step):
            part = boxes[start : start + step]
            inside = part[:, None, :] <= upper[None]
            spent = (part - 1) @ weights.T
            for k in range(p):
                others = [j for j in range(p) if j != k]
                priced = weights[:, k] != 0
                room = bound - 1 - (spent - np.outer(part[:, k] - 1, weights[:, k]))
                lifted = room // np.where(priced, weights[:, k], 1) + 1
                reach = np.where(priced, np.minimum(lifted, upper[:, k]), upper[:, k])
                holds = inside[:, :, others].all(axis=2) & (priced | (room >= 0).astype(bool))
                floors[start : start + step, k] = np.where(holds, reach, -(2**62)).max(axis=1)
        return floors

    def refuted(self, images: IntArray, *, since: int = 0) -> list[Claim]:
        """Claims from ``since`` on that some of the (k, p) feasible images contradict."""
        if not len(images) or since >= len(self.claims):
            return []
        upper, weights, bound, rows = self._plain(
            self._upper[since:], self._weights[since:], self._bound[since:], images.astype(object)
        )
        wrong = np.zeros(len(upper), dtype=bool)
        step = max(1, 2_000_000 // max(1, len(upper) * self._p))
        for start in range(0, len(rows), step):
            part = rows[start : start + step]
            inside = (part[:, None, :] < upper[None]).all(axis=2)
            below = (part @ weights.T) < bound[None]
            wrong |= (inside & below.astype(bool)).any(axis=0)
        return [self.claims[since + k] for k in np.flatnonzero(wrong)]


class Ledger:
    """Points, claims and the search region of one program."""

    def __init__(self, program: MultiObjectiveProgram) -> None:
        self.program = program
        self.archive: dict[Image, IntArray] = {}
        self.notes: list[str] = []
        self.distrusted: set[str] = set()
        self._table = _ClaimTable(program.n_objectives)
        self._region = SearchRegion(program.ceiling)
        self._closed: dict[Corner, Claim] = {}
        self._open: dict[Corner, None] = {program.ceiling: None}

    @property
    def claims(self) -> list[Claim]:
        """All claims that still stand, in the order they came."""
        return self._table.claims

    @property
    def closed(self) -> Mapping[Corner, Claim]:
        """Corners of the region that are closed, and by what."""
        return self._closed

    @property
    def open_corners(self) -> list[Corner]:
        """Corners of the region that are not closed, sorted."""
        return sorted(self._open)

    def is_open(self, corner: Corner) -> bool:
        """Whether this is a corner of the region, and not closed."""
        return corner in self._open

    def admit(
        self, points: Iterable[FoundPoint], claims: Iterable[Claim]
    ) -> tuple[list[FoundPoint], list[Claim]]:
        """Take what a job brought home.

        Returns
        -------
        tuple
            Points and claims that were new and hold. A point that fails in integers is dropped with
            a note. Claims of an engine that was caught are dropped.
        """
        fresh_points = [point for point in points if self._holds(point)]
        for point in fresh_points:
            self.archive[point.image] = point.x
        since = len(self._table.claims)
        fresh_claims = self._table.add(c for c in claims if c.engine not in self.distrusted)
        if self._strike_out(fresh_points, since):
            # All was counted anew from the claims that are left.
            return fresh_points, [c for c in fresh_claims if c.engine not in self.distrusted]
        self._region.insert(point.image for point in fresh_points)
        self._settle(since)
        return fresh_points, fresh_claims

    def _holds(self, point: FoundPoint) -> bool:
        if point.image in self.archive:
            return False
        broken = violation(self.program.milp, point.x, {})
        if broken is None and self.program.image(point.x) != point.image:
            broken = f"its objectives are {self.program.image(point.x)}, not {point.image}"
        if broken is not None:
            self.notes.append(f"a point was dropped: {broken}")
        return broken is None

    def _strike_out(self, points: list[FoundPoint], since: int) -> bool:
        """Drop every claim of the engines that the points refute; whether there were any."""
        p = self.program.n_objectives
        new_images = np.array([point.image for point in points], dtype=object).reshape(-1, p)
        liars = {c.engine for c in self._table.refuted(new_images)}
        known = np.array(list(self.archive), dtype=object).reshape(-1, p)
        liars |= {c.engine for c in self._table.refuted(known, since=since)}
        if not liars:
            return False
        for engine in sorted(liars):
            self.notes.append(
                f"{engine} had proved a box empty in which a feasible point was found; "
                "none of its proofs is used"
            )
        self.distrusted |= liars
        left = [claim for claim in self._table.claims if claim.engine not in self.distrusted]
        self._table = _ClaimTable(p)
        self._table.add(left)
        self._region = SearchRegion(self.program.ceiling)
        self._region.insert(self.archive)
        self._closed, self._open = {}, {}
        self._settle(0)
        return True

    def _settle(self, since: int) -> None:
        """Sort the corners of the region into closed and open ones."""
        corners = [tuple(corner) for corner in self._region.corners.tolist()]
        closed = {c: self._closed[c] for c in corners if c in self._closed}
        waiting = [c for c in corners if c in self._open]
        unseen = [c for c in corners if c not in self._closed and c not in self._open]
        still_open: dict[Corner, None] = {}
        for group, first in ((waiting, since), (unseen, 0)):
            if not group:
                continue
            by = self._table.closing(np.array(group, dtype=np.int64), since=first)
            for corner, index in zip(group, by.tolist(), strict=True):
                if index < 0:
                    still_open[corner] = None
                else:
                    closed[corner] = self._table.claims[index]
        self._closed, self._open = closed, still_open

    def nondominated(self) -> list[Image]:
        """Known images that no known image dominates, sorted."""
        images = np.array(list(self.archive), dtype=np.int64)
        if not len(images):
            return []
        return [tuple(image) for image in images[nondominated_rows(images)].tolist()]

    def proofs_of(self, images: list[Image]) -> list[tuple[Claim, ...] | None]:
        """Claims that close the p boxes below each image; ``None`` where one is not closed."""
        if not images:
            return []
        p = self.program.n_objectives
        boxes = np.repeat(np.array(images, dtype=np.int64)[:, None, :] + 1, p, axis=1)
        boxes[:, range(p), range(p)] -= 1
        by = self._table.closing(boxes.reshape(-1, p)).reshape(-1, p).tolist()
        return [
            None if min(row) < 0 else tuple(self._table.claims[index] for index in row)
            for row in by
        ]

    def floors_of(self, corners: list[Corner]) -> list[Corner]:
        """Componentwise, the least that an image inside each corner's box can still be."""
        if not corners:
            return []
        floors = self._table.floors(np.array(corners, dtype=np.int64))
        least = np.maximum(floors, np.array(self.program.floor, dtype=object))
        return [tuple(int(v) for v in row) for row in np.minimum(least, np.array(corners))]
