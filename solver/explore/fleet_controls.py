"""What can be changed of a fleet question, from a file or in columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.explore.control import Control
from solver.explore.control_panel import Panel, exact_text, tiers_of
from solver.explore.energy_controls import energy_controls
from solver.explore.precisions import kv_widths, weight_formats, weight_widths
from solver.explore.rules_controls import rules_panel
from solver.instance.calibration_keys import CALIBRATED
from solver.instance.fleet.columns import ColumnFleet
from solver.instance.fleet.domain import FleetInstance, MachineOffer, Workload

__all__ = ["column_controls", "fleet_controls"]

_DEVICE_HOUR = "US$ per device and hour"
_EXACT = "Decimal or fraction, kept exactly."
_NO_LIMIT = "no limit"
_WHOLE = "A whole number."


def fleet_controls(tables: Mapping[str, Any], question: FleetInstance) -> list[Control]:
    """The controls of a fleet file that was read as ``question``."""
    file = Panel.of_file(tables)
    machines = {machine.name: machine for machine in question.machines}
    workloads = {workload.name: workload for workload in question.workloads}
    panels: list[Panel] = []
    for panel in file.entries("machines", "machine"):
        machine = machines.get(str(panel.table.get("name")))
        if machine is not None:
            panels += _machine(panel, machine)
    for panel in file.entries("workloads", "workload"):
        workload = workloads.get(str(panel.table.get("name")))
        if workload is not None:
            panels += _workload(panel, workload, question)
    panels += [
        energy_controls(file.inner("energy")),
        _service(file.inner("service"), question),
        _limits(file.inner("limits"), question),
    ]
    if question.design is not None:
        panels += [_precision(file.inner("design"), question), rules_panel(file)]
    return [control for panel in panels for control in panel.found]


def _machine(panel: Panel, machine: MachineOffer) -> list[Panel]:
    contracts = panel.entries("contracts", "contract")
    for contract in contracts:
        if contract.table.get("kind") == "owned":
            _owned(contract)
        else:
            _rented(contract, machine)
        _stock(contract, machine)
    if not contracts:
        _rented(panel, machine)
    _stock(panel, machine)
    return [panel, *contracts]


def _rented(panel: Panel, machine: MachineOffer) -> None:
    """A price, or the tier that stands for it."""
    priced = panel.states("usd_per_hour")
    told = "" if priced or not machine.contracts else "the catalog's"
    prices = {contract.usd_per_hour for contract in machine.contracts}
    if not priced and len(prices) == 1:
        told = f"{exact_text(prices.pop() or 0)}, from the catalog"
    panel.number(
        "usd_per_hour", "prices", "Price", _DEVICE_HOUR, _EXACT, otherwise=told, drops=("tier",)
    )
    if panel.states("tier") and machine.accelerator is not None:
        panel.choice(
            "tier", "prices", "Price tier", tiers_of([machine.accelerator.name]),
            "A tier of the price catalog.",
        )  # fmt: skip


def _owned(panel: Panel) -> None:
    panel.number("purchase_usd", "prices", "Purchase price", "US$ per device", _EXACT)
    panel.number(
        "depreciation_years", "prices", "Years of depreciation", "years",
        "Years it is written off over.",
    )  # fmt: skip
    panel.number(
        "utilisation", "prices", "Use of owned hours", "share", "Share of the hours put to use.",
        maximum="1", otherwise="1",
    )  # fmt: skip
    if panel.states("usd_per_kwh"):
        panel.number("usd_per_kwh", "prices", "Electricity", "US$ per kWh", _EXACT)


def _stock(panel: Panel, machine: MachineOffer) -> None:
    panel.number(
        "stock_devices", "stock", "Stock", "devices",
        f"Had by {machine.node_devices}." if machine.node_devices > 1 else "Had by the device.",
        step=str(machine.node_devices), otherwise=_NO_LIMIT,
    )  # fmt: skip


def _workload(panel: Panel, workload: Workload, question: FleetInstance) -> list[Panel]:
    service, batch = panel.inner("service"), panel.inner("batch")
    if panel.states("requests_per_s"):
        panel.number("requests_per_s", "demand", "Demand", "requests/s", "In the mean of the day.")
    if panel.states("tok_per_s"):
        panel.number("tok_per_s", "demand", "Demand", "output tok/s", "In the mean of the day.")
    if service.states("sessions_per_s"):
        service.number("sessions_per_s", "demand", "Demand", "sessions/s", "Sessions that start.")
    if batch.table:
        batch.number("requests_per_day", "demand", "Demand", "requests a day", "Arrive together.")
        batch.number(
            "deadline_hours", "service level", "Deadline", "hours", "Until all are done.",
            maximum="24",
        )  # fmt: skip
    for name, label in (("input_tokens", "Prompt"), ("output_tokens", "Answer")):
        if panel.states(name):
            panel.number(
                name, "demand", label, "tokens", "Of every request.", minimum="1", step="1"
            )
    sizes = panel.entries("sizes", "class")
    for size in sizes:
        for name in ("share", "weight"):
            if size.states(name):
                size.number(
                    name, "demand", f"{name.capitalize()} of the requests", "",
                    "All shares together are 1." if name == "share" else "In proportion.",
                )  # fmt: skip
    calibrated = question.performance.model == CALIBRATED
    if panel.states("prefix_hit") or (
        calibrated and not workload.points and not service.table and not panel.states("points")
    ):
        panel.number(
            "prefix_hit", "demand", "Prefix cache hits", "share of a prompt",
            "Share of a prompt that is found in the prefix cache.", maximum="1", otherwise="0",
        )  # fmt: skip
    panel.number(
        "min_speed_tok_per_s", "service level", "Speed, at least", "tok/s/user",
        "Output tokens that one user sees in a second.", otherwise=_NO_LIMIT,
    )  # fmt: skip
    panel.number(
        "max_ttft_s", "service level", "Time to first token, at most", "s",
        "From the start of a request.", otherwise=_NO_LIMIT,
    )  # fmt: skip
    return [panel, service, batch, *sizes]


def _service(panel: Panel, question: FleetInstance) -> Panel:
    panel.number(
        "wait_percentile", "service level", "Requests that start in time", "share",
        "This share starts within the wait below; both are given, or neither.", maximum="1",
        otherwise="replicas may be loaded fully",
    )  # fmt: skip
    panel.number(
        "max_wait_s", "service level", "Wait, at most", "s", "Until a request starts.",
        otherwise="replicas may be loaded fully",
    )  # fmt: skip
    panel.number(
        "spare_replicas", "service level", "Spare replicas of every pool", "replicas",
        "May fail without a limit being missed.", step="1", otherwise="0",
    )  # fmt: skip
    if sum(rack.count for rack in question.racks) > 1:
        panel.switch(
            "survive_rack_loss", "service level", "Any one rack may fail",
            "Demand is met without it.", otherwise="false",
        )  # fmt: skip
    return panel


def _limits(panel: Panel, question: FleetInstance) -> Panel:
    panel.number(
        "max_devices", "stock", "Devices, at most", "devices", "Of the whole fleet.",
        minimum="1", step="1", otherwise=_NO_LIMIT,
    )  # fmt: skip
    panel.number(
        "max_usd_per_hour", "limits", "Budget", "US$ per hour", "Of the whole fleet.",
        otherwise=_NO_LIMIT,
    )  # fmt: skip
    panel.number(
        "max_kw", "limits", "Power, at most", "kW", "Of all devices in use.", otherwise=_NO_LIMIT
    )
    panel.number(
        "max_layouts", "limits", "Layouts, at most", "layouts",
        "Different pairs of workload and layout in use.", minimum="1", step="1",
        otherwise=_NO_LIMIT,
    )  # fmt: skip
    if any(contract.kind == "spot" for m in question.machines for contract in m.contracts):
        panel.number(
            "max_spot_fraction", "limits", "Spot devices, at most", "share of the devices",
            "Devices that may be taken away.", maximum="1", otherwise=_NO_LIMIT,
        )  # fmt: skip
    if question.energy is not None:
        panel.number(
            "max_j_per_token", "limits", "Energy, at most", "J per output token",
            "Of devices and hosts, mean over the day.", otherwise=_NO_LIMIT,
        )  # fmt: skip
        if question.energy.g_co2_per_kwh is not None:
            panel.number(
                "max_kg_co2_per_day", "limits", "CO2, at most", "kg a day", "The site included.",
                otherwise=_NO_LIMIT,
            )  # fmt: skip
    return panel


def _precision(panel: Panel, question: FleetInstance) -> Panel:
    accelerators = [m.accelerator for m in question.machines if m.accelerator is not None]
    calibrated = question.performance.model == CALIBRATED
    design = question.design
    stated = ((), ()) if design is None else (design.weight_bits, design.kv_bits)
    if panel.states("weight_format"):
        panel.choices(
            "weight_format", "precision", "Weights", weight_formats(accelerators),
            "Formats of the weights on offer.", stated=question.weight_formats,
            otherwise="each model's own",
        )  # fmt: skip
    else:
        panel.choices(
            "weight_bits", "precision", "Weights",
            weight_widths(accelerators, calibrated=calibrated),
            "Widths of the weights on offer.", unit="bits", stated=stated[0],
            otherwise="each model's own",
        )  # fmt: skip
    panel.choices(
        "kv_bits", "precision", "KV cache", kv_widths(accelerators, calibrated=calibrated),
        "Widths of cached numbers on offer.", unit="bits", stated=stated[1],
        otherwise="each model's own",
    )  # fmt: skip
    return panel


def column_controls(tables: Mapping[str, Any], question: ColumnFleet) -> list[Control]:
    """The controls of a fleet in columns: whole numbers all."""
    file = Panel.of_file(tables)
    panels = [file]
    for panel in file.entries("types", "type"):
        panel.number(
            "price_cents_per_h", "prices", "Price", "US cents per device and hour", _WHOLE, step="1"
        )
        panel.number("stock", "stock", "Stock", "devices", _WHOLE, step="1", otherwise=_NO_LIMIT)
        panels.append(panel)
    for place in range(len(question.demand_milli_tok_per_s)):
        file.element(
            "demand_milli_tok_per_s", place, "demand", f"Demand of workload {place + 1}",
            "0.001 tok/s", _WHOLE,
        )  # fmt: skip
    file.number(
        "power_limit_w", "limits", "Power, at most", "W", _WHOLE, step="1", otherwise=_NO_LIMIT
    )
    return [control for panel in panels for control in panel.found]
