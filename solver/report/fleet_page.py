"""A fleet result as one self-contained HTML page, without scripts; it loads nothing and prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from solver.report.fleet_bill import Bill, bill_of
from solver.report.fleet_choose import marks_of, recommended_of, representatives
from solver.report.fleet_facts import (
    column_of,
    goals_of,
    limits_of,
    machines_in_short,
    tightest,
)
from solver.report.fleet_findings import (
    answer_groups,
    conflict_heading,
    conflict_lines,
    fleet_status,
    fleet_title,
    neighbours,
    notes_of,
    open_lines,
    short_fleet_status,
)
from solver.report.fleet_plot import render_fleet_plot
from solver.report.fleet_question import (
    circumstances_of,
    facts_of,
    fleet_assumptions,
    question_tables,
)
from solver.report.model_error import error_details, error_sentence
from solver.report.numbers import aligned, clean, percent, short
from solver.report.page_parts import svg_address, templates
from solver.report.question import leaves, value_text

__all__ = ["render_fleet_page"]

_MOST_LINES = 2500
"""Lines of all bills together: more would make a page of megabytes."""
_MOST_BOXES = 40
_ROWS = 40
_NUMBERS = frozenset({"replicas", "devices", "share", "load", "nodes", "US$/h", "least", "most"})


def render_fleet_page(
    document: Mapping[str, Any], where_all: str = "", digest: str | None = None
) -> str:
    """The whole report as one HTML text (UTF-8), under a megabyte.

    Parameters
    ----------
    where_all
        Where all points with their exact values are.
    digest
        Of the result; what the document says of itself if left out.
    """
    headers, rows, numeric = _frontier(document)
    lines = open_lines(document)
    bills, left = _bills(document)
    context = {
        "title": fleet_title(document),
        "name": clean(document["instance"]["name"]),
        "circumstances": circumstances_of(document),
        "status": document["status"],
        "status_sentence": fleet_status(document),
        "model_error": error_sentence(document.get("model_error")),
        "error_details": error_details(document.get("model_error")),
        "notes": notes_of(document),
        "recommended": _recommended(document),
        "neighbours": _neighbours(document),
        "conflict_heading": conflict_heading(document),
        "conflict": conflict_lines(document),
        "boxes": lines[:_MOST_BOXES],
        "boxes_left": max(0, len(lines) - _MOST_BOXES),
        "total": len(document["points"]),
        "svg": svg_address(render_fleet_plot(document, "svg")) if document["points"] else "",
        "alt": _alternative_text(document),
        "headers": headers,
        "rows": rows,
        "numeric": numeric,
        "where_all": clean(where_all),
        "bills": bills,
        "bills_left": left,
        "limits": _limit_ranges(document),
        "answers": answer_groups(document),
        "question": question_tables(document),
        "assumptions": fleet_assumptions(document),
        "facts": facts_of(document),
        "sha256": clean(document["instance"].get("sha256", "")),
        "digest": clean(digest if digest is not None else document.get("digest", "")),
        "provenance": _provenance(document),
    }
    return templates().get_template("fleet.html.j2").render(context)


def _values(document: Mapping[str, Any], index: int) -> str:
    values = document["points"][index]["objectives"]
    return ", ".join(goal.told(float(values[goal.name])) for goal in goals_of(document))


def _alternative_text(document: Mapping[str, Any]) -> str:
    """What the drawing shows, for those who do not see it."""
    text = f"{fleet_title(document)}, {short_fleet_status(document)}"
    count = len(document["points"])
    if not count:
        return text
    if count == 1:
        return f"{text}: {_values(document, 0)}, on {_machines(document, 0)}."
    return f"{text}: from {_values(document, 0)} to {_values(document, count - 1)}."


def _machines(document: Mapping[str, Any], index: int) -> str:
    return machines_in_short(document, document["points"][index]["design"], most=8)


def _recommended(document: Mapping[str, Any]) -> dict[str, Any] | None:
    found = recommended_of(document)
    if found is None:
        return None
    index, why = found
    return {"why": why, "told": _values(document, index), "bill": bill_of(document, index)}


def _neighbours(document: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    found = recommended_of(document)
    return [] if found is None else neighbours(document, found[0])


def _frontier(
    document: Mapping[str, Any],
) -> tuple[list[str], list[list[str]], frozenset[str]]:
    """Headers, rows and which headers are of numbers, of at most ``_ROWS`` points."""
    chosen = representatives(document, most=_ROWS)
    points = [document["points"][index] for index in chosen]
    goals, marks = goals_of(document), marks_of(document)
    headers = [f"{clean(goal.name, limit=30)}, {goal.unit}" for goal in goals]
    columns = [column_of(points, goal) for goal in goals]
    limits = [tightest(point["design"]) for point in points]
    columns += [
        [short(point["design"]["devices"]) for point in points],
        [_machines(document, index) for index in chosen],
        ["" if limit is None else f"{limit.title} {limit.percent}" for limit in limits],
        aligned([point["design"].get("tok_per_s_per_gpu") for point in points]),
        ["★ " + ", ".join(marks[index]) if index in marks else "" for index in chosen],
    ]
    numeric = frozenset({*headers, "devices", "tok/s per GPU"}) | _NUMBERS
    headers += ["devices", "machines", "tightest limit", "tok/s per GPU", "worth a look"]
    return headers, [list(row) for row in zip(*columns, strict=True)], numeric


def _bills(document: Mapping[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """Bills in the order of the points, and how many were left out to keep the page small.

    Those worth a name come first when there is no room for all.
    """
    marks = marks_of(document)
    found = recommended_of(document)
    first = [] if found is None else [found[0]]
    order = dict.fromkeys(
        (*first, *marks, *representatives(document), *range(len(document["points"])))
    )
    told: dict[int, dict[str, Any]] = {}
    room = _MOST_LINES
    for index in order:
        bill, limits = bill_of(document, index), _bars(document["points"][index]["design"])
        lines = _lines(bill) + len(limits)
        if told and lines > room:
            break
        room -= lines
        proof = document["points"][index]["proof"]
        told[index] = {
            "told": _values(document, index),
            "marks": ", ".join(marks.get(index, ())),
            "bill": bill,
            "limits": limits,
            "proof": _proof(proof),
            "open": index in first,
        }
    return [told[index] for index in sorted(told)], len(order) - len(told)


def _lines(bill: Bill) -> int:
    return len(bill.replicas) + len(bill.nodes) + 8


def _proof(proof: Mapping[str, Any]) -> str:
    if proof.get("nondominated") != "proved":
        return "It is not proved that nothing is better."
    engine = clean(proof.get("engine", ""), limit=40)
    by = f", by {engine} ({clean(proof.get('closed_by', ''), limit=40)})" if engine else ""
    return f"Proved that nothing is better{by}."


def _bars(design: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "title": limit.title,
            "percent": limit.percent,
            "told": limit.told,
            "width": f"{100 * min(limit.share or 0.0, 1.0):.1f}",
        }
        for limit in limits_of(design)
    ]


def _limit_ranges(document: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Each limit with its least and greatest share over the frontier, and where it is full."""
    points: Sequence[Mapping[str, Any]] = document["points"]
    shares: dict[str, list[float]] = {}
    for point in points:
        for limit in limits_of(point["design"]):
            if not limit.supply and limit.share is not None:
                shares.setdefault(limit.title, []).append(limit.share)
    return [
        (
            name,
            percent(min(found)),
            percent(max(found)),
            f"{sum(share == 1.0 for share in found):,} of {len(points):,} points",
        )
        for name, found in shares.items()
    ]


def _provenance(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    tree = {
        key: value
        for key, value in document.get("provenance", {}).items()
        if key not in ("warnings", "notes")
    }
    return [
        (clean(path.replace("_", " ").replace(".", ": ")), clean(value_text(value), limit=400))
        for path, value in leaves(tree).items()
    ]
