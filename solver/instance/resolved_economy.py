"""What a replica question says of energy, quality and economics, as plain JSON and back.

Every key is left out where a question says nothing of it, so that results of plain questions are
written as they always were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, TypeVar, get_args

from solver.catalog.domain import Accelerator, Model
from solver.errors import InstanceError
from solver.instance.clocks import clocks_of
from solver.instance.domain import SPEED_AND_COST, Machine, ReplicaInstance, ReplicaObjective
from solver.instance.economics import EconomicsTerms
from solver.instance.energy import EnergyTerms
from solver.instance.fleet.codec import from_plain, to_plain
from solver.instance.quality import QualityPenalty, ServedModel
from solver.instance.services.shape import ServiceShape

__all__ = ["EconomyKeys", "clock_from_plain", "economy_from_plain", "economy_keys", "machine_keys"]

_Entry = TypeVar("_Entry")
_KEYS = ("trade_off", "energy", "alternatives", "penalties", "economics", "service")


class EconomyKeys(TypedDict):
    """Fields of a ``ReplicaInstance``."""

    trade_off: tuple[ReplicaObjective, ...]
    energy: EnergyTerms | None
    alternatives: tuple[ServedModel, ...]
    penalties: tuple[QualityPenalty, ...]
    economics: EconomicsTerms | None
    service: ServiceShape | None


def machine_keys(machine: Machine) -> dict[str, Any]:
    """The clock of a machine, where one is set."""
    return {} if machine.clock_mhz is None else {"clock_mhz": machine.clock_mhz}


def economy_keys(instance: ReplicaInstance) -> dict[str, Any]:
    """Whatever of ``EconomyKeys`` is not at its default."""
    plain = {key: to_plain(getattr(instance, key)) for key in _KEYS}
    if instance.trade_off == SPEED_AND_COST:
        del plain["trade_off"]
    return {key: value for key, value in plain.items() if value not in (None, [])}


def clock_from_plain(entry: Mapping[str, Any], accelerator: Accelerator) -> int | None:
    """The clock that a machine was written with.

    Raises
    ------
    ValueError
        If it is no clock of the accelerator.
    """
    clock = entry.get("clock_mhz")
    if clock is None:
        return None
    if type(clock) is not int:
        raise ValueError(f"clock_mhz is {clock!r}, not a whole number")
    try:
        clocks_of((clock,), accelerator)
    except InstanceError as error:
        raise ValueError(error.faults[0].what) from error
    return clock


def economy_from_plain(resolved: Mapping[str, Any], model: Model) -> EconomyKeys:
    """The fields that ``economy_keys`` wrote; ``model`` is the one that the question names.

    Raises
    ------
    ValueError
        If a key is unknown, missing or of the wrong kind, or the question would name another model.
    CatalogError
        If the entry of a model is damaged.
    """
    stated = resolved.get("trade_off", list(SPEED_AND_COST))
    known = get_args(ReplicaObjective)
    if (
        not isinstance(stated, list)
        or len(set(map(str, stated))) not in (2, 3)
        or len(set(map(str, stated))) != len(stated)
        or any(name not in known for name in stated)
    ):
        raise ValueError(f"trade_off is {stated!r}, not two or three of {', '.join(known)}")
    alternatives = _entries(ServedModel, resolved, "alternatives")
    if alternatives and alternatives[0].model != model:
        raise ValueError("the model is not the first of those that may serve")
    energy, economics = resolved.get("energy"), resolved.get("economics")
    service = resolved.get("service")
    return EconomyKeys(
        trade_off=tuple(stated),
        energy=None if energy is None else from_plain(EnergyTerms, energy, where="energy"),
        alternatives=alternatives,
        penalties=_entries(QualityPenalty, resolved, "penalties"),
        economics=None
        if economics is None
        else from_plain(EconomicsTerms, economics, where="economics"),
        service=None if service is None else from_plain(ServiceShape, service, where="service"),
    )


def _entries(kind: type[_Entry], resolved: Mapping[str, Any], key: str) -> tuple[_Entry, ...]:
    stated = resolved.get(key, [])
    if not isinstance(stated, Sequence) or isinstance(stated, str):
        raise ValueError(f"{key} is not a list")
    return tuple(
        from_plain(kind, entry, where=f"{key}.{place}") for place, entry in enumerate(stated)
    )
