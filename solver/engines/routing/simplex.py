r"""The simplex method in fractions, for :math:`\max c x,\; A x \le b,\; x \ge 0` with b >= 0.

The column that gains most enters (Dantzig 1951). After a step that gained nothing Bland's rule
(1977) takes over, the first column that improves and among the rows that block it the one whose
basic variable comes first, until a step gains: so it ends, on degenerate programs too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction

__all__ = ["Tableau"]

_Row = dict[int, Fraction]


class Tableau:
    """A dictionary of the program, kept as sparse rows of fractions.

    Variables 0 to n - 1 are the columns, n + i is the slack of row i; the slacks are the first
    basis.

    Parameters
    ----------
    rows
        For each row column -> coefficient.
    right
        Right-hand sides, none negative.
    goal
        Column -> coefficient of what is maximised.
    n_columns

    Raises
    ------
    ValueError
        If a right-hand side is negative.
    """

    def __init__(
        self,
        rows: Sequence[Mapping[int, int]],
        right: Sequence[int],
        goal: Mapping[int, int],
        n_columns: int,
    ) -> None:
        if min(right, default=0) < 0:
            raise ValueError("the slack basis is not feasible: a right-hand side is negative")
        self.n_columns = n_columns
        self.rows: list[_Row] = [
            {**{k: Fraction(v) for k, v in row.items() if v}, n_columns + i: Fraction(1)}
            for i, row in enumerate(rows)
        ]
        self.value = [Fraction(v) for v in right]
        self.basic = [n_columns + i for i in range(len(rows))]
        # What is left to gain by each variable; 0 for basic ones.
        self.gain: _Row = {k: Fraction(v) for k, v in goal.items() if v}
        self.reached = Fraction(0)
        self._where: dict[int, set[int]] = {}
        for i, row in enumerate(self.rows):
            for k in row:
                self._where.setdefault(k, set()).add(i)

    def point(self) -> dict[int, Fraction]:
        """Variable -> value, zeros left out."""
        return {k: v for k, v in zip(self.basic, self.value, strict=True) if v}

    def multiplier(self, row: int) -> Fraction:
        """Dual value of a row; not negative at an optimum."""
        return -self.gain.get(self.n_columns + row, Fraction(0))

    def pivot(self, i: int, entering: int) -> None:
        """Make ``entering`` basic in row ``i``, where its coefficient must not be 0."""
        scale = self.rows[i][entering]
        row = {k: v / scale for k, v in self.rows[i].items()}
        self.rows[i] = row
        self.value[i] /= scale
        for other in sorted(self._where[entering] - {i}):
            target = self.rows[other]
            factor = target[entering]
            for k, v in row.items():
                changed = target.get(k, Fraction(0)) - factor * v
                if changed:
                    target[k] = changed
                    self._where[k].add(other)
                else:
                    target.pop(k, None)
                    self._where[k].discard(other)
            self.value[other] -= factor * self.value[i]
        factor = self.gain.get(entering, Fraction(0))
        if factor:
            for k, v in row.items():
                changed = self.gain.get(k, Fraction(0)) - factor * v
                if changed:
                    self.gain[k] = changed
                else:
                    self.gain.pop(k, None)
            self.reached += factor * self.value[i]
        self.basic[i] = entering

    def start_from(self, columns: Iterable[int], rows: Iterable[int]) -> bool:
        """Bring ``columns`` into the basis in place of the slacks of ``rows``.

        Returns whether that is a feasible basis; if not, the tableau is spent.
        """
        open_rows = set(rows)
        for column in columns:
            usable = [i for i in self._where.get(column, ()) if i in open_rows]
            if not usable:
                return False
            i = min(usable, key=lambda r: (len(self.rows[r]), r))
            self.pivot(i, column)
            open_rows.remove(i)
        return not open_rows and min(self.value, default=Fraction(0)) >= 0

    def maximise(self, enough: Callable[[Fraction], bool]) -> None:
        """Pivot until ``enough(goal reached)`` or nothing improves.

        Raises
        ------
        ValueError
            If the goal has no greatest value.
        """
        gained = True
        while not enough(self.reached):
            improving = [k for k, v in self.gain.items() if v > 0]
            if not improving:
                return
            entering = min(improving, key=lambda k: (-self.gain[k], k) if gained else (k,))
            blocking = [
                (self.value[i] / self.rows[i][entering], self.basic[i], i)
                for i in self._where[entering]
                if self.rows[i][entering] > 0
            ]
            if not blocking:
                raise ValueError("the goal has no greatest value")
            before = self.reached
            self.pivot(min(blocking)[2], entering)
            gained = self.reached > before
