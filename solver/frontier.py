"""The answer as a Python object: points with designs and proofs, and what people ask of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from solver.lowering.families import PS_PER_S
from solver.result import Point, Result, document_text, result_to_dict

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

__all__ = ["Frontier"]


def _exact(value: float | str | Fraction) -> Fraction:
    return Fraction(str(value)) if isinstance(value, float) else Fraction(value)


class Frontier:
    """Points from fastest to cheapest.

    ``status`` is ``complete`` (every nondominated design is here, proved), ``partial`` (a limit was
    reached: ``result.open_boxes`` says where more may be) or ``infeasible`` (proved empty:
    ``result.conflict`` says which limits stand against each other).
    """

    def __init__(self, result: Result) -> None:
        self.result = result

    @property
    def status(self) -> str:
        """``complete``, ``partial`` or ``infeasible``."""
        return self.result.status

    @property
    def points(self) -> tuple[Point, ...]:
        """Nondominated points, fastest first."""
        return self.result.points

    @property
    def near(self) -> Mapping[str, Any] | None:
        """Designs within the tolerance that ``solve`` was given; ``None`` without one.

        The keys are those of ``solver.sweep.near.near_section``.
        """
        return self.result.near

    @property
    def model_error(self) -> Mapping[str, Any] | None:
        """How far the performance model was off on measured questions of this kind.

        The keys are those of ``solver.performance.model_error.model_error``.
        """
        return self.result.model_error

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self) -> Iterator[Point]:
        return iter(self.points)

    def __getitem__(self, index: int) -> Point:
        return self.points[index]

    def __repr__(self) -> str:
        name = self.result.instance.get("name", "")
        if not self.points:
            return f"<Frontier {name!r}: {self.status}>"
        fast, cheap = self.points[0].objectives, self.points[-1].objectives
        return (
            f"<Frontier {name!r}: {self.status}, {len(self)} points, "
            f"{fast['speed']:.4g} tok/s/user at {fast['cost']:.4g} US$/Mtok to "
            f"{cheap['speed']:.4g} at {cheap['cost']:.4g}>"
        )

    def _repr_html_(self) -> str:
        """What a notebook shows: the plot and the representative rows."""
        from solver.report import notebook_html

        return notebook_html(self.result)

    def cheapest(self, *, min_speed: float | str | Fraction | None = None) -> Point | None:
        """Cheapest point with at least ``min_speed`` tok/s/user; ``None`` where there is none."""
        if min_speed is None:
            return self.points[-1] if self.points else None
        floor = _exact(min_speed)
        fit = [p for p in self.points if int(p.exact["latency_ps"]) * floor <= PS_PER_S]
        return fit[-1] if fit else None

    def fastest(self, *, max_cost: float | str | Fraction | None = None) -> Point | None:
        """Fastest point at no more than ``max_cost`` US$ per million tokens, or ``None``."""
        if max_cost is None:
            return self.points[0] if self.points else None
        most = _exact(max_cost)
        return next((p for p in self.points if Fraction(p.exact["cost"]) <= most), None)

    def knee(self) -> Point | None:
        """Where more speed begins to cost much more; ``None`` for an empty frontier."""
        from solver.report import knee

        return knee(self.points) if self.points else None

    def recommended(self) -> Mapping[str, Point]:
        """The points to look at first: fastest, cheapest, knee, best of speed^4/price."""
        from solver.report import recommended

        return recommended(self.result)

    def to_frame(self) -> pd.DataFrame:
        """One row a point: objectives, exact values, design; units are in the column names."""
        import pandas as pd

        from solver.report import frontier_rows

        columns, rows = frontier_rows(self.result)
        return pd.DataFrame(rows, columns=columns)

    def plot(self, path: str | Path | None = None) -> Figure:
        """Draw the frontier; also write it to ``path`` (png, svg or pdf) when one is given."""
        from solver.report import frontier_figure, save_plot

        if path is not None:
            save_plot(self.result, Path(path))
        return frontier_figure(self.result)

    def to_dict(self) -> dict[str, Any]:
        """The result document, digest included."""
        return result_to_dict(self.result)

    def to_json(self) -> str:
        """The result document as text, as ``--out`` writes it."""
        return document_text(self.to_dict())
