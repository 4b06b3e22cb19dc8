"""What the instance that is being extended says already: its workloads, machines and classes.

The instance may be a draft with parts missing, so that nothing here takes a key for granted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.errors import Fault, InstanceError
from solver.importers.benchmarks.model_ids import same_model
from solver.importers.benchmarks.points_table import PointsTable
from solver.importers.findings import Answers
from solver.importers.visible import visible

__all__ = ["Existing"]


class Existing:
    """Names and figures of an instance as plain values; empty where there is none."""

    def __init__(self, answers: Answers) -> None:
        tables = answers.existing_tables or {}
        self._workloads = _named(tables.get("workloads"))
        self._machines = _named(tables.get("machines"))
        self.folder = answers.existing_folder

    @property
    def workloads(self) -> tuple[str, ...]:
        """Names of its workloads."""
        return tuple(self._workloads)

    @property
    def machines(self) -> tuple[str, ...]:
        """Names of its machines."""
        return tuple(self._machines)

    def cells_answered(self, table: PointsTable, name: str, machine: str | None) -> tuple[str, ...]:
        """Keys, as ``Missing`` names them, of cells that ask for nothing any more.

        An empty cell stands for the only machine, once there is one and no other.
        """
        only = machine is not None and {machine} >= set(self._machines)
        stated = (
            ("devices", table.has_all("devices")),
            ("machine", only or table.has_all("machine")),
        )
        return tuple(f"{name}.{key}" for key, known in stated if known)

    def has(self, workload: str, *keys: str) -> bool:
        """Whether the workload states any of ``keys``."""
        entry = self._workloads.get(workload, {})
        return any(entry.get(key) not in (None, [], {}) for key in keys)

    def points(self, workload: str) -> str | None:
        """The table of points that the workload names."""
        name = self._workloads.get(workload, {}).get("points")
        return name if isinstance(name, str) and name else None

    def note_on_points(self, workload: str) -> list[str]:
        """What changes where a workload gets measured points for the first time."""
        if workload not in self._workloads or self.points(workload) is not None:
            return []
        return [
            f"'{visible(workload)}' is served by its measured designs alone from now on; layouts "
            "of [design] are for workloads without points"
        ]

    def names_points(self, name: str) -> bool:
        """Whether a workload names the table of points ``name``."""
        return any(entry.get("points") == name for entry in self._workloads.values())

    def models(self, workload: str) -> tuple[str, ...]:
        """Names of the models that may serve it; those from a ``config.json`` have none here."""
        entry = self._workloads.get(workload, {})
        listed = entry.get("models")
        stated = [entry.get("model")]
        if isinstance(listed, list):
            stated += [item.get("model") for item in listed if isinstance(item, Mapping)]
        return tuple(name for name in stated if isinstance(name, str))

    def classes(self, workload: str) -> tuple[tuple[int, int], ...]:
        """Its classes of requests, input and output tokens; empty where it states none."""
        entry = self._workloads.get(workload, {})
        listed = entry.get("sizes")
        stated = [entry]
        if isinstance(listed, list):
            stated += [item for item in listed if isinstance(item, Mapping)]
        pairs = ((item.get("input_tokens"), item.get("output_tokens")) for item in stated)
        return tuple(
            (one, two)
            for one, two in pairs
            if isinstance(one, int) and isinstance(two, int) and one > 0 < two
        )

    def workload_for(self, answers: Answers, model: str | None, where: str) -> str | None:
        """The workload that a measurement is of; None where the instance has none yet.

        Raises
        ------
        InstanceError
            If there are several, and neither an answer nor the model tells which.
        """
        if answers.workload is not None:
            return answers.workload
        if len(self._workloads) < 2:
            return next(iter(self._workloads), None)
        serving = [
            name
            for name in self._workloads
            if model and any(same_model(model, other) for other in self.models(name))
        ]
        if len(serving) == 1:
            return serving[0]
        names = ", ".join(visible(name) for name in self._workloads)
        raise InstanceError.one(
            f"does not say which workload it is of; the instance has {names}",
            where=where,
            mend=f"Name one: --workload '{visible(next(iter(self._workloads)))}'",
        )

    def machine_for(self, answers: Answers) -> str | None:
        """The machine that a measurement ran on: the one answered, or the only one there is."""
        if answers.machine is not None:
            return answers.machine
        return next(iter(self._machines)) if len(self._machines) == 1 else None

    def note_on_machine(self, machine: str | None) -> list[str]:
        """That a machine is new, where the instance has others: it may be a slip of the pen."""
        if machine is None or not self._machines or machine in self._machines:
            return []
        others = ", ".join(visible(name) for name in self._machines)
        return [f"'{visible(machine)}' is added as a machine; the instance had {others}"]

    def check_model(self, workload: str, model: str, where: str, faults: list[Fault]) -> str:
        """The workload's name for ``model``; a fault where it is served by others alone."""
        stated = self.models(workload)
        for name in stated:
            if same_model(name, model):
                return name
        if stated:
            faults.append(
                Fault(
                    where,
                    f"is of the model '{visible(model)}', and the workload '{visible(workload)}' "
                    f"asks for {', '.join(visible(name) for name in stated)}",
                    "Name another workload with --workload, or add the model to its models",
                )
            )
        return model


def _named(entries: object) -> dict[str, Mapping[str, Any]]:
    if not isinstance(entries, list):
        return {}
    return {
        entry["name"]: entry
        for entry in entries
        if isinstance(entry, Mapping) and isinstance(entry.get("name"), str)
    }
