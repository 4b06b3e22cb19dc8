"""What can be changed of a replica question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.explore.control import Control
from solver.explore.control_panel import Panel, exact_text, tiers_of
from solver.explore.energy_controls import energy_controls
from solver.explore.precisions import kv_widths, weight_formats, weight_widths
from solver.explore.rules_controls import rules_panel
from solver.instance.calibration_keys import CALIBRATED
from solver.instance.domain import Machine, ReplicaInstance

__all__ = ["replica_controls"]

_DEVICE_HOUR = "US$ per device and hour"


def replica_controls(tables: Mapping[str, Any], question: ReplicaInstance) -> list[Control]:
    """The controls of a replica file that was read as ``question``."""
    file = Panel.of_file(tables)
    panels = [
        _prices(file.inner("price"), question),
        energy_controls(file.inner("energy")),
        _workload(file.inner("workload"), question),
        _limits(file, question),
        _precision(file.inner("design"), question),
        rules_panel(file),
    ]
    return [control for panel in panels for control in panel.found]


def _prices(panel: Panel, question: ReplicaInstance) -> Panel:
    machines: dict[str, Machine] = {}
    for machine in question.machines:
        machines.setdefault(machine.accelerator.name, machine)
    stated = panel.table.get("usd_per_hour")
    about = "Decimal or fraction, kept exactly. Empty: the price of the tier."
    if isinstance(stated, Mapping) or (stated is None and len(machines) > 1):
        for name, machine in machines.items():
            price = exact_text(machine.price.usd_per_hour)
            panel.part(
                "usd_per_hour", name, "prices", f"Price of {name}", _DEVICE_HOUR, about,
                otherwise=price, drops=() if stated else ("tier",),
            )  # fmt: skip
    else:
        first = next(iter(machines.values())).price
        told = f"{exact_text(first.usd_per_hour)} ({first.tier})" if stated is None else "the tier"
        panel.number(
            "usd_per_hour", "prices", f"Price of {', '.join(machines)}", _DEVICE_HOUR, about,
            otherwise=told, drops=() if stated is not None else ("tier",),
        )  # fmt: skip
    tiers = tiers_of(list(machines))
    if stated is None and tiers:
        panel.choice(
            "tier", "prices", "Price tier", tiers, "A tier of the price catalog.",
            otherwise="on-demand",
        )  # fmt: skip
    return panel


def _workload(panel: Panel, question: ReplicaInstance) -> Panel:
    traffic = question.traffic
    panel.number(
        "context_tokens", "demand", "Context", "tokens",
        "Tokens in the KV cache of every sequence.", step="1",
        otherwise=f"{question.context_tokens} tokens, from the lengths"
        if traffic
        else "no cache at all",
    )  # fmt: skip
    if panel.states("input_tokens"):
        panel.number(
            "input_tokens", "demand", "Prompt", "tokens", "Mean length.", minimum="1", step="1"
        )
        panel.number(
            "output_tokens", "demand", "Answer", "tokens", "Mean length.", minimum="1", step="1"
        )
        panel.number(
            "prefix_hit", "demand", "Prefix cache hits", "share of a prompt",
            "Share of a prompt that is found in the prefix cache.", maximum="1", otherwise="0",
        )  # fmt: skip
    return panel


def _limits(file: Panel, question: ReplicaInstance) -> Panel:
    panel = file.inner("limits")
    none = "no limit"
    panel.number(
        "min_speed_tok_per_s", "service level", "Speed, at least", "tok/s/user",
        "Output tokens that one user sees in a second.", otherwise=none,
    )  # fmt: skip
    if question.traffic is not None or panel.states("max_ttft_s"):
        panel.number(
            "max_ttft_s", "service level", "Time to first token, at most", "s",
            "From the arrival of a prompt.", otherwise=none,
        )  # fmt: skip
    if any(entry.quality is not None for entry in question.alternatives):
        panel.number(
            "min_quality", "service level", "Quality, at least", "score",
            "Score of the model less what its precisions take off.", otherwise=none,
        )  # fmt: skip
    panel.number(
        "max_devices", "stock", "Devices of a replica, at most", "devices",
        "Whole replicas only.", minimum="1", step="1", otherwise=none,
    )  # fmt: skip
    panel.number(
        "max_cost_usd_per_mtok", "limits", "Cost, at most", "US$ per million output tokens",
        "Of the whole replica at full load.", otherwise=none,
    )  # fmt: skip
    panel.number(
        "max_usd_per_hour", "limits", "Price of a replica, at most", "US$ per hour",
        "Electricity included where it is billed.", otherwise=none,
    )  # fmt: skip
    panel.number(
        "max_tok_per_s", "limits", "Throughput of a replica, at most", "tok/s",
        "Output tokens of all its users.", otherwise=none,
    )  # fmt: skip
    powered = question.energy is not None
    if powered or panel.states("max_watts"):
        panel.number(
            "max_watts", "limits", "Power of a replica, at most", "W", "Hosts included.",
            otherwise=none,
        )  # fmt: skip
    if powered or panel.states("max_j_per_token"):
        panel.number(
            "max_j_per_token", "limits", "Energy, at most", "J per output token",
            "Of devices and hosts.", otherwise=none,
        )  # fmt: skip
    if question.energy is not None and question.energy.g_co2_per_kwh is not None:
        panel.number(
            "max_g_co2_per_mtok", "limits", "CO2, at most", "g per million output tokens",
            "The site included.", otherwise=none,
        )  # fmt: skip
    return panel


def _precision(panel: Panel, question: ReplicaInstance) -> Panel:
    accelerators = [machine.accelerator for machine in question.machines]
    calibrated = question.performance.model == CALIBRATED
    own = "the model's own" if not question.alternatives else "each model's own"
    if panel.states("weight_format"):
        panel.choices(
            "weight_format", "precision", "Weights", weight_formats(accelerators),
            "Formats of the weights on offer.", stated=question.weight_formats, otherwise=own,
        )  # fmt: skip
    else:
        panel.choices(
            "weight_bits", "precision", "Weights",
            weight_widths(accelerators, calibrated=calibrated),
            "Widths of the weights on offer.", unit="bits", stated=question.design.weight_bits,
            otherwise=own,
        )  # fmt: skip
    panel.choices(
        "kv_bits", "precision", "KV cache", kv_widths(accelerators, calibrated=calibrated),
        "Widths of cached numbers on offer.", unit="bits", stated=question.design.kv_bits,
        otherwise=own,
    )  # fmt: skip
    return panel
