"""A machine from one host's ``nvidia-smi -q -x``.

The host says how many devices it has, not how many such hosts there are: that is asked for. Its
power limit is of the board alone, while the instance counts a device with its share of the host, so
it goes into a note and not into ``watts_per_device``.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from pathlib import Path

from solver.catalog.collection import suggestion
from solver.errors import Fault, InstanceError
from solver.importers.cluster.beside import check_beside
from solver.importers.cluster.host_xml import DeviceFacts, HostFacts, read_host
from solver.importers.devices import KnownDevices, machine_name
from solver.importers.findings import Answers, Figure, Findings, Missing, Tables
from solver.importers.prices.cells import count
from solver.importers.prices.given import prices_given
from solver.importers.visible import visible
from solver.instance.fleet.fault_limit import listed
from solver.instance.fleet.plausible import plain

__all__ = ["read_devices"]

_MOST_DEVICES = 10**7


def read_devices(path: Path, answers: Answers) -> Findings:
    """One machine for each kind of device in the host.

    Parameters
    ----------
    answers
        ``machine`` names the machine (of a host with one kind of device); ``accelerator`` the
        catalog's entry where the product's name does not tell it; ``stock_devices`` is how many
        there are in all, on hosts like this one; ``usd_per_hour``, ``as_of`` and ``price_source``
        price it.

    Raises
    ------
    InstanceError
        As ``read_host``; if the memory is not that of the accelerator in the catalog, or an answer
        does not fit.
    """
    where = visible(str(path), 200)
    if answers.question == "replica":
        raise InstanceError.one(
            "a host describes a machine of a fleet",
            where=where,
            mend="Leave out --question replica; a replica takes its device from design.accelerator",
        )
    host = read_host(path)
    file = visible(path.name, 80)
    known = KnownDevices(answers.existing_tables)
    faults: list[Fault] = []
    kinds = Counter((device.product, device.memory_mib) for device in host.devices)
    named = _named(kinds, answers, faults)
    accelerators = {
        name: _accelerator(kind, len(kinds), answers, known, faults, where, file)
        for name, kind in named.items()
    }
    machines = [(name, str(fig.value) if fig else None) for name, fig in accelerators.items()]
    prices = prices_given(machines, answers, known, faults)
    beside = check_beside(machines, answers, kind="nvidia-smi", file=file, faults=faults)
    tables: list[Tables] = []
    missing: list[Missing] = []
    for name, kind in named.items():
        figure = accelerators[name]
        if figure is None:
            missing.append(_which_accelerator(name, kind, known))
        stock, asked = _stock(name, kinds[kind], len(kinds), answers, faults)
        table = {
            "name": Figure(name, f"{file}: product_name {kind[0]}"),
            **({"accelerator": figure} if figure else {}),
            "node_devices": Figure(kinds[kind], f"{file}: number of its gpu elements"),
            **({"stock_devices": stock} if stock else {}),
            **prices[name].keys,
        }
        tables.append(table)
        missing += [*asked, *prices[name].missing]
    if faults:
        raise InstanceError.all_of(listed(faults, where))
    return Findings(
        question="fleet",
        tables={"machines": tables},
        missing=tuple(missing),
        notes=(*_notes(host, named, accelerators, known), *beside),
    )


def _named(
    kinds: Counter[tuple[str, int]], answers: Answers, faults: list[Fault]
) -> dict[str, tuple[str, int]]:
    """Kinds of device by the name of their machine."""
    if answers.machine is not None:
        if len(kinds) == 1:
            return {answers.machine: next(iter(kinds))}
        faults.append(
            Fault(
                "--machine",
                f"one name for {len(kinds)} kinds of device: "
                + ", ".join(product for product, _ in kinds),
                "Leave it out; each is named after its product",
            )
        )
    named: dict[str, tuple[str, int]] = {}
    for product, memory_mib in kinds:
        name = machine_name(product.removeprefix("NVIDIA "))
        named[name if name not in named else f"{name}-{memory_mib}-mib"] = (product, memory_mib)
    return named


def _accelerator(
    kind: tuple[str, int],
    kinds: int,
    answers: Answers,
    known: KnownDevices,
    faults: list[Fault],
    where: str,
    file: str,
) -> Figure | None:
    product, memory_mib = kind
    found = known.of_product(product)
    source = f"product_name {product}"
    if answers.accelerator is not None:
        given = known.answered(answers.accelerator, faults)
        if given is not None and found is not None and found != given and kinds == 1:
            faults.append(
                Fault(
                    f"{where}: --accelerator",
                    f"'{given}' is given, but {product} is '{found}' in the catalog",
                    "Leave out --accelerator",
                )
            )
        elif given is not None and found is None:
            found, source = given, "--accelerator"
    if found is None:
        return None
    doubt = known.memory_doubt(found, memory_mib)
    if doubt is not None:
        faults.append(
            Fault(
                f"{where}: {product}",
                doubt,
                "Name the right entry with --accelerator, or add the device under [[accelerators]]",
            )
        )
    return Figure(found, source if source.startswith("--") else f"{file}: {source}")


def _which_accelerator(name: str, kind: tuple[str, int], known: KnownDevices) -> Missing:
    product, memory_mib = kind
    return Missing(
        key=f"machines.{name}.accelerator",
        question=f"Which accelerator of the catalog is {product} with {memory_mib} MiB "
        f"({suggestion(product.split()[-1], known.names, what='accelerators')})?",
        flag="--accelerator",
        example="H100 SXM",
    )


def _stock(
    name: str, of_host: int, kinds: int, answers: Answers, faults: list[Fault]
) -> tuple[Figure | None, list[Missing]]:
    """Devices of this kind in all, as given; asked for where they are not."""
    if answers.stock_devices is None:
        asked = Missing(
            key=f"machines.{name}.stock_devices",
            question=f"How many such devices are there in all, on hosts with {of_host} each?",
            flag="--stock-devices",
            example=str(2 * of_host),
        )
        return None, [asked]
    if kinds > 1:
        faults.append(
            Fault(
                "--stock-devices",
                f"one number for {kinds} kinds of device",
                f"Leave it out, and set machines.{name}.stock_devices in the file",
            )
        )
        return None, []
    number, fault = count(answers.stock_devices, "--stock-devices", most=_MOST_DEVICES, least=1)
    if number is None or number % of_host:
        faults.append(
            fault
            or Fault(
                "--stock-devices",
                f"{number} devices are no whole number of hosts with {of_host} each",
                f"Give all devices in such hosts: a multiple of {of_host}",
            )
        )
        return None, []
    hosts = number // of_host
    source = f"--stock-devices: {hosts} host{'s' if hosts > 1 else ''} with {of_host} each"
    return Figure(number, source), []


def _notes(
    host: HostFacts,
    named: dict[str, tuple[str, int]],
    accelerators: dict[str, Figure | None],
    known: KnownDevices,
) -> list[str]:
    notes = []
    if len(named) > 1:
        notes.append(
            f"the host has {len(named)} kinds of device, each a machine: {', '.join(named)}; "
            "that they stand in one host is not part of the question"
        )
    for name, (product, memory_mib) in named.items():
        alike = [d for d in host.devices if (d.product, d.memory_mib) == (product, memory_mib)]
        figure = accelerators[name]
        notes += _limit_notes(name, alike, str(figure.value) if figure else None, known)
        clocks = {d.sm_clock_mhz for d in alike if d.sm_clock_mhz is not None}
        lanes = {d.pcie_generation for d in alike if d.pcie_generation is not None}
        facts = [f"highest core clock {clock} MHz" for clock in sorted(clocks)]
        facts += [f"PCIe generation {lane}" for lane in sorted(lanes)]
        if facts:
            notes.append(f"{name}: {', '.join(facts)} (not part of the question)")
    versions = [
        f"{what} {version}"
        for what, version in (("driver", host.driver), ("CUDA", host.cuda))
        if version
    ]
    if versions:
        notes.append(f"read with {', '.join(versions)}")
    return notes


def _limit_notes(
    name: str, alike: list[DeviceFacts], accelerator: str | None, known: KnownDevices
) -> list[str]:
    """Power limits, and a warning where they are below what the catalog's figures are for."""
    limits = sorted({Fraction(d.power_limit_w) for d in alike if d.power_limit_w})
    if not limits:
        return []
    shown = " and ".join(plain(limit) for limit in limits)
    entry = known.catalog.accelerators.get(accelerator) if accelerator else None
    if entry is not None and entry.tdp_w is not None and limits[0] < Fraction(entry.tdp_w):
        return [
            f"{name}: boards are limited to {shown} W, below the {entry.tdp_w:g} W that the "
            "catalog's speeds are for; measured points tell what that costs"
        ]
    return [
        f"{name}: boards may draw {shown} W; watts_per_device counts the share of the host too, "
        "so it is left to the catalog"
    ]
