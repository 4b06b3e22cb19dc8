r"""Limits on which columns are in use, written into the problem as rows and helper columns.

*In use* (layouts, machine types): a helper :math:`y_l \in \{0, 1\}` for each group :math:`G_l`,

.. math::
    \sum_{j \in G_l} n_j - U_l y_l \le 0, \qquad \sum_l y_l \le \text{most},

where :math:`U_l` is what the group can need whatever the other limits are, so that the rows stay
right when somebody raises or lifts one of those.

*Changes*: a helper :math:`d_g \ge |\sum_{j \in G_g} r_j n_j - \text{today}_g|` for each group (with
:math:`r_j` replicas behind a unit), as two rows, and
:math:`\sum_g d_g \le \text{most} - \text{gone}` over the groups of each period.

Helpers cost nothing, have grade 0 and serve nobody. A plan may hold more of them than it needs:
they say what is allowed, not what is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from formulations.fleet.sparse import SparseInts
from formulations.milp import INFINITY, IntArray
from solver.lowering.fleet.space import Choices, ColumnMeaning, FleetSpace
from solver.lowering.fleet.uppers import implied_uppers

__all__ = ["CHANGES", "LAYOUTS", "with_choices", "with_groups_in_use"]

LAYOUTS = "layouts"
CHANGES = "changes"
_ONE = Fraction(1)


def with_choices(space: FleetSpace) -> FleetSpace:
    """The space with its ``choices`` in the problem's rows, and ``choices`` of ``None``.

    The limits are called ``layouts`` and ``changes``. A limit on layouts that are not more than it
    allows is left out: it can never bind.
    """
    choices = space.choices
    if choices is None:
        return space
    complete = replace(space, choices=None)
    if choices.max_layouts is not None:
        complete = with_groups_in_use(
            complete,
            LAYOUTS,
            [(_label(space, group), group) for group in choices.layouts],
            choices.max_layouts,
        )
    if choices.max_changes is not None:
        complete = _with_changes(complete, choices, choices.max_changes)
    return complete


def with_groups_in_use(
    space: FleetSpace, name: str, groups: Sequence[tuple[str, Sequence[int]]], most: int
) -> FleetSpace:
    """At most ``most`` of ``groups`` (label, columns) in use; the limit is called ``name``.

    The space itself where there are no more groups than that.
    """
    if most >= len(groups):
        return space
    needed = _needed_at_most(space)
    helpers = _Helpers(space)
    taken = []
    for label, columns in groups:
        total = sum(needed[j] for j in columns)
        helper = helpers.column(f"{label} in use", 1)
        entries = [(j, 1) for j in columns] + [(helper, -max(total, 1))]
        helpers.row(f"{name}: {label} in use", 0, "units", entries)
        taken.append((helper, 1))
    helpers.row(name, most, name, taken)
    return helpers.space()


def _with_changes(space: FleetSpace, choices: Choices, most: int) -> FleetSpace:
    needed = _needed_at_most(space)
    helpers = _Helpers(space)
    taken: dict[str, list[tuple[int, int]]] = {}
    for group, today in zip(choices.groups, choices.today, strict=True):
        column = space.columns[group[0]]
        label = f"{_label(space, group)} on {column.machine or 'its own machine'}"
        hour = f" in {column.period}" if column.period else ""
        each = [(j, space.columns[j].replicas) for j in group]
        greatest = sum(needed[j] * replicas for j, replicas in each)
        helper = helpers.column(f"changes of {label}{hour}", max(today, greatest - today))
        less = [(j, -replicas) for j, replicas in each]
        helpers.row(f"{CHANGES}: {label} started{hour}", today, "replicas", [*each, (helper, -1)])
        helpers.row(f"{CHANGES}: {label} stopped{hour}", -today, "replicas", [*less, (helper, -1)])
        taken.setdefault(hour, []).append((helper, 1))
    # Where nothing of today is on offer the row is still there, and may be impossible.
    for hour, entries in (taken or {"": []}).items():
        helpers.row(f"{CHANGES}{hour}", most - choices.gone, "replicas", entries)
    return helpers.space()


def _label(space: FleetSpace, group: Sequence[int]) -> str:
    column = space.columns[group[0]]
    return f"{column.workload} {column.layout}"


def _needed_at_most(space: FleetSpace) -> list[int]:
    """(n,) counts that some best plan stays within even where limits are raised or lifted.

    Without any limit at all, where demand holds every column; a rate to be maximised is held by the
    limits, and then they are taken at twice their size and a thousand units more.
    """
    problem = space.problem
    free = np.full(len(problem.limit), INFINITY, dtype=np.int64)
    upper = implied_uppers(replace(problem, limit=free))
    if (upper >= INFINITY).any():
        raised = [
            min(max(side, 0) * 2 + int(space.limit_units[name][1] * 1000), INFINITY)
            for name, side in zip(problem.limit_names, problem.limit.tolist(), strict=True)
        ]
        upper = implied_uppers(replace(problem, limit=np.array(raised, dtype=np.int64)))
    known = np.where(upper < INFINITY, upper, 0)
    return [max(a, b) for a, b in zip(known.tolist(), problem.upper.tolist(), strict=True)]


@dataclass
class _Helpers:
    """Columns and rows added to the end of a space's problem."""

    of: FleetSpace
    uppers: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    rows: list[list[tuple[int, int]]] = field(default_factory=list)
    row_names: list[str] = field(default_factory=list)
    sides: list[int] = field(default_factory=list)
    units: dict[str, tuple[str, Fraction]] = field(default_factory=dict)

    def column(self, name: str, upper: int) -> int:
        """Add a column of no cost; returns its number."""
        self.uppers.append(upper)
        self.names.append(name)
        return self.of.problem.n_columns + len(self.uppers) - 1

    def row(self, name: str, side: int, unit: str, entries: Iterable[tuple[int, int]]) -> None:
        """Add ``sum value n <= side``."""
        self.rows.append(list(entries))
        self.row_names.append(name)
        self.sides.append(side)
        self.units[name] = (unit, _ONE)

    def space(self) -> FleetSpace:
        """The space with all of them."""
        old, more = self.of.problem, len(self.uppers)
        n = old.n_columns + more

        def longer(array: IntArray) -> IntArray:
            return np.concatenate([array, np.zeros(more, dtype=np.int64)])

        added = SparseInts.from_rows(self.rows, n)
        use = SparseInts(
            np.concatenate([old.use.start, added.start[1:] + old.use.start[-1]]),
            np.concatenate([old.use.index, added.index]),
            np.concatenate([old.use.value, added.value]),
            n,
        )
        problem = replace(
            old,
            upper=np.concatenate([old.upper, np.array(self.uppers, dtype=np.int64)]),
            measures={name: longer(array) for name, array in old.measures.items()},
            grades={name: longer(array) for name, array in old.grades.items()},
            cover=SparseInts(old.cover.start, old.cover.index, old.cover.value, n),
            use=use,
            limit=np.concatenate([old.limit, np.array(self.sides, dtype=np.int64)]),
            limit_names=(*old.limit_names, *self.row_names),
            column_names=(*old.column_names, *self.names),
        )
        return replace(
            self.of,
            problem=problem,
            columns=(*self.of.columns, *[ColumnMeaning(kind="other")] * more),
            limit_units={**self.of.limit_units, **self.units},
        )
