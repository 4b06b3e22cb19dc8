"""Machines of a cluster beside those that the instance has already.

A price list that was imported first made a machine of each device, with prices and without a
stock. Pools added beside it would have no price, and the list's machines would stay as if they
could be rented in addition: another question than the one that the other order gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from solver.errors import Fault
from solver.importers.findings import Answers
from solver.importers.visible import visible

__all__ = ["check_beside"]

_PRICED = ("contracts", "usd_per_hour", "tier")


def check_beside(
    machines: Sequence[tuple[str, str | None]],
    answers: Answers,
    *,
    kind: str,
    file: str,
    faults: list[Fault],
) -> list[str]:
    """Remarks on machines that stay beside the new ones.

    Parameters
    ----------
    machines
        Name and accelerator (``None`` where it is not known) of each that is read.
    answers
        ``machine`` chooses one of them on purpose, so that it may stand beside.
    kind, file
        Of the import, for the cure.
    faults
        Receives each machine of a price list that the new ones would be the same devices as.
    """
    listed = (answers.existing_tables or {}).get("machines", [])
    own = dict(machines)
    found = set(own.values())
    remarks = []
    for entry in listed if isinstance(listed, list) else []:
        name = entry.get("name") if isinstance(entry, Mapping) else None
        if not isinstance(name, str) or name in own:
            continue
        accelerator = entry.get("accelerator")
        if accelerator is None:
            remarks.append(
                f"'{visible(name)}' stays a machine beside these; if it is one of them, measured "
                "points have to name that one (--machine)"
            )
        elif answers.machine is None and accelerator in found and _of_a_list(entry):
            same = ", ".join(one for one, device in machines if device == accelerator)
            faults.append(
                Fault(
                    f"{file}: beside machines.{visible(name)} of the instance",
                    f"that one has prices of {visible(str(accelerator))} and no stock, as a price "
                    f"list makes it, so that {same} would have no price and be bought in addition",
                    f"Import the cluster first: fleetfront import {kind} {file} -o new.toml, then "
                    "the prices with --add; or choose with --machine what is meant in addition",
                )
            )
        elif accelerator in found:
            remarks.append(
                f"'{visible(name)}' stays beside these, with {visible(str(accelerator))} of its own"
            )
    return remarks


def _of_a_list(entry: Mapping[str, Any]) -> bool:
    return "stock_devices" not in entry and any(entry.get(key) for key in _PRICED)
