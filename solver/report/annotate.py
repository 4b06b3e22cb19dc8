"""Names beside the curve: recommended points below and right of it, layouts above and left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from solver.report.choose import RECOMMENDATIONS, marks, path_positions
from solver.report.findings import box_range
from solver.report.labels import Box, Placement, Request, place_labels
from solver.report.numbers import clean, short
from solver.report.question import question_of
from solver.report.regions import Region, layout_regions, region_name
from solver.result import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

__all__ = ["annotate", "widest_regions"]

_MOST_REGIONS = 9
_LEAST_WIDTH = 0.015
_BELOW_RIGHT = (-45.0, -20.0, -70.0, 0.0, -90.0, 20.0, -110.0)
_ABOVE_LEFT = (135.0, 160.0, 110.0, 90.0, 180.0, 70.0)
_ANYWHERE = (45.0, 90.0, 135.0, 180.0, 0.0, -90.0, -45.0, -135.0)


def widest_regions(result: Result) -> list[Region]:
    """The stretches worth naming: of each layout its widest run, and of those the widest few."""
    best: dict[str, Region] = {}
    for region in layout_regions(result):
        if region.name and (region.name not in best or region.width > best[region.name].width):
            best[region.name] = region
    ranked = sorted(best.values(), key=lambda region: -region.width)
    # Where there is only one layout its name belongs there however short the frontier is.
    chosen = [r for r in ranked if r.width >= _LEAST_WIDTH] or ranked[:1]
    return chosen[:_MOST_REGIONS]


def _mark_title(keys: tuple[str, ...]) -> str:
    if len(keys) == len(RECOMMENDATIONS):
        return "fastest, cheapest, knee, best speed⁴/price"
    return ", ".join(RECOMMENDATIONS[key].mark for key in keys)


def _draw(axes: Axes, text: Text, anchor: tuple[float, float], placed: Placement) -> None:
    """Move ``text`` to its place and lead to it from the point that it names (pixels)."""
    back = axes.transData.inverted()
    text.set_position(tuple(back.transform((placed.box[0], placed.box[1]))))
    if placed.box[2] < anchor[0]:
        # Lines of a label on the left end where the leader meets them.
        text.set_multialignment("right")
    start, end = back.transform([anchor, placed.handle])
    axes.plot(
        [start[0], end[0]], [start[1], end[1]], color="#8a8a8a", linewidth=0.8, zorder=3.5,
        scalex=False, scaley=False,
    )  # fmt: skip


def annotate(figure: Figure, axes: Axes, result: Result) -> None:
    """Name recommended points, open boxes and the widest layouts, none covering another."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    points = result.points
    data = np.array([(p.objectives["speed"], p.objectives["cost"]) for p in points])
    pixels = np.asarray(axes.transData.transform(data), dtype=np.float64)
    requests: list[Request] = []
    texts: list[Text] = []
    starred = marks(result)
    question = question_of(result)

    def ask(
        content: str, anchor: tuple[float, float], directions: tuple[float, ...],
        *, colour: str, required: bool, centred: bool = False,
    ) -> None:  # fmt: skip
        text = axes.text(
            float(data[0, 0]), float(data[0, 1]), content, fontsize=9, color=colour,
            linespacing=1.25, zorder=7, ha="left", va="bottom",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 2.0} if centred else None,
        )  # fmt: skip
        extent = text.get_window_extent(renderer)
        texts.append(text)
        size = (extent.width, extent.height)
        requests.append(Request(anchor, size, directions, required, centred))

    for index, keys in starred.items():
        speed, cost = data[index]
        axes.plot(
            [speed], [cost], marker="*", markersize=15, color="#F0C419", markeredgecolor="#222222",
            markeredgewidth=1.0, linestyle="none", zorder=6, clip_on=False,
        )  # fmt: skip
        design = points[index].design
        layout = region_name(
            points[index],
            accelerator=question.accelerator_varies,
            precision=question.precision_varies,
        )
        detail = ", ".join(
            part
            for part in (layout, f"batch {design['batch']:,}" if "batch" in design else "")
            if part
        )
        content = f"{_mark_title(keys)}\n{short(speed)} tok/s · US${short(cost, 3)}"
        ask(
            f"{content}\n{clean(detail)}" if detail else content,
            (float(pixels[index, 0]), float(pixels[index, 1])),
            (*_BELOW_RIGHT, *_ANYWHERE),
            colour="#111111", required=True,
        )  # fmt: skip
    for box in result.open_boxes[:3]:
        slow, fast, low, high = box_range(box)
        (x_min, x_max), (y_min, y_max) = axes.get_xlim(), axes.get_ylim()
        middle = (
            0.5 * (max(slow or x_min, x_min) + min(fast or x_max, x_max)),
            (max(low or y_min, y_min) * min(high or y_max, y_max)) ** 0.5,
        )
        spot = axes.transData.transform(middle)
        ask(
            f"open: {clean(box.reason, limit=50)}", (float(spot[0]), float(spot[1])),
            _ANYWHERE, colour="#333333", required=True, centred=True,
        )  # fmt: skip
    positions = path_positions(points)
    for region in widest_regions(result):
        middle_of = 0.5 * (positions[region.first] + positions[region.last])
        index = int(np.argmin(np.abs(positions - middle_of)))
        ask(
            region.name, (float(pixels[index, 0]), float(pixels[index, 1])), _ABOVE_LEFT,
            colour="#555555", required=False,
        )  # fmt: skip

    frame = axes.get_window_extent()
    taken: list[Box] = [(x - 9, y - 9, x + 9, y + 9) for x, y in pixels[list(starred)]]
    places = place_labels(
        requests,
        frame=(frame.x0 + 4, frame.y0 + 4, frame.x1 - 2, frame.y1 - 4),
        path=np.column_stack([np.repeat(pixels[:, 0], 2)[1:], np.repeat(pixels[:, 1], 2)[:-1]]),
        obstacles=taken,
    )
    for text, request, placed in zip(texts, requests, places, strict=True):
        if placed is None:
            text.remove()
        else:
            _draw(axes, text, request.anchor, placed)
