"""Which rows of which tables are options of a workload."""

from __future__ import annotations

from fractions import Fraction

from solver.errors import Fault
from solver.instance.fleet.attachments import Attachments
from solver.instance.fleet.domain import MeasuredPoint, RequestSize, WorkloadModel
from solver.instance.fleet.points import PointRow, read_points
from solver.instance.fleet.workload_records import WorkloadEntry
from solver.instance.lookup import Lookup

__all__ = ["PointTables"]

_Bound = tuple[tuple[WorkloadModel, ...], tuple[MeasuredPoint, ...]]


class PointTables:
    """Tables of points of one instance file, each read once.

    A row belongs to every workload that names its file, unless it names another workload, a model
    that the workload does not list, or a class of requests that it does not have.
    """

    def __init__(
        self,
        lookup: Lookup,
        attachments: Attachments,
        *,
        workloads: tuple[str, ...],
        machines: tuple[str, ...],
    ) -> None:
        self._lookup = lookup
        self._attachments = attachments
        self._workloads = workloads
        self._machines = machines
        self._rows: dict[str, tuple[PointRow, ...] | None] = {}
        self._used: dict[str, set[int]] = {}

    def bound(
        self,
        entry: WorkloadEntry,
        key: str,
        sizes: tuple[RequestSize, ...],
        models: tuple[WorkloadModel, ...],
    ) -> _Bound:
        """Models and points of a workload that names a table; faults are noted.

        Where ``models`` is empty, the models are those that the rows name.
        """
        name = entry.points or ""
        rows = self._read(name)
        if rows is None:
            return models, ()
        classes = {(size.input_tokens, size.output_tokens) for size in sizes}
        mine = [
            row
            for row in rows
            if row.workload in ("", entry.name) and (row.size is None or row.size in classes)
        ]
        if not models:
            models = tuple(WorkloadModel(n, None) for n in dict.fromkeys(r.model for r in mine))
        known = [model.name for model in models]
        mean = sum((size.share * size.output_tokens for size in sizes), Fraction(0))
        points = []
        for row in mine:
            if not row.model and len(known) > 1:
                self._lookup.faults.append(
                    Fault(f"{row.where}: model ('')", "names no model", f"Name {_either(known)}")
                )
            elif not row.model or row.model in known:
                self._used[name].add(row.line)
                points.append(row.bound(entry.name, row.model or known[0], mean, name))
        self._check(key, name, points, sizes, known)
        return models, tuple(points)

    def _read(self, name: str) -> tuple[PointRow, ...] | None:
        if name not in self._rows:
            table, rows, faults = read_points(
                self._attachments.path(name), workloads=self._workloads, machines=self._machines
            )
            self._lookup.faults.extend(faults)
            self._rows[name] = None if faults or table is None else rows
            self._used[name] = set()
            if table is not None:
                self._attachments.note(name, table)
        return self._rows[name]

    def _check(
        self,
        key: str,
        name: str,
        points: list[MeasuredPoint],
        sizes: tuple[RequestSize, ...],
        models: list[str],
    ) -> None:
        """Faults where nobody could be served, or one design is measured twice."""
        fault = self._lookup.fault
        if not points:
            fault(
                f"{key}.points",
                f"no row of {name} is for this workload, so that nobody can serve it",
                "Add rows, or correct the columns workload, model and the tokens",
            )
            return
        served = {point.size for point in points if point.requests_per_s}
        for size in sizes if None not in served else ():
            if (size.input_tokens, size.output_tokens) not in served:
                fault(
                    f"{key}.points",
                    f"no row of {name} carries any of the class {size.name}",
                    "Add a row for it, or leave the class out",
                )
        for model in models:
            phases = {point.phase for point in points if point.model == model}
            if not phases:
                fault(
                    f"{key}.points",
                    f"no row of {name} is for the model {model!r}",
                    "Add rows, or leave the model out",
                )
            for phase, other in (("prefill", "decode"), ("decode", "prefill")):
                if phase in phases and other not in phases:
                    fault(
                        f"{key}.points",
                        f"{name} has rows of {phase} but none of {other}",
                        f"Add rows of {other}, or write aggregated",
                    )
        seen: dict[tuple[object, ...], str] = {}
        for point in points:
            if point.size is None:
                continue
            design = (point.model, point.machine, point.layout, point.phase, point.devices)
            first = seen.setdefault((*design, point.size), point.where)
            if first != point.where:
                opened = f"{self._attachments.path(name)}{point.where.removeprefix(name)}"
                self._lookup.faults.append(
                    Fault(
                        f"{opened}: layout ({point.layout!r})",
                        f"is measured on the same class of requests as {first}",
                        "Give the two designs different names in the column layout",
                    )
                )

    def unused_warnings(self) -> list[str]:
        """One sentence for each table that holds rows of no workload."""
        warnings = []
        for name, rows in self._rows.items():
            unused = [row for row in rows or () if row.line not in self._used[name]]
            if unused:
                warnings.append(
                    f"{name}: {len(unused)} of {len(rows or ())} rows are for no workload of the "
                    f"instance, the first in line {unused[0].line}"
                )
        return warnings


def _either(names: list[str]) -> str:
    return " or ".join(repr(name) for name in names)
