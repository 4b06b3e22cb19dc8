"""A bare column problem (``fleet-columns/1``): types, workloads and columns, without words.

Costs are cents per hour of one device, capacity milli-tokens/s, power watts.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

__all__ = ["ColumnFleet", "ColumnType"]


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A type of device; ``stock`` and ``watts`` of ``None`` do not limit."""

    price_cents_per_h: int
    watts: int | None
    stock: int | None


@dataclass(frozen=True, slots=True, eq=False)
class ColumnFleet:
    """See the module's text; the five tuples of columns are of one length.

    ``latency_level`` is any number that orders columns by speed, the smaller the faster; empty
    where the file has none.
    """

    name: str
    types: tuple[ColumnType, ...]
    power_limit_w: int | None
    demand_milli_tok_per_s: tuple[int, ...]
    column_type: tuple[int, ...]
    column_gpus: tuple[int, ...]
    column_workload: tuple[int, ...]
    column_capacity_milli_tok_per_s: tuple[int, ...]
    column_latency_level: tuple[Fraction, ...]
    source: str = "instance"
    sha256: str = ""

    @property
    def kind(self) -> str:
        """The kind of problem."""
        return "fleet"
