r"""Boxes that a sweep of two objectives will likely ask for, so that others can settle them before.

The sweep walks down one axis (speed levels, say): the box below corner :math:`w` has a best plan at
:math:`g < w`, and :math:`g` is the next corner. A walk that starts elsewhere meets it at the next
nondominated image :math:`s`: from any corner in its interval, every walk comes to :math:`s`, the
least pivot there being that of :math:`s`, and goes on from :math:`s` with the same bound. So walks
begun at other levels settle what the sweep comes to later; only their first steps may be in vain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from solver.sweep.fleet.image import Image, Objectives
from solver.sweep.fleet.settling import BoxJob, Settled

__all__ = ["Chains"]


class Chains:
    """Walks ahead of the sweep, each at the box that it asks for next.

    Raises
    ------
    ValueError
        If there are not two objectives.
    """

    def __init__(self, objectives: Objectives) -> None:
        if len(objectives.names) != 2:
            raise ValueError("walks are along one axis")
        self._pivot = objectives.pivot
        self._axis = 1 - objectives.pivot
        self._ceiling, self._floor = objectives.ceiling, objectives.floor
        self._empty = self._floor[self._axis]
        """No image is below this on the axis."""
        self._heads: list[BoxJob] = []
        self._starts: set[int] = set()

    def next(
        self,
        asked: BoxJob,
        known: Mapping[BoxJob, Settled],
        taken: Callable[[BoxJob], bool],
    ) -> BoxJob | None:
        """A box to settle ahead, not taken yet; ``None`` where there is none worth it.

        Parameters
        ----------
        asked
            Where the sweep itself is.
        known
            What is settled.
        taken
            Whether a box is settled, in work or given up.
        """
        self._walk(asked, known)
        for head in self._heads:
            if not taken(head):
                return head
        start = self._new_start(asked, known)
        if start is None or taken(start):
            return None
        self._heads.append(start)
        self._starts.add(start.corner[self._axis])
        return start

    def _walk(self, asked: BoxJob, known: Mapping[BoxJob, Settled]) -> None:
        """Every walk as far as boxes are known; walks that met, or that the sweep passed, are one.

        The sweep's own walk is followed too: behind what is known already there is work to do.
        """
        heads: dict[int, BoxJob] = {}
        for walk in (asked, *self._heads):
            head: BoxJob | None = walk
            while head is not None and head in known:
                head = self._after(known[head])
            if head is not None:
                heads.setdefault(head.corner[self._axis], head)
        here = asked.corner[self._axis]
        self._heads = [head for place, head in heads.items() if place < here]

    def _after(self, settled: Settled) -> BoxJob | None:
        if settled.image is None:
            self._empty = max(self._empty, settled.job.corner[self._axis])
            return None
        place = settled.image[self._axis]
        if place <= self._empty:
            return None
        least = settled.job.at_least if settled.bound is None else settled.bound
        return BoxJob(self._corner(place), max(settled.job.at_least, least))

    def _corner(self, place: int) -> Image:
        corner = list(self._ceiling)
        corner[self._axis] = place
        return tuple(corner)

    def _new_start(self, asked: BoxJob, known: Mapping[BoxJob, Settled]) -> BoxJob | None:
        """The middle of the widest stretch that no walk has come through."""
        axis = self._axis
        heads = {asked.corner[axis], *(head.corner[axis] for head in self._heads)}
        width, low = 0, 0
        for place in sorted(heads):
            below = max((s for s in self._starts if s < place), default=self._empty)
            below = max(below, self._empty)
            if place - below > width:
                width, low = place - below, below
        if width < 2:
            return None
        middle = low + width // 2
        bounds = [
            settled.bound
            for job, settled in known.items()
            if job.corner[axis] >= middle and settled.bound is not None
        ]
        return BoxJob(self._corner(middle), max([self._floor[self._pivot], *bounds]))
