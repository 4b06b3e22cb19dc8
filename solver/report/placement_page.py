"""A placement result as one self-contained HTML page that loads nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import markupsafe

from solver.report.fleet_choose import recommended_of, representatives
from solver.report.fleet_facts import column_of, goals_of
from solver.report.model_error import error_details, error_sentence
from solver.report.numbers import aligned, clean
from solver.report.page_parts import svg_address, templates
from solver.report.placement_facts import (
    host_count,
    is_flow,
    latency_ms,
    setting_text,
    told_values,
)
from solver.report.placement_findings import (
    bracket_lines,
    circumstances_of,
    conflict_heading,
    conflict_lines,
    flow_lines,
    open_regions,
    placement_marks,
    placement_notes,
    placement_status,
    placement_title,
    short_placement_status,
    what_to_do,
)
from solver.report.placement_graph import render_placement_graph
from solver.report.placement_plot import placement_frontier_html
from solver.report.placement_question import facts_of, host_rows, placement_assumptions
from solver.report.placement_short import design_in_short
from solver.report.placement_stages import NUMBERS, link_table, stage_tables
from solver.report.question import leaves, value_text

__all__ = ["render_placement_page"]

_MOST_LINES = 2500
"""Rows of all points together: more would make a page of megabytes."""
_MOST_LINKS = 40
_MOST_BOXES = 40
_ROWS = 40
_NUMERIC = NUMBERS | {"devices", "hosts", "HBM each", "token, ms", "US$/h"}


def render_placement_page(
    document: Mapping[str, Any], where_all: str = "", digest: str | None = None
) -> str:
    """The whole report as one HTML text (UTF-8).

    Parameters
    ----------
    where_all
        Where all points with their exact values are.
    digest
        Of the result; what the document says of itself if left out.
    """
    headers, rows, numeric = _frontier(document)
    reason, boxes = open_regions(document)
    points, left = _points(document)
    host_headers, hosts = host_rows(document)
    total = len(document["points"])
    context = {
        "title": placement_title(document),
        "name": clean(document["instance"]["name"]),
        "circumstances": circumstances_of(document),
        "status": document["status"],
        "status_sentence": placement_status(document),
        "model_error": error_sentence(document.get("model_error")),
        "error_details": error_details(document.get("model_error")),
        "notes": placement_notes(document),
        "drawings": _drawings(document),
        "flow": flow_lines(document) if total else [],
        "bracket": bracket_lines(document),
        "conflict_heading": conflict_heading(document),
        "conflict": conflict_lines(document),
        "boxes": boxes[:_MOST_BOXES],
        "boxes_reason": reason,
        "boxes_left": max(0, len(boxes) - _MOST_BOXES),
        "advice": what_to_do(document),
        "total": total,
        # Made by this program from escaped text, so not escaped again.
        "chart": markupsafe.Markup(placement_frontier_html(document)) if total > 1 else "",
        "headers": headers,
        "rows": rows,
        "numeric": numeric,
        "where_all": clean(where_all),
        "points": points,
        "points_left": left,
        "host_headers": host_headers,
        "hosts": hosts,
        "assumptions": placement_assumptions(document),
        "facts": facts_of(document),
        "sha256": clean(document["instance"].get("sha256", "")),
        "digest": clean(digest if digest is not None else document.get("digest", "")),
        "provenance": _provenance(document),
    }
    return templates().get_template("placement.html.j2").render(context)


def _drawings(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """The network with the chosen hosts: of the point to read first, and of both ends."""
    found = recommended_of(document)
    if found is None:
        return []
    last = len(document["points"]) - 1
    marks = placement_marks(document)
    drawings = []
    for index in dict.fromkeys((found[0], 0, last)):
        point = document["points"][index]
        values = told_values(point, goals_of(document))
        short = design_in_short(point["design"])
        name = ", ".join(marks.get(index, ())).capitalize()
        drawings.append(
            {
                "svg": svg_address(render_placement_graph(document, index, "svg")),
                "alt": f"{placement_title(document)}, {short_placement_status(document)}: "
                f"{values}; {short}",
                "caption": f"{f'{name}: ' if name else ''}{values}; {short}",
            }
        )
    return drawings


def _frontier(
    document: Mapping[str, Any],
) -> tuple[list[str], list[list[str]], frozenset[str]]:
    """Headers, rows and which headers are of numbers, of at most ``_ROWS`` points."""
    chosen = representatives(document, most=_ROWS)
    points = [document["points"][index] for index in chosen]
    goals, marks = goals_of(document), placement_marks(document)
    headers = [f"{clean(goal.name, limit=30)}, {goal.unit}" for goal in goals]
    numeric = frozenset({*headers, *_NUMERIC})
    headers += ["token, ms", "hosts", "microbatch × in flight", "design", "worth a look"]
    columns = [column_of(points, goal) for goal in goals]
    columns += [
        aligned([latency_ms(point) for point in points]),
        [f"{host_count(point['design']):,}" for point in points],
        [setting_text(point["design"]) for point in points],
        [design_in_short(point["design"]) for point in points],
        ["★ " + ", ".join(marks[index]) if index in marks else "" for index in chosen],
    ]
    kept = [k for k, column in enumerate(columns) if any(column)]
    rows = zip(*(columns[k] for k in kept), strict=True)
    return [headers[k] for k in kept], [list(row) for row in rows], numeric


def _points(document: Mapping[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """Stages and links of points, in their order, and how many were left out for lack of room.

    Those worth a name come first when there is no room for all.
    """
    marks, total = placement_marks(document), len(document["points"])
    found = recommended_of(document)
    first = [] if found is None else [found[0]]
    order = dict.fromkeys((*first, *marks, *representatives(document), *range(total)))
    told: dict[int, dict[str, Any]] = {}
    room = _MOST_LINES
    for index in order:
        point = document["points"][index]
        tables = stage_tables(point["design"])
        link_headers, links = link_table(point["design"])
        lines = sum(len(table.rows) + 3 for table in tables) + min(len(links), _MOST_LINKS)
        if told and lines > room:
            break
        room -= lines
        told[index] = {
            "told": told_values(point, goals_of(document)),
            "marks": ", ".join(marks.get(index, ())),
            "tables": tables,
            "link_headers": link_headers,
            "links": links[:_MOST_LINKS],
            "links_left": max(0, len(links) - _MOST_LINKS),
            "proof": _proof(point),
            "open": index in first,
        }
    return [told[index] for index in sorted(told)], len(order) - len(told)


def _proof(point: Mapping[str, Any]) -> str:
    proof = point.get("proof", {})
    engine, how = (clean(proof.get(key) or "", limit=60) for key in ("engine", "closed_by"))
    if proof.get("nondominated", "proved") != "proved" or not how or how == "open":
        return "It is not proved that nothing is better."
    what = "more can flow" if is_flow(point["design"]) else "nothing is better"
    told = f"Proved that {'no ' if is_flow(point['design']) else ''}{what}"
    return f"{told}{f', by {engine}' if engine else ''} ({how})."


def _provenance(document: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    tree = {
        key: value
        for key, value in document.get("provenance", {}).items()
        if key not in ("warnings", "notes")
    }
    return [
        (clean(path.replace("_", " ").replace(".", ": ")), clean(value_text(value), limit=400))
        for path, value in leaves(tree).items()
    ]
