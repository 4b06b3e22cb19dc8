"""The interactive chart's data: all points in compact columns, and the outline of the figure.

Nothing here imports plotly: the figure is plain JSON that plotly.js reads in the browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.report.choose import RECOMMENDATIONS, recommended
from solver.report.design import (
    BINDINGS,
    UNKNOWN_BINDING,
    binding_of,
    hbm_share,
    layout_name,
    precision_name,
)
from solver.report.findings import box_range
from solver.report.numbers import clean
from solver.result import Result

__all__ = ["chart_data", "chart_figure", "point_columns"]

_ALL_BINDINGS = (*BINDINGS.values(), UNKNOWN_BINDING)


def _rounded(value: Any) -> float | int | None:
    """``value`` to six significant digits: more cannot be seen, and would double the page."""
    if value is None:
        return None
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < 1e15 else float(f"{number:.6g}")


def _permille(value: Any) -> int | None:
    return None if value is None else round(1000 * float(value))


def point_columns(result: Result) -> dict[str, Any]:
    """All points as columns of equal length, from fastest to cheapest.

    ``layouts`` lists each distinct layout once (name, accelerator, precision, devices, US$/h of a
    replica), and ``layout`` holds indices into it; ``binding`` holds indices into ``bindings``;
    ``hbm`` and ``mfu`` are per mille. What a design does not state is ``None``. The throughput of a
    replica, in tok/s, is ``usd_per_hour * 1e6 / (3600 * cost)``.
    """
    layout_index: dict[tuple[Any, ...], int] = {}
    layouts: list[dict[str, Any]] = []
    columns: dict[str, list[Any]] = {
        key: [] for key in ("speed", "cost", "layout", "batch", "binding", "hbm", "mfu")
    }
    binding_index = {binding.key: index for index, binding in enumerate(_ALL_BINDINGS)}
    for point in result.points:
        design = point.design
        key = tuple(
            design.get(name)
            for name in (
                "accelerator",
                "devices",
                "tensor_parallel",
                "tensor_parallel_2d",
                "pipeline_parallel",
                "expert_parallel",
                "attention_data_parallel",
                "draft_tokens",
                "weight_format",
                "weight_bits",
                "kv_bits",
                "usd_per_hour",
            )
        )
        if key not in layout_index:
            layout_index[key] = len(layouts)
            layouts.append(
                {
                    "name": layout_name(design) if "tensor_parallel" in design else "",
                    "accelerator": clean(design.get("accelerator", "")),
                    "precision": precision_name(design),
                    "devices": _rounded(design.get("devices")),
                    "usd_per_hour": _rounded(design.get("usd_per_hour")),
                }
            )
        columns["speed"].append(_rounded(point.objectives["speed"]))
        columns["cost"].append(_rounded(point.objectives["cost"]))
        columns["layout"].append(layout_index[key])
        columns["batch"].append(_rounded(design.get("batch")))
        columns["binding"].append(binding_index[binding_of(point).key])
        columns["hbm"].append(_permille(hbm_share(design)))
        columns["mfu"].append(_permille(design.get("mfu")))
    return {
        "layouts": layouts,
        "bindings": [binding.title for binding in _ALL_BINDINGS],
        **columns,
    }


def _axis(title: str, **more: Any) -> dict[str, Any]:
    return {"title": {"text": title}, "automargin": True, "zeroline": False, **more}


def _box_shapes(result: Result) -> list[dict[str, Any]]:
    """Open boxes as shaded rectangles; a side without a bound runs to the edge of the chart.

    Shapes on a logarithmic axis take data values in plotly.js, unlike annotations.
    """
    shapes = []
    speeds = [point.objectives["speed"] for point in result.points]
    costs = [point.objectives["cost"] for point in result.points]
    for box in result.open_boxes:
        slow, fast, low, high = box_range(box)
        shapes.append(
            {
                "type": "rect",
                "layer": "below",
                "x0": slow or 0,
                "x1": fast or 1.1 * max(speeds, default=1.0),
                "y0": low or 0.5 * min(costs, default=1.0),
                "y1": high or 2.0 * max(costs, default=1.0),
                "line": {"width": 1, "dash": "dot", "color": "#888888"},
                "fillcolor": "rgba(136,136,136,0.22)",
                "label": {"text": "still open", "textposition": "middle center"},
            }
        )
    return shapes


def chart_figure(result: Result) -> dict[str, Any]:
    """The figure without its points: one trace for each limit that occurs, stars, axes, shading.

    Each trace of ``traces`` names its ``binding``, whose points the page puts in.
    """
    present = {binding_of(point).key for point in result.points}
    traces = [
        {
            "binding": index,
            "type": "scatter",
            "mode": "markers",
            "name": binding.title,
            "hoverinfo": "text",
            "marker": {"symbol": binding.symbol, "color": binding.colour, "size": 6},
        }
        for index, binding in enumerate(_ALL_BINDINGS)
        if binding.key in present
    ]
    index_of = {id(point): index for index, point in enumerate(result.points)}
    stars = [
        {"index": index_of[id(point)], "title": RECOMMENDATIONS[key].title}
        for key, point in recommended(result).items()
    ]
    layout = {
        "autosize": True,
        "hovermode": "closest",
        "dragmode": "zoom",
        "margin": {"l": 64, "r": 16, "t": 8, "b": 56},
        "legend": {
            "orientation": "h",
            "y": 1.02,
            "yanchor": "bottom",
            "x": 0,
            "title": {"text": "Pace set by "},
            "itemsizing": "constant",
        },
        "xaxis": _axis("speed, tok/s/user (faster →)", rangemode="tozero"),
        "yaxis": _axis(
            "cost, US$ per million output tokens (cheaper ↓)",
            type="log",
            dtick="D2",
            tickformat=",.6~g",
        ),
        "shapes": _box_shapes(result),
    }
    config = {
        "responsive": True,
        "displaylogo": False,
        "showTips": False,
        "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d"],
        "toImageButtonOptions": {"format": "png", "scale": 2, "filename": "frontier"},
    }
    return {"traces": traces, "stars": stars, "layout": layout, "config": config}


def chart_data(result: Result) -> Mapping[str, Any]:
    """All that the page's script needs: ``points`` and ``figure``."""
    return {"points": point_columns(result), "figure": chart_figure(result)}
