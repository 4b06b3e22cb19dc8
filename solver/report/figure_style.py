"""How every figure looks, and how it becomes a file.

matplotlib is imported when something is drawn.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["HATCHES", "PATTERN", "SOFT", "STYLE", "PlotFormat", "figure_bytes"]

PlotFormat = Literal["png", "svg", "pdf"]

_INK = "#222222"
SOFT = "#5f5f5f"
HATCHES = ("", "////", "\\\\\\\\", "----", "||||", "xxxx", "++++", "....")
"""Patterns of areas, in the order of their colours: they tell them apart without colour."""
PATTERN = "#00000080"
"""Colour of their strokes."""
STYLE: Any = {
    # A pattern must not drown the colour.
    "hatch.linewidth": 0.5,
    "font.family": ["DejaVu Sans"],
    "font.size": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#888888",
    "axes.labelcolor": _INK,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "text.color": _INK,
    # Names come from files: a dollar sign in one starts no formula.
    "text.parse_math": False,
    # Outlines look the same everywhere, which placed labels need; the salt makes files repeatable.
    "svg.fonttype": "path",
    "svg.hashsalt": "fleetfront",
}


def figure_bytes(
    draw: Callable[[], Figure], format: PlotFormat, *, title: str, style: Any = STYLE
) -> bytes:
    """What ``draw`` draws as a file of ``format``; the same figure gives the same bytes."""
    from matplotlib import rc_context

    dates = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    buffer = io.BytesIO()
    with rc_context(style), warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes, which its reader can see.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        draw().savefig(
            buffer,
            format=format,
            dpi=160,
            metadata={"Title": title, **dates[format]},
            facecolor="white",
        )
    return buffer.getvalue()
