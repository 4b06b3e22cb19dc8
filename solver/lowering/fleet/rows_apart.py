"""What tells rows of a table apart whose replicas would have one name.

A table of measured points may hold several operating points of one layout. Plans, bills and result
files must say which is meant: by what differs, so that a reader sees it at once, else by the line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from solver.instance.fleet.domain import MeasuredPoint

__all__ = ["what_differs"]


def _number(value: Fraction | None, form: str) -> str | None:
    return None if value is None else form.format(f"{float(value):.4g}")


def _devices(point: MeasuredPoint) -> str:
    return f"{point.devices} device{'' if point.devices == 1 else 's'}"


def _speed(point: MeasuredPoint) -> str | None:
    return _number(None if point.tpot_s is None else 1 / point.tpot_s, "{} tok/s/user")


_FACTS: tuple[Callable[[MeasuredPoint], str | None], ...] = (
    _devices,
    _speed,
    lambda point: _number(point.requests_per_s, "{} requests/s"),
    lambda point: _number(point.ttft_s, "TTFT {} s"),
    lambda point: _number(point.watts, "{} W"),
    lambda point: _number(point.usd_per_hour, "US${}/h"),
)


def what_differs(labels: Sequence[str], points: Sequence[MeasuredPoint]) -> list[str]:
    """For each replica what sets it apart from others of its label; empty where nothing needs to.

    Parameters
    ----------
    labels
        Names that plans would use.
    points
        One measured point of each replica, all of one table.
    """
    groups: dict[str, list[int]] = {}
    for k, label in enumerate(labels):
        groups.setdefault(label, []).append(k)
    found = [""] * len(labels)
    layouts = {point.layout for point in points}
    for group in groups.values():
        if len(group) > 1:
            for k, text in zip(group, _texts([points[k] for k in group], layouts), strict=True):
                found[k] = text
    return found


def _texts(points: Sequence[MeasuredPoint], layouts: set[str]) -> list[str]:
    """One text a point, all different: the first fact that does it, else the line."""
    for fact in _FACTS:
        told = [text for text in map(fact, points) if text is not None]
        # Someone may have written the fact into the name of another layout.
        names = {f"{point.layout}, {text}" for point, text in zip(points, told, strict=False)}
        if len(set(told)) == len(points) and not names & layouts:
            return told
    return [f"line {point.where.rpartition(':')[2]}" for point in points]
