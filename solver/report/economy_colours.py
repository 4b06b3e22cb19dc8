"""What points of an economic frontier are coloured by: the choice that tells them apart best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from solver.report.design import layout_name, precision_name
from solver.report.numbers import clean

__all__ = ["OUTLINES", "Group", "Painted", "level_colours", "painted"]

# Okabe and Ito (2008), "Color universal design": told apart by colour-blind readers too.
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
_MARKERS = ("o", "s", "^", "D", "v", "P")
OUTLINES = {
    "o": "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z",
    "s": "M-4-4h8v8h-8z",
    "^": "M0-5.5L5.2 3.5H-5.2z",
    "D": "M0-5.6L5.6 0L0 5.6L-5.6 0z",
    "v": "M0 5.5L5.2-3.5H-5.2z",
    "P": "M-1.7-5h3.4v3.3h3.3v3.4h-3.3v3.3h-3.4v-3.3h-3.3v-3.4h3.3z",
    "x": "M-4.6-3L-3-4.6L0-1.6L3-4.6L4.6-3L1.6 0L4.6 3L3 4.6L0 1.6L-3 4.6L-4.6 3L-1.6 0z",
}
"""Outlines of the markers, by matplotlib's names, as SVG paths about the origin, some 9 wide."""
_REST = "#767676"
_MOST_GROUPS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Points of one colour; ``indices`` into the points of the document."""

    name: str
    colour: str
    marker: str
    indices: npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Painted:
    """What the colours mean, and which points have which."""

    title: str
    groups: tuple[Group, ...]


def _clock(design: Mapping[str, Any]) -> str:
    clock = design.get("clock_mhz")
    return "left alone" if clock is None else f"{clock:,}"


_CHOICES: tuple[tuple[str, Callable[[Mapping[str, Any]], str]], ...] = (
    ("Model", lambda design: clean(design.get("model") or "", limit=40)),
    ("Clock, MHz", _clock),
    ("Machine", lambda design: clean(design.get("accelerator") or "", limit=40)),
    ("Precision", precision_name),
    ("Layout", lambda d: layout_name(d) if "tensor_parallel" in d else ""),
    ("Devices", lambda design: str(design.get("devices", ""))),
)


def painted(document: Mapping[str, Any], *, skip: str = "") -> Painted:
    """Colours of all points by the first choice that differs: model, clock, machine, precision.

    Clocks run from light (low) to dark (high), five bands where there are more; of other choices
    the most frequent have a colour each, the rest is grey. With ``skip="quality"`` precision comes
    with the model, as both make up the score.
    """
    designs = [point["design"] for point in document["points"]]
    choices = list(_CHOICES)
    if skip == "quality":
        choices[0] = ("Model and precision", _model_and_precision(designs))
    for title, cell in choices:
        cells = [cell(design) for design in designs]
        if len(set(cells)) > 1:
            if title.startswith("Clock"):
                return Painted(title, _clock_groups(designs))
            return Painted(title, _named_groups(cells))
    return Painted("", _named_groups(["every point"] * len(designs)))


def _model_and_precision(designs: list[Mapping[str, Any]]) -> Callable[[Mapping[str, Any]], str]:
    """Model and precision in short, what all share left out."""
    several_models = len({design.get("model") for design in designs}) > 1
    several_widths = len({precision_name(design) for design in designs}) > 1
    one_cache = len({design.get("kv_bits") for design in designs}) == 1

    def told(design: Mapping[str, Any]) -> str:
        parts = [clean(design.get("model") or "", limit=40)] if several_models else []
        if several_widths:
            weights = {key: value for key, value in design.items() if key != "kv_bits"}
            parts.append(precision_name(weights if one_cache else design))
        return " ".join(parts)

    return told


def _named_groups(cells: list[str]) -> tuple[Group, ...]:
    count = {name: cells.count(name) for name in dict.fromkeys(cells)}
    largest = sorted(count, key=lambda name: -count[name])
    most = _MOST_GROUPS if len(largest) <= _MOST_GROUPS else _MOST_GROUPS - 1
    named = [name for name in count if name in largest[:most]]
    groups = [
        Group(name or "not stated", _COLOURS[k], _MARKERS[k], _where(cells, {name}))
        for k, name in enumerate(named)
    ]
    rest = set(count) - set(named)
    if rest:
        groups.append(Group(f"{len(rest)} others", _REST, "x", _where(cells, rest)))
    return tuple(groups)


def _where(cells: list[str], names: set[str]) -> npt.NDArray[np.intp]:
    return np.array([k for k, cell in enumerate(cells) if cell in names], dtype=np.intp)


def _clock_groups(designs: list[Mapping[str, Any]]) -> tuple[Group, ...]:
    clocks = sorted({int(d["clock_mhz"]) for d in designs if d.get("clock_mhz") is not None})
    free = np.array([k for k, d in enumerate(designs) if d.get("clock_mhz") is None], dtype=np.intp)
    bands = [list(map(int, part)) for part in np.array_split(clocks, min(5, len(clocks)))]
    colours = _shades(len(bands))
    groups = []
    for k, band in enumerate(bands):
        name = f"{band[0]:,}" if len(band) == 1 else f"{band[0]:,} to {band[-1]:,}"
        members = [i for i, d in enumerate(designs) if d.get("clock_mhz") in band]
        groups.append(Group(name, colours[k], _MARKERS[k], np.array(members, dtype=np.intp)))
    if len(free):
        groups.append(Group("left alone", _REST, "P", free))
    return tuple(groups)


def level_colours(count: int) -> list[str]:
    """Colours of ordered levels, dark to light, never so light that white swallows them."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    palette = colormaps["viridis"]
    places = np.linspace(0.0, 0.86, count) if count > 1 else [0.3]
    return [to_hex(palette(float(place))) for place in places]


def _shades(count: int) -> list[str]:
    """Colours of clocks, light to dark; of another family than those of levels."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    palette = colormaps["YlOrBr"]
    places = np.linspace(0.3, 0.95, count) if count > 1 else [0.6]
    return [to_hex(palette(float(place))) for place in places]
