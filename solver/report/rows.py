"""A frontier as a table for other programs: every point, every column, units in the headers."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any, TextIO

from solver.report.choose import marks
from solver.report.design import DESIGN_KEYS
from solver.result import Point, Result

__all__ = ["frontier_rows", "write_csv"]

_UNIT_SUFFIX = {
    "tok/s/user": "tok_per_s_per_user",
    "tok/s": "tok_per_s",
    "usd/Mtok": "usd_per_mtok",
    "usd/h": "usd_per_hour",
}
_DESIGN_ORDER = (
    *DESIGN_KEYS,
    "tok_per_s",
    "usd_per_hour",
    "mfu",
    "hbm_used_bytes",
    "hbm_capacity_bytes",
    "step_latency_s",
    "terms",
    "binding",
)
_RENAMED = {"terms.arithmetic_s": "arithmetic_s", "terms.hbm_s": "hbm_s"} | {
    "terms.network_s": "network_s",
    "terms.launch_s": "launch_s",
}


def _column_of(name: str, unit: str) -> str:
    """``speed`` in ``tok/s/user`` becomes ``speed_tok_per_s_per_user``."""
    spelled = unit.replace("/", "_per_").replace(" ", "_").lower()
    return f"{name}_{_UNIT_SUFFIX.get(unit, spelled)}"


def _flat(tree: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """``tree`` without nesting, keys joined by dots; lists stay as they are."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _design_rank(key: str) -> tuple[int, str]:
    """Known keys in the order of the contract, unknown ones after them by name."""
    root = key.split(".")[0]
    known = root in _DESIGN_ORDER
    return (_DESIGN_ORDER.index(root), "") if known else (len(_DESIGN_ORDER), key)


def frontier_rows(result: Result) -> tuple[list[str], list[list[Any]]]:
    """Header and one row for every point, from fastest to cheapest.

    Columns, always in this order: objectives with their units; ``exact_`` columns, the integers and
    fractions that were compared; the design; what closed the point; for which recommendation it is
    the answer. A value that a point does not have is ``None``. Floats stay floats, so that writing
    them with ``repr`` loses nothing.
    """
    flat = [_flat(point.design, "") for point in result.points]
    objective_columns = [(o.name, _column_of(o.name, o.unit)) for o in result.objectives]
    exact_keys = list(dict.fromkeys(key for point in result.points for key in point.exact))
    design_keys = list(dict.fromkeys(key for design in flat for key in design))
    # A stable sort: keys of equal rank keep the order in which the designs list them.
    design_keys.sort(key=_design_rank)
    header = [
        *(column for _, column in objective_columns),
        *(f"exact_{key}" for key in exact_keys),
        *(_RENAMED.get(key, key) for key in design_keys),
        "proof_engine",
        "proof_closed_by",
        "recommended",
    ]
    mark_of = marks(result)

    def row(index: int, point: Point, design: Mapping[str, Any]) -> list[Any]:
        return [
            *(point.objectives.get(name) for name, _ in objective_columns),
            *(point.exact.get(key) for key in exact_keys),
            *(design.get(key) for key in design_keys),
            point.proof.get("engine"),
            point.proof.get("closed_by"),
            " ".join(mark_of.get(index, ())) or None,
        ]

    pairs = zip(result.points, flat, strict=True)
    return header, [row(index, point, design) for index, (point, design) in enumerate(pairs)]


def write_csv(result: Result, stream: TextIO) -> None:
    """Write ``frontier_rows`` to ``stream`` as CSV (RFC 4180, but lines end in a plain newline).

    Floats are written with every digit they need to come back the same; ``None`` is an empty cell.
    Open ``stream`` with ``newline=""`` and UTF-8.
    """
    header, rows = frontier_rows(result)
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
