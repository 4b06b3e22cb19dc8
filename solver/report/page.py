"""One self-contained HTML page: question, answer, chart, proof. It loads nothing from anywhere.

The chart is drawn by a short script of this program from the points embedded in the page; where
scripts are off, and on paper, a drawing by matplotlib stands in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from solver.report.assumptions import EXACTNESS, assumptions_of
from solver.report.chart import chart_data
from solver.report.findings import (
    box_sentence,
    conflict_heading,
    limit_needs,
    limit_value,
    nearest_lines,
    short_status,
    status_sentence,
    warnings_of,
)
from solver.report.frontier_chart import chart_piece
from solver.report.model_error import error_details, error_sentence
from solver.report.near import near_view
from solver.report.numbers import clean, percent, short
from solver.report.page_parts import svg_address, templates
from solver.report.plots import render_plot
from solver.report.question import leaves, question_of, value_text
from solver.report.regions import pace_shares
from solver.report.sections import cards_of, layouts_of, pace_of, proofs_of, rows_of
from solver.result import Result, result_to_dict

__all__ = ["notebook_html", "render_page"]


def _alternative_text(result: Result) -> str:
    """What the drawing shows, for those who do not see it."""
    question = question_of(result)
    if not result.points:
        return f"{question.subject}: {short_status(result)}."
    fast, cheap = result.points[0].objectives, result.points[-1].objectives
    text = (
        f"Frontier of {question.subject}, {short_status(result)}: from "
        f"{short(cheap['speed'])} tokens per second and user at US${short(cheap['cost'])} per "
        f"million tokens to {short(fast['speed'])} at US${short(fast['cost'])}."
    )
    paces = [
        f"{share.binding.title} sets the pace of {percent(share.share)} of the points"
        for share in pace_shares(result.points)
    ]
    return f"{text} {'; '.join(paces)}."


def _pairs(tree: Mapping[str, Any], skip: Sequence[str] = ()) -> list[tuple[str, str]]:
    return [
        (clean(path), clean(value_text(value), limit=400))
        for path, value in leaves({k: v for k, v in tree.items() if k not in skip}).items()
    ]


def render_page(result: Result, *, where_all: str = "", digest: str | None = None) -> str:
    """The whole report as one HTML text (UTF-8), under 2 MB however long the frontier is.

    Parameters
    ----------
    where_all
        Where all points with their exact values are: ``"all 4643 points: r.json"``.
    digest
        Digest of the result document; computed from ``result`` if left out.
    """
    question = question_of(result)
    resolved = result.instance.get("resolved")
    conflict = result.conflict
    data = chart_data(result) if len(result.points) > 1 else {}
    layouts, layout_count = layouts_of(result)
    context = {
        "question": question,
        "title": question.subject,
        "status": result.status,
        "status_sentence": status_sentence(result),
        "warnings": warnings_of(result),
        "model_error": error_sentence(result.model_error),
        "error_details": error_details(result.model_error),
        "near": near_view(result),
        "cards": cards_of(result),
        "rows": rows_of(result),
        "total": len(result.points),
        "where_all": clean(where_all),
        "layouts": layouts,
        "layout_count": layout_count,
        "pace": pace_of(result),
        "boxes": [box_sentence(box) for box in result.open_boxes],
        "conflict_heading": conflict_heading(result),
        "conflict": [
            {
                "limit": clean(limit.limit),
                "value": limit_value(limit),
                "needs": limit_needs(limit),
                "explanation": clean(limit.explanation, limit=400),
            }
            for limit in (conflict.limits if conflict else ())
        ],
        "nearest": nearest_lines(conflict.nearest) if conflict else [],
        "assumptions": assumptions_of(question.performance_model),
        "exactness": EXACTNESS,
        "proofs": proofs_of(result),
        "provenance": _pairs(result.provenance, skip=("warnings",)),
        "whole_question": _pairs(resolved) if isinstance(resolved, Mapping) else [],
        "sha256": clean(result.instance.get("sha256", "")),
        "digest": digest if digest is not None else result_to_dict(result)["digest"],
        "chart": _chart(result, data) if result.points else "",
        "embedded": len(data.get("x", ())),
    }
    return templates().get_template("page.html.j2").render(context)


def _chart(result: Result, data: Mapping[str, Any]) -> Markup:
    """The frontier: interactive where there are several points, as a drawing for one."""
    told = (
        "Every design that no other beats."
        if result.status == "complete"
        else "The designs found; shaded regions are still open."
    )
    return chart_piece(
        data,
        drawing=svg_address(render_plot(result, "svg")),
        alternative=_alternative_text(result),
        caption=f"{told} Colour and shape tell the limit that sets the pace; stars are the "
        "recommended points; Mtok is a million output tokens.",
        walk="Walk along the frontier, from the cheapest design to the fastest",
    )


def notebook_html(result: Result) -> str:
    """A short piece of HTML for a notebook cell: status, drawing and representative rows."""
    context = {
        "title": question_of(result).subject,
        "status_sentence": status_sentence(result),
        "rows": rows_of(result),
        "total": len(result.points),
        "svg": svg_address(render_plot(result, "svg")),
        "alt": _alternative_text(result),
    }
    return templates().get_template("notebook.html.j2").render(context)
