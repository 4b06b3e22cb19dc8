"""The parts of a page as plain rows of text, ready for a template."""

from __future__ import annotations

from collections import Counter
from typing import Any

from solver.report.assumptions import CLOSED_BY
from solver.report.choose import RECOMMENDATIONS, marks, recommended, spread
from solver.report.design import binding_of, hbm_share, layout_name, precision_name
from solver.report.numbers import aligned, clean, percent, short
from solver.report.question import money
from solver.report.regions import Region, layout_regions, pace_shares
from solver.result import Point, Result

__all__ = ["cards_of", "layouts_of", "pace_of", "proofs_of", "rows_of", "where_of"]

_MOST_LAYOUTS = 12


def where_of(point: Point) -> str:
    """Accelerators, their clock where it is set, and layout: ``8 × H100 SXM at 1,410 MHz, TP8``."""
    design = point.design
    devices = f"{design['devices']:,} × " if "devices" in design else ""
    clock = f" at {design['clock_mhz']:,} MHz" if design.get("clock_mhz") is not None else ""
    parts = [f"{devices}{clean(design['accelerator'])}{clock}"] if "accelerator" in design else []
    if "tensor_parallel" in design:
        parts.append(layout_name(design))
    return ", ".join(parts)


def _reason(result: Result, key: str) -> str:
    """Why a point is recommended, in words that claim no more than the result proves."""
    kind = RECOMMENDATIONS[key]
    return kind.why if result.status == "complete" else kind.why_partial


def cards_of(result: Result) -> list[dict[str, Any]]:
    """The recommended points, those that coincide told together."""
    grouped: dict[int, list[str]] = {}
    found = recommended(result)
    for key, point in found.items():
        grouped.setdefault(id(point), []).append(key)
    cards = []
    for keys in grouped.values():
        point = found[keys[0]]
        design = point.design
        facts = [("Design", where_of(point))]
        if "batch" in design:
            facts.append(("Batch", f"{design['batch']:,}"))
        if precision_name(design):
            facts.append(("Precision", precision_name(design)))
        if "tok_per_s" in design:
            facts.append(("Replica", f"{short(float(design['tok_per_s']))} tok/s"))
        if "usd_per_hour" in design:
            facts.append(("Price", f"US${money(float(design['usd_per_hour']))}/h"))
        share = hbm_share(design)
        if share is not None:
            facts.append(("HBM used", percent(share)))
        facts.append(("Pace set by", binding_of(point).title))
        cards.append(
            {
                "title": " · ".join(RECOMMENDATIONS[key].title for key in keys),
                "why": " ".join(_reason(result, key) for key in keys[:2]),
                "speed": short(point.objectives["speed"]),
                "cost": short(point.objectives["cost"]),
                "facts": [(name, value) for name, value in facts if value],
            }
        )
    return cards


def rows_of(result: Result) -> list[dict[str, Any]]:
    """Representative points for the table, numbers of a column aligned."""
    chosen = spread(result)
    points = [result.points[index] for index in chosen]
    mark_of = marks(result)

    def column(key: str, scale: float = 1.0, least: int = 0) -> list[str]:
        values = [point.design.get(key) for point in points]
        return aligned(
            [None if value is None else float(value) * scale for value in values], least=least
        )

    speeds = aligned([point.objectives["speed"] for point in points], least=2)
    costs = aligned([point.objectives["cost"] for point in points])
    numbers = zip(
        speeds, costs, column("step_latency_s", 1e3), column("batch"), column("tok_per_s"),
        column("usd_per_hour", least=2), strict=True,
    )  # fmt: skip
    rows = []
    for index, point, cells in zip(chosen, points, numbers, strict=True):
        share = hbm_share(point.design)
        keys = mark_of.get(index, ())
        rows.append(
            {
                "speed": cells[0],
                "cost": cells[1],
                "step_ms": cells[2],
                "where": where_of(point),
                "precision": precision_name(point.design),
                "batch": cells[3],
                "tok_per_s": cells[4],
                "usd_per_hour": cells[5],
                "hbm": "" if share is None else percent(share),
                "binding": binding_of(point).title,
                "marks": ", ".join(RECOMMENDATIONS[key].mark for key in keys),
            }
        )
    return rows


def layouts_of(result: Result) -> tuple[list[dict[str, Any]], int]:
    """The widest layouts in the frontier's order, each at its widest stretch; how many exist."""
    widest: dict[str, Region] = {}
    totals: Counter[str] = Counter()
    for region in layout_regions(result):
        totals[region.name] += region.last - region.first + 1
        if region.name not in widest or region.width > widest[region.name].width:
            widest[region.name] = region
    ranked = sorted(widest.values(), key=lambda region: -region.width)[:_MOST_LAYOUTS]
    found = []
    for region in sorted(ranked, key=lambda region: region.first):
        fast, slow = result.points[region.first], result.points[region.last]
        batches = [
            f"{point.design['batch']:,}" for point in (fast, slow) if "batch" in point.design
        ]
        found.append(
            {
                "name": region.name or "not stated",
                "points": f"{totals[region.name]:,}",
                "speeds": _span(slow.objectives["speed"], fast.objectives["speed"]),
                "costs": _span(slow.objectives["cost"], fast.objectives["cost"]),
                "batches": " to ".join(dict.fromkeys(batches)),
            }
        )
    return found, len(widest)


def _span(low: float, high: float) -> str:
    """``1.5 to 3``, or one number where both read the same."""
    return " to ".join(dict.fromkeys((short(low), short(high))))


def pace_of(result: Result) -> list[dict[str, Any]]:
    return [
        {
            "title": share.binding.title,
            "meaning": share.binding.meaning,
            "colour": share.binding.colour,
            "points": f"{share.points:,}",
            "percent": percent(share.share),
            "width": f"{100 * share.share:.2f}",
            "speeds": _span(share.slowest, share.fastest),
        }
        for share in pace_shares(result.points)
    ]


def proofs_of(result: Result) -> list[dict[str, str]]:
    """How the points were closed: by what, by which engine, how many."""
    counts = Counter(
        (clean(p.proof.get("closed_by", "not stated")), clean(p.proof.get("engine", "not stated")))
        for p in result.points
    )
    return [
        {
            "closed_by": closed_by,
            "meaning": CLOSED_BY.get(closed_by, ""),
            "engine": engine,
            "points": f"{count:,}",
        }
        for (closed_by, engine), count in counts.most_common()
    ]
