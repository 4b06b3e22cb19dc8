"""fleetfront: exact speed-cost frontiers for serving large language models.

>>> import solver
>>> frontier = solver.solve("instances/replica/llama-3.1-70b-fp8-h100.toml")
>>> frontier.cheapest(min_speed=50)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from solver.api import economics as production_economics
    from solver.api import read_instance, solve, verify
    from solver.economy_frontier import EconomyFrontier
    from solver.errors import FleetError, InstanceError
    from solver.frontier import Frontier
    from solver.instance.domain import ReplicaInstance
    from solver.nondominated import NondominatedPoint, NondominatedSet, nondominated_set
    from solver.result import Point, Result, read_result
    from solver.sweep.certificate import Verification

__all__ = [
    "EconomyFrontier",
    "FleetError",
    "Frontier",
    "InstanceError",
    "NondominatedPoint",
    "NondominatedSet",
    "Point",
    "ReplicaInstance",
    "Result",
    "Verification",
    "nondominated_set",
    "production_economics",
    "read_instance",
    "read_result",
    "solve",
    "verify",
]

_HOMES = {
    "EconomyFrontier": "solver.economy_frontier",
    "FleetError": "solver.errors",
    "Frontier": "solver.frontier",
    "InstanceError": "solver.errors",
    "NondominatedPoint": "solver.nondominated",
    "NondominatedSet": "solver.nondominated",
    "Point": "solver.result",
    "ReplicaInstance": "solver.instance.domain",
    "Result": "solver.result",
    "Verification": "solver.sweep.certificate",
    "nondominated_set": "solver.nondominated",
    # ``solver.economics`` is the package that it comes from.
    "production_economics": "solver.api:economics",
    "read_instance": "solver.api",
    "read_result": "solver.result",
    "solve": "solver.api",
    "verify": "solver.api",
}


def __getattr__(name: str) -> Any:
    # Imported when first asked for: the command line needs little of this to print a help text.
    if name in _HOMES:
        module, _, other_name = _HOMES[name].partition(":")
        return getattr(import_module(module), other_name or name)
    raise AttributeError(f"module 'solver' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
