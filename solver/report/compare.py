"""What changed between two results: the question, the points, the price of a given speed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.text import Text

from solver.report.choose import RECOMMENDATIONS, recommended
from solver.report.design import layout_name
from solver.report.findings import count_of, short_status
from solver.report.numbers import aligned, clean, exact_cost, percent, short, speed_of_latency
from solver.report.question import leaves, question_of, value_text
from solver.report.table import fitted_table
from solver.report.terminal import show
from solver.result import Point, Result

__all__ = [
    "Change",
    "Comparison",
    "RecommendedChange",
    "Shift",
    "compare_results",
    "print_comparison",
]

_SPEEDS = 8
_MOST_CHANGES = 20


@dataclass(frozen=True, slots=True)
class Change:
    """One leaf of the question that differs; ``None`` where a side does not have it."""

    where: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Shift:
    """The least cost (US$/Mtok) of at least ``speed`` (tok/s/user) in both results.

    ``None`` where a result reaches no such speed; ``change`` is relative: -0.1 is 10 % cheaper.
    """

    speed: float
    cost_before: float | None
    cost_after: float | None
    change: float | None


@dataclass(frozen=True, slots=True)
class RecommendedChange:
    """One kind of recommended point, before and after, with its objectives and layout in words."""

    kind: str
    before: str | None
    after: str | None
    same: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from a result A ("before") to a result B ("after").

    Titles say what is served on what, and how the run ended.
    ``same``, ``only_before`` and ``only_after`` count points by their exact objectives: two points
    with equal latency and cost are the same, whatever their designs. ``same_question`` compares the
    resolved questions, not the files that they came from.
    """

    title_before: str
    title_after: str
    status_before: str
    status_after: str
    same_question: bool
    question: tuple[Change, ...]
    same: int
    only_before: int
    only_after: int
    shifts: tuple[Shift, ...]
    recommended: tuple[RecommendedChange, ...]

    @property
    def identical(self) -> bool:
        """Whether question, status and points are all the same."""
        return (
            self.same_question
            and self.status_before == self.status_after
            and not self.only_before
            and not self.only_after
        )

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain dictionaries and lists, ready for JSON."""
        return {**asdict(self), "identical": self.identical}


def _question_changes(a: Result, b: Result) -> tuple[Change, ...]:
    """Leaf by leaf, in the order of A, then what only B has."""
    before, after = (leaves(result.instance.get("resolved", {}), "question") for result in (a, b))
    changes = []
    for path in dict.fromkeys((*before, *after)):
        if path in before and path in after and before[path] == after[path]:
            continue
        old = value_text(before[path]) if path in before else None
        new = value_text(after[path]) if path in after else None
        changes.append(Change(clean(path.removeprefix("question.")), old, new))
    return tuple(changes)


def _objective_key(point: Point) -> tuple[int, int, int]:
    cost = exact_cost(point.exact)
    return int(point.exact["latency_ps"]), cost.numerator, cost.denominator


def _cheapest_within(points: Sequence[Point], latency_ps: int) -> Point | None:
    """Cheapest of ``points`` (fastest first) whose latency is at most ``latency_ps``."""
    fit = [point for point in points if int(point.exact["latency_ps"]) <= latency_ps]
    return fit[-1] if fit else None


def _latencies(a: Result, b: Result) -> list[int]:
    """Latencies to compare at, slowest first: ends of both, and evenly spaced speeds between."""
    ends = [int(r.points[i].exact["latency_ps"]) for r in (a, b) if r.points for i in (0, -1)]
    if not ends:
        return []
    fast, slow = min(ends), max(ends)
    v_slow, v_fast = speed_of_latency(slow), speed_of_latency(fast)
    between = [
        # Rounded up: a design that attains the latency exactly still counts.
        -(-(10**12) // max(1, round(v_slow + (v_fast - v_slow) * k / (_SPEEDS - 1))))
        for k in range(1, _SPEEDS - 1)
    ]
    inside = [latency for latency in between if fast < latency < slow]
    return sorted({*ends, *inside}, reverse=True)


def _shifts(a: Result, b: Result) -> tuple[Shift, ...]:
    found = []
    for latency_ps in _latencies(a, b):
        before = _cheapest_within(a.points, latency_ps)
        after = _cheapest_within(b.points, latency_ps)
        change = None
        if before is not None and after is not None:
            change = float(exact_cost(after.exact) / exact_cost(before.exact) - 1)
        found.append(
            Shift(
                speed=speed_of_latency(latency_ps),
                cost_before=before.objectives["cost"] if before else None,
                cost_after=after.objectives["cost"] if after else None,
                change=change,
            )
        )
    return tuple(found)


def _in_words(point: Point | None) -> str | None:
    if point is None:
        return None
    design = point.design
    speed, cost = point.objectives["speed"], point.objectives["cost"]
    parts = [f"{short(speed)} tok/s/user at US${short(cost)}/Mtok"]
    if "devices" in design and "accelerator" in design:
        parts.append(f"{design['devices']} × {clean(design['accelerator'])}")
    if "tensor_parallel" in design:
        parts.append(layout_name(design))
    if "batch" in design:
        parts.append(f"batch {design['batch']:,}")
    return ", ".join(parts)


def _recommended_changes(a: Result, b: Result) -> tuple[RecommendedChange, ...]:
    before: Mapping[str, Point] = recommended(a)
    after: Mapping[str, Point] = recommended(b)
    found = []
    for kind in RECOMMENDATIONS:
        old, new = before.get(kind), after.get(kind)
        if old is None and new is None:
            continue
        same = old is not None and new is not None and _objective_key(old) == _objective_key(new)
        found.append(RecommendedChange(kind, _in_words(old), _in_words(new), same))
    return tuple(found)


def compare_results(a: Result, b: Result) -> Comparison:
    """Compare two results of the same kind of problem, ``a`` before and ``b`` after."""
    before = {_objective_key(point) for point in a.points}
    after = {_objective_key(point) for point in b.points}
    changes = _question_changes(a, b)
    return Comparison(
        title_before=f"{question_of(a).subject}, {short_status(a)}",
        title_after=f"{question_of(b).subject}, {short_status(b)}",
        status_before=a.status,
        status_after=b.status,
        same_question=not changes,
        question=changes,
        same=len(before & after),
        only_before=len(before - after),
        only_after=len(after - before),
        shifts=_shifts(a, b),
        recommended=_recommended_changes(a, b),
    )


def _shift_text(shift: Shift) -> str:
    if shift.change is not None:
        if shift.change >= 9:
            # "+12,116 %" hides what "122 times" shows.
            return f"× {short(1 + shift.change, 3)}"
        return percent(shift.change, signed=True) if shift.change else "same"
    if shift.cost_before is None and shift.cost_after is None:
        return ""
    return "newly reached" if shift.cost_before is None else "no longer reached"


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Print what changed from the first result (A) to the second (B)."""
    ascii_only = console.options.ascii_only
    parts: list[RenderableType] = [
        Text(f"A: {comparison.title_before}"),
        Text(f"B: {comparison.title_after}"),
        Text(""),
    ]
    if comparison.identical:
        parts.append(Text("Same question, same status, same points.", style="green"))
        show(console, Group(*parts))
        return
    if comparison.same_question:
        parts.append(Text("The question is the same."))
    else:
        shown = comparison.question[:_MOST_CHANGES]
        rows = [[entry.where, entry.before or "absent", entry.after or "absent"] for entry in shown]
        parts.append(
            fitted_table(
                ["question", "A", "B"], rows, width=console.width, give_up=[0, 0, 0],
                numeric=[False] * 3, folds=frozenset({0, 1, 2}), ascii_only=ascii_only,
            )
        )  # fmt: skip
        if len(comparison.question) > len(shown):
            rest = len(comparison.question) - len(shown)
            parts.append(Text(f"and {count_of(rest, 'more difference')}"))
    parts += [
        Text(""),
        Text(
            f"{count_of(comparison.same, 'point')} in both, {comparison.only_before:,} only in A, "
            f"{comparison.only_after:,} only in B"
        ),
    ]
    if comparison.shifts:
        speeds = aligned([shift.speed for shift in comparison.shifts], least=2)
        before = aligned([shift.cost_before for shift in comparison.shifts])
        after = aligned([shift.cost_after for shift in comparison.shifts])
        change = [_shift_text(shift) for shift in comparison.shifts]
        parts += [
            Text(""),
            fitted_table(
                ["at least\ntok/s/user", "A\nUS$/Mtok", "B\nUS$/Mtok", "cost"],
                [list(row) for row in zip(speeds, before, after, change, strict=True)],
                width=console.width, give_up=[0] * 4, numeric=[True] * 4, ascii_only=ascii_only,
            ),
        ]  # fmt: skip
    if comparison.recommended:
        rows = [
            [
                RECOMMENDATIONS[entry.kind].title,
                entry.before or "none",
                "the same" if entry.same else entry.after or "none",
            ]
            for entry in comparison.recommended
        ]
        parts += [
            Text(""),
            fitted_table(
                ["recommended", "A", "B"], rows, width=console.width, give_up=[0] * 3,
                numeric=[False] * 3, folds=frozenset({1, 2}), ascii_only=ascii_only,
            ),
        ]  # fmt: skip
    show(console, Group(*parts))
