"""Which core clocks the replicas of a machine may be set to."""

from __future__ import annotations

from collections.abc import Sequence

from solver.catalog.domain import Accelerator
from solver.errors import InstanceError
from solver.instance.clocks import ALL_CLOCKS, clocks_of, clocks_on_offer
from solver.instance.fleet.domain import MachineOffer
from solver.instance.fleet.machine_records import MachineEntry
from solver.instance.lookup import Lookup

__all__ = ["check_design_clocks", "machine_clocks"]


def machine_clocks(
    entry: MachineEntry,
    design: Sequence[int] | str | None,
    accelerator: Accelerator | None,
    lookup: Lookup,
) -> tuple[int, ...]:
    """Clocks of a machine: those it states, which it must have, or those of the design it has."""
    stated = entry.clock_mhz
    key = f"machines.{entry.name}.clock_mhz"
    if stated is not None:
        if accelerator is None:
            lookup.fault(key, "belongs to an accelerator, and none is named", "Name it, or drop it")
            return ()
        try:
            found = clocks_of(stated, accelerator)
        except InstanceError as error:
            for fault in error.faults:
                lookup.fault(key, fault.what, fault.mend)
            return ()
    else:
        found = _of_design(design, accelerator)
    if found and entry.watts_per_device is not None:
        lookup.fault(
            f"machines.{entry.name}.watts_per_device",
            "is one figure, and power goes with the clock, which is chosen",
            "Leave it out: the catalog knows power by clock; or leave out clock_mhz",
        )
    return found


def _of_design(
    design: Sequence[int] | str | None, accelerator: Accelerator | None
) -> tuple[int, ...]:
    power = None if accelerator is None else accelerator.power
    if design is None or power is None or power.clocks is None:
        return ()
    offered = clocks_on_offer(power.clocks)
    return offered if design == ALL_CLOCKS else tuple(mhz for mhz in offered if mhz in design)


def check_design_clocks(
    design: Sequence[int] | str | None, machines: Sequence[MachineOffer], lookup: Lookup
) -> None:
    """Note clocks of the design space that no machine on offer can be set to."""
    ranges = [
        machine.accelerator.power.clocks
        for machine in machines
        if machine.accelerator is not None and machine.accelerator.power is not None
    ]
    known = [clocks for clocks in ranges if clocks is not None]
    if design is None:
        return
    if not known:
        lookup.fault(
            "design.clock_mhz",
            "the catalog knows no range of clocks of any machine on offer",
            "Leave it out, or offer a machine whose clock can be set",
        )
        return
    offered = {mhz for clocks in known for mhz in clocks_on_offer(clocks)}
    for mhz in () if isinstance(design, str) else design:
        if mhz not in offered:
            lookup.fault(
                "design.clock_mhz",
                f"{mhz} MHz is a clock of no machine on offer",
                f"Choose from {_shown(sorted(offered))}",
            )


def _shown(offered: Sequence[int]) -> str:
    if len(offered) <= 8:
        return ", ".join(map(str, offered))
    middle = offered[len(offered) // 2]
    return f"{offered[0]}, {offered[1]} ... {middle} ... {offered[-1]}, or write 'all'"
