"""The network of a placement with the design drawn into it: hosts, links, path and busiest link.

A network with switches is drawn in tiers, hosts joined directly as a row of stages or a ring, a
flow through such hosts by the layers they hold. matplotlib is imported when drawing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from solver.report.figure_style import SOFT, STYLE, PlotFormat, figure_bytes
from solver.report.numbers import clean
from solver.report.placement_facts import chains_of, is_flow
from solver.report.placement_findings import placement_title
from solver.report.placement_layers import layer_scene
from solver.report.placement_mesh import is_mesh, mesh_scene
from solver.report.placement_network import (
    Carried,
    Duty,
    Network,
    carried_of,
    duties_of,
    network_of,
)
from solver.report.placement_paint import (
    BUSIEST,
    LEGEND_ROW,
    Entry,
    chain_colour,
    legend_places,
    machine_colours,
    paint,
    paint_legend,
)
from solver.report.placement_scene import Scene
from solver.report.placement_tiers import tier_scene
from solver.report.placement_words import facts_of_point, lines_of, point_line

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Panel", "panel_of", "placement_graph_figure", "render_placement_graph"]

_MARGIN = 0.3
_LEAST_WIDTH = 8.0
_ABOVE = 0.98


class Panel:
    """A drawing with its legend, as large as it needs to be.

    Attributes
    ----------
    width, height
        Inches, margins included.
    heading, facts
        What the point is, and its circumstances.
    """

    def __init__(self, document: Mapping[str, Any], point_index: int) -> None:
        point = document["points"][point_index]
        self.heading = point_line(document, point_index)
        self.scene, self._entries, self._colours = _scene(network_of(document), point["design"])
        left, bottom, right, top = self.scene.bounds()
        self._left, self._bottom = left - _MARGIN, bottom - _MARGIN
        drawn_width = right - left + 2 * _MARGIN
        self.width = max(drawn_width, _LEAST_WIDTH)
        self._left -= (self.width - drawn_width) / 2
        self._drawn = top - bottom + 2 * _MARGIN
        rows = legend_places(self._entries, self.width - 0.6)[-1][1] + 1
        self._below = LEGEND_ROW * (rows + 0.6)
        self.facts = lines_of(
            [*facts_of_point(document, point_index), *self.scene.notes], 9, self.width - 0.6
        )
        self.height = self._drawn + self._below

    def draw(self, figure: Figure, *, left: float, bottom: float) -> None:
        """Put it on a figure, its lower left corner at these inches."""
        wide, tall = figure.get_size_inches()
        axes = figure.add_axes(
            (
                left / wide,
                (bottom + self._below) / tall,
                self.width / wide,
                self._drawn / tall,
            )
        )
        axes.set_xlim(self._left, self._left + self.width)
        axes.set_ylim(self._bottom, self._bottom + self._drawn)
        paint(axes, self.scene, self._colours)
        legend = figure.add_axes((
            (left + 0.3) / wide, bottom / tall, (self.width - 0.6) / wide, self._below / tall,
        ))  # fmt: skip
        legend.set_axis_off()
        legend.set_xlim(0, self.width - 0.6)
        legend.set_ylim(0.11 - self._below, 0.11)
        paint_legend(legend, self._entries, self.width - 0.6)


def panel_of(document: Mapping[str, Any], point_index: int) -> Panel:
    """The drawing of one point, to be put on a figure."""
    return Panel(document, point_index)


def placement_graph_figure(document: Mapping[str, Any], point_index: int) -> Figure:
    """Draw the network and the design of one point.

    Raises
    ------
    IndexError
        If there is no such point.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        panel = panel_of(document, point_index)
        above = _ABOVE + 0.18 * (len(panel.facts) - 1)
        tall = panel.height + above
        figure = Figure(figsize=(panel.width, tall), dpi=100)
        figure.text(
            0.3 / panel.width, 1 - 0.16 / tall, clean(placement_title(document), limit=72),
            fontsize=13, weight="bold", va="top",
        )  # fmt: skip
        figure.text(
            0.3 / panel.width, 1 - 0.46 / tall, panel.heading, fontsize=10.5, va="top"
        )  # fmt: skip
        figure.text(
            0.3 / panel.width, 1 - 0.71 / tall, "\n".join(panel.facts), fontsize=9, color=SOFT,
            va="top", linespacing=1.3,
        )  # fmt: skip
        panel.draw(figure, left=0.0, bottom=0.05)
    return figure


def render_placement_graph(
    document: Mapping[str, Any], point_index: int, form: PlotFormat
) -> bytes:
    """The drawing as a file of ``form``; the same document gives the same bytes.

    Parameters
    ----------
    document
        A placement result.
    point_index
        Which of its points.

    Raises
    ------
    IndexError
        If there is no such point.
    """
    title = f"{placement_title(document)}: {point_line(document, point_index)}"
    return figure_bytes(lambda: placement_graph_figure(document, point_index), form, title=title)


def _scene(
    network: Network, design: Mapping[str, Any]
) -> tuple[Scene, list[Entry], dict[str, str]]:
    """The scene of a design, its legend, and the colours of machines."""
    duties = duties_of(design)
    carried, busiest = carried_of(design)
    colours = machine_colours([node.machine for node in network.nodes.values() if node.is_host])
    flow = is_flow(design)
    if flow and is_mesh(network):
        scene = layer_scene(network, design, busiest)
    elif is_mesh(network):
        scene = mesh_scene(network, design, duties, carried, busiest)
    else:
        scene = tier_scene(network, duties, carried, busiest, by_rate=flow)
    return scene, _legend(network, design, duties, scene, busiest, colours), colours


def _legend(
    network: Network,
    design: Mapping[str, Any],
    duties: Mapping[str, Duty],
    scene: Scene,
    busiest: Carried | None,
    colours: Mapping[str, str],
) -> list[Entry]:
    """What colours and signs of this drawing mean; nothing that is not in it."""
    machines = {network.nodes[name].machine for name in duties}
    entries: list[Entry] = [("box", colours[name], f"{name} in use") for name in sorted(machines)]
    idle = sorted({box.machine for box in scene.boxes if box.style == "idle"})
    entries += [("hollow", colours[name], f"{name} idle") for name in idle]
    chains = len(chains_of(design))
    lines = {stroke.style for stroke in scene.strokes}
    if is_flow(design):
        entries.append(("line", chain_colour(0), "tokens; as wide as what flows"))
    elif chains > 1:
        entries += [
            ("dot", chain_colour(number), f"pipeline {number + 1}")
            for number in range(min(chains, 8))
        ]
    else:
        entries.append(("dot", chain_colour(0), "place in the pipeline"))
        if "path" in lines:
            entries.append(("line", chain_colour(0), "path of the tokens"))
    if busiest is not None:
        entries.append(("line", BUSIEST, "busiest link"))
    if "idle" in lines:
        entries.append(("thin", "#d2d2d2", "carries nothing"))
    if any(
        box.lines and box.style == "used" and box.lines[-1].startswith("TP") for box in scene.boxes
    ):
        entries.append(("none", "#ffffff", "TP: tensor-parallel degree"))
    return entries
