"""Constants that a question brings along: read, held against its machines, and told in words."""

from __future__ import annotations

from functools import lru_cache

from solver.catalog.domain import Accelerator
from solver.errors import CatalogError, Fault
from solver.instance.domain import NamedFile, ReplicaInstance
from solver.performance.calibrated.sources import measured_on
from solver.performance.operators.calibration_file import Calibration, parse_calibration

__all__ = ["OwnConstants", "constants_told"]


@lru_cache(maxsize=16)
def _read(constants: NamedFile, where: str) -> Calibration:
    """The calibration in a file, read once: curves are shared by those of one reading.

    Raises
    ------
    CatalogError
        As ``parse_calibration``.
    """
    return parse_calibration(constants.text, where=f"{where}: {constants.name}")


class OwnConstants:
    """The calibration of a question, if it has one."""

    def __init__(self, instance: ReplicaInstance) -> None:
        self.instance = instance

    def of(self, accelerator: Accelerator) -> Calibration | None:
        """Constants for an accelerator; ``None`` where the shipped ones serve it.

        Raises
        ------
        CatalogError
            Where the file cannot be read; ``faults`` says so first.
        """
        if self.instance.constants is None:
            return None
        found = _read(self.instance.constants, self.instance.source)
        return found if found.accelerator.name == accelerator.name else None

    def faults(self) -> list[Fault]:
        """What is wrong with the file, or with the machines that it should be for."""
        instance, key = self.instance, f"{self.instance.source}: performance.constants"
        if instance.constants is None:
            return []
        try:
            found = _read(instance.constants, instance.source)
        except CatalogError as error:
            return list(error.faults)
        own, file = found.accelerator.name, instance.constants.name
        offered = [machine.accelerator for machine in instance.machines]
        named = [accelerator for accelerator in offered if accelerator.name == own]
        if not named:
            return [
                Fault(
                    key,
                    f"{file} was measured on {own!r}, which the question does not offer (it "
                    f"offers {', '.join(accelerator.name for accelerator in offered)})",
                    "Name that accelerator in design.accelerator, or leave the constants out",
                )
            ]
        return [
            Fault(
                key,
                f"{own!r} is another accelerator in {file} than in the question",
                "Leave its entry to the calibration file",
            )
            for accelerator in named
            if not measured_on(found, accelerator)
        ]


def constants_told(instance: ReplicaInstance) -> str:
    """Whose constants a question runs on, in words; empty where all are the shipped ones."""
    if instance.constants is None:
        return ""
    found = _read(instance.constants, instance.source)
    families = ", ".join(family.replace("_", " ") for family in found.catalogs)
    return (
        f"{families or 'no kernels'} of {found.accelerator.name} by constants measured here "
        f"({instance.constants.name}), all else as shipped"
    )
