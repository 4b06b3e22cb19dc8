"""Find the constants of one family for one accelerator: its own, a sibling's, or a mean.

In this order:

1. its own fit at the precision (``measured``);
2. its own fit at a precision of equal width (``measured``, and the note says which);
3. a sibling's fit at the precision, then at one of equal width (``sibling``);
4. the mean over architectures at the precision, then at one of equal width (``transferred``).

Constants of another device are moved as ``moving`` says; peaks are always the accelerator's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from solver.errors import UnsupportedModelError
from solver.performance.operators.catalog import OperatorCatalog
from solver.performance.operators.device import Device, device_of_system
from solver.performance.operators.lineage import ARCHITECTURES, Lineage
from solver.performance.operators.moving import mean_of, moved

__all__ = ["Found", "Origin", "find_constants"]

Origin = Literal["measured", "sibling", "transferred"]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Constants by name, whose they are, and what a reader must know of them."""

    values: Mapping[str, float]
    origin: Origin
    system: str
    precision: str
    note: str


def joined(*parts: str) -> str:
    """The parts that say something, as one note."""
    return "; ".join(part for part in parts if part)


def find_constants(
    catalog: OperatorCatalog, device: Device, lineage: Lineage, precisions: Sequence[str]
) -> Found:
    """Constants of a family for a device; see the module for the order.

    Parameters
    ----------
    catalog
        Of the family.
    device
        Brings its peaks; constants of others are moved to it.
    lineage
        Whose constants it may take.
    precisions
        The one asked for, then those of equal width that may stand in.

    Raises
    ------
    UnsupportedModelError
        Where none of the precisions was measured on any of these systems.
    """
    wanted = precisions[0]

    def constants_of(system: str, precision: str) -> dict[str, float]:
        return moved(
            catalog.fits[system, precision].constants,
            catalog.units,
            origin=device_of_system(system),
            target=device,
        )

    def noted(precision: str, *parts: str) -> str:
        stands_in = "" if precision == wanted else f"{precision} stands in for {wanted}"
        return joined(*parts, stands_in)

    same = lineage.like in (None, device.name)
    for precision in precisions:
        if lineage.own is not None and (lineage.own, precision) in catalog.fits:
            values = constants_of(lineage.own, precision)
            if same:
                return Found(values, "measured", lineage.own, precision, noted(precision))
            note = noted(precision, f"built like {lineage.like}")
            return Found(values, "sibling", lineage.own, precision, note)
    for precision in precisions:
        for system in lineage.siblings:
            if (system, precision) in catalog.fits:
                note = noted(precision, f"constants of {system}")
                return Found(constants_of(system, precision), "sibling", system, precision, note)
    for precision in precisions:
        for systems in lineage.others:
            measured = [s for s in systems if (s, precision) in catalog.fits]
            if measured:
                mean = mean_of([(ARCHITECTURES[s], constants_of(s, precision)) for s in measured])
                architectures = dict.fromkeys(ARCHITECTURES[s] for s in measured)
                note = noted(
                    precision,
                    "measured neither on it nor on a device of its design: "
                    f"mean over {', '.join(architectures)}",
                )
                return Found(mean, "transferred", ", ".join(measured), precision, note)
    known = dict.fromkeys(precision for _, precision in catalog.fits)
    raise UnsupportedModelError.one(
        f"{catalog.family} at precision {wanted!r} was measured on no system",
        where=device.name,
        mend=f"Use one of {', '.join(known)}",
    )
