"""Designs within the tolerance in words and rows, the same on terminal and page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from solver.report.design import layout_name, precision_name
from solver.report.findings import count_of
from solver.report.numbers import aligned, clean, short
from solver.report.question import question_of
from solver.report.table import fitted_table
from solver.result import Result

__all__ = ["NearColumn", "NearView", "near_parts", "near_view", "tolerance_words"]

_MOST_LAYOUTS = 12


@dataclass(frozen=True, slots=True)
class NearColumn:
    """A column: name, unit, whether it holds words, when to give it up (0 never, largest first)."""

    name: str
    unit: str
    words: bool
    give_up: int


_ALTERNATIVE_COLUMNS = (
    NearColumn("at least", "tok/s/user", words=False, give_up=0),
    NearColumn("best costs", "US$/Mtok", words=False, give_up=2),
    NearColumn("best", "design", words=True, give_up=1),
    NearColumn("simplest", "within it", words=True, give_up=0),
    NearColumn("batch", "", words=False, give_up=0),
    NearColumn("its speed", "", words=False, give_up=0),
    NearColumn("its cost", "", words=False, give_up=0),
)
_LAYOUT_COLUMNS = (
    NearColumn("layout", "", words=True, give_up=0),
    NearColumn("designs", "", words=False, give_up=0),
    NearColumn("on the", "frontier", words=False, give_up=1),
    NearColumn("batch", "", words=False, give_up=0),
    NearColumn("speed", "tok/s/user", words=False, give_up=3),
    NearColumn("cost", "US$/Mtok", words=False, give_up=2),
)


@dataclass(frozen=True, slots=True)
class NearView:
    """What people read of the near designs.

    ``alternatives`` has a row for every representative point where another layout than the best is
    the simplest near design; ``layouts`` one for each of the simplest layouts. Cells are texts in
    the order of their columns.
    """

    heading: str
    sentences: tuple[str, ...]
    alternatives: tuple[tuple[str, ...], ...] = ()
    layouts: tuple[tuple[str, ...], ...] = ()
    alternative_columns: tuple[NearColumn, ...] = _ALTERNATIVE_COLUMNS
    layout_columns: tuple[NearColumn, ...] = _LAYOUT_COLUMNS


def tolerance_words(tolerance: str) -> str:
    """``10 %`` for ``1/10``; a share that is no round per cent keeps four digits."""
    return f"{float(100 * Fraction(tolerance)):.4g} %"


def _change(value: float, more: str, less: str) -> str:
    """``4.0 % slower``; ``same`` below a twentieth of a per cent."""
    if abs(value) < 0.0005:
        return "same"
    return f"{100 * abs(value):.1f} % {more if value > 0 else less}"


def _where(design: Mapping[str, Any], *, accelerator: bool, precision: bool) -> str:
    """``8 × H100 SXM TP8``, with what varies in the question."""
    parts = [f"{design['devices']:,} ×"] if "devices" in design else []
    if accelerator:
        parts.append(clean(design.get("accelerator", "")))
    if "tensor_parallel" in design:
        parts.append(layout_name(design))
    if precision:
        parts.append(precision_name(design))
    return " ".join(parts)


def _same_layout(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    keys = ("accelerator", "weight_bits", "kv_bits", "weight_format")
    return layout_name(one) == layout_name(other) and all(
        one.get(key) == other.get(key) for key in keys
    )


def near_view(result: Result) -> NearView | None:
    """The near designs of a result for people; ``None`` where none were asked for."""
    near = result.near
    if near is None:
        return None
    share = tolerance_words(str(near["tolerance"]))
    of = "the points found so far" if near["status"] == "partial" else "the frontier"
    heading = f"Designs within {share} of {of}"
    if near["status"] == "stopped":
        told = (f"They were not listed: {clean(near['reason'])}.",)
        return NearView(heading, told)
    varies = question_of(result)

    def where(design: Mapping[str, Any]) -> str:
        return _where(
            design, accelerator=varies.accelerator_varies, precision=varies.precision_varies
        )

    layouts = near["layouts"]
    sentences = [
        f"{count_of(near['count'], 'design')} in {count_of(len(layouts), 'layout')}: at most "
        f"{share} slower and at most {share} dearer than a point of {of}."
    ]
    rows = []
    for entry in near["at_points"]:
        best, other = result.points[entry["point"]], entry["simplest"]
        if not _same_layout(best.design, other["design"]):
            rows.append((best, other, entry))
    speeds = aligned([best.objectives["speed"] for best, *_ in rows], least=2)
    costs = aligned([best.objectives["cost"] for best, *_ in rows])
    alternatives = tuple(
        (
            speed,
            cost,
            where(best.design),
            where(other["design"]),
            f"{other['design'].get('batch', 0):,}",
            _change(entry["speed_change"], "faster", "slower"),
            _change(entry["cost_change"], "dearer", "cheaper"),
        )
        for speed, cost, (best, other, entry) in zip(speeds, costs, rows, strict=True)
    )
    if len(layouts) > _MOST_LAYOUTS:
        sentences.append(
            f"The {_MOST_LAYOUTS} simplest layouts are shown; the result file has all."
        )
    asked = len(near["at_points"])
    if asked:
        sentences.append(_about_alternatives(len(rows), asked))
    return NearView(
        heading,
        tuple(sentences),
        alternatives,
        tuple(
            (
                where(layout["design"]),
                f"{layout['count']:,}",
                f"{layout['on_frontier']:,}",
                _batches(str(layout["batches"])),
                _span(*layout["speed"]),
                _span(*layout["cost"]),
            )
            for layout in layouts[:_MOST_LAYOUTS]
        ),
    )


def _about_alternatives(others: int, asked: int) -> str:
    if not others:
        return "At each of the points shown the best design is also the simplest of those near it."
    where = "each" if others == asked else f"{others:,}"
    return f"At {where} of the {asked:,} points shown a simpler layout is as good within it:"


def _batches(text: str) -> str:
    """``1..745``, or the ends of a list of many parts."""
    text = clean(text, limit=10_000)
    if text.count(",") < 2:
        return text
    first, last = text.split(", ")[0], text.split(", ")[-1]
    low, high = first.split("..")[0], last.split("..")[-1].split(" ")[0]
    return f"{low} to {high}"


def _span(low: float, high: float) -> str:
    return " to ".join(dict.fromkeys((short(low), short(high))))


def near_parts(result: Result, width: int, *, ascii_only: bool = False) -> list[RenderableType]:
    """The near designs for a terminal of ``width`` cells; nothing where none were asked for."""
    view = near_view(result)
    if view is None:
        return []
    parts: list[RenderableType] = [Text(""), Text(view.heading, style="bold")]
    parts += [Text(sentence) for sentence in view.sentences]

    for columns, rows in (
        (view.alternative_columns, view.alternatives),
        (view.layout_columns, view.layouts),
    ):
        if rows:
            fitted = fitted_table(
                [f"{column.name}\n{column.unit}".strip() for column in columns],
                rows,
                width=width,
                give_up=[column.give_up for column in columns],
                numeric=[not column.words for column in columns],
                ascii_only=ascii_only,
            )
            parts += [Text(""), fitted]
    return parts
