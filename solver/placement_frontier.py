"""The answer to a placement question as a Python object: points with pipelines and proofs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from solver.result import Point, document_text
from solver.sweep.placement.document import answer_to_dict
from solver.sweep.placement.outcome import PlacementAnswer
from solver.topology.paths import PS_PER_S

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PlacementFrontier"]


def _exact(value: float | str | Fraction) -> Fraction:
    return Fraction(str(value)) if isinstance(value, float) else Fraction(value)


def _speed(point: Point) -> Fraction:
    """Tokens/s of one user; without an upper bound where speed is not traded off."""
    return Fraction(PS_PER_S, int(point.exact["latency_ps"]))


class PlacementFrontier:
    """Points from fastest to cheapest.

    ``status`` is ``complete``, ``partial`` (``open_boxes`` of the document say where more may be)
    or ``infeasible`` (``conflict`` says which limits stand against each other).
    """

    def __init__(self, answer: PlacementAnswer) -> None:
        self.answer = answer

    @property
    def status(self) -> str:
        """``complete``, ``partial`` or ``infeasible``."""
        return self.answer.status

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """Nondominated points; ``design`` says which hosts hold what."""
        return tuple(
            Point(
                objectives=point["objectives"],
                exact=point["exact"],
                design=point["design"],
                proof=point["proof"],
            )
            for point in self._document["points"]
        )

    @property
    def bracket(self) -> tuple[Mapping[str, float], ...]:
        """With rounded links: objectives that no design beats; empty without."""
        return tuple(self._document.get("bracket", ()))

    @property
    def conflict(self) -> tuple[Mapping[str, Any], ...]:
        """Limits that cannot hold together, and how far each alone must give."""
        return self.answer.conflict

    def __len__(self) -> int:
        return len(self.answer.points)

    def __iter__(self) -> Iterator[Point]:
        return iter(self.points)

    def __getitem__(self, index: int) -> Point:
        return self.points[index]

    def __repr__(self) -> str:
        name = self.answer.instance.name
        return f"<PlacementFrontier {name!r}: {self.status}, {len(self)} points>"

    def cheapest(self, *, min_speed: float | str | Fraction | None = None) -> Point | None:
        """The cheapest point with at least ``min_speed``; ``None`` where there is none.

        Raises
        ------
        ValueError
            If cost is not traded off.
        """
        self._require("cost")
        floor = None if min_speed is None else _exact(min_speed)
        fit = [point for point in self.points if floor is None or _speed(point) >= floor]
        return min(fit, key=lambda point: Fraction(str(point.exact["cost"])), default=None)

    def fastest(self, *, max_cost: float | str | Fraction | None = None) -> Point | None:
        """The fastest point, that costs at most ``max_cost`` where given, or ``None``.

        Raises
        ------
        ValueError
            If speed, or a cost that is limited, is not traded off.
        """
        self._require("speed")
        most = None if max_cost is None else _exact(max_cost)
        if most is not None:
            self._require("cost")
        fit = [
            point
            for point in self.points
            if most is None or Fraction(str(point.exact["cost"])) <= most
        ]
        return max(fit, key=_speed, default=None)

    def greatest_throughput(
        self, *, min_speed: float | str | Fraction | None = None
    ) -> Point | None:
        """The point with most tokens/s, of at least ``min_speed`` where given, or ``None``.

        Raises
        ------
        ValueError
            If throughput, or a speed that is asked for, is not traded off.
        """
        self._require("throughput")
        floor = None if min_speed is None else _exact(min_speed)
        if floor is not None:
            self._require("speed")
        fit = [point for point in self.points if floor is None or _speed(point) >= floor]
        return max(fit, key=lambda point: Fraction(str(point.exact["throughput"])), default=None)

    def _require(self, name: str) -> None:
        if name not in self.answer.instance.trade_off:
            traded = " and ".join(self.answer.instance.trade_off)
            raise ValueError(f"the question trades off {traded}, not {name}")

    def to_frame(self) -> pd.DataFrame:
        """One row a point, as ``--csv`` writes it; units in the names."""
        import io

        import pandas as pd

        from solver.report.placement_csv import placement_csv

        return pd.read_csv(io.StringIO(placement_csv(self._document)))

    def plot(self, path: str | Path) -> None:
        """Draw the frontier and the network to a png, svg or pdf file."""
        from solver.report.figure_style import PlotFormat
        from solver.report.placement_plot import render_placement_plot
        from solver.result.writing import write_whole

        target = Path(path)
        form = cast("PlotFormat", target.suffix.lower().removeprefix("."))
        write_whole({target: render_placement_plot(self._document, form)})

    @cached_property
    def _document(self) -> dict[str, Any]:
        return answer_to_dict(self.answer)

    def to_dict(self) -> dict[str, Any]:
        """The result document, digest included."""
        return dict(self._document)

    def to_json(self) -> str:
        """The result document as text, as ``--out`` writes it."""
        return document_text(self._document)
