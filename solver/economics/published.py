"""Published figures next to what the model says, with the error.

``solver/catalog/published.toml`` holds the facts: who published what, where, how sure it is. A
figure is a value, a range or a bound. An answer misses it by its distance from the nearest end, in
the unit of the figure; its error is that as a share of the end. Of a share in percent the miss
is points, and says more. A figure that the model cannot be asked about carries the reason. Nothing
here is fitted to the figures.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from solver.economics.published_questions import PUBLISHED_FILE

__all__ = [
    "CSV_COLUMNS",
    "Answer",
    "Comparison",
    "PublishedFigure",
    "compared",
    "csv_rows",
    "published_figures",
]

CSV_COLUMNS = (
    "key", "paper", "item", "published", "unit", "confidence", "source", "as_of",
    "ours", "performance_model", "question", "miss", "error_percent", "within", "note",
)  # fmt: skip
_KEYS = {
    "key", "paper", "item", "value", "low", "high", "stated", "unit", "source", "confidence",
    "as_of", "reason",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """One figure of the literature.

    Parameters
    ----------
    low, high
        Ends of what was published; equal for a value, one ``None`` for a bound, both ``None`` where
        it is no number.
    stated
        In words, where it is no number.
    confidence
        ``high``, ``med`` or ``low``: how sure it is that this was published so.
    reason
        Why the model cannot be asked about it; empty where it can.
    """

    key: str
    paper: str
    item: str
    low: float | None
    high: float | None
    stated: str
    unit: str
    source: str
    confidence: str
    as_of: str
    reason: str

    @property
    def published(self) -> str:
        """The figure as text."""
        if self.stated:
            return self.stated
        if self.low is None:
            return f"at most {self.high:g}"
        if self.high is None:
            return f"at least {self.low:g}"
        return f"{self.low:g}" if self.low == self.high else f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says: ``value`` in the figure's unit, to which question, by which model."""

    value: float
    question: str
    performance: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A figure and one answer; ``None`` where the model cannot be asked."""

    figure: PublishedFigure
    answer: Answer | None

    @property
    def miss(self) -> float | None:
        """Ours less the nearest end of what was published, in its unit; 0 within a range."""
        low, high = self.figure.low, self.figure.high
        if self.answer is None or (low is None and high is None):
            return None
        if low is not None and self.answer.value < low:
            return self.answer.value - low
        if high is not None and self.answer.value > high:
            return self.answer.value - high
        return 0.0

    @property
    def error(self) -> float | None:
        """``miss`` as a share of that end; ``None`` where there is none, or the end is 0."""
        miss = self.miss
        if miss is None or self.answer is None:
            return None
        if miss == 0:
            return 0.0
        end = self.answer.value - miss
        return None if math.isclose(end, 0.0, abs_tol=1e-12) else miss / abs(end)


def published_figures() -> tuple[PublishedFigure, ...]:
    """Every figure of the shipped file, in its order.

    Raises
    ------
    ValueError
        If the file is damaged: a key missing or unknown, a figure without a source.
    """
    text = files("solver.catalog").joinpath(PUBLISHED_FILE).read_text(encoding="utf-8")
    tables: list[Mapping[str, Any]] = tomllib.loads(text)["figures"]
    return tuple(_figure(table) for table in tables)


def _figure(table: Mapping[str, Any]) -> PublishedFigure:
    unknown = set(table) - _KEYS
    if unknown:
        raise ValueError(f"{PUBLISHED_FILE}: {table.get('key')}: unknown {sorted(unknown)}")
    low, high = table.get("low"), table.get("high")
    if "value" in table:
        low = high = table["value"]
    if ("stated" in table) == (low is not None or high is not None):
        raise ValueError(f"{PUBLISHED_FILE}: {table['key']}: either a number or words")
    return PublishedFigure(
        key=table["key"],
        paper=table["paper"],
        item=table["item"],
        low=None if low is None else float(low),
        high=None if high is None else float(high),
        stated=table.get("stated", ""),
        unit=table["unit"],
        source=table["source"],
        confidence=table["confidence"],
        as_of=table["as_of"],
        reason=table.get("reason", ""),
    )


def compared(
    figures: Iterable[PublishedFigure],
    answers: Mapping[str, Callable[[], Sequence[Answer]]],
) -> list[Comparison]:
    """Every figure with every answer to it; a figure with a reason stands alone.

    Parameters
    ----------
    answers
        How to ask the model, by key of the figure.

    Raises
    ------
    ValueError
        If a figure has neither an answer nor a reason, or both.
    """
    rows: list[Comparison] = []
    for figure in figures:
        asked = answers.get(figure.key)
        if (asked is None) != bool(figure.reason):
            raise ValueError(f"{figure.key}: needs an answer, or a reason why there is none")
        if asked is None:
            rows.append(Comparison(figure, None))
        else:
            rows.extend(Comparison(figure, answer) for answer in asked())
    return rows


def csv_rows(rows: Iterable[Comparison]) -> list[tuple[str, ...]]:
    """One row a comparison, in the order of ``CSV_COLUMNS``; what is not known is empty."""
    return [_csv_row(row) for row in rows]


def _csv_row(row: Comparison) -> tuple[str, ...]:
    figure, answer, error = row.figure, row.answer, row.error
    return (
        figure.key,
        figure.paper,
        figure.item,
        figure.published,
        figure.unit,
        figure.confidence,
        figure.source,
        figure.as_of,
        "" if answer is None else f"{answer.value:.6g}",
        "" if answer is None else answer.performance,
        figure.reason if answer is None else answer.question,
        "" if row.miss is None else f"{row.miss:.6g}",
        "" if error is None else f"{100 * error:.1f}",
        "" if row.miss is None else "yes" if row.miss == 0 else "no",
        "" if answer is None else answer.note,
    )
