"""The interactive chart of a page: points in compact columns, and the piece of HTML that draws it.

The script is a short one of this program, drawn as SVG by the browser; where scripts are off, and
on paper, a drawing by matplotlib stands in its place. Nothing here knows a kind of question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from solver.report.page_parts import script_json, templates

__all__ = ["MOST_POINTS", "axis_of", "chart_piece", "facts_column", "rounded", "thinned"]

MOST_POINTS = 10_000
"""A page embeds no more points: they would take it past 2 MB, and no screen has room for them."""

_AIR = 0.06
_HUDDLED = 0.6
_DIGITS = 6


def rounded(value: float) -> float | int:
    """``value`` to six significant digits: more cannot be seen, and would double the page."""
    number = float(value)
    if number.is_integer() and abs(number) < 1e15:
        return int(number)
    return float(f"{number:.{_DIGITS}g}")


def thinned(
    positions: Sequence[float], always: Sequence[int], most: int = MOST_POINTS
) -> list[int]:
    """Indices of at most about ``most`` points, in order: one for each equal stretch of the curve.

    Parameters
    ----------
    positions
        How far along the curve each point lies, 0 to 1, never going back.
    always
        Indices that stay whatever happens, such as the recommended ones.
    """
    if len(positions) <= most:
        return list(range(len(positions)))
    kept = {*always, 0, len(positions) - 1}
    last = -1
    for index, position in enumerate(positions):
        cell = int(position * (most - 1))
        if cell > last:
            kept.add(index)
            last = cell
    return sorted(kept)


def facts_column(name: str, texts: Sequence[str]) -> dict[str, Any]:
    """What is told of every point under ``name``: distinct texts, and an index for each point.

    ``of`` is ``None`` where every point has a text of its own.
    """
    place = {text: k for k, text in enumerate(dict.fromkeys(texts))}
    alike = len(place) < len(texts)
    return {
        "name": name,
        "texts": list(place),
        "of": [place[text] for text in texts] if alike else None,
    }


def axis_of(
    values: Sequence[float], *, name: str, unit: str, title: str, short: str, log: bool
) -> dict[str, Any]:
    """An axis that shows ``values`` with air around them.

    Parameters
    ----------
    title, short
        The full title, and one for a narrow screen.
    log
        Whether the axis is logarithmic; all values must then be positive.
    """
    low, high = min(values), max(values)
    if log:
        air = max(high / low, 1.5) ** _AIR
        span = (low / air, high * air)
    else:
        air = _AIR * (high - low) or 0.1 * abs(high) or 1.0
        # An axis starts at zero unless the points would then huddle at its end.
        span = (0.0 if 0 <= low < _HUDDLED * high else low - air, high + air)
    return {
        "name": name, "unit": unit, "title": title, "short": short, "log": log,
        "range": [rounded(end) for end in span],
    }  # fmt: skip


def chart_piece(
    data: Mapping[str, Any], *, drawing: str, alternative: str, caption: str, walk: str
) -> Markup:
    """The chart, the slider that walks along it and the drawing, as one piece of HTML.

    A page may hold it once: its elements have fixed ids.

    Parameters
    ----------
    data
        ``axes`` (x and y of ``axis_of``), ``x`` and ``y`` of every point from one end of the curve
        to the other, ``groups`` (name, colour, symbol), ``group`` of every point, ``facts`` of
        ``facts_column``, ``stars`` (index, title), ``lines`` (name, x, y, colour, dash), ``boxes``
        (x0, x1, y0, y1; ``None`` is the edge), ``lead`` before the legend. Empty: no chart, the
        drawing alone.
    drawing
        The same curve as an image address.
    alternative
        What it shows, in words.
    walk
        Label of the slider.
    """
    text = templates().get_template("frontier_chart.html.j2").render(
        data=script_json(data) if data else "", drawing=drawing, alternative=alternative,
        caption=caption, walk=walk,
    )  # fmt: skip
    # The template escapes what it is given.
    return Markup(text)
