"""Which line stands for which side: colour by formulation, dashes by engine, textbook in black."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from solver.bench.cases import Side

__all__ = ["LineStyle", "line_styles", "spread_apart"]

# Okabe and Ito (2008), Color Universal Design, without black and yellow (too light on white), then
# darker relatives of them for more than six formulations.
_COLOURS = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a3b9a", "#8c6d31",
    "#7f7f7f", "#a50f15", "#3f7f5f", "#5254a3",
)  # fmt: skip
_DASHES: Mapping[str, tuple[float, ...]] = {
    "highs": (),
    "cp-sat": (1.2, 1.4),
    "scip": (6.0, 1.6, 1.2, 1.6),
    "own": (11.0, 1.2),
}
_OTHER_DASHES: tuple[tuple[float, ...], ...] = ((9.0, 2.5), (3.0, 1.2, 3.0, 3.5), (2.5, 2.5))
_TEXTBOOK_DASHES: Mapping[str, tuple[float, ...]] = {
    "highs": (4.5, 2.0),
    "cp-sat": (2.2, 2.0),
    "scip": (4.5, 2.0, 1.2, 2.0),
    "own": (9.0, 1.5),
}


@dataclass(frozen=True, slots=True)
class LineStyle:
    """How one side is drawn.

    Parameters
    ----------
    dashes
        Lengths of dashes and gaps in line widths; empty for a solid line.
    width
        In points.
    """

    colour: str
    dashes: tuple[float, ...]
    width: float

    @property
    def line(self) -> Literal["solid"] | tuple[float, tuple[float, ...]]:
        """As matplotlib takes it."""
        return (0, self.dashes) if self.dashes else "solid"


def line_styles(sides: Sequence[Side], textbook: str) -> dict[Side, LineStyle]:
    """A style for each side; the same sides in any order get the same styles.

    More than twelve formulations share colours, and engines beyond the known ones share dashes:
    labels tell them apart.
    """
    formulations = sorted({side.formulation for side in sides} - {textbook})
    colours = {name: _COLOURS[i % len(_COLOURS)] for i, name in enumerate(formulations)}
    others = sorted({side.engine for side in sides} - set(_DASHES))
    dashes = dict(_DASHES) | {
        engine: _OTHER_DASHES[i % len(_OTHER_DASHES)] for i, engine in enumerate(others)
    }
    return {
        side: LineStyle("#111111", _TEXTBOOK_DASHES.get(side.engine, (7.0, 2.0)), 2.2)
        if side.formulation == textbook
        else LineStyle(colours[side.formulation], dashes[side.engine], 1.7)
        for side in sides
    }


def spread_apart(
    wanted: Sequence[float], *, distance: float, low: float, high: float
) -> list[float]:
    """Heights near ``wanted``, in the same order, at least ``distance`` apart, in [low, high].

    The nearest such heights by least squares, by pooling neighbours that would overlap. Where they
    do not all fit, they are spaced evenly.

    Parameters
    ----------
    wanted
        Descending.
    """
    count = len(wanted)
    if count < 2 or (count - 1) * distance >= high - low:
        step = (high - low) / max(1, count - 1)
        return [high - i * step for i in range(count)] if count > 1 else list(wanted)
    # Without the offsets i * distance the order is all that is asked for: isotonic regression.
    shifted = [value + i * distance for i, value in enumerate(wanted)]
    pools: list[tuple[float, int]] = []
    for value in shifted:
        pools.append((value, 1))
        while len(pools) > 1 and pools[-2][0] < pools[-1][0]:
            (a, n), (b, m) = pools[-2], pools[-1]
            pools[-2:] = [((a * n + b * m) / (n + m), n + m)]
    flat = [value for value, n in pools for _ in range(n)]
    top, bottom = high, low + (count - 1) * distance
    return [min(top, max(bottom, value)) - i * distance for i, value in enumerate(flat)]
