"""The shape of ``[[accelerators]]`` and ``[[prices]]`` in a file, and their way into the domain.

Power by phase and clock stands in a table of its own with its own source, ``[accelerators.power]``.

Records carry the units people write (GB, TFLOP/s, Gbit/s); ``accelerator_keys`` is the way back,
for entries that extend another one, and gives exactly the same entry again.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

from pydantic import Field

from solver.catalog.domain import Accelerator, CollectiveFamily, Price
from solver.catalog.power import ClockRange, PowerProfile
from solver.catalog.record_types import (
    Count,
    Dollars,
    Number,
    Positive,
    PositiveOrInf,
    Rates,
    Record,
    Sourced,
    scaled,
)

__all__ = ["AcceleratorRecord", "ClocksRecord", "PowerRecord", "PriceRecord", "accelerator_keys"]


class ClocksRecord(Record):
    """``[accelerators.power.clocks]``: core clocks that the driver lets a user choose."""

    lowest_mhz: Count = Field(description="the lowest core clock in MHz, a whole number")
    highest_mhz: Count = Field(description="the highest core clock in MHz, a whole number")
    step_mhz: Positive = Field(description="from one clock to the next in MHz, such as 15 or 7.5")
    voltage_floor: Annotated[Number, Field(gt=0, le=1)] = Field(
        description="the share of the highest clock below which the voltage falls no further"
    )

    def to_domain(self) -> ClockRange:
        """The range; raises ``ValueError`` where it runs backwards."""
        return ClockRange(
            lowest_mhz=self.lowest_mhz,
            highest_mhz=self.highest_mhz,
            step_mhz=Fraction(self.step_mhz),
            voltage_floor=float(self.voltage_floor),
        )


class PowerRecord(Sourced):
    """``[accelerators.power]``: what one board draws by phase, at its highest clock."""

    idle_w: Positive = Field(description="W with a context and weights loaded, nothing running")
    decode_w: Positive = Field(description="W while HBM is the limit all the time")
    prefill_w: Positive = Field(description="W while arithmetic is the limit all the time")
    hbm_w: Annotated[Number, Field(ge=0)] = Field(
        description="the part of decode_w - idle_w that the memory draws, whatever the clock"
    )
    clocks: ClocksRecord | None = Field(
        default=None,
        description="clocks on offer: lowest_mhz, highest_mhz, step_mhz, voltage_floor",
    )

    def to_domain(self) -> PowerProfile:
        """The profile; raises ``ValueError`` if a busy board would draw less than an idle one."""
        return PowerProfile(
            idle_w=float(self.idle_w),
            decode_w=float(self.decode_w),
            prefill_w=float(self.prefill_w),
            hbm_w=float(self.hbm_w),
            clocks=None if self.clocks is None else self.clocks.to_domain(),
            source=self.source,
            as_of=self.as_of,
            note=self.note,
        )


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
    power: PowerRecord | None = Field(
        default=None,
        description="a table of power by phase: idle_w, decode_w, prefill_w, hbm_w, source, as_of",
    )
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
            power=None if self.power is None else self.power.to_domain(),
            source=self.source,
            as_of=self.as_of,
            confidence=self.confidence,
            note=self.note,
        )


def _power_keys(power: PowerProfile) -> dict[str, Any]:
    """The table ``[accelerators.power]`` a file would hold."""
    watts = ("idle_w", "decode_w", "prefill_w", "hbm_w")
    keys: dict[str, Any] = {key: scaled(getattr(power, key), 0) for key in watts}
    keys |= {key: getattr(power, key) for key in ("source", "as_of", "note")}
    if power.clocks is not None:
        step = power.clocks.step_mhz
        keys["clocks"] = {
            "lowest_mhz": power.clocks.lowest_mhz,
            "highest_mhz": power.clocks.highest_mhz,
            "step_mhz": Decimal(step.numerator) / step.denominator,
            "voltage_floor": scaled(power.clocks.voltage_floor, 0),
        }
    return keys


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
        "power": None if accelerator.power is None else _power_keys(accelerator.power),
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
