"""A benchmark in numbers: for each group, how good is each formulation on each engine?

Rules, the same for every side (a formulation on an engine):

* A *case* is an instance, a level and a seed; algorithms without randomness are run once and stand
  at every seed. A case is *solved* if the answer is proved and right.
* Time is CPU seconds of the solve alone. A case that a side did not solve counts as its time
  limit, whatever the reason: stopped, refused, failed, wrong, not applicable, or no row. So all
  sides of a group are averaged over the same cases. PAR10 counts ten times the limit instead.
* A side that was never run, because its engine is missing or it can state none of the cases, has
  no averages.
* A *win* is the least time on a case. Times within 1 % or 1 ms of it are a tie; a win is shared
  among the tied, so that wins of a group add up to the cases that anyone solved.
* Ratios compare with the textbook formulation on its best engine (least mean, shift 1 s), and with
  the textbook formulation on the same engine; each over the cases that both sides ran, so that
  neither is charged for what it cannot state.
* Gaps are (optimum - bound) / max(1, \\|optimum\\|), over rows whose optimum is proved. They are
  summed up by the median and by the geometric mean with a shift of 1 %, for gaps of zero are the
  best there are. A bound above the optimum bounds a restriction, and is left out (where the
  formulation claims to be exact, it is told as doubtful). The linear relaxation belongs to the
  formulation: its gap is the same on every engine.
* Nodes, iterations and ticks are shifted geometric means over the solved cases that tell them;
  they compare formulations on one engine, not engines.

Sides are ordered by cases solved, then by the mean with shift 1 s.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from solver.bench.agreement import NOISE, Contradiction, contradictions, doubtful_bounds, marked
from solver.bench.cases import NOT_RUN, Case, GroupRows, Side, groups_of, seconds_of
from solver.bench.means import median, par10, shifted_geometric_mean
from solver.bench.row import Row

__all__ = ["GroupSummary", "SideSummary", "Summary", "relative_gap", "summarise"]

TIE_RATIO = 1.01
TIE_S = 1e-3
GAP_SHIFT = 0.01
NODE_SHIFT = 100.0
TICK_SHIFT = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SideSummary:
    """One formulation on one engine; see the text of the module for the rules.

    Parameters
    ----------
    cases
        Of the group; ``solved + open + wrong + missing + refused + failed + not_applicable +
        engine_missing + no_row`` is as many.
    open
        Stopped, or only bounded, without contradicting anything.
    sgm1_s, sgm10_s, par10_s, median_s
        ``None`` where the side was never run.
    ratio, ratio_same_engine
        To the textbook formulation on its best and on the same engine, below 1 is faster; ``None``
        where there is none.
    ratio_cases
        Cases behind ``ratio``.
    """

    side: Side
    textbook: bool
    instances: int
    cases: int
    solved: int
    open: int
    wrong: int
    missing: int
    refused: int
    failed: int
    not_applicable: int
    engine_missing: int
    no_row: int
    sgm1_s: float | None
    sgm10_s: float | None
    par10_s: float | None
    median_s: float | None
    wins: float
    ratio: float | None
    ratio_cases: int
    ratio_same_engine: float | None
    build_s: float | None
    nodes: float | None
    iterations: float | None
    ticks: float | None
    rows: float | None
    columns: float | None
    nonzeros: float | None
    presolved_rows: float | None
    presolved_columns: float | None
    presolved_nonzeros: float | None
    lp_gap: float | None
    lp_gap_median: float | None
    root_gap: float | None
    root_gap_median: float | None

    @property
    def ran(self) -> bool:
        """Whether a solve stands behind it."""
        return self.sgm1_s is not None


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """All sides of a group, best first."""

    group: str
    title: str
    instances: int
    cases: int
    solved_by_any: int
    textbook: str
    sides: tuple[SideSummary, ...]

    @property
    def best(self) -> SideSummary | None:
        """The side that solved most, fastest; ``None`` if none solved anything."""
        return next((side for side in self.sides if side.solved), None)

    @property
    def baseline(self) -> SideSummary | None:
        """The textbook formulation on its best engine; ``None`` if it was never run."""
        ran = [side for side in self.sides if side.textbook and side.sgm1_s is not None]
        return min(ran, key=lambda side: (side.sgm1_s or 0.0, side.side), default=None)


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """A whole benchmark.

    Parameters
    ----------
    rows
        With verdicts after the rows were held against each other.
    faults
        Wrong, missing, refused and failed rows, worst first.
    doubtful
        Bounds of relaxations above proved optima, one line each.
    """

    groups: tuple[GroupSummary, ...]
    rows: tuple[Row, ...]
    contradictions: tuple[Contradiction, ...]
    faults: tuple[Row, ...]
    doubtful: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether no row is wrong, misses a point or crashed, and none contradicts another."""
        return not self.contradictions and all(
            row.verdict not in ("wrong", "missing") and row.status != "failed" for row in self.rows
        )


def outcome_of(row: Row | None) -> str:
    """The one count that a case of a side falls under: a field of ``SideSummary``."""
    if row is None:
        return "no_row"
    if row.verdict in ("wrong", "missing"):
        return row.verdict
    if row.solved:
        return "solved"
    if row.status in ("refused", "failed", "not_applicable", "engine_missing"):
        return row.status
    return "open"


def relative_gap(best: int, bound: float) -> float:
    """(best - bound) / max(1, |best|), at least 0."""
    return max(0.0, (best - bound) / max(1, abs(best)))


def _times(group: GroupRows, side: Side, cases: Sequence[Case]) -> list[float | None]:
    return [seconds_of(group.row(side, case)) for case in cases]


def _mean_s(group: GroupRows, side: Side, cases: Sequence[Case], shift_s: float) -> float:
    """Shifted geometric mean of CPU seconds; unsolved cases count as their limit."""
    times = zip(_times(group, side, cases), cases, strict=True)
    return shifted_geometric_mean(
        [case.time_limit_s if spent is None else spent for spent, case in times], shift_s
    )


def _wins(group: GroupRows) -> dict[Side, float]:
    wins = dict.fromkeys(group.sides, 0.0)
    for case in group.cases:
        times = {side: seconds_of(group.row(side, case)) for side in group.sides}
        solved = {side: spent for side, spent in times.items() if spent is not None}
        if solved:
            least = min(solved.values())
            tied = [s for s, t in solved.items() if t <= max(TIE_RATIO * least, least + TIE_S)]
            for side in tied:
                wins[side] += 1 / len(tied)
    return wins


def _ratio(group: GroupRows, side: Side, base: Side) -> tuple[float | None, int]:
    """Ratio of the means with shift 1 s over the cases that both ran, and how many those are."""
    both = [
        case
        for case in group.cases
        if all(
            (row := group.row(one, case)) is not None and row.status not in NOT_RUN
            for one in (side, base)
        )
    ]
    if not both:
        return None, 0
    below = _mean_s(group, base, both, 1.0)
    return (_mean_s(group, side, both, 1.0) / below if below > 0 else None), len(both)


def _told(rows: Sequence[Row], name: str) -> list[float]:
    return [value for row in rows if (value := getattr(row, name)) is not None]


def _mean_of(rows: Sequence[Row], name: str, shift: float) -> float | None:
    values = _told([row for row in rows if row.solved], name)
    return shifted_geometric_mean(values, shift) if values else None


def _lp_bounds(group: GroupRows, formulation: str) -> list[tuple[int, float]]:
    """(optimum, bound of the linear relaxation) of every case where both are known.

    The relaxation belongs to the formulation, whichever engine solved it.
    """
    sides = [side for side in group.sides if side.formulation == formulation]
    bounds: dict[tuple[str, int], tuple[int, float]] = {}
    for side in sides:
        for row in group.rows_of(side):
            if row.best is not None and row.lp_bound is not None:
                bounds.setdefault((row.instance_sha256, row.level), (row.best, row.lp_bound))
    return list(bounds.values())


def _gaps(bounds: Sequence[tuple[int, float]]) -> tuple[float | None, float | None]:
    """Geometric mean with a shift of 1 %, and median, of the gaps that bounds leave."""
    gaps = [
        relative_gap(best, bound)
        for best, bound in bounds
        # An infinite bound says that nothing was bounded; one above the optimum bounds a
        # restriction, or is reported as doubtful.
        if math.isfinite(bound) and bound <= best + NOISE * max(1, abs(best))
    ]
    return (shifted_geometric_mean(gaps, GAP_SHIFT) if gaps else None), median(gaps)


def _side_summary(
    group: GroupRows, side: Side, textbook: str, base: Side | None, wins: float
) -> SideSummary:
    rows = group.rows_of(side)
    counts = dict.fromkeys(_OUTCOMES, 0)
    for case in group.cases:
        counts[outcome_of(group.row(side, case))] += 1
    run = side in group.run_sides
    limits = [case.time_limit_s for case in group.cases]
    times = _times(group, side, group.cases)
    same = Side(textbook, side.engine)
    ratio, ratio_cases = _ratio(group, side, base) if run and base else (None, 0)
    same_ratio, _ = _ratio(group, side, same) if run and same in group.run_sides else (None, 0)
    lp_gap, lp_gap_median = _gaps(_lp_bounds(group, side.formulation))
    root_gap, root_gap_median = _gaps(
        [
            (row.best, row.root_bound)
            for row in rows
            if row.best is not None and row.root_bound is not None
        ]
    )
    counted = [limit if t is None else t for t, limit in zip(times, limits, strict=True)]
    return SideSummary(
        side=side,
        textbook=side.formulation == textbook,
        instances=group.instances,
        cases=len(group.cases),
        **counts,
        sgm1_s=_mean_s(group, side, group.cases, 1.0) if run else None,
        sgm10_s=_mean_s(group, side, group.cases, 10.0) if run else None,
        par10_s=par10(times, limits) if run else None,
        median_s=median(counted) if run else None,
        wins=wins,
        ratio=ratio,
        ratio_cases=ratio_cases,
        ratio_same_engine=same_ratio,
        build_s=median(_told(rows, "build_s")),
        nodes=_mean_of(rows, "nodes", NODE_SHIFT),
        iterations=_mean_of(rows, "iterations", NODE_SHIFT),
        ticks=_mean_of(rows, "ticks", TICK_SHIFT),
        rows=median(_told(rows, "rows")),
        columns=median(_told(rows, "columns")),
        nonzeros=median(_told(rows, "nonzeros")),
        presolved_rows=median(_told(rows, "presolved_rows")),
        presolved_columns=median(_told(rows, "presolved_columns")),
        presolved_nonzeros=median(_told(rows, "presolved_nonzeros")),
        lp_gap=lp_gap,
        lp_gap_median=lp_gap_median,
        root_gap=root_gap,
        root_gap_median=root_gap_median,
    )


_OUTCOMES = (
    "solved", "open", "wrong", "missing", "refused", "failed", "not_applicable", "engine_missing",
    "no_row",
)  # fmt: skip


def _group_summary(group: GroupRows, textbook: str) -> GroupSummary:
    wins = _wins(group)
    bases = [side for side in group.run_sides if side.formulation == textbook]
    base = min(bases, key=lambda side: (_mean_s(group, side, group.cases, 1.0), side), default=None)
    sides = [_side_summary(group, side, textbook, base, wins[side]) for side in group.sides]
    return GroupSummary(
        group=group.group,
        title=group.title,
        instances=group.instances,
        cases=len(group.cases),
        solved_by_any=sum(
            any(seconds_of(group.row(side, case)) is not None for side in group.sides)
            for case in group.cases
        ),
        textbook=textbook,
        sides=tuple(
            sorted(
                sides,
                key=lambda s: (
                    not s.ran, -s.solved, math.inf if s.sgm1_s is None else s.sgm1_s, s.side,
                ),
            )
        ),
    )  # fmt: skip


_WORST_FIRST = ("wrong", "missing", "failed", "refused")


def summarise(rows: Sequence[Row], *, textbook: Mapping[str, str]) -> Summary:
    """Everything that tables, figures and the page tell, in one pass; the order of rows is free.

    Parameters
    ----------
    textbook
        Group -> the formulation that the others are measured against; a group without one has no
        ratios.

    Raises
    ------
    ValueError
        If two rows have the same key, or a solved one does not tell its time.
    """
    found = contradictions(rows)
    rows = tuple(sorted(marked(rows, found), key=lambda row: row.key))
    faults = [row for row in rows if outcome_of(row) in _WORST_FIRST]
    return Summary(
        groups=tuple(
            _group_summary(group, textbook.get(group.group, "")) for group in groups_of(rows)
        ),
        rows=rows,
        contradictions=found,
        faults=tuple(sorted(faults, key=lambda r: (_WORST_FIRST.index(outcome_of(r)), r.key))),
        doubtful=doubtful_bounds(rows),
    )
