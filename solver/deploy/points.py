"""Which point of a result is meant: a number, or a name such as ``knee``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.economy_api import is_economic_document
from solver.errors import ResultError
from solver.report.fleet_facts import goals_of
from solver.report.numbers import clean
from solver.result import kind_of, result_from_dict

__all__ = ["named_points", "point_in_words", "point_index"]

Document = Mapping[str, Any]


def named_points(document: Document, *, where: str = "result") -> dict[str, int]:
    """The recommended points by name (``fastest``, ``speed4-per-price``, ...), as 0-based indices.

    Raises
    ------
    ResultError
        If the document is damaged.
    """
    try:
        marks = _marks(document)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ResultError.one(
            f"is damaged: its points cannot be read ({error})",
            where=where,
            mend="Check it with 'fleetfront verify'",
        ) from error
    return {_key(name): index for index, names in sorted(marks.items()) for name in names}


def _marks(document: Document) -> dict[int, tuple[str, ...]]:
    kind = kind_of(document)
    if kind == "fleet":
        from solver.report.fleet_choose import marks_of

        return marks_of(document)
    if kind == "placement":
        from solver.report.placement_findings import placement_marks

        return placement_marks(document)
    if is_economic_document(document):
        from solver.report.economy_choose import marks_of as economic_marks

        return economic_marks(document)
    from solver.report.choose import marks

    return marks(result_from_dict(document))


def _key(name: str) -> str:
    """A name as it is typed: ``speed⁴/price`` becomes ``speed4-per-price``."""
    typed = name.strip().lower().replace("⁴", "4").replace("/", "-per-")
    return "-".join(typed.replace("_", " ").replace("-", " ").split())


def point_in_words(document: Document, index: int) -> str:
    """The objectives of a point: ``speed 83.3 tok/s/user, cost 1.2 US$/Mtok``."""
    values = document["points"][index]["objectives"]
    return ", ".join(
        f"{clean(goal.name, limit=30)} {goal.told(float(values[goal.name]))}"
        for goal in goals_of(document)
    )


def point_index(document: Document, point: str | None, *, where: str) -> int:
    """The 0-based index of ``point``: its number counted from 1, or its name.

    Raises
    ------
    ResultError
        If no point was given, or there is none of that number or name; the message lists the
        recommended ones with their figures.
    """
    points = document["points"]
    names = named_points(document, where=where)
    by_index: dict[int, list[str]] = {}
    for name, index in names.items():
        by_index.setdefault(index, []).append(name)
    listed = "; ".join(
        f"{index + 1} ({', '.join(told)}: {point_in_words(document, index)})"
        for index, told in sorted(by_index.items())
    )
    listed = listed or f"1 ({point_in_words(document, 0)})"
    mend = f"Give --point with a number from 1 to {len(points)} or a name. Recommended: {listed}"
    if point is None:
        raise ResultError.one(
            f"holds {len(points)} point{'s' if len(points) != 1 else ''}, and none was chosen",
            where=where,
            mend=mend,
        )
    if point.isascii() and point.isdigit() and len(point) <= len(str(len(points))):
        index = int(point) - 1
        if 0 <= index < len(points):
            return index
    elif _key(point) in names:
        return names[_key(point)]
    raise ResultError.one(
        f"has no point {clean(point, limit=40)!r}", where=f"{where}: --point", mend=mend
    )
