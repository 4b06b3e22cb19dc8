"""The answer to an economic replica question as a Python object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from solver.lowering.families import PS_PER_S
from solver.result import Point, document_text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EconomyFrontier"]


def _exact(value: float | str | Fraction) -> Fraction:
    return Fraction(str(value)) if isinstance(value, float) else Fraction(value)


class EconomyFrontier:
    """Points in lexicographic order of the objectives, best first.

    ``status`` is ``complete`` (every nondominated design is here, proved), ``partial`` (a limit was
    reached: ``open_boxes`` of the document say where more may be) or ``infeasible`` (proved empty:
    ``conflict`` says which limits stand against each other).

    Parameters
    ----------
    document
        The result document, as ``solver.sweep.economy.document`` makes it.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = dict(document)
        self._points = tuple(
            Point(
                objectives=point["objectives"],
                exact=point["exact"],
                design=point["design"],
                proof=point["proof"],
            )
            for point in self._document["points"]
        )

    @property
    def status(self) -> str:
        """``complete``, ``partial`` or ``infeasible``."""
        return str(self._document["status"])

    @property
    def objectives(self) -> tuple[str, ...]:
        """Names of what is traded off, in the order of the question."""
        return tuple(entry["name"] for entry in self._document["objectives"])

    @property
    def points(self) -> tuple[Point, ...]:
        """Nondominated points, best first."""
        return self._points

    @property
    def conflict(self) -> tuple[Mapping[str, Any], ...]:
        """A smallest set of limits that no design meets together, and how far each must give."""
        return tuple(self._document["conflict"])

    @property
    def model_error(self) -> Mapping[str, Any]:
        """How far the performance model was off on measured questions of this kind."""
        told: Mapping[str, Any] = self._document["model_error"]
        return told

    def __len__(self) -> int:
        return len(self._points)

    def __iter__(self) -> Iterator[Point]:
        return iter(self._points)

    def __getitem__(self, index: int) -> Point:
        return self._points[index]

    def __repr__(self) -> str:
        name = self._document["instance"]["name"]
        if not self._points:
            return f"<EconomyFrontier {name!r}: {self.status}>"
        spans = []
        for entry in self._document["objectives"]:
            values = [point.objectives[entry["name"]] for point in self._points]
            best, worst = max(values), min(values)
            if entry["sense"] == "min":
                best, worst = worst, best
            spans.append(f"{entry['name']} {best:.4g} to {worst:.4g} {entry['unit']}")
        return f"<EconomyFrontier {name!r}: {self.status}, {len(self)} points, {', '.join(spans)}>"

    def cheapest(
        self,
        *,
        min_speed: float | str | Fraction | None = None,
        min_quality: float | str | Fraction | None = None,
    ) -> Point | None:
        """Cheapest point with at least this speed (tok/s/user) and quality, or ``None``.

        This is the cheapest *design* as well: whatever meets both floors is met or beaten by a
        point that does.

        Raises
        ------
        ValueError
            If cost, or what a floor is put under, is not traded off: the points then say nothing
            of it.
        """
        asked = {"cost": "", "speed": min_speed, "quality": min_quality}
        missing = [
            name for name, v in asked.items() if v is not None and name not in self.objectives
        ]
        if missing:
            raise ValueError(
                f"{', '.join(missing)} is not traded off here ({', '.join(self.objectives)}): add "
                "it to trade_off, or state the floor in [limits] and solve again"
            )
        slowest = None if min_speed is None else _exact(min_speed)
        least = None if min_quality is None else _exact(min_quality)
        fit = [
            point
            for point in self._points
            if (slowest is None or int(point.exact["latency_ps"]) * slowest <= PS_PER_S)
            and (least is None or Fraction(point.exact["quality"]) >= least)
        ]
        return min(fit, key=lambda point: Fraction(point.exact["cost"]), default=None)

    def to_frame(self) -> pd.DataFrame:
        """One row a point: objectives, exact values, design; the four time terms side by side."""
        import pandas as pd

        rows = []
        for point in self._points:
            terms = point.design["terms"]
            flat = {key: value for key, value in point.design.items() if key != "terms"}
            exact = {f"exact_{key}": value for key, value in point.exact.items()}
            rows.append({**point.objectives, **exact, **flat, **terms})
        return pd.DataFrame(rows)

    def save(self, path: str | Path) -> None:
        """Write the result file; it appears whole or not at all.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        from solver.result.writing import write_whole

        write_whole({Path(path): self.to_json().encode()})

    def to_dict(self) -> dict[str, Any]:
        """The result document, digest included."""
        return dict(self._document)

    def to_json(self) -> str:
        """The result document as text, as ``--out`` writes it."""
        return document_text(self._document)
