"""Mistakes of unit that a number gives away: a price of 3,000 US$ an hour, watts written as kW.

Each range is far wider than anything on the market, so that nothing real is refused. Published
rents lie between 0.1 and 60 US$ per device and hour, devices between 25 and 3,000 W; the fastest
services make some 3,000 tokens/s for one user, and links of a device carry up to 1,800 GB/s.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, Field

from solver.instance.record_types import Exact, Positive, Whole
from solver.instance.validation import slip

__all__ = [
    "DEVICE_USD_PER_HOUR",
    "DEVICE_WATTS",
    "REQUESTS_PER_S",
    "TOKEN_TIME_S",
    "TOK_PER_S",
    "TTFT_S",
    "USER_SPEED",
    "DemandRate",
    "DeviceBandwidth",
    "DeviceRent",
    "DeviceWatts",
    "Energy",
    "FirstTokenTime",
    "FleetKw",
    "NodeDevices",
    "PlausibleRange",
    "Purchase",
    "RackBandwidth",
    "RackKw",
    "Share",
    "Surcharge",
    "Years",
    "plain",
]


def plain(value: Fraction) -> str:
    """A fraction as people write it: a decimal where that is short and exact, else ``p/q``."""
    if value.denominator == 1:
        return str(value.numerator)
    decimal = Decimal(value.numerator) / Decimal(value.denominator)
    text = f"{decimal.normalize():f}"
    return text if len(text) <= 20 and Fraction(text) == value else str(value)


@dataclass(frozen=True, slots=True)
class PlausibleRange:
    """From ``low`` to ``high``, both allowed; ``unit`` and the two questions are for the message.

    ``unit`` follows the number: ``US$/h for one device``.
    """

    unit: str
    low: Fraction | None = None
    low_mend: str = ""
    high: Fraction | None = None
    high_mend: str = ""

    def doubt(self, value: Fraction) -> tuple[str, str] | None:
        """What is odd about ``value`` and how to mend it; ``None`` where nothing is."""
        if self.high is not None and value > self.high:
            odd, mend = f"is more than {plain(self.high)}", self.high_mend
        elif self.low is not None and value < self.low:
            odd, mend = f"is less than {plain(self.low)}", self.low_mend
        else:
            return None
        return " ".join(f"{plain(value)} {self.unit} {odd}".split()), mend

    def checked(self, value: Fraction) -> Fraction:
        """``value``, for use as a validator; refuses what is odd."""
        doubt = self.doubt(value)
        if doubt is not None:
            raise slip(*doubt)
        return value


DEVICE_USD_PER_HOUR = PlausibleRange(
    "US$/h for one device",
    low=Fraction(1, 1000),
    low_mend="Is it a price per second or per token? Give US$ per device and hour",
    high=Fraction(500),
    high_mend="Is it a purchase price, the price of a whole node, or in cents? "
    "Give US$ per device and hour",
)
DEVICE_WATTS = PlausibleRange(
    "W for one device",
    low=Fraction(10),
    low_mend="Is it in kW? Give watts",
    high=Fraction(20_000),
    high_mend="Is it the power of a whole rack, or in milliwatts? Give watts of one device",
)
TTFT_S = PlausibleRange(
    "s to the first token",
    low=Fraction(1, 1000),
    low_mend="Is it in seconds, and read as milliseconds? Name the column ttft_s",
    high=Fraction(300),
    high_mend="Is it in milliseconds? Give seconds, or name the column ttft_ms",
)
TOKEN_TIME_S = PlausibleRange(
    "s between output tokens",
    low=Fraction(1, 20_000),
    low_mend="Is it in seconds, and read as milliseconds? Name the column tpot_s",
    high=Fraction(60),
    high_mend="Is it in milliseconds? Give seconds, or name the column tpot_ms",
)
USER_SPEED = PlausibleRange(
    "output tokens/s of one user",
    low=Fraction(1, 60),
    low_mend="Is it the time of one token? Name the column tpot_s or tpot_ms",
    high=Fraction(20_000),
    high_mend="Is it the rate of a whole replica? Give what one user sees",
)
REQUESTS_PER_S = PlausibleRange(
    "requests/s of one replica",
    low=Fraction(1, 100_000),
    low_mend="Is it in another unit? Give requests/s, or leave the row out",
    high=Fraction(10**7),
    high_mend="Is it in another unit? Give requests/s of one replica",
)
TOK_PER_S = PlausibleRange(
    "output tokens/s of one replica",
    low=Fraction(1, 1000),
    low_mend="Is it in another unit? Give output tokens/s, or leave the row out",
    high=Fraction(10**9),
    high_mend="Is it in another unit? Give output tokens/s of one replica",
)
_TTFT_LIMIT = PlausibleRange(
    "s to the first token",
    low=Fraction(1, 1000),
    low_mend="Is it in another unit? Give seconds",
    high=Fraction(300),
    high_mend="Is it in milliseconds? Give seconds, or leave it out where waiting does not matter",
)
_YEARS = PlausibleRange("years", high=Fraction(15), high_mend="Is it in months? Give years")
_DEVICE_GB_PER_S = PlausibleRange(
    "GB/s of one device",
    low=Fraction(1, 1000),
    low_mend="Is it in TB/s? Give gigabytes/s",
    high=Fraction(20_000),
    high_mend="Is it in bytes/s or MB/s? Give gigabytes/s",
)
_RACK_GB_PER_S = PlausibleRange(
    "GB/s of one rack",
    low=Fraction(1, 1000),
    low_mend="Is it in TB/s? Give gigabytes/s",
    high=Fraction(10**6),
    high_mend="Is it in bytes/s or MB/s? Give gigabytes/s",
)
_FLEET_KW = PlausibleRange("kW", high=Fraction(10**6), high_mend="Is it in watts? Give kW")
_RACK_KW = PlausibleRange(
    "kW for one rack", high=Fraction(2000), high_mend="Is it in watts? Give kW"
)
_SHARE = PlausibleRange("", high=Fraction(1), high_mend="Write 0.95, not 95")
_PUE = PlausibleRange(
    "",
    low=Fraction(1),
    low_mend="A site draws at least what its devices draw: write for example 1.3",
    high=Fraction(5),
    high_mend="Write 1.3, not 130",
)
_PURCHASE = PlausibleRange(
    "US$ for one device",
    low=Fraction(50),
    low_mend="Is it a price per hour, or in thousands? Give the purchase price in US$",
    high=Fraction(1_000_000),
    high_mend="Is it the price of a whole node, or in cents? Give US$ for one device",
)
_ENERGY = PlausibleRange(
    "US$/kWh", high=Fraction(3), high_mend="Is it per MWh, or in cents? Give US$ per kWh"
)
_MAX_NODE_DEVICES = 100_000


def _demand(value: Fraction) -> Fraction:
    if value <= 0:
        raise slip(
            f"a demand of {plain(value)} asks for nothing",
            "Give more than 0, or leave the workload out",
        )
    return value


def _node(value: int) -> int:
    if value > _MAX_NODE_DEVICES:
        raise slip(
            f"a node of {value} devices is more than {_MAX_NODE_DEVICES}",
            "Give the devices of one machine; how many there are is stock_devices",
        )
    return value


DemandRate = Annotated[Exact, AfterValidator(_demand)]
DeviceBandwidth = Annotated[Positive, AfterValidator(_DEVICE_GB_PER_S.checked)]
DeviceRent = Annotated[Exact, AfterValidator(DEVICE_USD_PER_HOUR.checked)]
DeviceWatts = Annotated[Exact, AfterValidator(DEVICE_WATTS.checked)]
Energy = Annotated[Exact, Field(ge=0), AfterValidator(_ENERGY.checked)]
FirstTokenTime = Annotated[Positive, AfterValidator(_TTFT_LIMIT.checked)]
FleetKw = Annotated[Positive, AfterValidator(_FLEET_KW.checked)]
NodeDevices = Annotated[Whole, Field(gt=0), AfterValidator(_node)]
Purchase = Annotated[Exact, AfterValidator(_PURCHASE.checked)]
RackBandwidth = Annotated[Positive, AfterValidator(_RACK_GB_PER_S.checked)]
RackKw = Annotated[Positive, AfterValidator(_RACK_KW.checked)]
Share = Annotated[Exact, Field(ge=0), AfterValidator(_SHARE.checked)]
Surcharge = Annotated[Exact, AfterValidator(_PUE.checked)]
"""Power drawn from the grid over power drawn by the devices."""
Years = Annotated[Positive, AfterValidator(_YEARS.checked)]
