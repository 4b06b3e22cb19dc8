"""Constants to hold where the measured rows cannot tell: the shipped ones, as the model finds them.

Those of the system that the device is, else of one of its design, else a mean over designs
(``operators.lookup``), moved to the device's own peaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from solver.catalog.domain import Accelerator
from solver.performance.operators.catalog import operator_catalog
from solver.performance.operators.device import Device
from solver.performance.operators.lineage import lineage_of, network_lineage_of
from solver.performance.operators.lookup import find_constants

__all__ = ["Reference", "reference_constants"]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Shipped constants and units of a family at a precision, and whose they are.

    ``is_kin`` tells those of the device's own system or design from a mean.
    """

    constants: Mapping[str, float]
    units: Mapping[str, str]
    of: str
    is_kin: bool


def reference_constants(
    family: str, precision: str, *, accelerator: Accelerator, device: Device
) -> Reference:
    """See the module.

    Parameters
    ----------
    accelerator
        Catalog entry that the device extends, or its own where it extends none.
    device
        The measured device.

    Raises
    ------
    UnsupportedModelError
        Where the family was measured nowhere at that precision.
    """
    catalog = operator_catalog(family)
    lineage = (network_lineage_of if family == "collective" else lineage_of)(accelerator)
    found = find_constants(catalog, device, lineage, (precision,))
    values = {name: float(found.values[name]) for name in catalog.units}
    is_kin = found.origin != "transferred"
    if family == "collective" and not is_kin:
        values["in_switch"] = 0.0
    return Reference(
        constants=values,
        units=catalog.units,
        of=f"{found.system}; {found.note}" if found.note else found.system,
        is_kin=is_kin,
    )
