"""The shape of ``[[accelerators]]`` and ``[[prices]]`` in a file, and their way into the domain.

Records carry the units people write (GB, TFLOP/s, Gbit/s); ``accelerator_keys`` is the way back,
for entries that extend another one, and gives exactly the same entry again.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from solver.catalog.domain import Accelerator, CollectiveFamily, Price
from solver.catalog.record_types import (
    Count,
    Dollars,
    Number,
    Positive,
    PositiveOrInf,
    Rates,
    Sourced,
    scaled,
)

__all__ = ["AcceleratorRecord", "PriceRecord", "accelerator_keys"]


class AcceleratorRecord(Sourced):
    """One ``[[accelerators]]`` table."""

    name: str = Field(min_length=1, description="a name")
    vendor: str = Field(min_length=1, description="the maker")
    year: int = Field(ge=1990, le=2100, description="the year of introduction")
    tflop_per_s: Rates = Field(
        description="dense peak in TFLOP/s by operand bits, such as { 16 = 989, 8 = 1979 }"
    )
    hbm_gb: Positive = Field(description="memory in GB of 10^9 bytes")
    hbm_gb_per_s: Positive = Field(description="memory bandwidth in GB/s")
    scale_up_gb_per_s: PositiveOrInf = Field(
        description="bandwidth out of one device inside its node, one direction, in GB/s"
    )
    scale_out_gbit_per_s: PositiveOrInf = Field(
        description="bandwidth out of one device between nodes, one direction, in Gbit/s"
    )
    node_devices: Count = Field(description="the number of devices in a node")
    kernel_launch_us: Annotated[Number, Field(ge=0)] = Field(
        description="time from one kernel to the next in microseconds"
    )
    collectives: CollectiveFamily = Field(default="nccl", description='"nccl" or "linear"')
    tdp_w: Positive | None = Field(default=None, description="board power in W")
    all_in_w: Positive | None = Field(default=None, description="power with its share of all else")
    idle_w: Positive | None = Field(default=None, description="idle power in W")
    confidence: str = Field(default="", description="how sure the figures are")

    def to_domain(self) -> Accelerator:
        """The accelerator in SI units.

        Raises
        ------
        ValueError
            If the memory is not a whole number of bytes, or the domain refuses the figures.
        """
        hbm_bytes = self.hbm_gb.scaleb(9)
        if hbm_bytes != int(hbm_bytes):
            raise ValueError(f"hbm_gb = {self.hbm_gb} is not a whole number of bytes")
        return Accelerator(
            name=self.name,
            vendor=self.vendor,
            year=self.year,
            flop_per_s={bits: float(rate.scaleb(12)) for bits, rate in self.tflop_per_s.items()},
            hbm_bytes=int(hbm_bytes),
            hbm_bytes_per_s=float(self.hbm_gb_per_s.scaleb(9)),
            scale_up_bytes_per_s=float(self.scale_up_gb_per_s.scaleb(9)),
            scale_out_bytes_per_s=float(self.scale_out_gbit_per_s.scaleb(9) / 8),
            node_devices=self.node_devices,
            kernel_launch_s=float(self.kernel_launch_us.scaleb(-6)),
            collectives=self.collectives,
            tdp_w=None if self.tdp_w is None else float(self.tdp_w),
            all_in_w=None if self.all_in_w is None else float(self.all_in_w),
            idle_w=None if self.idle_w is None else float(self.idle_w),
            source=self.source,
            as_of=self.as_of,
            confidence=self.confidence,
            note=self.note,
        )


def accelerator_keys(accelerator: Accelerator) -> dict[str, Any]:
    """The table a file would hold for ``accelerator``; keys at their default may be present."""
    power = {
        key: None if value is None else scaled(value, 0)
        for key in ("tdp_w", "all_in_w", "idle_w")
        for value in (getattr(accelerator, key),)
    }
    same = ("name", "vendor", "year", "node_devices", "collectives", "source", "as_of")
    return {
        **{key: getattr(accelerator, key) for key in (*same, "confidence", "note")},
        **power,
        "tflop_per_s": {b: scaled(rate, -12) for b, rate in accelerator.flop_per_s.items()},
        "hbm_gb": Decimal(accelerator.hbm_bytes).scaleb(-9),
        "hbm_gb_per_s": scaled(accelerator.hbm_bytes_per_s, -9),
        "scale_up_gb_per_s": scaled(accelerator.scale_up_bytes_per_s, -9),
        "scale_out_gbit_per_s": scaled(accelerator.scale_out_bytes_per_s, -9) * 8,
        "kernel_launch_us": scaled(accelerator.kernel_launch_s, 6),
    }


class PriceRecord(Sourced):
    """One ``[[prices]]`` table."""

    accelerator: str = Field(min_length=1, description="the name of an accelerator")
    tier: str = Field(min_length=1, description='the kind of price, such as "on-demand"')
    usd_per_hour: Dollars = Field(description='US$ per device-hour: "2.95" or "113/75"')
    estimate: bool = Field(default=False, description="true where the source only guesses")

    def to_domain(self) -> Price:
        """The price as an exact fraction of a dollar."""
        return Price(
            accelerator=self.accelerator,
            tier=self.tier,
            usd_per_hour=self.usd_per_hour,
            as_of=self.as_of,
            source=self.source,
            estimate=self.estimate,
            note=self.note,
        )
