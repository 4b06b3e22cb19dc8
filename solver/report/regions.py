"""Stretches of a frontier: runs of one layout, and what sets the pace where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from solver.report.choose import path_positions
from solver.report.design import (
    UNKNOWN_BINDING,
    Binding,
    binding_of,
    layout_name,
    precision_name,
)
from solver.report.numbers import clean
from solver.report.question import question_of
from solver.result import Point, Result

__all__ = ["PaceShare", "Region", "binding_runs", "layout_regions", "pace_shares", "region_name"]

_LAYOUT_KEYS = (
    "accelerator",
    "tensor_parallel",
    "tensor_parallel_2d",
    "pipeline_parallel",
    "expert_parallel",
    "attention_data_parallel",
    "draft_tokens",
    "weight_format",
    "weight_bits",
    "kv_bits",
)


@dataclass(frozen=True, slots=True)
class Region:
    """Points ``first`` to ``last`` (both included) that share a layout.

    ``width`` is the share of the frontier's length they span, 0 to 1, with the gap after the last
    one; the length is that of ``choose.path_positions``.
    """

    name: str
    first: int
    last: int
    width: float


@dataclass(frozen=True, slots=True)
class PaceShare:
    """How much of a frontier one limit paces: points, and the speeds (tok/s/user) they span."""

    binding: Binding
    points: int
    share: float
    slowest: float
    fastest: float


def region_name(point: Point, *, accelerator: bool, precision: bool) -> str:
    """Layout of ``point``, led by its accelerator and followed by its precision if asked."""
    parts = [clean(point.design.get("accelerator", ""))] if accelerator else []
    if "tensor_parallel" in point.design or "tensor_parallel_2d" in point.design:
        parts.append(layout_name(point.design))
    if precision:
        parts.append(precision_name(point.design))
    return " ".join(part for part in parts if part)


def layout_regions(result: Result) -> list[Region]:
    """Runs of consecutive points of one layout, in the frontier's order.

    Their names tell accelerator and precision where the question leaves a choice of them.

    Where layouts alternate point by point the runs are short; ask for the widest.
    """
    points = result.points
    if not points:
        return []
    question = question_of(result)
    known: dict[tuple[Any, ...], str] = {}
    names = []
    for point in points:
        # Thousands of points share a handful of layouts; each is put into words once.
        key = tuple(map(point.design.get, _LAYOUT_KEYS))
        if key not in known:
            known[key] = region_name(
                point,
                accelerator=question.accelerator_varies,
                precision=question.precision_varies,
            )
        names.append(known[key])
    positions = path_positions(points)
    regions = []
    first = 0
    for index in range(1, len(points) + 1):
        if index < len(points) and names[index] == names[first]:
            continue
        end = positions[min(index, len(points) - 1)]
        regions.append(Region(names[first], first, index - 1, float(end - positions[first])))
        first = index
    return regions


def binding_runs(points: Sequence[Point]) -> list[tuple[Binding, int, int]]:
    """Runs of consecutive points paced by one limit: the limit, first and last index."""
    runs: list[tuple[Binding, int, int]] = []
    for index, point in enumerate(points):
        binding = binding_of(point)
        if runs and runs[-1][0] is binding:
            runs[-1] = (binding, runs[-1][1], index)
        else:
            runs.append((binding, index, index))
    return runs


def pace_shares(points: Sequence[Point]) -> list[PaceShare]:
    """For each limit that paces some point: how many, and at which speeds; most points first."""
    speeds: dict[str, list[float]] = {}
    bindings: dict[str, Binding] = {UNKNOWN_BINDING.key: UNKNOWN_BINDING}
    for point in points:
        binding = binding_of(point)
        bindings[binding.key] = binding
        speeds.setdefault(binding.key, []).append(point.objectives["speed"])
    shares = [
        PaceShare(bindings[key], len(own), len(own) / len(points), min(own), max(own))
        for key, own in speeds.items()
    ]
    return sorted(shares, key=lambda share: -share.points)
