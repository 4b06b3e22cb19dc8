"""Which machine an offer of a price list is for.

A list names devices, an instance names machines. A row goes to the machine that it names, else to
the one that ``--machine`` names, else to every machine of the instance with that accelerator; where
there is no machine yet, each device of the list becomes one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from solver.catalog.collection import suggestion
from solver.errors import Fault
from solver.importers.devices import machine_name
from solver.importers.findings import Answers
from solver.importers.prices.offer import Offer
from solver.importers.visible import visible

__all__ = ["machines_there", "placed_offers"]


def machines_there(answers: Answers) -> dict[str, Mapping[str, Any]]:
    """Machines of the instance that is being extended, by name."""
    machines = (answers.existing_tables or {}).get("machines", [])
    return {
        entry["name"]: entry
        for entry in (machines if isinstance(machines, list) else [])
        if isinstance(entry, Mapping) and isinstance(entry.get("name"), str)
    }


def placed_offers(
    offers: Sequence[Offer],
    existing: Mapping[str, Mapping[str, Any]],
    answers: Answers,
    where: str,
    faults: list[Fault],
    notes: list[str],
) -> dict[str, list[Offer]]:
    """Offers by the machine that they are for, in the order of the list."""
    placed: dict[str, list[Offer]] = {}
    strangers: Counter[str] = Counter()
    kinds = sorted({offer.accelerator for offer in offers if offer.accelerator})
    if answers.machine is not None and len(kinds) > 1 and not _accelerator(existing, answers):
        faults.append(
            Fault(
                "--machine",
                f"the list has prices of {len(kinds)} devices: {', '.join(kinds)}",
                "Keep the rows of one device, or leave out --machine",
            )
        )
    for offer in offers:
        names = _machines_of(offer, existing, answers)
        if offer.machine and existing and offer.machine not in existing:
            faults.append(
                Fault(
                    f"{offer.place}: machine",
                    f"the instance has no machine '{visible(offer.machine)}'",
                    suggestion(offer.machine, existing, what="machines"),
                )
            )
        elif not names:
            strangers[offer.accelerator] += 1
        elif len(names) > 1 and offer.stock_devices is not None:
            faults.append(
                Fault(
                    f"{offer.place}: stock_devices",
                    f"one stock for {len(names)} machines: {', '.join(names)}",
                    "Add a column machine, and a row for each",
                )
            )
        for name in names:
            placed.setdefault(name, []).append(offer)
    for accelerator, rows in strangers.items():
        notes.append(
            f"left out: {rows} row{'s' if rows != 1 else ''} of {accelerator}, which no machine of "
            "the instance has"
        )
    if not placed and not faults:
        faults.append(_no_row(existing, where))
    if placed and not existing and not any(offer.machine for offer in offers):
        notes.append(
            f"each device of the list is a machine now ({', '.join(placed)}), as many as wanted; "
            "where a cluster says what there is, import it first, and this list with --add"
        )
    return placed


def _no_row(existing: Mapping[str, Mapping[str, Any]], where: str) -> Fault:
    had = ", ".join(
        f"{visible(name)}: {visible(str(entry['accelerator']))}"
        if "accelerator" in entry
        else f"{visible(name)} does not say its device"
        for name, entry in existing.items()
    )
    return Fault(
        where,
        f"no row is of a device that the instance has ({visible(had, 200)})",
        "Import the cluster first (fleetfront import kubectl nodes.json --add), or name the "
        f"machine: --machine '{visible(next(iter(existing), 'h100'))}', or a column machine",
    )


def _accelerator(existing: Mapping[str, Mapping[str, Any]], answers: Answers) -> str:
    """Of the machine that ``--machine`` names, empty where it has none yet."""
    return str(existing.get(answers.machine or "", {}).get("accelerator", ""))


def _machines_of(
    offer: Offer, existing: Mapping[str, Mapping[str, Any]], answers: Answers
) -> list[str]:
    if offer.machine:
        return [offer.machine]
    if answers.machine is not None:
        wanted = _accelerator(existing, answers)
        return [answers.machine] if not wanted or wanted == offer.accelerator else []
    if existing:
        return [
            name
            for name, entry in existing.items()
            if entry.get("accelerator") == offer.accelerator and offer.accelerator
        ]
    return [machine_name(offer.label)]
