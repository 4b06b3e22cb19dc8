"""An economic frontier as one self-contained HTML page: it loads nothing from anywhere.

The chart and the slice chooser are a short script of this program that reads the points embedded
in the page; where scripts are off, the drawing and the tables stand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from solver.report.assumptions import CLOSED_BY, assumptions_of
from solver.report.economy import economy_columns, slices_of
from solver.report.economy_chart import economy_chart
from solver.report.economy_choose import marks_of, representatives
from solver.report.economy_colours import OUTLINES, painted
from solver.report.economy_facts import (
    axes_of,
    economy_title,
    energy_phrases,
    headlines,
    plain,
    question_in,
    served_models,
    told_value,
)
from solver.report.economy_findings import (
    conflict_heading,
    conflict_lines,
    design_in_short,
    economy_status,
    energy_line,
    nearest_of,
    notes_of,
    open_lines,
    short_economy_status,
)
from solver.report.economy_plot import render_economy_plot
from solver.report.fleet_facts import goals_of
from solver.report.model_error import error_details, error_sentence
from solver.report.numbers import clean, short
from solver.report.page_parts import script_json, svg_address, templates
from solver.report.question import leaves, value_text

__all__ = ["economy_assumptions", "render_economy_page"]

Document = Mapping[str, Any]

_MOST_BOXES = 40
_ENERGY = (
    "Power is that of boards and their share of the host. A board draws idle power, and what "
    "arithmetic and HBM draw besides, each for its share of a step; energy of an output token is "
    "the power of the replica times the step, over the batch. Electricity and CO2 include the site "
    "(PUE).",
    "At a lower clock arithmetic slows in proportion, HBM does not; the cores draw in proportion "
    "to clock times voltage squared, and the voltage stops falling at a floor.",
)
_QUALITY = (
    "A score is that of the model less stated penalties of its precisions; scores and penalties "
    "are inputs with a source, and scores of different tests are not comparable.",
)


def render_economy_page(document: Document, where_all: str = "", digest: str | None = None) -> str:
    """The whole report as one HTML text (UTF-8).

    Parameters
    ----------
    where_all
        Where all points with their exact values are.
    digest
        Of the result; what the document says of itself if left out.
    """
    points, goals = document["points"], goals_of(document)
    question = question_in(document)
    boxes = open_lines(document)
    columns, rows = _rows(document) if points else ([], [])
    context = {
        "title": economy_title(document),
        "name": clean(document["instance"]["name"]),
        "goals": [clean(goal.name, limit=30) for goal in goals],
        "headlines": headlines(document),
        "status": document["status"],
        "status_sentence": economy_status(document),
        "model_error": error_sentence(document.get("model_error")),
        "error_details": error_details(document.get("model_error")),
        "notes": notes_of(document),
        "cards": _cards(document),
        "energy": energy_line(document),
        "conflict_heading": conflict_heading(document),
        "conflict": conflict_lines(document),
        "nearest": nearest_of(document),
        "boxes": boxes[:_MOST_BOXES],
        "boxes_left": max(0, len(boxes) - _MOST_BOXES),
        "total": len(points),
        "svg": svg_address(render_economy_plot(document, "svg")) if points else "",
        "alt": _alternative_text(document),
        "chart": script_json(economy_chart(document)) if len(points) > 1 else "",
        "paint": painted(document),
        "outlines": OUTLINES,
        "x_name": axes_of(goals).x.name,
        "slices": _slices(document),
        "columns": columns,
        "rows": rows,
        "where_all": clean(where_all),
        "models": _scores(document),
        "powers": _powers(document),
        "energy_terms": _energy_terms(document),
        "question": question,
        "exactness": _exactness(document),
        "assumptions": economy_assumptions(document),
        "proofs": _proofs(document),
        "sha256": clean(document["instance"].get("sha256", "")),
        "digest": clean(digest if digest is not None else document.get("digest", "")),
        "provenance": _provenance(document),
    }
    return templates().get_template("economy.html.j2").render(context)


def _alternative_text(document: Document) -> str:
    """What the drawing shows, for those who do not see it."""
    text = f"{economy_title(document)}, {short_economy_status(document)}"
    ends = [
        f"{', '.join(names)}: "
        + ", ".join(
            told_value(goal, float(document["points"][index]["objectives"][goal.name]))
            for goal in goals_of(document)
        )
        for index, names in marks_of(document).items()
    ]
    return f"{text}. {'; '.join(ends)}." if ends else f"{text}."


def _cards(document: Document) -> list[dict[str, Any]]:
    """The points worth a name: their goals, and what the design is."""
    cards = []
    for index, names in marks_of(document).items():
        point = document["points"][index]
        design = point["design"]
        figures = [
            (short(float(point["objectives"][goal.name])), _what(goal.name, goal.unit))
            for goal in goals_of(document)
        ]
        facts = [
            ("Model", clean(design.get("model") or "")),
            ("Design", design_in_short(design, model=False)),
        ]
        for name, key, unit in (
            ("Energy", "j_per_token", "J/token"),
            ("Power", "watts", "W"),
            ("Quality", "quality", ""),
            ("CO2", "g_co2_per_mtok", "g/Mtok"),
        ):
            if design.get(key) is not None:
                facts.append((name, f"{short(float(design[key]))} {unit}".strip()))
        title = ", ".join(names)
        cards.append(
            {
                "title": title[0].upper() + title[1:],
                "figures": figures,
                "facts": [(name, value) for name, value in facts if value],
            }
        )
    return cards


def _what(name: str, unit: str) -> str:
    return name if unit == "score" else unit


def _rows(document: Document) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    chosen, marks = representatives(document), marks_of(document)
    told = economy_columns(document, chosen)
    columns = [{"name": "worth a look", "unit": "", "numeric": False}]
    for header, _, _, numeric in told:
        name, _, unit = header.partition("\n")
        columns.append({"name": name, "unit": unit, "numeric": numeric})
    stars = ["★ " + ", ".join(marks[index]) if index in marks else "" for index in chosen]
    cells = zip(stars, *(column for _, column, *_ in told), strict=True)
    return columns, [{"cells": row, "marked": bool(row[0])} for row in cells]


def _slices(document: Document) -> dict[str, Any] | None:
    found = slices_of(document)
    if found is None:
        return None
    title, floors, rows = found
    columns = [{"name": "floor", "unit": "", "numeric": False}]
    columns += [{"name": floor, "unit": "", "numeric": True} for floor in floors]
    return {
        "title": title,
        "columns": columns,
        "rows": [{"cells": row, "marked": False} for row in rows],
    }


def _resolved(document: Document) -> Mapping[str, Any]:
    resolved = document["instance"].get("resolved")
    return resolved if isinstance(resolved, Mapping) else {}


def _scores(document: Document) -> list[tuple[str, str, str]]:
    """Scores of models and penalties of precisions, each with its source."""
    rows = [
        (name, "not stated" if score is None else plain(score), source)
        for name, score, source in served_models(document)
    ]
    for entry in _resolved(document).get("penalties") or ():
        told = [
            f"{what} {clean(entry[key], limit=40)}"
            for key, what in (
                ("weight_bits", "weight bits"),
                ("weight_format", "weights"),
                ("kv_bits", "KV bits"),
                ("model", "of"),
            )
            if entry.get(key) is not None
        ]
        points = plain(float(Fraction(str(entry["points"]))))
        rows.append((", ".join(told), f"−{points}", clean(entry.get("source", ""), limit=400)))
    return rows


def _powers(document: Document) -> list[dict[str, str]]:
    """Power by phase of every machine that the question knows it of."""
    found: dict[str, dict[str, str]] = {}
    for machine in _resolved(document).get("machines") or ():
        accelerator = machine.get("accelerator")
        power = accelerator.get("power") if isinstance(accelerator, Mapping) else None
        if not isinstance(power, Mapping):
            continue
        clocks = power.get("clocks")
        sources = (power.get(key) for key in ("source", "as_of", "note"))
        found[accelerator["name"]] = {
            "machine": clean(accelerator["name"]),
            "idle": plain(float(power["idle_w"])),
            "decode": plain(float(power["decode_w"])),
            "prefill": plain(float(power["prefill_w"])),
            "clocks": f"{clocks['lowest_mhz']:,} to {clocks['highest_mhz']:,} MHz"
            if isinstance(clocks, Mapping)
            else "not set",
            "source": "; ".join(clean(text, limit=600) for text in sources if text),
        }
    return list(found.values())


def _energy_terms(document: Document) -> list[str]:
    terms = _resolved(document).get("energy")
    source = clean(terms.get("source", ""), limit=400) if isinstance(terms, Mapping) else ""
    return [*energy_phrases(document), *([f"source: {source}"] if source else [])]


def _exactness(document: Document) -> tuple[str, ...]:
    names = [clean(goal.name, limit=30) for goal in goals_of(document)]
    return (
        "The space of designs is finite and written in the question. The frontier is every "
        "nondominated design of that space under the performance and power models: no design in "
        f"it is better in one of {', '.join(names)} without being worse in another.",
        "What was compared are whole picoseconds and milliwatts (rounded up) and exact fractions "
        "of dollars, joules and points, never rounded decimals; the decimals shown here are for "
        "reading.",
        "Nothing more is claimed about the world than these models claim.",
    )


def economy_assumptions(document: Document) -> tuple[str, ...]:
    """What a reader must know before believing a number, a sentence or two each."""
    designs = [point["design"] for point in document["points"]]
    told = assumptions_of(question_in(document).performance_model)
    if any(design.get("watts") is not None for design in designs):
        told += _ENERGY
    if any(design.get("quality") is not None for design in designs):
        told += _QUALITY
    return told


def _proofs(document: Document) -> list[dict[str, str]]:
    counts = Counter(
        (
            clean(point["proof"].get("closed_by", "not stated")),
            clean(point["proof"].get("engine", "not stated")),
        )
        for point in document["points"]
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


def _provenance(document: Document) -> list[tuple[str, str]]:
    tree = {
        key: value
        for key, value in document.get("provenance", {}).items()
        if key not in ("warnings", "notes")
    }
    return [
        (clean(path.replace("_", " ").replace(".", ": ")), clean(value_text(value), limit=400))
        for path, value in leaves(tree).items()
    ]
