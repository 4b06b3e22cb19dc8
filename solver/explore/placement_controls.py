"""What can be changed of a placement question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.explore.control import Control
from solver.explore.control_panel import Panel, exact_text, tiers_of
from solver.explore.precisions import kv_widths, weight_formats, weight_widths
from solver.explore.rules_controls import rules_panel
from solver.instance.calibration_keys import CALIBRATED
from solver.instance.placement.domain import PlacementInstance, PlacementMachine

__all__ = ["placement_controls"]

_NO_LIMIT = "no limit"


def placement_controls(tables: Mapping[str, Any], question: PlacementInstance) -> list[Control]:
    """The controls of a placement file that was read as ``question``."""
    file = Panel.of_file(tables)
    machines = {machine.name: machine for machine in question.machines}
    panels = file.entries("machines", "machine")
    for panel in panels:
        machine = machines.get(str(panel.table.get("name")))
        if machine is not None:
            _price(panel, machine, question)
            panel.number(
                "max_layers", "limits", "Layers in one host, at most", "layers",
                "Of this kind of machine.", minimum="1", step="1", otherwise="what fits",
            )  # fmt: skip
    panels.append(_limits(file.inner("limits"), question))
    if not question.is_measured:
        panels += [
            _context(file.inner("workload")),
            _precision(file.inner("design"), question),
            rules_panel(file),
        ]
    return [control for panel in panels for control in panel.found]


def _price(panel: Panel, machine: PlacementMachine, question: PlacementInstance) -> None:
    if "cost" not in question.trade_off and not panel.states("usd_per_hour", "tier"):
        return
    told = ""
    for host in question.topology.hosts:
        if host.accelerator == machine.name and host.usd_per_hour is not None:
            told = f"{exact_text(host.usd_per_hour / host.devices)}, from the catalog"
            break
    panel.number(
        "usd_per_hour", "prices", "Price", "US$ per device and hour",
        "Decimal or fraction, kept exactly. A host costs its devices times this.",
        otherwise="" if panel.states("usd_per_hour") else told, drops=("tier",),
    )  # fmt: skip
    if panel.states("tier") and machine.accelerator is not None:
        panel.choice(
            "tier", "prices", "Price tier", tiers_of([machine.accelerator.name]),
            "A tier of the price catalog.",
        )  # fmt: skip


def _limits(panel: Panel, question: PlacementInstance) -> Panel:
    if "speed" in question.trade_off:
        panel.number(
            "min_speed_tok_per_s", "service level", "Speed, at least", "tok/s/user",
            "Tokens that one user sees in a second.", otherwise=_NO_LIMIT,
        )  # fmt: skip
        panel.number(
            "max_hosts", "stock", "Hosts in use, at most", "hosts", "Of all kinds.", minimum="1",
            step="1", otherwise=_NO_LIMIT,
        )  # fmt: skip
    if "cost" in question.trade_off:
        panel.number(
            "max_cost_usd_per_mtok", "limits", "Cost, at most", "US$ per million tokens",
            "Of a pipeline.", otherwise=_NO_LIMIT,
        )  # fmt: skip
        panel.number(
            "max_usd_per_hour", "limits", "Price of the hosts, at most", "US$ per hour",
            "Of all hosts in use.", otherwise=_NO_LIMIT,
        )  # fmt: skip
    return panel


def _context(panel: Panel) -> Panel:
    panel.number(
        "context_tokens", "demand", "Context", "tokens",
        "Tokens in the KV cache of every sequence.", step="1", otherwise="0",
    )  # fmt: skip
    return panel


def _precision(panel: Panel, question: PlacementInstance) -> Panel:
    accelerators = [m.accelerator for m in question.machines if m.accelerator is not None]
    calibrated = question.performance.model == CALIBRATED
    if panel.states("weight_format"):
        panel.choice(
            "weight_format", "precision", "Weights", weight_formats(accelerators),
            "Format of the weights on every machine.", otherwise="the model's own",
        )  # fmt: skip
    else:
        panel.choice(
            "weight_bits", "precision", "Weights",
            weight_widths(accelerators, calibrated=calibrated),
            "Width of the weights.", unit="bits", otherwise="the model's own",
        )  # fmt: skip
    panel.choice(
        "kv_bits", "precision", "KV cache", kv_widths(accelerators, calibrated=calibrated),
        "Width of cached numbers.", unit="bits", otherwise="the model's own",
    )  # fmt: skip
    return panel
