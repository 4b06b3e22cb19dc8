"""The answer to a fleet question as a Python object: points with bills of material and proofs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from solver.result import Point, document_text
from solver.sweep.fleet.document import outcome_to_dict
from solver.sweep.fleet.outcome import FleetOutcome

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FleetFrontier"]


def _exact(value: float | str | Fraction) -> Fraction:
    return Fraction(str(value)) if isinstance(value, float) else Fraction(value)


class FleetFrontier:
    """Points from fastest to cheapest.

    ``status`` is ``complete``, ``partial`` (``open_boxes`` of the document say where more may be)
    or ``infeasible`` (``conflict`` says which limits stand against each other).
    """

    def __init__(self, outcome: FleetOutcome) -> None:
        self.outcome = outcome

    @property
    def status(self) -> str:
        """``complete``, ``partial`` or ``infeasible``."""
        return self.outcome.status

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """Nondominated points; ``design`` is the bill of materials."""
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
    def conflict(self) -> tuple[Mapping[str, Any], ...]:
        """Limits that cannot hold together, and how far each alone must give."""
        return self.outcome.conflict

    @property
    def answers(self) -> Mapping[str, Any]:
        """What the instance asked besides: worth of limits, break-even prices, preferences."""
        return self.outcome.answers

    def __len__(self) -> int:
        return len(self.outcome.points)

    def __iter__(self) -> Iterator[Point]:
        return iter(self.points)

    def __getitem__(self, index: int) -> Point:
        return self.points[index]

    def __repr__(self) -> str:
        name = self.outcome.objectives.space.instance.name
        return f"<FleetFrontier {name!r}: {self.status}, {len(self)} points>"

    def cheapest(self, *, min_speed: float | str | Fraction | None = None) -> Point | None:
        """The cheapest point with at least ``min_speed``; ``None`` where there is none."""
        floor = None if min_speed is None else _exact(min_speed)
        fit = [
            point
            for point in self.points
            if floor is None or Fraction(str(point.exact["speed"])) >= floor
        ]
        return min(fit, key=lambda point: Fraction(str(point.exact["cost"])), default=None)

    def fastest(self, *, max_cost: float | str | Fraction | None = None) -> Point | None:
        """The fastest point that costs at most ``max_cost``, or ``None``."""
        most = None if max_cost is None else _exact(max_cost)
        fit = [
            point
            for point in self.points
            if most is None or Fraction(str(point.exact["cost"])) <= most
        ]
        return max(fit, key=lambda point: Fraction(str(point.exact["speed"])), default=None)

    def to_frame(self) -> pd.DataFrame:
        """One row a point: objectives, devices and replicas, utilisation; units in the names."""
        import io

        import pandas as pd

        from solver.report.fleet_csv import fleet_csv

        return pd.read_csv(io.StringIO(fleet_csv(self._document)))

    def plot(self, path: str | Path) -> None:
        """Draw the frontier and the devices behind it to a png, svg or pdf file."""
        from solver.report.figure_style import PlotFormat
        from solver.report.fleet_plot import render_fleet_plot
        from solver.result.writing import write_whole

        target = Path(path)
        form = cast("PlotFormat", target.suffix.lower().removeprefix("."))
        write_whole({target: render_fleet_plot(self._document, form)})

    @cached_property
    def _document(self) -> dict[str, Any]:
        return outcome_to_dict(self.outcome)

    def to_dict(self) -> dict[str, Any]:
        """The result document, digest included."""
        return dict(self._document)

    def to_json(self) -> str:
        """The result document as text, as ``--out`` writes it."""
        return document_text(self._document)
