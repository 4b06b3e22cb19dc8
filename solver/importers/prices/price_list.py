"""Contracts of machines from a price list: CSV, or TOML in the catalog's own form.

Every contract keeps its row, its date and its source, for prices age.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from solver.errors import Fault, InstanceError
from solver.importers.devices import KnownDevices, machine_name
from solver.importers.findings import Answers, Figure, Findings, Missing, Tables
from solver.importers.prices.cells import date_fault
from solver.importers.prices.entries import read_price_entries
from solver.importers.prices.offer import Offer
from solver.importers.prices.placing import machines_there, placed_offers
from solver.importers.prices.table import read_price_table
from solver.importers.visible import visible
from solver.instance.fleet.fault_limit import listed
from solver.instance.fleet.plausible import plain

__all__ = ["read_prices"]


def read_prices(path: Path, answers: Answers) -> Findings:
    """Contracts for the machines of a fleet.

    Parameters
    ----------
    answers
        ``machine`` is where all prices go; ``as_of`` the date of rows that state none;
        ``price_source`` the source of rows that state none.

    Raises
    ------
    InstanceError
        As ``read_price_table`` and ``read_price_entries``; if a row fits no machine, if one machine
        would have two contracts of one name, or has a price outside its contracts.
    """
    where = visible(str(path), 200)
    if answers.question == "replica":
        raise InstanceError.one(
            "a price list gives contracts to the machines of a fleet",
            where=where,
            mend="Write the price of a replica as price.usd_per_hour, or ask a fleet question",
        )
    known = KnownDevices(answers.existing_tables)
    if path.suffix.casefold() == ".toml":
        offers, notes = read_price_entries(path, known)
    else:
        offers, ignored = read_price_table(path, known)
        notes = [f"columns that are not read: {', '.join(ignored)}"] if ignored else []
    faults: list[Fault] = []
    if answers.as_of is not None:
        aged = date_fault(answers.as_of, "--as-of")
        faults.extend([aged] if aged else [])
    existing = machines_there(answers)
    placed = placed_offers(offers, existing, answers, where, faults, notes)
    tables = []
    missing: list[Missing] = []
    for name, mine in placed.items():
        named = _named(name, mine, faults)
        _check_price(name, existing.get(name), faults, where)
        _check_devices(name, mine, existing.get(name), faults, notes)
        if not mine[0].accelerator and "accelerator" not in existing.get(name, {}):
            missing.append(
                Missing(
                    key=f"machines.{name}.accelerator",
                    question=f"Which accelerator of the catalog does {name} have?",
                    flag="--accelerator",
                    example="H100 SXM",
                )
            )
        tables.append(_machine(name, mine, existing.get(name), named, answers))
        missing.extend(
            Missing(
                key=f"machines.{name}.contracts.{contract}.as_of",
                question=f"When was the price in {offer.place} seen, as YYYY-MM?",
                flag="--as-of",
                example="2026-11",
            )
            for contract, offer in named.items()
            if not offer.as_of and answers.as_of is None
        )
        notes.extend(_choice_notes(name, named))
    if faults:
        raise InstanceError.all_of(listed(faults, where))
    return Findings(
        question="fleet",
        tables={"machines": tables},
        missing=tuple(missing),
        notes=tuple(notes),
    )


def _named(name: str, offers: Sequence[Offer], faults: list[Fault]) -> dict[str, Offer]:
    """Offers by the name of their contract, told apart by who offers them."""
    bases = Counter(_contract_name(offer) for offer in offers)
    named: dict[str, Offer] = {}
    for offer in offers:
        base = _contract_name(offer)
        contract = base
        if bases[base] > 1 and offer.provider:
            contract = f"{base}-{machine_name(offer.provider)}"
        if contract in named:
            faults.append(
                Fault(
                    offer.place,
                    f"a second price of {name} as {visible(contract)}; the first is in "
                    f"{named[contract].place}",
                    "Keep one of them, or tell them apart in a column provider",
                )
            )
            continue
        named[contract] = offer
    return named


def _contract_name(offer: Offer) -> str:
    return machine_name(offer.tier) or offer.term.name


def _check_price(
    name: str, entry: Mapping[str, Any] | None, faults: list[Fault], where: str
) -> None:
    """A machine has one price or contracts, not both; only a person can say which holds."""
    had = next((key for key in ("usd_per_hour", "tier") if entry and key in entry), None)
    if entry is not None and had is not None:
        faults.append(
            Fault(
                f"{where}: machines.{visible(name)}",
                f"the instance has {had} = {visible(repr(entry[had]))} for it, and contracts would "
                "stand beside that",
                f"Remove {had} from the instance, or write it there as a contract",
            )
        )


def _check_devices(
    name: str,
    offers: Sequence[Offer],
    entry: Mapping[str, Any] | None,
    faults: list[Fault],
    notes: list[str],
) -> None:
    """Whether all prices of a machine are of its device, and of its size of node."""
    had = entry.get("accelerator") if entry is not None else offers[0].accelerator
    size = entry.get("node_devices") if entry is not None else offers[0].devices
    for offer in offers:
        if offer.accelerator and had and offer.accelerator != had:
            faults.append(
                Fault(
                    f"{offer.place}: accelerator",
                    f"'{offer.accelerator}', and {name} has '{visible(str(had))}'",
                    "Correct the row, or name another machine",
                )
            )
        if offer.devices is None or size is None or offer.devices == size:
            continue
        sizes = f"an instance of {offer.devices} devices, and a node of {name} has {size}"
        if entry is None:
            faults.append(
                Fault(
                    f"{offer.place}: devices",
                    sizes,
                    "Give each size a name in a column machine. Import the cluster first where "
                    "there is one: then these are prices of one device of it",
                )
            )
        else:
            notes.append(f"{offer.place}: the price is of {sizes}; it is taken for one device")


def _machine(
    name: str,
    offers: Sequence[Offer],
    entry: Mapping[str, Any] | None,
    named: Mapping[str, Offer],
    answers: Answers,
) -> Tables:
    first = offers[0]
    table: dict[str, Figure | Tables | list[Tables]] = {
        "name": Figure(name, "" if entry is not None else f"{first.place}: '{first.label}'")
    }
    if first.accelerator and (entry is None or "accelerator" not in entry):
        table["accelerator"] = Figure(first.accelerator, f"{first.place}: '{first.label}'")
    if entry is None and first.devices is not None:
        table["node_devices"] = Figure(first.devices, f"{first.place}: devices of an instance")
    contracts: list[Tables] = [
        dict(_contract(contract, offer, answers)) for contract, offer in named.items()
    ]
    table["contracts"] = contracts
    return table


def _contract(name: str, offer: Offer, answers: Answers) -> Iterator[tuple[str, Figure]]:
    yield "name", Figure(name)
    yield "kind", Figure(offer.term.kind, offer.place)
    if offer.usd_per_hour is not None:
        yield "usd_per_hour", Figure(plain(offer.usd_per_hour), f"{offer.place}, per device")
    if offer.purchase_usd is not None:
        yield "purchase_usd", Figure(plain(offer.purchase_usd), f"{offer.place}, of one device")
    for key, value in offer.owned.items():
        yield key, Figure(plain(value), offer.place)
    if offer.stock_devices is not None:
        yield "stock_devices", Figure(offer.stock_devices, offer.place)
    as_of = offer.as_of or answers.as_of
    if as_of:
        yield "as_of", Figure(as_of, offer.place if offer.as_of else "--as-of")
    said = offer.source or answers.price_source or ""
    parts = [part for part in (offer.provider, said, offer.place) if part]
    yield "source", Figure(", ".join(parts))


def _choice_notes(name: str, named: Mapping[str, Offer]) -> Iterator[str]:
    """A remark where one contract can never be chosen, being dearer than another without limit."""
    for kind in ("on_demand", "spot", "reserved"):
        alike = [
            (offer.usd_per_hour, contract)
            for contract, offer in named.items()
            if offer.term.kind == kind and offer.usd_per_hour is not None
        ]
        open_ended = [pair for pair in alike if named[pair[1]].stock_devices is None]
        if len(alike) > 1 and open_ended:
            cheapest = min(open_ended)[1]
            yield (
                f"{name}: of its {len(alike)} {kind} contracts, {cheapest} has no limit of "
                "devices, so none that is dearer will be chosen"
            )
