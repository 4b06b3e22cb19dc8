"""The table ``[energy]`` of an instance file: what electricity costs and emits, hour by hour."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator

from solver.instance.energy import HOURS_OF_A_DAY, HOURS_OF_A_WEEK, EnergyTerms, HourProfile
from solver.instance.fleet.plausible import PlausibleRange, Surcharge, plain
from solver.instance.record_types import NUMBER_SCHEMA, Exact, Flag, Record, exact_fraction
from solver.instance.validation import slip

__all__ = ["EnergyRecord", "HourFigures"]

_SHAPE = (
    f"Give one number, {HOURS_OF_A_DAY} for the hours of a day from midnight, "
    f"or {HOURS_OF_A_WEEK} for those of a week from Monday"
)


def _hours(value: object) -> tuple[Fraction, ...]:
    """One figure, or one for every hour of a day or a week; none below zero."""
    items = value if isinstance(value, list | tuple) else [value]
    if isinstance(value, list | tuple) and len(items) not in (HOURS_OF_A_DAY, HOURS_OF_A_WEEK):
        raise slip(
            f"a profile of {len(items)} entries is neither a day nor a week of hours", _SHAPE
        )
    figures = []
    for hour, item in enumerate(items):
        try:
            figure = exact_fraction(item)
        except ValueError as error:
            raise slip(f"hour {hour} is {item!r}: {error}", _SHAPE) from error
        if figure < 0:
            place = f"hour {hour} is " if len(items) > 1 else ""
            raise slip(
                f"{place}{plain(figure)}, and no hour is below zero",
                "Write 0 for an hour that costs or emits nothing",
            )
        figures.append(figure)
    return tuple(figures)


HourFigures = Annotated[
    tuple[Fraction, ...],
    BeforeValidator(_hours),
    WithJsonSchema(
        {
            "anyOf": [
                NUMBER_SCHEMA,
                *(
                    {"type": "array", "items": NUMBER_SCHEMA, "minItems": n, "maxItems": n}
                    for n in (HOURS_OF_A_DAY, HOURS_OF_A_WEEK)
                ),
            ]
        }
    ),
]
"""A figure for every hour: a number, or a list of 24 or 168 of them."""

_USD_PER_KWH = PlausibleRange(
    "US$/kWh", high=Fraction(20), high_mend="Is it per MWh, or in cents? Give US$ per kWh"
)
_G_PER_KWH = PlausibleRange(
    "g/kWh",
    low=Fraction(1),
    low_mend="Is it in kg/kWh or t/MWh? Give grams of CO2 per kWh",
    high=Fraction(3000),
    high_mend="Is it in mg/kWh or g/MWh? Give grams of CO2 per kWh",
)
_HOST_W = PlausibleRange(
    "W beside one device",
    high=Fraction(5000),
    high_mend="Is it of a whole host or rack? Give the share of one device, in watts",
)


class EnergyRecord(Record):
    """What electricity costs and emits where the machines stand."""

    usd_per_kwh: HourFigures | None = Field(
        default=None,
        description="US$ per kWh: one price, 24 from midnight, or 168 from Monday.",
    )
    g_co2_per_kwh: HourFigures | None = Field(
        default=None,
        description="Grams of CO2 per kWh: one figure, 24 from midnight, or 168 from Monday.",
    )
    pue: Surcharge = Field(
        default=Fraction(1),
        description="Power drawn by the site over that of devices and hosts; default 1.",
    )
    host_w_per_device: Annotated[Exact, Field(ge=0)] | None = Field(
        default=None,
        description="Watts of host, network and fans for one device; the catalog's if left out.",
    )
    billed: Flag = Field(
        default=False,
        description="Electricity is paid beside the price of the devices, not within it.",
    )
    source: str = Field(default="", description="Where price and carbon come from.")

    @field_validator("usd_per_kwh", "g_co2_per_kwh")
    @classmethod
    def _plausible(
        cls, value: tuple[Fraction, ...] | None, info: ValidationInfo
    ) -> tuple[Fraction, ...] | None:
        known = _USD_PER_KWH if info.field_name == "usd_per_kwh" else _G_PER_KWH
        for figure in value or ():
            # Zero is an hour of sun and wind alone; a little above it is a slip of the unit.
            doubt = known.doubt(figure) if figure else None
            if doubt is not None:
                raise slip(*doubt)
        return value

    @field_validator("host_w_per_device")
    @classmethod
    def _one_device(cls, value: Fraction | None) -> Fraction | None:
        return None if value is None else _HOST_W.checked(value)

    @field_validator("billed")
    @classmethod
    def _needs_a_price(cls, value: bool, info: ValidationInfo) -> bool:
        if value and "usd_per_kwh" in info.data and info.data["usd_per_kwh"] is None:
            raise slip(
                "electricity is billed, and what a kWh costs is not stated",
                "Give energy.usd_per_kwh, or write billed = false",
            )
        return value

    def to_domain(self) -> EnergyTerms:
        """Its terms, exact."""
        return EnergyTerms(
            usd_per_kwh=None if self.usd_per_kwh is None else HourProfile(self.usd_per_kwh),
            g_co2_per_kwh=None if self.g_co2_per_kwh is None else HourProfile(self.g_co2_per_kwh),
            pue=self.pue,
            host_w_per_device=self.host_w_per_device,
            billed=self.billed,
            source=self.source,
        )
