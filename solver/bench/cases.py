"""Rows of a benchmark in order: which cases were put to which sides, and what came back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from solver.bench.kinds.kind import OWN
from solver.bench.row import Row

__all__ = ["GROUP_TITLES", "NOT_RUN", "Case", "GroupRows", "Side", "groups_of", "seconds_of"]

GROUP_TITLES: Mapping[str, str] = {
    "replica": "Replica",
    "placement": "Placement: single pipelines",
    "flow": "Placement: throughput alone",
    "fleet": "Fleet",
    "racks": "Fleets in racks",
    "moip": "Multi-objective integer programs",
}
"""Headings, in the order in which groups are told; groups not among them follow by name."""

NOT_RUN = frozenset({"not_applicable", "engine_missing"})
"""Statuses of a row behind which no solve stands."""

_SIZES = ("small", "medium", "large")


class Side(NamedTuple):
    """A formulation on an engine."""

    formulation: str
    engine: str

    @property
    def label(self) -> str:
        """As in tables."""
        return f"{self.formulation} / {self.engine}"


@dataclass(frozen=True, slots=True)
class Case:
    """What is put to every side of a group: an instance, one of its levels, a seed.

    Parameters
    ----------
    time_limit_s
        Greatest limit that any side had; stands for sides that have no row here.
    """

    instance: str
    instance_sha256: str
    size: str
    level: int
    seed: int
    time_limit_s: float

    @property
    def key(self) -> tuple[str, int, int]:
        """What tells it from the other cases of its group."""
        return (self.instance_sha256, self.level, self.seed)


@dataclass(frozen=True, slots=True, eq=False)
class GroupRows:
    """The rows of one group, by side and case.

    Parameters
    ----------
    by_key
        (side, ``Case.key``) -> row. Algorithms of our own have no seed: their one row of an
        instance and level stands at every seed.
    cases, sides
        In a fixed order that does not depend on the order of the rows.
    """

    group: str
    cases: tuple[Case, ...]
    sides: tuple[Side, ...]
    by_key: Mapping[tuple[Side, tuple[str, int, int]], Row]

    @property
    def title(self) -> str:
        """Heading for people."""
        return GROUP_TITLES.get(self.group, self.group)

    @property
    def instances(self) -> int:
        """Different instances."""
        return len({case.instance_sha256 for case in self.cases})

    def row(self, side: Side, case: Case) -> Row | None:
        """What came back, or ``None`` where nothing was recorded (an interrupted run)."""
        return self.by_key.get((side, case.key))

    def rows_of(self, side: Side) -> tuple[Row, ...]:
        """All rows of a side, in the order of the cases."""
        found = (self.row(side, case) for case in self.cases)
        return tuple(row for row in found if row is not None)

    @property
    def run_sides(self) -> tuple[Side, ...]:
        """Sides with at least one solve behind them."""
        return tuple(
            side
            for side in self.sides
            if any(row.status not in NOT_RUN for row in self.rows_of(side))
        )


def seconds_of(row: Row | None) -> float | None:
    """CPU seconds of a solve that is proved and right, else ``None``.

    Raises
    ------
    ValueError
        If the row is right and does not tell its time.
    """
    if row is None or not row.solved:
        return None
    if row.cpu_s is None:
        raise ValueError(f"{row.instance}, {row.side}: solved, and no cpu_s is told")
    return row.cpu_s


def _case_order(case: Case) -> tuple[int, str, str, int, int]:
    size = _SIZES.index(case.size) if case.size in _SIZES else len(_SIZES)
    return (size, case.instance, case.instance_sha256, case.level, case.seed)


def _grouped(group: str, rows: Sequence[Row]) -> GroupRows:
    by_key: dict[tuple[Side, tuple[str, int, int]], Row] = {}
    of_case: dict[tuple[str, int, int], list[Row]] = defaultdict(list)
    for row in rows:
        key = (row.instance_sha256, row.level, row.seed)
        side = Side(row.formulation, row.engine)
        if (side, key) in by_key:
            raise ValueError(
                f"two rows of {group}, {row.instance}, {row.side}, level {row.level}, "
                f"seed {row.seed}"
            )
        by_key[side, key] = row
        of_case[key].append(row)
    cases = [
        Case(
            instance=min(row.instance for row in same),
            instance_sha256=key[0],
            size=min(row.size for row in same),
            level=key[1],
            seed=key[2],
            time_limit_s=max(row.time_limit_s for row in same),
        )
        for key, same in of_case.items()
    ]
    for (side, (sha256, level, _)), row in list(by_key.items()):
        if side.engine == OWN:
            # Nothing in it is drawn at random, so that it is run once, and stands for all seeds.
            for case in cases:
                if (case.instance_sha256, case.level) == (sha256, level):
                    by_key.setdefault((side, case.key), row)
    return GroupRows(
        group=group,
        cases=tuple(sorted(cases, key=_case_order)),
        sides=tuple(sorted({side for side, _ in by_key})),
        by_key=by_key,
    )


def groups_of(rows: Sequence[Row]) -> tuple[GroupRows, ...]:
    """Rows by group, groups in the order of ``GROUP_TITLES``.

    Raises
    ------
    ValueError
        If two rows have the same key.
    """
    by_group: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_group[row.group].append(row)
    order = list(GROUP_TITLES)
    return tuple(
        _grouped(group, by_group[group])
        for group in sorted(
            by_group, key=lambda name: (order.index(name) if name in order else len(order), name)
        )
    )
