"""What the interactive chart of a replica's frontier shows: points, facts, limits, open regions."""

from __future__ import annotations

from typing import Any

from solver.report.choose import RECOMMENDATIONS, marks, path_positions
from solver.report.design import (
    BINDINGS,
    UNKNOWN_BINDING,
    binding_of,
    hbm_share,
    precision_name,
)
from solver.report.findings import box_range
from solver.report.frontier_chart import axis_of, facts_column, rounded, thinned
from solver.report.numbers import percent, short
from solver.report.question import money
from solver.report.sections import where_of
from solver.result import Point, Result

__all__ = ["chart_data"]

_CURVE = "#7d8793"


def chart_data(result: Result) -> dict[str, Any]:
    """All that the page's script needs, as ``chart_piece`` takes it; ``result`` has points.

    Of a very long frontier points are left out evenly along the curve: ``total`` tells how many
    there are.
    """
    mark_of = marks(result)
    kept = thinned(path_positions(result.points).tolist(), list(mark_of))
    points = [result.points[index] for index in kept]
    speeds = [rounded(point.objectives["speed"]) for point in points]
    costs = [rounded(point.objectives["cost"]) for point in points]
    present = {binding_of(point).key for point in points}
    bindings = [b for b in (*BINDINGS.values(), UNKNOWN_BINDING) if b.key in present]
    place = {binding.key: k for k, binding in enumerate(bindings)}
    return {
        "total": len(result.points),
        "axes": {
            "x": axis_of(
                speeds, name="speed", unit="tok/s/user", log=False,
                title="speed, tok/s/user (faster →)", short="tok/s/user (faster →)",
            ),
            "y": axis_of(
                costs, name="cost", unit="US$ per Mtok", log=min(costs) > 0,
                title="cost, US$ per million output tokens (cheaper ↓)",
                short="US$/Mtok (cheaper ↓)",
            ),
        },
        "x": speeds,
        "y": costs,
        "lead": "Pace set by",
        "groups": [
            {"name": binding.title, "colour": binding.colour, "symbol": binding.symbol}
            for binding in bindings
        ],
        "group": [place[binding_of(point).key] for point in points],
        "facts": _facts(points),
        "stars": [
            {"index": k, "title": ", ".join(RECOMMENDATIONS[key].title for key in mark_of[index])}
            for k, index in enumerate(kept)
            if index in mark_of
        ],
        # Steps, not slopes: between two points the faster one is what at least that speed costs.
        "lines": [{"name": "", "x": speeds, "y": costs, "colour": _CURVE, "dash": ""}],
        "boxes": [
            {"x0": slow, "x1": fast, "y0": low, "y1": high}
            for slow, fast, low, high in map(box_range, result.open_boxes)
        ],
    }  # fmt: skip


def _facts(points: list[Point]) -> list[dict[str, Any]]:
    """What is told of every point besides its objectives, what is nowhere known left out."""
    designs = [point.design for point in points]

    def told(key: str, form: str) -> list[str]:
        return ["" if d.get(key) is None else form.format(short(float(d[key]))) for d in designs]

    shares = [hbm_share(design) for design in designs]
    columns = [
        ("Design", [where_of(point) for point in points]),
        ("Batch", ["" if d.get("batch") is None else f"{d['batch']:,}" for d in designs]),
        ("Precision", [precision_name(design) for design in designs]),
        ("Replica", told("tok_per_s", "{} tok/s")),
        ("Price", [_price(point) for point in points]),
        ("HBM used", ["" if share is None else percent(share) for share in shares]),
        ("Arithmetic used", [_share(point, "mfu") for point in points]),
        ("Pace set by", [binding_of(point).title for point in points]),
    ]
    return [facts_column(name, texts) for name, texts in columns if any(texts)]


def _price(point: Point) -> str:
    usd = point.design.get("usd_per_hour")
    return "" if usd is None else f"US${money(float(usd))}/h"


def _share(point: Point, key: str) -> str:
    value = point.design.get(key)
    return "" if value is None else percent(float(value))
