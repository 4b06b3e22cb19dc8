r"""What a narrowing asks for, and what it has come to: tables and blocks that are left.

Invariant: if some fleet within all active limits costs at most the target, there is one made of a
row of every table and a plan of every block. Whatever is dropped either belongs to no such fleet
(its price or its uses leave more than the gap to the others), or gives way to a row no worse in
cost and in every active limit. For that no limit but an active one may carry a multiplier.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from formulations.milp import IntArray
from solver.engines.blocks.dual import Bound
from solver.engines.blocks.looking import Look
from solver.engines.blocks.plans import Plans, blocks_behind
from solver.engines.blocks.structure import Block
from solver.engines.blocks.windows import Window, window_beside

__all__ = ["Narrowed", "Target"]

_PARTS = 8
_PULLS = (0.03, 0.3, 3.0)
"""How much being away from the mix that meets the limits counts, in the choice of few rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What is asked.

    Parameters
    ----------
    limit : (R,)
    priced
        What a fleet may cost, in units of price.
    active
        Positions in plan vectors: the cost, and the limits that are looked at.
    room, easy
        Most rows of a table; and of one that is listed without waiting for a better bound.
    joined
        Most pairs that a last join looks at.
    look
        Told the work done; may raise to stop.
    on_found
        Told of fleets within the active limits, one row each, as joins come upon them.
    width
        Rows that every table is cut to, the cheapest; what is found is then a fleet within the
        limits, but that none is found proves nothing. ``None``: nothing is cut.
    """

    limit: IntArray
    priced: int
    active: IntArray
    room: int
    easy: int
    joined: int
    look: Look
    on_found: Callable[[Plans], None]
    width: int | None


@dataclass(slots=True, eq=False)
class Narrowed:
    """The bound, the tables and the blocks not listed yet; see the module's text.

    ``means`` is a plan's vector for every block, where good fleets may be.
    """

    target: Target
    bound: Bound
    tables: list[Plans]
    blocks: list[Block]
    means: Mapping[Block, npt.NDArray[np.float64]]

    @property
    def gap(self) -> int:
        """What prices of one fleet may add to their least."""
        return self.target.priced - self.bound.value

    @property
    def share(self) -> int:
        """How far from the cheapest plans of one group may be priced."""
        return self.gap if self.target.width is None else self.gap // _PARTS

    def window(self, others: Sequence[Plans], *, but_one: bool = False) -> Window:
        """What is left beside ``others``; blocks not listed may use anything, ``but_one`` aside."""
        return window_beside(
            [table.vector for table in others],
            len(self.blocks) - but_one > 0,
            self.bound.weights,
            self.gap,
            self.target.active,
            self.target.limit,
        )

    def cut(self, table: Plans) -> Plans:
        """No more rows than the width asked for."""
        width = self.target.width
        if width is None or len(table) <= width:
            return table
        weights = self.bound.weights.astype(np.float64)
        priced = table.vector @ weights
        # The cheapest rows alone may all lie at one end of a limit, where no others fit them.
        mean = sum(self.means[block] for block in blocks_behind(table))
        away = np.abs(table.vector - mean)[:, 1:] @ weights[1:]
        best = [
            np.argsort(priced + part * away, kind="stable")[: width // len(_PULLS)]
            for part in _PULLS
        ]
        return table.only(np.unique(np.concatenate(best)))
