"""What the hosts of a flow could carry at every layer, beside what flows and the proved bound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from solver.report.numbers import clean, short
from solver.report.placement_facts import flow_bound
from solver.report.placement_paint import BUSIEST, machine_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_loads"]


def draw_loads(axes: Axes, document: Mapping[str, Any]) -> None:
    """Stack, for each layer, the rates of the hosts that hold it; by kind of machine.

    Where the stack is as low as the flow the hosts are the limit; elsewhere links or the ranges of
    the layers around are.
    """
    design = document["points"][0]["design"]
    stages = design["stages"]
    layers = max(int(s["first_layer"]) + int(s["layers"]) for s in stages)
    nodes = document["instance"]["resolved"]["topology"]["nodes"]
    colours = machine_colours([str(n["accelerator"]) for n in nodes if n["kind"] == "host"])
    edges = np.arange(layers + 1)
    bottom = np.zeros(layers)
    for machine in sorted({str(stage["machine"]) for stage in stages}):
        rates = np.zeros(layers)
        for stage in stages:
            if str(stage["machine"]) == machine:
                first = int(stage["first_layer"])
                rates[first : first + int(stage["layers"])] += float(stage["capacity_tok_per_s"])
        axes.stairs(
            bottom + rates, edges, baseline=bottom, fill=True, color=colours[machine],
            label=clean(machine, limit=40), linewidth=0,
        )  # fmt: skip
        bottom = bottom + rates
    rate, bound = float(design["tok_per_s"]), flow_bound(document)
    axes.axhline(rate, color="#222222", linewidth=2.0, label=f"flow: {short(rate, 6)} tok/s")
    if bound is not None and bound > rate * (1 + 1e-9):
        axes.axhline(
            bound, color=BUSIEST, linewidth=1.6, linestyle=(0, (5, 3)),
            label=f"no flow exceeds {short(bound, 6)} tok/s",
        )  # fmt: skip
    axes.set_xlim(0, layers)
    axes.set_ylim(0, 1.08 * max(float(bottom.max()), rate, bound or 0.0, 1e-9))
    axes.set_xlabel("layer")
    axes.set_ylabel("tok/s that its hosts can carry")
    axes.yaxis.set_major_formatter(lambda value, _: short(value))
    axes.grid(visible=True, axis="y", color="#ffffff80", linewidth=0.8)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(-0.01, 1.0), frameon=False, fontsize=9,
        ncols=len(handles),
    )  # fmt: skip
