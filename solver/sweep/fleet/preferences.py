"""What a stated preference costs: the question asked again with the wish as a limit."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from formulations.fleet.problem import COST
from solver.errors import InstanceError
from solver.instance.fleet.domain import FleetInstance, MachineOffer, Preference, Workload
from solver.lowering.fleet.lowering import lower_fleet
from solver.lowering.fleet.space import FleetSpace
from solver.lowering.fleet.with_choices import with_groups_in_use
from solver.sweep.fleet.asking import MakeRoad, as_text, ask_least, plain
from solver.sweep.fleet.reference import Reference, devices_by_machine
from solver.sweep.fleet.roads import Stop

__all__ = ["cost_of_preferences"]

MACHINE_TYPES = "machine types"
_MANY = 10**9


def cost_of_preferences(
    reference: Reference, *, road: MakeRoad, stop: Stop
) -> list[dict[str, Any]]:
    """One entry a preference of the instance, JSON values.

    Returns
    -------
    list of dict
        ``preference``; ``possible``; ``amount`` in ``unit`` and ``extra`` (exact as
        ``extra_exact``) against the reference, ``percent`` of it; ``devices`` by machine and
        contract; ``text``. Or ``unanswered``.
    """
    instance = reference.space.instance
    if not isinstance(instance, FleetInstance):
        return []
    return [_entry(reference, instance, wish, road, stop) for wish in instance.answers.preferences]


def _entry(
    reference: Reference, instance: FleetInstance, wish: Preference, road: MakeRoad, stop: Stop
) -> dict[str, Any]:
    entry: dict[str, Any] = {"preference": wish.name, "unit": reference.unit}
    if reference.pivot != COST:
        reason = "the cost is not what is minimised"
        return {**entry, "unanswered": reason, "text": f"{wish.name}: {reason}"}
    reason = stop.reason() or ""
    if reason:
        return {**entry, "unanswered": reason, "text": f"{wish.name}: not worked out ({reason})"}
    space = _wished(instance, wish)
    if isinstance(space, str):
        return _impossible(entry, wish, space)
    found = ask_least(space.problem, COST, road=road, stop=stop)
    if found.unproved:
        return {
            **entry,
            "unanswered": found.unproved,
            "text": f"{wish.name}: not worked out ({found.unproved})",
        }
    if found.plan is None or found.value is None:
        return _impossible(entry, wish, "no plan meets it and every limit")
    amount = found.value * space.units[COST]
    extra = amount - reference.amount
    percent = 100 * extra / reference.amount if reference.amount else Fraction(0)
    told = "costs nothing" if not extra else f"costs {plain(extra)} {reference.unit} more"
    return {
        **entry,
        "possible": True,
        "amount": float(amount),
        "extra": float(extra),
        "extra_exact": as_text(extra),
        "percent": float(percent),
        "devices": devices_by_machine(space, found.plan),
        "text": f"{wish.name}: {told}" + (f" ({float(percent):.3g} %)" if extra else ""),
    }


def _impossible(entry: dict[str, Any], wish: Preference, why: str) -> dict[str, Any]:
    return {
        **entry,
        "possible": False,
        "amount": None,
        "extra": None,
        "extra_exact": None,
        "percent": None,
        "devices": None,
        "text": f"{wish.name}: impossible: {why}",
    }


def _wished(instance: FleetInstance, wish: Preference) -> FleetSpace | str:
    """The space under a wish, or why nothing can serve it."""
    machines = tuple(
        _without(machine, wish)
        for machine in instance.machines
        if not wish.machines or machine.name in wish.machines
    )
    priced = {machine.name: bool(machine.contracts) for machine in machines}
    workloads = []
    for workload in instance.workloads:
        left = _points_left(workload, wish, priced)
        if workload.points and not left.points:
            return f"nothing is left that serves {workload.name}"
        workloads.append(left)
    limits = instance.limits
    layouts = [most for most in (limits.max_layouts, wish.max_layouts) if most is not None]
    if wish.max_machine_types is not None:
        # While layouts count, columns of different machines do not replace one another.
        layouts.append(_MANY)
    asked = replace(
        instance,
        machines=machines,
        workloads=tuple(workloads),
        limits=replace(limits, max_layouts=min(layouts, default=None)),
    )
    try:
        space = lower_fleet(asked)
    except InstanceError as error:
        return str(error.faults[0].what)
    if wish.max_machine_types is None:
        return space
    groups: dict[str, list[int]] = {}
    for j, column in enumerate(space.columns):
        if column.kind in ("replicas", "nodes"):
            groups.setdefault(column.machine, []).append(j)
    named = [(name or "no named machine", columns) for name, columns in groups.items()]
    return with_groups_in_use(space, MACHINE_TYPES, named, wish.max_machine_types)


def _without(machine: MachineOffer, wish: Preference) -> MachineOffer:
    """The machine without unwanted contracts; where none is left, no design stands on it."""
    left = tuple(c for c in machine.contracts if c.kind not in wish.no_contract)
    if left == machine.contracts:
        return machine
    return replace(machine, contracts=left, accelerator=machine.accelerator if left else None)


def _points_left(workload: Workload, wish: Preference, priced: dict[str, bool]) -> Workload:
    """Points whose machine is wanted and has a price, its own or that of a contract left."""
    return replace(
        workload,
        points=tuple(
            point
            for point in workload.points
            if (point.machine in priced or (not point.machine and not wish.machines))
            and (point.usd_per_hour is not None or priced.get(point.machine, False))
        ),
    )
